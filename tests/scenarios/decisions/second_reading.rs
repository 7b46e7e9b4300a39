//! Random consents and questions: the engine answers as the second reading does, and what must hold for any of them
//! holds. `AMANAH_PAIRS` says how many pairs.

use super::cases::{consent, deny, named, permit, recipient};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Answer, Asked, Consent, ConsentRoot, Data, Moment, Outcome, Rule};
use amanah_ledger::vocabulary::{Coding, Kind};
use amanah_tests::reference::compare::{Compared, compared, engine};
use amanah_tests::reference::dice::Dice;
use amanah_tests::reference::listed::Expected;
use amanah_tests::reference::pairs::{Pair, pair};
use amanah_tests::reference::shrink::shrunk;
use std::collections::BTreeSet;
use std::sync::Mutex;

/// Pairs that `cargo test` tries.
const PAIRS: u64 = 30_000;

fn pairs() -> u64 {
    std::env::var("AMANAH_PAIRS").map_or(PAIRS, |count| count.parse().expect("AMANAH_PAIRS is a number"))
}

/// How often each thing happens, of all pairs.
#[derive(Debug, Default)]
struct Shares {
    pairs: u64,
    permit: u64,
    deny: u64,
    no_consent: u64,
    overridden: u64,
    several_consents: u64,
    queries: u64,
    /// Of queries: kinds that are refused because a refusal names them, and those that no lists say, by themselves or together
    /// with the others; records that were tried, by what became of them.
    kinds_redacted: u64,
    kinds_unsayable: u64,
    kinds_unsayable_together: u64,
    records_released: u64,
    records_withheld: u64,
    records_withheld_needlessly: u64,
}

impl Shares {
    fn count(&mut self, pair: &Pair, answer: &Answer) {
        self.pairs += 1;
        match answer.outcome {
            Outcome::Permit => self.permit += 1,
            Outcome::Deny => self.deny += 1,
            Outcome::NoConsent => self.no_consent += 1,
            Outcome::Review => panic!("the engine gives no review"),
        }
        self.overridden += u64::from(answer.emergency.is_some());
        self.several_consents += u64::from(pair.consents.len() > 1);
        self.queries += u64::from(matches!(pair.question.asked, Asked::Query(_)));
    }

    fn count_of_query(&mut self, compared: &Compared) {
        for expected in &compared.expected {
            match expected {
                Expected::Outcome => {}
                Expected::Redacted => self.kinds_redacted += 1,
                Expected::Unsayable => self.kinds_unsayable += 1,
                Expected::UnsayableTogether => self.kinds_unsayable_together += 1,
            }
        }
        self.records_released += compared.tried.released;
        self.records_withheld += compared.tried.refused;
        self.records_withheld_needlessly += compared.tried.over.len() as u64;
    }
}

/// Counts what both say of one pair. If they differ it shows the smallest pair of which they do, in the same step.
fn compare(seed: u64, shares: &Mutex<Shares>) {
    let pair = pair(seed);
    let answer = engine(&pair);
    let of_pair = compared(&pair);
    if let Some(first) = of_pair.lines.first() {
        let step = first.split(':').next().unwrap().to_owned();
        let shows = |one: &Pair| compared(one).lines.iter().any(|line| line.starts_with(&step));
        let smallest = shrunk(&pair, shows);
        let lines = compared(&smallest).lines.join("\n");
        // Whoever panics with it in hand ends the others.
        let _held = shares.lock().expect("no other pair differs");
        panic!("seed {seed}:\n{}\n\n{lines}\n\n{smallest:#?}\n\n{:#?}", of_pair.lines.join("\n"), engine(&smallest));
    }
    let mut shares = shares.lock().expect("no pair differs");
    shares.count(&pair, &answer);
    shares.count_of_query(&of_pair);
}

#[test]
fn the_engine_answers_as_a_second_reading_of_its_specification() {
    let shares = Mutex::new(Shares::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in (0..pairs()).take(threads) {
            let shares = &shares;
            scope.spawn(move || (first..pairs()).step_by(threads).for_each(|seed| compare(seed, shares)));
        }
    });
    let shares = shares.into_inner().expect("no pair differs");
    println!("{shares:#?}");
    assert!(shares.permit * 100 >= shares.pairs * 30, "{shares:?}");
    assert!(shares.several_consents * 100 >= shares.pairs * 30, "{shares:?}");
    let seen = [shares.deny, shares.no_consent, shares.queries];
    assert!(seen.iter().all(|count| count * 100 >= shares.pairs * 10), "{shares:?}");
    assert!(shares.overridden * 100 >= shares.pairs, "{shares:?}");
}

/// The same answer but for what was considered.
fn essence(answer: Answer) -> Answer {
    Answer { considered: Vec::new(), ..answer }
}

#[test]
fn a_consent_about_something_else_never_changes_an_answer() {
    let mut changed_if_heard = 0;
    for seed in 0..pairs() / 2 {
        let before = pair(seed);
        let mut dice = Dice::of(seed);
        let mut other = consent("other", if dice.percent(50) { permit() } else { deny() });
        let (elsewhere, heard) = (dice.below(4), other.clone());
        match elsewhere {
            0 => other.patient = named("Patient/somebody-else"),
            1 if before.question.custodian.is_some() => other.custodians = vec![named("Organization/elsewhere")],
            2 => set_root(&mut other, |root| root.actors = vec![recipient("Practitioner/somebody-else")]),
            _ => set_root(&mut other, |root| root.purposes = BTreeSet::from([Coding::new("urn:none", "NONE")])),
        }
        let with = |more: Consent| {
            let mut after = before.clone();
            after.consents.push(more);
            essence(engine(&after))
        };
        let own = essence(engine(&before));
        assert_eq!(with(other.clone()), own, "seed {seed}: {other:#?} {before:#?}");
        changed_if_heard += u64::from(with(heard) != own);
    }
    assert!(changed_if_heard * 4 > pairs() / 2, "the consents would change too few answers: {changed_if_heard}");
}

fn set_root(consent: &mut Consent, change: impl FnOnce(&mut Rule)) {
    if let ConsentRoot::Rule(root) = &mut consent.root {
        change(root);
    }
}

fn has_refusal(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| rule.effect == Effect::Deny || has_refusal(&rule.exceptions))
}

/// Narrows a permit in one way, if that way is open.
fn narrower(consent: &Consent, dice: &mut Dice) -> Option<Consent> {
    let mut narrow = consent.clone();
    let ConsentRoot::Rule(root) = &mut narrow.root else { return None };
    match dice.below(6) {
        0 if root.actors.len() > 1 => drop(root.actors.pop()),
        1 if root.data.classes.len() > 1 => drop(root.data.classes.pop_last()),
        2 if narrow.period.until.is_none_or(|until| Moment(95) < until) => narrow.period.until = Some(Moment(95)),
        3 => drop(root.data.except_labels.insert(Kind::Sensitivity.coding("SUD"))),
        4 => {
            let data = Data { labels: BTreeSet::from([Kind::Confidentiality.coding("R")]), ..Data::default() };
            narrow.rules.push(Rule { data, ..deny() });
        }
        5 if root.purposes.len() > 1 => drop(root.purposes.pop_last()),
        _ => return None,
    }
    Some(narrow)
}

#[test]
fn a_narrower_consent_never_permits_more() {
    let (mut narrowed, mut refused) = (0, 0);
    for seed in 0..pairs() {
        let mut before = pair(seed);
        let mut dice = Dice::of(seed);
        before.consents.iter_mut().for_each(|consent| consent.supersedes.clear());
        let is_permit = |consent: &Consent| match &consent.root {
            ConsentRoot::Rule(root) => root.effect == Effect::Permit && !has_refusal(&consent.rules),
            ConsentRoot::Decision(_) => false,
        };
        let Some(place) = before.consents.iter().position(is_permit) else { continue };
        let Some(narrow) = narrower(&before.consents[place], &mut dice) else { continue };
        let mut after = before.clone();
        after.consents[place] = narrow;
        let (wide, narrow) = (engine(&before), engine(&after));
        narrowed += 1;
        for (one, other) in wide.items.iter().zip(&narrow.items) {
            let permits_more = other.outcome == Outcome::Permit && one.outcome != Outcome::Permit;
            // Of a query more is refused than must be where lists cannot say it, and a consent that says less needs less.
            let is_said = |of: Compared| of.expected.iter().all(|expected| *expected == Expected::Outcome);
            let permits_more = permits_more && is_said(compared(&before));
            assert!(!permits_more, "seed {seed}: {:#?} {:#?}", after.consents, after.question);
            refused += u64::from(one.outcome == Outcome::Permit && other.outcome != Outcome::Permit);
        }
    }
    assert!(narrowed * 20 > pairs() && refused * 200 > pairs(), "narrowed {narrowed}, of them {refused} refuse more");
}
