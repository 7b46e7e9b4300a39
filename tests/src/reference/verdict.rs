//! The whole answer to a question for records: steps 5 to 8 together.

use super::applicable::{Stand, stands};
use super::combined::{Combined, by_default, combined};
use super::emergency::{emergency, is_barred};
use super::obligations::{Permitted, is_part_2, obligations};
use super::tree::Word;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Consent, Duty, EmergencyPolicy, Moment, Obligation, Outcome, Override, Policy, Question, ReasonCode, Record,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::Coding;
use std::collections::BTreeSet;

/// What a network does where consents leave it open.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where no consent speaks.
    pub default: DefaultPolicy,
    /// Breaking the glass.
    pub emergency: EmergencyPolicy,
    /// Duties, each with its purpose.
    pub duties: Vec<(Coding, Duty)>,
}

impl Terms {
    /// The same, as the engine takes it.
    pub fn policy(&self) -> Policy {
        Policy::offline(self.default, self.emergency, self.duties.clone())
    }
}

/// The answer for one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemVerdict {
    /// What the consents say.
    pub outcome: Outcome,
    /// What happens.
    pub effect: Effect,
    /// Why.
    pub code: ReasonCode,
    /// The consent it rests on.
    pub consent: Option<usize>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What the consents say of all of it.
    pub outcome: Outcome,
    /// What happens.
    pub effect: Effect,
    /// For each record.
    pub items: Vec<ItemVerdict>,
    /// What goes with a permit.
    pub obligations: BTreeSet<Obligation>,
    /// An emergency that overrides what the consents say.
    pub emergency: Option<Override>,
    /// How each consent stands.
    pub stands: Vec<Stand>,
    /// What each consent says of each record.
    pub words: Vec<Vec<Word>>,
    /// What those say of each record that would apply, but were ended or are over.
    pub once: Vec<Vec<Word>>,
}

/// What happens with one record before an emergency: step 6 where no consent speaks.
pub(super) fn item(of: &Combined, question: &Question, record: &Record, terms: &Terms) -> ItemVerdict {
    let effect = match of.outcome {
        Outcome::Permit => Effect::Permit,
        Outcome::Deny | Outcome::Review => Effect::Deny,
        Outcome::NoConsent => by_default(terms.default, question, record),
    };
    ItemVerdict { outcome: of.outcome, effect, code: of.code, consent: of.consent }
}

/// Of several things asked: deny if any is denied, else no consent if any has none, else permit.
pub(super) fn of_all(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    let all: Vec<Outcome> = outcomes.into_iter().collect();
    let graver = [Outcome::Deny, Outcome::NoConsent].into_iter().find(|one| all.contains(one));
    graver.unwrap_or(Outcome::Permit)
}

/// The consents by which this is permitted, if it is.
///
/// A choice: CE-1 does not say whether a consent still counts as permitting where another one refuses, and only an
/// emergency opens the record. The engine counts none, as the access does not rest on it.
pub(super) fn permitting(of: &Combined) -> impl Iterator<Item = usize> {
    let is_permitted = of.outcome == Outcome::Permit;
    let words = of.words.iter().enumerate();
    words.filter(move |(_, word)| is_permitted && **word == Word::Permit).map(|(place, _)| place)
}

/// The answer to a question for records. An emergency overrides for all of them or for none, as the effect is one.
pub fn verdict(consents: &[Consent], question: &Question, records: &[Record], as_of: Moment, terms: &Terms) -> Verdict {
    let stands = stands(consents, question, as_of);
    let all: Vec<Combined> =
        records.iter().map(|record| combined(consents, &stands, question, record, as_of)).collect();
    let mut items: Vec<ItemVerdict> =
        records.iter().zip(&all).map(|(record, one)| item(one, question, record, terms)).collect();
    let outcome = of_all(items.iter().map(|item| item.outcome));
    let is_barred = all.iter().any(|one| is_barred(one, terms.emergency));
    let emergency = emergency(question, outcome, is_barred, as_of, terms.emergency);
    if emergency.is_some() {
        items.iter_mut().for_each(|item| item.effect = Effect::Permit);
    }
    let is_permitted = items.iter().all(|item| item.effect == Effect::Permit);
    let effect = if is_permitted { Effect::Permit } else { Effect::Deny };
    let by: BTreeSet<usize> = all.iter().flat_map(permitting).collect();
    let has_part_2 = records.iter().any(is_part_2);
    let permitted = Permitted { by: &by, has_part_2, is_override: emergency.is_some() };
    let obligations = match effect {
        Effect::Permit => obligations(consents, question, permitted, terms),
        Effect::Deny => BTreeSet::new(),
    };
    let (words, once) = all.into_iter().map(|one| (one.words, one.once)).unzip();
    Verdict { outcome, effect, items, obligations, emergency, stands, words, once }
}
