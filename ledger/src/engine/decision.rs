//! What is answered, and why.

use super::{CONSENTS_MAX, Standing};
use crate::codec::BoundedVec;
use crate::crypto::{Digest, PublicKey};
use crate::document::Effect;
use crate::vocabulary::Code;
use bincode::{Decode, Encode};

/// The engine's answer, before the network's default.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A consent allows it.
    Permit,
    /// A consent refuses it, or allows something less.
    Deny,
    /// No consent speaks about it.
    NoConsent,
    /// People must decide (research). Not given yet.
    Review,
}

/// Why, as a word that programs know.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    /// A consent permits it.
    Permitted,
    /// A consent speaks about this requester and purpose, not about this data.
    NotCovered,
    /// No consent speaks about it.
    NoConsent,
    /// A consent would have permitted it, and is revoked.
    Revoked,
    /// A consent would have permitted it, and its time is over.
    Expired,
    /// A consent refuses it.
    Denied,
    /// A consent in force has no document here: refused until it is found.
    Incident,
}

/// Why, and by which consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Reason {
    /// The word.
    pub code: ReasonCode,
    /// The consent that the answer rests on; for several the one with the smallest key.
    pub consent: Option<PublicKey>,
}

/// The answer for one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct ItemDecision {
    /// The answer.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

/// A consent in force that the engine looked at. A patient compares the list with their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Considered {
    /// Its key.
    pub consent: PublicKey,
    /// Its version.
    pub version: u32,
    /// Hash of its document.
    pub commitment: Digest,
    /// In force, or in force with a revocation on its way.
    pub standing: Standing,
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decision {
    /// Deny if any item is denied, else no-consent if any is, else permit.
    pub outcome: Outcome,
    /// What the custodian does after the network's default.
    pub effect: Effect,
    /// Reason of the first item with this outcome.
    pub reason: Reason,
    /// Per item, in the order of the request.
    pub items: Vec<ItemDecision>,
    /// What must be done with a permit; whoever does not know one treats the answer as deny.
    pub obligations: Vec<Code>,
    /// Every consent in force, by key.
    pub considered: Vec<Considered>,
}

/// Considered consents as a receipt holds them.
pub type ConsideredList = BoundedVec<Considered, CONSENTS_MAX>;

impl Outcome {
    /// As interfaces spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::NoConsent => "no-consent",
            Self::Review => "review",
        }
    }
}

impl ReasonCode {
    /// As interfaces spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "PERMITTED",
            Self::NotCovered => "NOT_COVERED",
            Self::NoConsent => "NO_CONSENT",
            Self::Revoked => "REVOKED",
            Self::Expired => "EXPIRED",
            Self::Denied => "DENIED",
            Self::Incident => "INCIDENT",
        }
    }
}
