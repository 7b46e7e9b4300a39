//! The engine's answer beside the reference's.

use super::applicable::Stand;
use super::dice::Dice;
use super::pairs::{Pair, hospital, record};
use super::release::{is_asked, is_released};
use super::tree::Word;
use super::verdict::{ItemVerdict, verdict};
use amanah_ledger::engine::{
    Answer, Applicability, Asked, ItemAnswer, Obligation, Outcome, Question, Record, Said, evaluate,
};
use std::collections::BTreeSet;

/// Records that are tried against what a query releases.
const TRIED: usize = 6;

/// What the engine answers to a pair.
pub fn engine(pair: &Pair) -> Answer {
    evaluate(&pair.consents, &pair.question, pair.as_of, &pair.terms.policy())
}

/// Where the two differ, one line each; none if they agree.
pub fn differences(pair: &Pair) -> Vec<String> {
    let answer = engine(pair);
    match &pair.question.asked {
        Asked::Records(_) => of_records(pair, &answer),
        Asked::Query(_) => of_query(pair, &answer),
    }
}

struct Lines(Vec<String>);

impl Lines {
    fn compare<T: PartialEq + std::fmt::Debug>(&mut self, step: &str, engine: T, reference: T) {
        if engine != reference {
            self.0.push(format!("step {step}: engine {engine:?}, reference {reference:?}"));
        }
    }

    fn compare_items(&mut self, engine: &[ItemAnswer], reference: &[ItemVerdict]) {
        self.compare("5, number of items", engine.len(), reference.len());
        for (place, (one, other)) in engine.iter().zip(reference).enumerate() {
            self.compare(&format!("5, outcome of item {place}"), one.outcome, other.outcome);
            self.compare(&format!("5, code of item {place}"), one.ground.code, other.code);
            self.compare(&format!("5, consent of item {place}"), one.ground.consent, other.consent);
            self.compare(&format!("6, effect of item {place}"), one.effect, other.effect);
        }
    }
}

fn of_records(pair: &Pair, answer: &Answer) -> Vec<String> {
    let own = verdict(&pair.consents, &pair.question, pair.as_of, &pair.terms);
    let mut lines = Lines(Vec::new());
    lines.compare_items(&answer.items, &own.items);
    lines.compare("5, outcome", answer.outcome, own.outcome);
    let first = own.items.iter().find(|item| item.outcome == own.outcome);
    let ground = first.map(|item| (item.code, item.consent));
    lines.compare("5, ground", Some((answer.ground.code, answer.ground.consent)), ground);
    lines.compare("6, effect", answer.effect, own.effect);
    lines.compare("7, override", answer.emergency, own.emergency);
    let obligations: BTreeSet<Obligation> = answer.obligations.iter().cloned().collect();
    lines.compare("8, number of obligations", answer.obligations.len(), obligations.len());
    lines.compare("8, obligations", obligations, own.obligations);
    lines.compare("1, number considered", answer.considered.len(), pair.consents.len());
    for (place, (considered, stand)) in answer.considered.iter().zip(&own.stands).enumerate() {
        lines.compare(&format!("1, stand of consent {place}"), stand_of(considered.applicability), *stand);
        let said: BTreeSet<Said> = considered.said.iter().copied().collect();
        let words = own.words.iter().chain(&own.once).filter_map(|of_item| of_item.get(place));
        let own_said: BTreeSet<Said> = words.filter_map(|word| said_of(*word)).collect();
        // Where a document is missing everything is refused, and nobody is heard.
        let own_said = if own.stands.contains(&Stand::Missing) { BTreeSet::new() } else { own_said };
        lines.compare(&format!("4, said by consent {place}"), said, own_said);
    }
    lines.0
}

fn stand_of(applicability: Applicability) -> Stand {
    match applicability {
        Applicability::Applies => Stand::Applies,
        Applicability::Missing => Stand::Missing,
        Applicability::Ended => Stand::Ended,
        Applicability::Expired => Stand::Over,
        Applicability::Replaced => Stand::Replaced,
        Applicability::NotBegun
        | Applicability::OtherPatient
        | Applicability::OtherCustodian
        | Applicability::OtherClass
        | Applicability::NoAuthority
        | Applicability::NeverInForce => Stand::No,
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

/// A query: the records that came along, and that nothing is released which would be refused by itself.
fn of_query(pair: &Pair, answer: &Answer) -> Vec<String> {
    let Asked::Query(query) = &pair.question.asked else { return Vec::new() };
    let own = verdict(&pair.consents, &pair.question, pair.as_of, &pair.terms);
    let mut lines = Lines(Vec::new());
    if own.emergency.is_none() {
        lines.compare_items(&answer.along, &own.items);
    }
    if answer.outcome != Outcome::Permit {
        return lines.0;
    }
    let mut dice = Dice::of(pair.as_of.0.unsigned_abs());
    for _ in 0..TRIED {
        let tried = tried(&mut dice, &pair.question);
        if is_asked(query, &tried) && is_released(&answer.obligations, &tried) {
            let asked = Asked::Records(vec![tried.clone()]);
            let alone = Question { asked, ..pair.question.clone() };
            let single = verdict(&pair.consents, &alone, pair.as_of, &pair.terms);
            if single.outcome != Outcome::Permit {
                lines.0.push(format!("step 9: released, and by itself {:?}: {tried:?}", single.items));
            }
        }
    }
    lines.0
}

/// A record with all facts stated, as its keeper would: a custodian that is asked has its own records.
fn tried(dice: &mut Dice, question: &Question) -> Record {
    let custodian = question.custodian.clone().unwrap_or_else(|| hospital(dice));
    Record { custodian: Some(custodian), ..record(dice, 100) }
}
