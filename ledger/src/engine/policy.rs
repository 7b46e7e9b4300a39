//! What a network does where consents leave it open (CE-1 steps 6 to 8).

use super::obligation::{Due, Duty};
use crate::codec;
use crate::crypto::{Context, Digest};
use crate::genesis::{DefaultPolicy, Parameters};
use crate::vocabulary::{Coding, Vocabulary};

/// What breaking the glass means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmergencyPolicy {
    /// Whether a patient may refuse it outright.
    pub refusal: EmergencyRefusal,
    /// How long it lasts.
    pub hours: u32,
    /// Within which time it is reviewed.
    pub review_hours: u32,
}

/// What a consent does that refuses breaking the glass by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyRefusal {
    /// Nothing but that the review reads of it.
    Reviewed,
    /// It holds.
    Honoured,
}

/// What the network does where consents leave it open, and by which table it reads what is asked. Consents are read by
/// the tables that they name themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    default: DefaultPolicy,
    emergency: EmergencyPolicy,
    duties: Vec<(Coding, Duty)>,
    digest: Digest,
    vocabulary: &'static Vocabulary,
}

impl Policy {
    /// The policy in these parameters of a network.
    pub fn of(parameters: &Parameters) -> Self {
        let emergency = EmergencyPolicy {
            refusal: EmergencyRefusal::Reviewed,
            hours: parameters.emergency_hours,
            review_hours: parameters.review_hours,
        };
        let digest = Context::Policy.hash(&[&codec::encode(parameters)]);
        let vocabulary = Vocabulary::newest();
        Self { default: parameters.default_policy, emergency, duties: Vec::new(), digest, vocabulary }
    }

    /// A policy outside any network. `duties` go with permits for the purpose beside them and its parts.
    pub fn offline(default: DefaultPolicy, emergency: EmergencyPolicy, duties: Vec<(Coding, Duty)>) -> Self {
        let refusal = match emergency.refusal {
            EmergencyRefusal::Reviewed => 0u8,
            EmergencyRefusal::Honoured => 1u8,
        };
        let mut bytes = codec::encode(&(default, refusal, emergency.hours, emergency.review_hours));
        for (purpose, Duty { code, by, notice }) in &duties {
            let by = match by {
                None => (0u8, 0i64),
                Some(Due::At(moment)) => (1, moment.0),
                Some(Due::DaysAfterRelease(days)) => (2, i64::from(*days)),
            };
            for text in [&purpose.system, &purpose.code, &code.system, &code.code, notice.unwrap_or_default()] {
                bytes.extend(codec::encode(&text.to_owned()));
            }
            bytes.extend(codec::encode(&by));
        }
        let (digest, vocabulary) = (Context::Policy.hash(&[&bytes]), Vocabulary::newest());
        Self { default, emergency, duties, digest, vocabulary }
    }

    /// The same policy, with questions read by this table: an answer of long ago is worked out again by the table that
    /// its receipt names.
    pub fn reading(self, vocabulary: &'static Vocabulary) -> Self {
        Self { vocabulary, ..self }
    }

    /// The table that questions are read by.
    pub const fn vocabulary(&self) -> &'static Vocabulary {
        self.vocabulary
    }

    /// The answer where no consent speaks.
    pub const fn default_policy(&self) -> DefaultPolicy {
        self.default
    }

    /// What breaking the glass means.
    pub const fn emergency(&self) -> EmergencyPolicy {
        self.emergency
    }

    /// Duties that go with a purpose.
    pub(super) fn duties(&self) -> &[(Coding, Duty)] {
        &self.duties
    }

    /// Hash of all of it but the table, as decision receipts name it; they name the table beside it.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}
