//! The engine's answer beside the reference's.

use super::applicable::{Stand, stands};
use super::asking::Asking;
use super::kind::KindVerdict;
use super::lines::Lines;
use super::listed::Expected;
use super::pairs::Pair;
use super::query::{duties as due, kinds, of_query};
use super::release::withholds;
use super::tree::Word;
use super::tried::{Tally, try_records};
use super::verdict::verdict;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Answer, Asked, Duty, ItemAnswer, Listed, Obligation, Outcome, Query, Record, Redacted, Redaction, Said, evaluate,
};
use std::collections::BTreeSet;

/// What came of comparing one pair.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// Where the two differ, one line each; none if they agree. Up to its first colon a line says in what.
    pub lines: Vec<String>,
    /// What is expected of the answer for each kind of a query.
    pub expected: Vec<Expected>,
    /// The records that were tried, of queries that the engine permits: let out by both, withheld by both and, in
    /// `over`, withheld by the engine alone: safe, and so no line.
    pub tried: Tally,
}

/// What the engine answers to a pair.
pub fn engine(pair: &Pair) -> Answer {
    evaluate(&pair.consents, &pair.question, pair.as_of, &pair.terms.policy())
}

/// Where the two differ, and how much more than it must the engine leaves out.
pub fn compared(pair: &Pair) -> Compared {
    let answer = engine(pair);
    match &pair.question.asked {
        Asked::Records(records) => Compared { lines: of_records(pair, records, &answer), ..Compared::default() },
        Asked::Query(query) => of_one_query(pair, query, &answer),
    }
}

fn of_records(pair: &Pair, records: &[Record], answer: &Answer) -> Vec<String> {
    let own = verdict(&pair.consents, &pair.question, records, pair.as_of, &pair.terms);
    let mut lines = Lines(Vec::new());
    lines.compare_items(&answer.items, &own.items);
    lines.compare("5, outcome", answer.outcome, own.outcome);
    let first = own.items.iter().find(|item| item.outcome == own.outcome);
    let ground = first.map(|item| (item.code, item.consent));
    lines.compare("5, ground", Some((answer.ground.code, answer.ground.consent)), ground);
    lines.compare("6, effect", answer.effect, own.effect);
    lines.compare("7, override", answer.emergency, own.emergency);
    let once: BTreeSet<&Obligation> = answer.obligations.iter().collect();
    lines.compare("8, obligations given once each", answer.obligations.len(), once.len());
    lines.compare("8, obligations", one_list(&answer.obligations), one_list(&own.obligations));
    lines.compare_stands(answer, &own.stands);
    for (place, considered) in answer.considered.iter().enumerate() {
        let said: BTreeSet<Said> = considered.said.iter().copied().collect();
        let words = own.words.iter().chain(&own.once).filter_map(|of_item| of_item.get(place));
        let own_said: BTreeSet<Said> = words.filter_map(|word| said_of(*word)).collect();
        // Where a document is missing everything is refused, and nobody is heard.
        let own_said = if own.stands.contains(&Stand::Missing) { BTreeSet::new() } else { own_said };
        lines.compare(&format!("4, said by consent {place}"), said, own_said);
    }
    lines.0
}

/// What the engine says of a kind is compared first; the rest of its answer must follow from what it says of all kinds,
/// also where it is stricter or wrong there, so that one difference does not hide another.
fn of_one_query(pair: &Pair, query: &Query, answer: &Answer) -> Compared {
    let mut lines = Lines(Vec::new());
    let stands = stands(&pair.consents, &pair.question, pair.as_of);
    let asking = Asking { pair, query, stands: &stands };
    let kinds = kinds(pair, query);
    let expected = asking.expected(&kinds);
    lines.compare("9, number of kinds", answer.items.len(), kinds.len());
    for ((one, kind), expected) in answer.items.iter().zip(&kinds).zip(&expected) {
        lines.compare_outcome(one.outcome, kind, *expected);
    }
    lines.compare_together(answer, &expected);
    let is_alike: Vec<bool> = answer.items.iter().zip(&kinds).map(|(one, kind)| one.outcome == kind.outcome).collect();
    let is_shut = !asking.is_openable();
    let with_outcome =
        |(one, kind): (&ItemAnswer, &KindVerdict)| kind.clone().with(one.outcome, kind.is_barred || is_shut);
    let own = of_query(pair, query, answer.items.iter().zip(&kinds).map(with_outcome).collect());
    for ((one, kind), is_alike) in answer.items.iter().zip(&own.kinds).zip(is_alike) {
        lines.compare_kind(one, kind, is_alike);
    }
    lines.0.extend(permits_of_nothing(&asking, answer));
    lines.compare("9, outcome", answer.outcome, own.outcome);
    let first = answer.items.iter().find(|item| item.outcome == answer.outcome);
    lines.compare("9, ground of the first kind with the outcome", Some(&answer.ground), first.map(|item| &item.ground));
    lines.compare("9, effect", answer.effect, own.effect);
    lines.compare("9, override", answer.emergency, own.emergency);
    let duties: Vec<&Duty> = answer.obligations.iter().filter_map(duty).collect();
    let at_least = |record: &Record| {
        !answer.obligations.iter().any(|one| withholds(one, record, pair.question.custodian.as_ref()))
    };
    lines.compare_duties(&duties, &due(pair, query, &own, at_least), &due(pair, query, &own, |_| true));
    lines.compare_items(&answer.along, &own.along);
    lines.compare_stands(answer, &own.stands);
    let tried = match answer.effect {
        Effect::Permit => try_records(pair, query, &own, &answer.obligations),
        Effect::Deny => Tally::default(),
    };
    for (why, record) in &tried.let_out {
        lines.0.push(format!("step 9, let out by the engine alone, {why:?}: {record:?}"));
    }
    Compared { lines: lines.0, expected, tried }
}

/// "A query of which the lists would leave nothing is refused": what the engine calls a permit lets something of the kind
/// out.
fn permits_of_nothing(asking: &Asking<'_>, answer: &Answer) -> Vec<String> {
    let asked = asking.pair.question.custodian.as_ref();
    let is_withheld = |record: &Record| answer.obligations.iter().any(|one| withholds(one, record, asked));
    let is_permitted = answer.effect == Effect::Permit && answer.emergency.is_none();
    let permitted =
        answer.items.iter().zip(asking.kinds()).filter(|(item, _)| is_permitted && item.outcome == Outcome::Permit);
    permitted
        .filter(|(_, kind)| asking.found(kind.as_ref()).each().all(|record| is_withheld(&record)))
        .map(|(_, kind)| format!("step 9, a permit of which nothing is let out: {kind:?}"))
        .collect()
}

/// What is left out by one of several lists is left out by one list of all.
fn one_list<'a>(obligations: impl IntoIterator<Item = &'a Obligation>) -> (BTreeSet<&'a Obligation>, Redaction) {
    let mut others = BTreeSet::new();
    let mut all = Redaction { of: Redacted::AnyOf, listed: Listed::default() };
    for one in obligations {
        match one {
            Obligation::Redact(Redaction { of: Redacted::AnyOf, listed }) => {
                let Listed { codes, instances, records, authors, custodians, periods } = listed.clone();
                all.listed.codes.extend(codes);
                all.listed.instances.extend(instances);
                all.listed.records.extend(records);
                all.listed.authors.extend(authors);
                all.listed.custodians.extend(custodians);
                all.listed.periods.extend(periods);
            }
            Obligation::Redact(Redaction { of: Redacted::AllBut, .. }) | Obligation::Duty(_) => {
                others.insert(one);
            }
        }
    }
    all.listed.codes.sort();
    all.listed.codes.dedup();
    all.listed.periods.sort();
    all.listed.periods.dedup();
    (others, all)
}

fn duty(obligation: &Obligation) -> Option<&Duty> {
    match obligation {
        Obligation::Duty(duty) => Some(duty),
        Obligation::Redact(_) => None,
    }
}

fn said_of(word: Word) -> Option<Said> {
    match word {
        Word::Silent => None,
        Word::Permit => Some(Said::Permit),
        Word::NotCovered => Some(Said::NotCovered),
        Word::Deny { .. } => Some(Said::Deny),
    }
}
