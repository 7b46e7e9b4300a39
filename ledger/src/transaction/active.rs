//! Which payloads have rules in this version. The one list: whoever checks, executes, builds or holds transactions asks
//! here.

use super::{Anchor, BATCH_ITEMS_MAX, GatewaySignature, Grants, Relay, RevokeProof, SignedTransaction};
use crate::codec::BoundedVec;
use crate::crypto::{PublicKey, Signature};
use crate::evidence::Contradiction;

/// A payload whose rules are active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active<'a> {
    /// A batch of consents.
    Grants {
        /// What is granted.
        batch: &'a Grants,
        /// Signature of each item's consent key, in order.
        item_signatures: &'a BoundedVec<Signature, BATCH_ITEMS_MAX>,
        /// Signature of the custodian over the batch.
        gateway: &'a GatewaySignature,
    },
    /// The end of a consent.
    Revoke {
        /// The consent that ends.
        consent: &'a PublicKey,
        /// Why it may.
        proof: &'a RevokeProof,
        /// Who answers for it if the consent is not on the ledger.
        relay: Option<&'a Relay>,
    },
    /// A root.
    Anchor {
        /// The anchor.
        anchor: &'a Anchor,
        /// Signature of the member over it.
        gateway: &'a GatewaySignature,
    },
    /// Proof that a validator contradicted itself.
    Evidence(&'a Contradiction),
}

impl SignedTransaction {
    /// What it does; `None` if the rules of its payload are not active.
    pub fn active(&self) -> Option<Active<'_>> {
        match self {
            Self::Grants { batch, item_signatures, gateway } => {
                Some(Active::Grants { batch, item_signatures, gateway })
            }
            Self::Revoke { consent, proof, relay } => Some(Active::Revoke { consent, proof, relay: relay.as_ref() }),
            Self::Anchor { anchor, gateway } => Some(Active::Anchor { anchor, gateway }),
            Self::Evidence(contradiction) => Some(Active::Evidence(contradiction)),
            Self::Publish(_)
            | Self::Withdraw(_)
            | Self::Propose(_)
            | Self::Vote(_)
            | Self::RotateKey(_)
            | Self::SetChange(_)
            | Self::Ready(_)
            | Self::Custody(_) => None,
        }
    }
}
