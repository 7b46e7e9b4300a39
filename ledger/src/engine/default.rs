//! What happens where no consent speaks (CE-1 step 6): one of the four policies of IHE PCF, reported beside the answer
//! and never instead of it.

use super::Policy;
use super::question::{Question, Record};
use super::redaction::{Listed, Redacted, Redaction};
use crate::document::Effect;
use crate::genesis::DefaultPolicy;
use crate::vocabulary::{BREAK_THE_GLASS, Coding, Kind, NORMAL, Vocabulary, system};

/// What the default does with something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fallback {
    pub(super) effect: Effect,
    /// What a query may not release.
    pub(super) redaction: Option<Redaction>,
}

const REFUSES: Fallback = Fallback { effect: Effect::Deny, redaction: None };

/// For one record, or for a query where there is none.
pub(super) fn fallback(policy: &Policy, question: &Question, record: Option<&Record>) -> Fallback {
    let vocabulary = policy.vocabulary();
    let is_for = |rule: &str| {
        let asked = question.purpose.as_ref().filter(|purpose| purpose.system == system::PURPOSE);
        asked.is_some_and(|purpose| vocabulary.purpose_covers(rule, &purpose.code))
    };
    match policy.default_policy() {
        DefaultPolicy::Deny => REFUSES,
        DefaultPolicy::BasicNormal if is_for("TREAT") => normal(vocabulary, record),
        DefaultPolicy::BasicNormal => REFUSES,
        DefaultPolicy::AllNormal if is_for(BREAK_THE_GLASS) => REFUSES,
        DefaultPolicy::AllNormal => normal(vocabulary, record),
        DefaultPolicy::BreakGlassOnly if is_for(BREAK_THE_GLASS) && question.emergency.is_some() => {
            Fallback { effect: Effect::Permit, redaction: None }
        }
        DefaultPolicy::BreakGlassOnly => REFUSES,
    }
}

/// What is not more confidential than normal.
fn normal(vocabulary: &Vocabulary, record: Option<&Record>) -> Fallback {
    let Some(record) = record else {
        let listed = Listed { codes: vec![Kind::Confidentiality.coding(NORMAL)], ..Listed::default() };
        let redaction = Some(Redaction { of: Redacted::AllBut, listed });
        return Fallback { effect: Effect::Permit, redaction };
    };
    let rank = |label: &Coding| {
        (label.system == system::CONFIDENTIALITY).then(|| vocabulary.confidentiality(&label.code)).flatten()
    };
    let highest = record.labels.iter().filter_map(rank).max();
    let is_normal = highest <= vocabulary.confidentiality(NORMAL);
    Fallback { effect: if is_normal { Effect::Permit } else { Effect::Deny }, redaction: None }
}
