//! Breaking the glass (CE-1 step 7): an emergency that was declared overrides a refusal, and is never called a permit.

use super::policy::EmergencyRefusal;
use super::{Duty, Moment, Obligation, Outcome, Policy, Question};
use crate::mutant::{Mutant, lacks};
use crate::time::HOUR_MS;
use crate::vocabulary::{BREAK_THE_GLASS, system};

/// What comes with an override. The patient is told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// Until when the access lasts.
    pub until: Moment,
    /// By when somebody else has reviewed it.
    pub review_due: Moment,
}

/// Whether a declared emergency overrides this outcome. `refused` says that a consent refuses breaking the glass by
/// name.
pub(super) fn overrides(
    outcome: Outcome,
    refused: bool,
    question: &Question,
    as_of: Moment,
    policy: &Policy,
) -> Option<Override> {
    let purpose = question.purpose.as_ref()?;
    let breaks_glass = purpose.system == system::PURPOSE && purpose.code == BREAK_THE_GLASS;
    let is_attested = question.emergency.is_some() || lacks(Mutant::EmergencyUnattested);
    let is_refused = refused && honours_refusals(policy);
    let is_needed = match outcome {
        Outcome::Deny | Outcome::NoConsent => true,
        Outcome::Permit | Outcome::Review => false,
    };
    let after = |hours: u32| {
        let ms = u64::from(hours).saturating_mul(HOUR_MS);
        Moment(as_of.0.saturating_add_unsigned(ms))
    };
    let emergency = policy.emergency();
    (breaks_glass && is_attested && is_needed && !is_refused)
        .then(|| Override { until: after(emergency.hours), review_due: after(emergency.review_hours) })
}

/// Whether a consent that refuses breaking the glass by name is heeded.
pub(super) fn honours_refusals(policy: &Policy) -> bool {
    match policy.emergency().refusal {
        EmergencyRefusal::Honoured => !lacks(Mutant::EmergencyRefusalIgnored),
        EmergencyRefusal::Reviewed => false,
    }
}

/// What whoever overrides must do.
pub(super) fn duties() -> Vec<Obligation> {
    if lacks(Mutant::EmergencyUnaudited) { Vec::new() } else { vec![Obligation::Duty(Duty::of("AUDIT"))] }
}
