//! The searches that stand for the whole: each kind of lie, each kind of loss, and controls in which something must be
//! found.

use super::block::Supply;
use super::outcome::{End, Outcome};
use super::setting::{Memory, Oracle, Paths, Second, Setting, Signers, Votes};
use amanah_consensus::Mutant;

/// Distinct states that the searches in which nothing may be found visit together at least, or they say too little.
pub const STATES_MIN: usize = 1_000_000;

/// One search and what must come of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub setting: Setting,
    /// What must come of it.
    pub expected: Expected,
}

/// What must come of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing wrong.
    Nothing,
    /// Nothing wrong up to the bound, and final blocks.
    Sound,
    /// Nothing wrong, final blocks, and all states visited.
    Whole,
    /// A control: a violation whose words hold these, at the end of a path.
    Violation(&'static str),
    /// A control: all states visited, forks among them, and each names all who lie and nobody else.
    NamedForks,
}

impl Entry {
    /// How the outcome differs from what was expected, in words; `None` if it does not.
    pub fn wrong(&self, outcome: &Outcome) -> Option<String> {
        let found = outcome.found.as_ref();
        if let Expected::Violation(words) = self.expected {
            let is_met = found.is_some_and(|found| found.violation.contains(words) && !found.path.is_empty());
            return (!is_met).then(|| format!("a violation must be found, in the words \"{words}\""));
        }
        if found.is_some() {
            return Some("nothing may be found".to_owned());
        }
        let is_whole = outcome.end == End::Exhausted;
        let (must_be_whole, is_there, what) = match self.expected {
            Expected::Nothing | Expected::Violation(_) => return None,
            Expected::Sound => (false, outcome.final_states > 0, "a final block"),
            Expected::Whole => (true, outcome.final_states > 0, "a final block"),
            Expected::NamedForks => (true, outcome.forks > 0, "a fork"),
        };
        if must_be_whole && !is_whole {
            return Some("not all states were visited".to_owned());
        }
        (!is_there).then(|| format!("{what} must be found"))
    }

    /// Whether its states count as visited with nothing wrong in them.
    pub fn is_control(&self) -> bool {
        match self.expected {
            Expected::Nothing | Expected::Sound | Expected::Whole => false,
            Expected::Violation(_) | Expected::NamedForks => true,
        }
    }
}

fn entry(name: &str, expected: Expected, setting: Setting) -> Entry {
    Entry { name: name.to_owned(), setting, expected }
}

/// All searches; those that do not end by themselves are cut at `states_max` distinct states.
pub fn suite(states_max: usize) -> Vec<Entry> {
    let whole = Setting::default();
    let base = Setting { states_max, ..whole.clone() };
    // The longest first, for they run two at a time.
    let mut entries = Vec::new();
    for seed in [1, 2] {
        let setting = Setting { walk_seed: Some(seed), liars_lead: vec![2], views: 4, ..base.clone() };
        entries.push(entry(&format!("four views from view 2, walk {seed}"), Expected::Sound, setting));
    }
    for view in [3, 1, 2, 4] {
        let setting = Setting { liars_lead: vec![view], ..base.clone() };
        entries.push(entry(&format!("three views, liar leads {view}"), Expected::Sound, setting));
    }
    let two = Setting { views: 2, crashes: 0, ..base.clone() };
    for view in [1, 2] {
        let setting = Setting { liars_lead: vec![view], ..two.clone() };
        entries.push(entry(&format!("two views, liar leads {view}, no crash"), Expected::Sound, setting));
    }
    let honest = Setting { liars_lead: vec![3], states_max: whole.states_max, ..two };
    entries.push(entry("two views, honest leaders, no crash", Expected::Whole, honest));
    for second in [Second::Empty, Second::Invalid] {
        let setting = Setting { second, supply: Supply::Single, liars_lead: vec![2], ..base.clone() };
        entries.push(entry(&format!("one transaction, the liar's second block {second:?}"), Expected::Sound, setting));
    }
    let misplaced = Setting { second: Second::Misplaced, liars_lead: vec![2], views: 2, ..base.clone() };
    entries.push(entry("the liar skips a view unproven", Expected::Sound, misplaced));
    let late = Setting { is_supply_late: true, views: 2, ..base.clone() };
    entries.push(entry("transactions late", Expected::Sound, late));
    entries.extend(one_view(&whole));
    entries.extend(controls());
    entries
}

/// Searches of one view that end by themselves.
fn one_view(whole: &Setting) -> Vec<Entry> {
    let liar = Setting { views: 1, ..whole.clone() };
    let honest = Setting { liars_lead: vec![2], ..liar.clone() };
    let settings = [
        ("one view", liar.clone()),
        ("one view, any signers", Setting { signers: Signers::Any, ..liar.clone() }),
        ("one view, every step for itself", Setting { paths: Paths::All, crashes: 0, ..liar }),
        ("one view, honest leader", honest.clone()),
        ("one view, honest leader, every step for itself", Setting { paths: Paths::All, ..honest.clone() }),
        ("one view, honest leader, votes one by one", Setting { votes: Votes::Single, crashes: 0, ..honest }),
    ];
    settings.into_iter().map(|(name, setting)| entry(name, Expected::Whole, setting)).collect()
}

/// What must be found, or the search is too weak.
fn controls() -> Vec<Entry> {
    let base = Setting { states_max: 100_000, ..Setting::default() };
    let alone = Setting { views: 1, crashes: 0, ..base.clone() };
    let two = Setting { liars_lead: vec![1, 2], oracle: Oracle::Agreement, ..alone.clone() };
    let named = Setting { oracle: Oracle::Guilt, ..two.clone() };
    let forgetful = Setting { memory: Memory::Lost, crashes: 1, ..alone.clone() };
    let short = Some(Mutant::QuorumMinusOne);
    let mut entries = vec![
        entry("two liars fork", Expected::Violation("fork: "), two),
        entry("two liars are named by every fork", Expected::NamedForks, named),
        entry("a lost vote log contradicts itself", Expected::Violation(" said both "), forgetful),
        entry(
            "mutant quorum-minus-one forks",
            Expected::Violation("fork: "),
            Setting { mutant: short, oracle: Oracle::Agreement, ..alone },
        ),
    ];
    for (mutant, words) in [
        (Mutant::FinalizeAfterNullify, "NullifyAndFinalize"),
        (Mutant::NullifyAfterFinalize, "NullifyAndFinalize"),
        (Mutant::QuorumMinusOne, "without its Notarization"),
        (Mutant::VotesForgotten, "NullifyAndFinalize"),
    ] {
        let setting = Setting { mutant: Some(mutant), ..base.clone() };
        entries.push(entry(&format!("mutant {}", mutant.name()), Expected::Violation(words), setting));
    }
    let unproven = Setting { mutant: Some(Mutant::SkipsUnproven), liars_lead: vec![2], views: 2, crashes: 0, ..base };
    entries.push(entry("mutant skips-unproven", Expected::Violation("does not stand on what"), unproven));
    entries
}
