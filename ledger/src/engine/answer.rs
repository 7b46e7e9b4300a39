//! What is answered to a question, and why: consents by their place in the question's list.

use super::{Applicability, Obligation, Outcome, Override, ReasonCode};
use crate::document::Effect;

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What the consents say: deny if anything asked is denied, else no-consent if any is, else permit.
    pub outcome: Outcome,
    /// What happens after the default policy and an emergency.
    pub effect: Effect,
    /// Why, for the first thing asked with this outcome.
    pub ground: Ground,
    /// For each record asked for, or each kind of a query (one if it names none).
    pub items: Vec<ItemAnswer>,
    /// For each record that came along with a query.
    pub along: Vec<ItemAnswer>,
    /// What goes with a permit.
    pub obligations: Vec<Obligation>,
    /// That an emergency overrides what the consents say; then the effect is permit.
    pub emergency: Option<Override>,
    /// How each consent stood to the question, in the order given.
    pub considered: Vec<Consideration>,
}

/// The answer for one thing asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemAnswer {
    /// What the consents say.
    pub outcome: Outcome,
    /// What happens after the default policy.
    pub effect: Effect,
    /// Why.
    pub ground: Ground,
}

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// In a word.
    pub code: ReasonCode,
    /// The consent it rests on, by its place in the list; for several the one with the smallest id.
    pub consent: Option<usize>,
    /// The rule it rests on, by its place in the document.
    pub rule: Option<String>,
}

/// How one consent stood to the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consideration {
    /// Whether it spoke.
    pub applicability: Applicability,
    /// What it said, once for each different word; empty if it was silent.
    pub said: Vec<Said>,
}

/// What a consent said of something asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// It permits it.
    Permit,
    /// It permits a part of it.
    PermitPart,
    /// It permits less than this.
    NotCovered,
    /// It refuses it.
    Deny,
}

impl Said {
    /// As interfaces spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::PermitPart => "permit-part",
            Self::NotCovered => "not-covered",
            Self::Deny => "deny",
        }
    }
}

impl Ground {
    /// That no consent speaks.
    pub(super) const NO_CONSENT: Self = Self { code: ReasonCode::NoConsent, consent: None, rule: None };
}

impl ItemAnswer {
    /// The same, with what an emergency makes of it.
    pub(super) fn under(self, emergency: Option<&Override>) -> Self {
        if emergency.is_some() { Self { effect: Effect::Permit, ..self } } else { self }
    }
}
