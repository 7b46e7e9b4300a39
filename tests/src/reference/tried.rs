//! Records that are tried against what the answer to a query lets out.

use super::applicable::stands;
use super::asking::Asking;
use super::dice::Dice;
use super::found::Found;
use super::pairs::{Pair, hospital, label, record, span};
use super::query::QueryVerdict;
use super::release::{is_asked, withholds};
use super::verdict::verdict;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Obligation, Query, Record};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// Of each kind, so many are tried for one query: what it may find (all, if that is not more), the same with something
/// changed, and any. This bounds only what is tried against the redactions; what the answer to a query must be rests on
/// all that it may find, without a bound.
const TRIED: u64 = 20;

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Records that both let out.
    pub released: u64,
    /// Records that both withhold.
    pub refused: u64,
    /// Records that the engine withholds and the reference lets out: safe, and more than it must.
    pub over: Vec<Record>,
    /// Records that the engine lets out and the reference withholds.
    pub let_out: Vec<(Why, Record)>,
}

/// What is to be said of a record that the engine lets out alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Asked for by itself it would be let out too: by the default, by an emergency, or beside a kind that is refused.
    LetOutByItself,
    /// It is refused by itself.
    Refused,
}

/// Tries records that a query asks for.
pub fn try_records(pair: &Pair, query: &Query, own: &QueryVerdict, engine: &[Obligation]) -> Tally {
    let stands = stands(&pair.consents, &pair.question, pair.as_of);
    let asking = Asking { pair, query, stands: &stands };
    let mut tally = Tally::default();
    for record in records(&asking) {
        let is_withheld = engine.iter().any(|one| withholds(one, &record, pair.question.custodian.as_ref()));
        match (is_withheld, own.basis.releases(&asking, &record)) {
            (false, true) => tally.released += 1,
            (true, false) => tally.refused += 1,
            (true, true) => tally.over.push(record),
            (false, false) => match why(&asking, &record) {
                // Of a type in a category that it cannot be in, only what is refused counts.
                Why::LetOutByItself if !asking.may_exist(&record) => {}
                why => tally.let_out.push((why, record)),
            },
        }
    }
    tally
}

fn why(asking: &Asking<'_>, record: &Record) -> Why {
    let Pair { consents, question, as_of, terms } = asking.pair;
    match verdict(consents, question, std::slice::from_ref(record), *as_of, terms).effect {
        Effect::Permit => Why::LetOutByItself,
        Effect::Deny => Why::Refused,
    }
}

fn records(asking: &Asking<'_>) -> Vec<Record> {
    let mut dice = Dice::of(seed(asking.pair));
    let mut all = Vec::new();
    for found in asking.all_found() {
        all.extend(any_found(&found, &mut dice));
        for mut record in any_found(&found, &mut dice) {
            change(&mut record, &mut dice);
            all.push(record);
        }
    }
    for _ in 0..TRIED {
        let mut record = record(&mut dice, 100);
        record.custodian = Some(asking.pair.question.custodian.clone().unwrap_or_else(|| hospital(&mut dice)));
        record.labels.extend(asking.query.labels.iter().cloned());
        record.codes.iter_mut().for_each(|codes| codes.extend(asking.query.codes.iter().cloned()));
        all.push(record);
    }
    all.retain(|record| is_asked(asking.query, asking.pair.question.custodian.as_ref(), record));
    all
}

/// The question and its time decide what is tried, so that it stays while consents are taken out of a pair.
fn seed(pair: &Pair) -> u64 {
    let text = format!("{:?}{:?}", pair.question, pair.as_of);
    text.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

/// All that a query may find if that is little, else some.
fn any_found(found: &Found, dice: &mut Dice) -> Vec<Record> {
    let count = found.count() as u64;
    let some = |_: u64| usize::try_from(dice.below(count.max(1))).unwrap_or(0);
    let numbers: Vec<usize> =
        if count <= TRIED { (0..found.count()).collect() } else { (0..TRIED).map(some).collect() };
    numbers.into_iter().filter_map(|number| found.record(number)).collect()
}

fn change(record: &mut Record, dice: &mut Dice) {
    match dice.below(7) {
        0 => record.labels.extend([label(dice), label(dice)]),
        1 => record.labels.extend([Coding::new(system::ACT_CODE, "IN-NO-TABLE")]),
        2 => record.date = Some(span(dice, 10)),
        3 => record.author = super::pairs::record(dice, 100).author,
        4 => record.categories = super::pairs::record(dice, 100).categories,
        5 => record.related = super::pairs::record(dice, 100).related,
        _ => {
            let rest: BTreeSet<Coding> = record.labels.iter().skip(1).cloned().collect();
            record.labels = rest;
        }
    }
}
