//! What happens where no consent speaks (CE-1 step 6): one of the four policies of IHE PCF, reported beside the answer
//! and never instead of it.

use super::Policy;
use super::question::{Question, Subject};
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

/// For one record or a query.
pub(super) fn fallback(policy: &Policy, question: &Question, subject: Subject<'_>) -> Fallback {
    let vocabulary = policy.vocabulary();
    let is_for = |rule: &str| {
        let asked = question.purpose.as_ref().filter(|purpose| purpose.system == system::PURPOSE);
        asked.is_some_and(|purpose| vocabulary.purpose_covers(rule, &purpose.code))
    };
    match policy.default_policy() {
        DefaultPolicy::Deny => REFUSES,
        DefaultPolicy::BasicNormal if is_for("TREAT") => normal(vocabulary, subject),
        DefaultPolicy::BasicNormal => REFUSES,
        DefaultPolicy::AllNormal if is_for(BREAK_THE_GLASS) => REFUSES,
        DefaultPolicy::AllNormal => normal(vocabulary, subject),
        DefaultPolicy::BreakGlassOnly if is_for(BREAK_THE_GLASS) && question.emergency.is_some() => {
            Fallback { effect: Effect::Permit, redaction: None }
        }
        DefaultPolicy::BreakGlassOnly => REFUSES,
    }
}

/// What is not more confidential than normal. Of a query that asks for no more, the rest is left out.
fn normal(vocabulary: &Vocabulary, subject: Subject<'_>) -> Fallback {
    let (labels, redaction) = match subject {
        Subject::Record(record) => (&record.labels, None),
        Subject::Query { query, .. } => {
            let listed = Listed { codes: vec![Kind::Confidentiality.coding(NORMAL)], ..Listed::default() };
            (&query.labels, Some(Redaction { of: Redacted::AllBut, listed }))
        }
    };
    let rank = |label: &Coding| {
        (label.system == system::CONFIDENTIALITY).then(|| vocabulary.confidentiality(&label.code)).flatten()
    };
    let highest = labels.iter().filter_map(rank).max();
    if highest <= vocabulary.confidentiality(NORMAL) { Fallback { effect: Effect::Permit, redaction } } else { REFUSES }
}
