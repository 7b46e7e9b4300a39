//! The whole answer: all that was asked for, emergencies (step 7) and obligations (step 8).

use super::applicable::{Stand, stands};
use super::combined::{Combined, by_default, combined};
use super::tree::Word;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Asked, Consent, Duty, EmergencyPolicy, EmergencyRefusal, Moment, Obligation, Outcome, Override, Policy, Question,
    ReasonCode, Record,
};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};
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

/// The answer to a question for records; to a query, the answer for the records that came along.
pub fn verdict(consents: &[Consent], question: &Question, as_of: Moment, terms: &Terms) -> Verdict {
    let records: &[Record] = match &question.asked {
        Asked::Records(records) => records,
        Asked::Query(query) => &query.along,
    };
    let stands = stands(consents, question, as_of);
    let all: Vec<Combined> =
        records.iter().map(|record| combined(consents, &stands, question, record, as_of)).collect();
    let mut items = Vec::new();
    for (record, one) in records.iter().zip(&all) {
        let effect = match one.outcome {
            Outcome::Permit => Effect::Permit,
            Outcome::Deny | Outcome::Review => Effect::Deny,
            Outcome::NoConsent => by_default(terms.default, question, record),
        };
        items.push(ItemVerdict { outcome: one.outcome, effect, code: one.code, consent: one.consent });
    }
    let has = |outcome: Outcome| items.iter().any(|item| item.outcome == outcome);
    let outcome = [Outcome::Deny, Outcome::NoConsent].into_iter().find(|one| has(*one)).unwrap_or(Outcome::Permit);
    let is_refused = all.iter().flat_map(|one| &one.words).any(|word| *word == Word::Deny { glass: true });
    let emergency = emergency(outcome, is_refused, question, as_of, terms);
    if emergency.is_some() {
        items.iter_mut().for_each(|item| item.effect = Effect::Permit);
    }
    let is_permitted = items.iter().all(|item| item.effect == Effect::Permit);
    let effect = if is_permitted { Effect::Permit } else { Effect::Deny };
    let obligations = match effect {
        Effect::Permit => obligations(consents, &all, records, question, emergency, terms),
        Effect::Deny => BTreeSet::new(),
    };
    let (words, once) = all.into_iter().map(|one| (one.words, one.once)).unzip();
    Verdict { outcome, effect, items, obligations, emergency, stands, words, once }
}

/// Step 7.
fn emergency(
    outcome: Outcome,
    is_refused: bool,
    question: &Question,
    as_of: Moment,
    terms: &Terms,
) -> Option<Override> {
    let glass = Coding::new(system::PURPOSE, BREAK_THE_GLASS);
    let is_declared = question.purpose.as_ref() == Some(&glass) && question.emergency.is_some();
    let is_needed = outcome == Outcome::Deny || outcome == Outcome::NoConsent;
    let is_barred = is_refused && terms.emergency.refusal == EmergencyRefusal::Honoured;
    let after = |hours: u32| Moment(as_of.0 + i64::from(hours) * 3_600_000);
    (is_declared && is_needed && !is_barred)
        .then(|| Override { until: after(terms.emergency.hours), review_due: after(terms.emergency.review_hours) })
}

/// Step 8: of the consents that permit, of the policy for the purpose, of the law for the labels, of the override.
fn obligations(
    consents: &[Consent],
    all: &[Combined],
    records: &[Record],
    question: &Question,
    emergency: Option<Override>,
    terms: &Terms,
) -> BTreeSet<Obligation> {
    let mut due = BTreeSet::new();
    // A permit that another consent's refusal overrules permits nothing, in an emergency either.
    for one in all.iter().filter(|one| one.outcome == Outcome::Permit) {
        for (consent, word) in consents.iter().zip(&one.words) {
            if *word == Word::Permit {
                due.extend(consent.obligations.iter().cloned());
            }
        }
    }
    for (purpose, duty) in &terms.duties {
        if question.purpose.as_ref().is_some_and(|asked| Table::NEWEST.purpose_fits(purpose, asked)) {
            due.insert(Obligation::Duty(duty.clone()));
        }
    }
    let part_2 = Coding::new(system::ACT_CODE, "42CFRPart2");
    if records.iter().any(|record| record.labels.contains(&part_2)) {
        let notice = "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";
        due.insert(Obligation::Duty(Duty { notice: Some(notice), ..Duty::of("NORDSCLCD") }));
    }
    if emergency.is_some() {
        due.insert(Obligation::Duty(Duty::of("AUDIT")));
    }
    due
}
