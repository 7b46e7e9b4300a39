//! The answer to a question: each thing asked is put to all consents, and what they say together (CE-1 step 5) is
//! completed by the default policy, an emergency, and what a permit asks for (steps 6 to 9).

use super::answer::{Answer, Consideration, Ground, ItemAnswer, Said};
use super::applicability::applicabilities;
use super::combine::{Hall, Speaker, Verdict};
use super::default::fallback;
use super::question::{Asked, Inquiry, Subject};
use super::redaction::Redaction;
use super::{Applicability, Consent, Moment, Obligation, Outcome, Policy, Question, ReasonCode, emergency, obligation};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use std::collections::BTreeSet;

/// Decides `question` at `as_of`. The order of `consents` does not matter.
pub fn evaluate(consents: &[Consent], question: &Question, as_of: Moment, policy: &Policy) -> Answer {
    let mut order: Vec<usize> = (0..consents.len()).collect();
    order.sort_by_key(|at| consents.get(*at).map(|consent| &consent.id));
    let sorted: Vec<&Consent> = order.iter().filter_map(|at| consents.get(*at)).collect();
    let states = applicabilities(&sorted, question, as_of);
    let speakers: Vec<Speaker<'_>> = order
        .iter()
        .zip(&sorted)
        .zip(&states)
        .map(|((at, consent), state)| Speaker { at: *at, consent, state: *state })
        .collect();
    let council = Council { speakers, question, as_of, policy };
    council.answer(consents.len())
}

/// All consents, before one question.
pub(super) struct Council<'a> {
    pub(super) speakers: Vec<Speaker<'a>>,
    pub(super) question: &'a Question,
    pub(super) as_of: Moment,
    pub(super) policy: &'a Policy,
}

/// What the council says about one thing.
#[derive(Clone)]
pub(super) struct Ruling {
    pub(super) item: ItemAnswer,
    pub(super) obligations: BTreeSet<Obligation>,
    /// Consents that permit something of what is released.
    pub(super) permitting: BTreeSet<usize>,
    /// The same of what an emergency opens.
    pub(super) opening: BTreeSet<usize>,
    pub(super) said: Vec<(usize, Said)>,
    /// A refusal of a part, where no consent permits anything.
    pub(super) refused: Option<Ground>,
    pub(super) barred: Barred,
}

/// What of it is refused to breaking the glass by name.
#[derive(Clone)]
pub(super) struct Barred {
    /// All of it.
    is_whole: bool,
    /// Nothing is left of it by these lists, which are held to in an emergency too.
    leaves_nothing: bool,
    lists: Vec<Redaction>,
}

impl Council<'_> {
    fn answer(&self, consents: usize) -> Answer {
        let rulings = match &self.question.asked {
            Asked::Records(records) => records.iter().map(|record| self.rule(Subject::Record(record))).collect(),
            Asked::Query(query) => self.rule_query(query),
        };
        let along: Vec<ItemAnswer> = match &self.question.asked {
            Asked::Records(_) => Vec::new(),
            Asked::Query(query) => query.along.iter().map(|record| self.rule(Subject::Record(record)).item).collect(),
        };
        let first = |outcome| rulings.iter().map(|ruling| &ruling.item).find(|item| item.outcome == outcome);
        // A request without items asks for nothing, and nothing is what it may have.
        let gravest = first(Outcome::Deny).or_else(|| first(Outcome::NoConsent)).or_else(|| first(Outcome::Permit));
        let (outcome, ground) =
            gravest.map_or((Outcome::NoConsent, Ground::NO_CONSENT), |item| (item.outcome, item.ground.clone()));
        let is_permitted = !rulings.is_empty() && rulings.iter().all(|ruling| ruling.item.effect == Effect::Permit);
        let is_whole = rulings.iter().any(|ruling| ruling.barred.is_whole);
        let leaves_nothing = !rulings.is_empty() && rulings.iter().all(|ruling| ruling.barred.leaves_nothing);
        let emergency =
            emergency::overrides(outcome, is_whole || leaves_nothing, self.question, self.as_of, self.policy);
        let effect = if is_permitted || emergency.is_some() { Effect::Permit } else { Effect::Deny };
        let outcome = if lacks(Mutant::DefaultReplacesOutcome) && outcome == Outcome::NoConsent {
            if is_permitted { Outcome::Permit } else { Outcome::Deny }
        } else {
            outcome
        };
        Answer {
            outcome,
            effect,
            ground,
            obligations: self.obligations(&rulings, effect, emergency.is_some()),
            considered: self.considered(&rulings, consents),
            items: rulings.into_iter().map(|ruling| ruling.item.under(emergency.as_ref())).collect(),
            along,
            emergency,
        }
    }

    /// Step 8. What is refused asks for nothing. An emergency adds its own, and withholds what is refused to it by name.
    fn obligations(&self, rulings: &[Ruling], effect: Effect, is_emergency: bool) -> Vec<Obligation> {
        if effect == Effect::Deny {
            return Vec::new();
        }
        let permitting = |ruling: &Ruling| {
            let consents = if is_emergency { &ruling.opening } else { &ruling.permitting };
            consents.clone()
        };
        let permitting: BTreeSet<usize> = rulings.iter().flat_map(permitting).collect();
        let consents = self.speakers.iter().filter(|one| permitting.contains(&one.at)).map(|one| one.consent);
        let mut all = self.left_out(rulings);
        all.extend(obligation::of_permit(consents, self.question, self.policy));
        if is_emergency {
            all.retain(|one| matches!(one, Obligation::Duty(_)));
            all.extend(emergency::duties());
            if emergency::honours_refusals(self.policy) {
                let lists = rulings.iter().flat_map(|ruling| ruling.barred.lists.clone());
                all.extend(lists.map(Obligation::Redact));
            }
        }
        let notice = self.notice(&all);
        all.extend(notice);
        obligation::merged(all)
    }

    fn considered(&self, rulings: &[Ruling], consents: usize) -> Vec<Consideration> {
        let of = |at: usize| {
            let speaker = self.speakers.iter().find(|one| one.at == at)?;
            let mut said: Vec<Said> = rulings
                .iter()
                .flat_map(|ruling| ruling.said.iter().filter(|(by, _)| *by == at).map(|(_, said)| *said))
                .collect();
            said.sort();
            said.dedup();
            Some(Consideration { applicability: speaker.state, said })
        };
        (0..consents).filter_map(of).collect()
    }

    pub(super) fn inquiry<'b>(&'b self, consent: &Consent, subject: Subject<'b>) -> Inquiry<'b> {
        let vocabulary = consent.vocabulary;
        Inquiry { vocabulary, question: self.question, subject, as_of: self.as_of }
    }

    pub(super) fn rule(&self, subject: Subject<'_>) -> Ruling {
        let heard = self.speakers.iter().filter(|one| one.is_heard());
        let heard = heard.map(|one| (one, self.inquiry(one.consent, subject).ask(one.consent)));
        let hall = Hall::new(self.question, subject, self.as_of, heard);
        let said = hall.said();
        let barred =
            Barred { is_whole: hall.refuses_break_glass(), leaves_nothing: hall.is_barred(), lists: hall.barred() };
        let missing = |one: &&Speaker<'_>| one.state == Applicability::Missing;
        if let Some(speaker) = self.speakers.iter().find(missing) {
            let ground = Ground { code: ReasonCode::Incident, consent: Some(speaker.at), rule: None };
            return Ruling::refusal(ground, Vec::new(), barred);
        }
        match hall.verdict() {
            Verdict::Deny(ground) => Ruling::refusal(ground, said, barred),
            Verdict::Permit(ground, within) => {
                let obligations = hall.redactions(&within);
                let item = ItemAnswer { outcome: Outcome::Permit, effect: Effect::Permit, ground };
                let stays_shut = if emergency::honours_refusals(self.policy) { &barred.lists } else { &Vec::new() };
                let (permitting, opening) = (hall.permitting(&within), hall.opening(stays_shut));
                Ruling { item, obligations, permitting, opening, said, refused: None, barred }
            }
            Verdict::NoConsent(ground) => {
                let fallback = fallback(self.policy, self.question, subject);
                let mut obligations = hall.left_open();
                obligations.extend(fallback.redaction.map(Obligation::Redact));
                let refused = hall.first_withheld();
                if let (false, Some(ground)) = (hall.leaves_any_but(&obligations), &refused) {
                    return Ruling::refusal(ground.clone(), said, barred);
                }
                let item = ItemAnswer { outcome: Outcome::NoConsent, effect: fallback.effect, ground };
                let (permitting, opening) = (BTreeSet::new(), BTreeSet::new());
                Ruling { item, obligations, permitting, opening, said, refused, barred }
            }
        }
    }
}

impl Ruling {
    fn refusal(ground: Ground, said: Vec<(usize, Said)>, barred: Barred) -> Self {
        let item = ItemAnswer { outcome: Outcome::Deny, effect: Effect::Deny, ground };
        let (permitting, opening) = (BTreeSet::new(), BTreeSet::new());
        Self { item, obligations: BTreeSet::new(), permitting, opening, said, refused: None, barred }
    }

    pub(super) fn is_open(&self) -> bool {
        self.item.outcome != Outcome::Deny
    }

    /// The same where these consents permit something of what is released.
    pub(super) fn permitted_by(self, permitting: &BTreeSet<usize>) -> Self {
        if self.is_open() { Self { permitting: permitting.clone(), opening: permitting.clone(), ..self } } else { self }
    }

    /// A refusal, as nothing is left.
    pub(super) fn of_nothing(self) -> Self {
        let ground = self.refused.clone().unwrap_or(Ground { code: ReasonCode::NotCovered, ..self.item.ground });
        let item = ItemAnswer { outcome: Outcome::Deny, effect: Effect::Deny, ground };
        let (permitting, opening) = (BTreeSet::new(), BTreeSet::new());
        Self { item, obligations: BTreeSet::new(), permitting, opening, ..self }
    }
}
