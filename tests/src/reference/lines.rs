//! What is written down of a difference.

use super::applicable::Stand;
use super::kind::KindVerdict;
use super::listed::Expected;
use super::verdict::ItemVerdict;
use amanah_ledger::engine::{Answer, Applicability, Duty, ItemAnswer, Outcome};
use std::collections::BTreeSet;

/// The lines, one for each difference.
#[derive(Debug, Default)]
pub struct Lines(pub Vec<String>);

impl Lines {
    /// One value of each.
    pub fn compare<T: PartialEq + std::fmt::Debug>(&mut self, step: &str, engine: T, reference: T) {
        if engine != reference {
            self.0.push(format!("step {step}: engine {engine:?}, reference {reference:?}"));
        }
    }

    /// The answers for records.
    pub fn compare_items(&mut self, engine: &[ItemAnswer], reference: &[ItemVerdict]) {
        self.compare("5, number of items", engine.len(), reference.len());
        for (place, (one, other)) in engine.iter().zip(reference).enumerate() {
            self.compare(&format!("5, outcome of item {place}"), one.outcome, other.outcome);
            self.compare(&format!("5, code of item {place}"), one.ground.code, other.code);
            self.compare(&format!("5, consent of item {place}"), one.ground.consent, other.consent);
            self.compare(&format!("6, effect of item {place}"), one.effect, other.effect);
        }
    }

    /// What is answered for one kind. Of several that lists cannot say together any may be refused.
    pub fn compare_outcome(&mut self, engine: Outcome, reference: &KindVerdict, expected: Expected) {
        let is_refused = engine == Outcome::Deny;
        let is_right = match expected {
            Expected::Outcome => engine == reference.outcome,
            Expected::Redacted | Expected::Unsayable => is_refused,
            Expected::UnsayableTogether => engine == reference.outcome || is_refused,
        };
        if !is_right {
            let outcome = reference.outcome;
            self.0.push(format!("step 9, outcome of a kind: engine {engine:?}, reference {outcome:?}, {expected:?}"));
        }
    }

    /// Of kinds that lists cannot say together one is refused, and with it the answer.
    pub fn compare_together(&mut self, engine: &Answer, expected: &[Expected]) {
        if expected.contains(&Expected::UnsayableTogether) {
            self.compare("9, outcome of several kinds", engine.outcome, Outcome::Deny);
        }
    }

    /// What happens with one kind, and why.
    pub fn compare_kind(&mut self, engine: &ItemAnswer, reference: &KindVerdict, is_alike: bool) {
        self.compare("9, effect of a kind", engine.effect, reference.effect);
        // Where the two say something else of it, the reference has no ground for what the engine says.
        if is_alike && !reference.has_ground(engine.ground.code, engine.ground.consent) {
            self.0.push(format!("step 9, ground of a kind: engine {:?}, reference {reference:?}", engine.ground));
        }
    }

    /// The duties of a query: at least those that are due for what the engine lets out, and at most those that are due
    /// for what may be let out. Between the two are those for what it withholds beyond what it must.
    pub fn compare_duties(&mut self, engine: &[&Duty], at_least: &BTreeSet<Duty>, at_most: &BTreeSet<Duty>) {
        let of_engine: BTreeSet<Duty> = engine.iter().copied().cloned().collect();
        self.compare("9, duties given once each", engine.len(), of_engine.len());
        let missing: Vec<&Duty> = at_least.difference(&of_engine).collect();
        let more: Vec<&Duty> = of_engine.difference(at_most).collect();
        if !missing.is_empty() {
            self.0.push(format!("step 9, duties missing: engine without {missing:?}"));
        }
        if !more.is_empty() {
            self.0.push(format!("step 9, duties more than due: engine with {more:?}"));
        }
    }

    /// How each consent stands.
    pub fn compare_stands(&mut self, answer: &Answer, stands: &[Stand]) {
        self.compare("1, number considered", answer.considered.len(), stands.len());
        for (place, (considered, stand)) in answer.considered.iter().zip(stands).enumerate() {
            self.compare(&format!("1, stand of consent {place}"), stand_of(considered.applicability), *stand);
        }
    }
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
