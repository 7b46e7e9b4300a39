//! Step 7: when breaking the glass overrides what the consents say.

use super::combined::Combined;
use super::tree::Word;
use amanah_ledger::engine::{EmergencyPolicy, EmergencyRefusal, Moment, Outcome, Override, Question};
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};

const HOUR: i64 = 60 * 60 * 1000;

/// Whether a consent refuses this by a rule that names breaking the glass, where the network honours that.
///
/// A document that is missing names nothing: everything is refused because of it, and a refusal that can hold in an
/// emergency "must name it" (the consent model). What another consent, at hand, refuses by name it still refuses.
pub fn is_barred(of: &Combined, policy: EmergencyPolicy) -> bool {
    match policy.refusal {
        EmergencyRefusal::Reviewed => false,
        EmergencyRefusal::Honoured => of.words.contains(&Word::Deny { glass: true }),
    }
}

/// Purpose BTG, an attested authority, and an answer that is deny or no consent: an override, unless it is barred.
///
/// That the default policy would permit it anyway changes nothing: "it is never reported as a plain permit". The hours
/// count from the question, not from the declaration (example of `amanah policy`). How old a declaration may be, and
/// whether it may be of a later moment, is left open: any counts.
pub fn emergency(
    question: &Question,
    outcome: Outcome,
    is_barred: bool,
    as_of: Moment,
    policy: EmergencyPolicy,
) -> Option<Override> {
    let is_glass = question.purpose == Some(Coding::new(system::PURPOSE, BREAK_THE_GLASS));
    let is_declared = question.emergency.is_some();
    let is_withheld = match outcome {
        Outcome::Deny | Outcome::NoConsent => true,
        Outcome::Permit | Outcome::Review => false,
    };
    let overrides = is_glass && is_declared && is_withheld && !is_barred;
    overrides.then(|| Override { until: later(as_of, policy.hours), review_due: later(as_of, policy.review_hours) })
}

fn later(moment: Moment, hours: u32) -> Moment {
    Moment(moment.0.saturating_add(i64::from(hours).saturating_mul(HOUR)))
}
