//! The searches that stand for the whole: each kind of lie, each kind of loss, and controls in which something must be
//! found.

use super::block::Supply;
use super::setting::{Memory, Oracle, Second, Setting, Votes};
use amanah_consensus::Mutant;

/// One search and what must come of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub setting: Setting,
    /// A control: a violation must be found. Otherwise none may be.
    pub is_control: bool,
}

fn honest(name: &str, setting: Setting) -> Entry {
    Entry { name: name.to_owned(), setting, is_control: false }
}

fn control(name: &str, setting: Setting) -> Entry {
    Entry { name: name.to_owned(), setting, is_control: true }
}

/// All searches; those that do not end by themselves are cut at `states_max` distinct states, or at the small number of
/// a thorough one.
pub fn suite(states_max: usize) -> Vec<Entry> {
    let base = Setting { states_max, ..Setting::default() };
    let mut entries = vec![
        honest("one view, whole", Setting { views: 1, ..base.clone() }),
        honest("one view, honest leader, whole", Setting { views: 1, liars_lead: vec![2], ..base.clone() }),
        honest("one view, votes one by one", Setting { views: 1, votes: Votes::Single, crashes: 0, ..base.clone() }),
    ];
    for view in 1..=4 {
        let setting = Setting { liars_lead: vec![view], ..base.clone() };
        entries.push(honest(&format!("three views, liar leads {view}"), setting.clone()));
        entries.push(honest(
            &format!("two views, liar leads {view}, no crash"),
            Setting { views: 2, crashes: 0, ..setting },
        ));
    }
    for second in [Second::Empty, Second::Invalid] {
        let setting = Setting { second, supply: Supply::Single, liars_lead: vec![2], ..base.clone() };
        entries.push(honest(&format!("one transaction, the liar's second block {second:?}"), setting));
    }
    entries.push(honest("transactions late", Setting { is_supply_late: true, views: 2, ..base.clone() }));
    for seed in [1, 2] {
        let setting = Setting { walk_seed: Some(seed), liars_lead: vec![2], views: 4, ..base.clone() };
        entries.push(honest(&format!("four views from view 2, walk {seed}"), setting));
    }
    entries.extend(controls(&base));
    entries
}

/// What must be found, or the search is too weak.
fn controls(base: &Setting) -> Vec<Entry> {
    let alone = Setting { views: 1, crashes: 0, ..base.clone() };
    let two = Setting { liars_lead: vec![1, 2], oracle: Oracle::Agreement, ..alone.clone() };
    let forgetful = Setting { memory: Memory::Lost, crashes: 1, ..alone.clone() };
    let short = Some(Mutant::QuorumMinusOne);
    let mut entries = vec![
        control("two liars fork", two),
        control("a lost vote log contradicts itself", forgetful),
        control("mutant quorum-minus-one forks", Setting { mutant: short, oracle: Oracle::Agreement, ..alone }),
    ];
    for mutant in
        [Mutant::FinalizeAfterNullify, Mutant::NullifyAfterFinalize, Mutant::QuorumMinusOne, Mutant::VotesForgotten]
    {
        entries.push(control(&format!("mutant {}", mutant.name()), Setting { mutant: Some(mutant), ..base.clone() }));
    }
    let (mutant, liars_lead) = (Some(Mutant::SkipsUnproven), vec![2]);
    entries
        .push(control("mutant skips-unproven", Setting { mutant, liars_lead, views: 2, crashes: 0, ..base.clone() }));
    entries
}
