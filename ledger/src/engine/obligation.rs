//! What a permit asks of whoever acts on it (CE-1 step 8). Whoever does not know one of them treats the answer as deny.

use super::redaction::{Listed, Redacted, Redaction};
use super::{Answer, Consent, Moment, Policy, Question};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// One obligation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obligation {
    /// Leave data out of what is released.
    Redact(Redaction),
    /// Something to do or not to do.
    Duty(Duty),
}

/// Something to do or not to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duty {
    /// What, as an obligation or refrain code.
    pub code: Coding,
    /// By when, for duties that have a time.
    pub by: Option<Due>,
    /// Words that travel with the data.
    pub notice: Option<&'static str>,
}

/// By when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// At this moment.
    At(Moment),
    /// This many days after the data was released.
    DaysAfterRelease(u32),
}

/// What must go with every disclosure of records of substance use treatment (42 CFR 2.32).
const PART_2_NOTICE: &str = "42 CFR part 2 prohibits unauthorized use or disclosure of these records.";

impl Duty {
    /// A duty without time or words.
    pub fn of(code: &str) -> Self {
        Self { code: Coding::new(system::ACT_CODE, code), by: None, notice: None }
    }
}

impl Obligation {
    pub(super) fn redaction(&self) -> Option<&Redaction> {
        match self {
            Self::Redact(redaction) => Some(redaction),
            Self::Duty(_) => None,
        }
    }

    /// Its code.
    pub fn code(&self) -> Coding {
        match self {
            Self::Redact(_) => Coding::new(system::ACT_CODE, "REDACT"),
            Self::Duty(duty) => duty.code.clone(),
        }
    }
}

/// What the consents that permit ask for, and what the policy adds for the purpose.
pub(super) fn of_permit<'a>(
    permitting: impl Iterator<Item = &'a Consent>,
    question: &Question,
    policy: &Policy,
) -> Vec<Obligation> {
    let is_for = |purpose: &Coding| {
        question.purpose.as_ref().is_some_and(|asked| {
            asked == purpose
                || (asked.system == purpose.system
                    && asked.system == system::PURPOSE
                    && policy.vocabulary().purpose_covers(&purpose.code, &asked.code))
        })
    };
    let by_policy =
        policy.duties().iter().filter(|(purpose, _)| is_for(purpose)).map(|(_, duty)| Obligation::Duty(duty.clone()));
    let mut all: Vec<Obligation> =
        permitting.flat_map(|consent| consent.obligations.clone()).chain(by_policy).collect();
    if lacks(Mutant::ObligationsDropped) {
        all.clear();
    }
    all
}

/// One list of what is withheld; what else there is stays as it is.
pub(super) fn merged(obligations: BTreeSet<Obligation>) -> Vec<Obligation> {
    let mut withheld = Vec::new();
    let mut others = Vec::new();
    for obligation in obligations {
        match obligation {
            Obligation::Redact(Redaction { of: Redacted::AnyOf, listed }) => withheld.push(listed),
            other @ (Obligation::Redact(_) | Obligation::Duty(_)) => others.push(other),
        }
    }
    let withheld = Listed::union(withheld);
    let redaction = (!withheld.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed: withheld });
    redaction.map(Obligation::Redact).into_iter().chain(others).collect()
}

/// What the law asks for with a record so labelled, or with a query for such records. With what another query finds,
/// whoever releases it looks at each label.
pub(super) fn of_labels(labels: &BTreeSet<Coding>) -> Option<Obligation> {
    let part_2 = Coding::new(system::ACT_CODE, "42CFRPart2");
    let duty = Duty { notice: Some(PART_2_NOTICE), ..Duty::of("NORDSCLCD") };
    (labels.contains(&part_2) && !lacks(Mutant::NoticeDropped)).then_some(Obligation::Duty(duty))
}

impl Answer {
    /// What an enforcement point does that knows how to meet these obligations: it refuses where it does not know one.
    pub fn effect_where(&self, meets: impl Fn(&Obligation) -> bool) -> Effect {
        let knows_all = self.obligations.iter().all(meets) || lacks(Mutant::UnknownObligationPermits);
        if knows_all { self.effect } else { Effect::Deny }
    }
}
