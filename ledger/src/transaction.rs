//! Acts on the ledger, signed by those who may act: `SignedTransaction → VerifiedTransaction`.
//!
//! Every payload of the format has its number here. Those that later work brings to life carry a bounded opaque body:
//! they are refused at admission and have the outcome [`Outcome::NotActive`] in a block.

use crate::codec::{self, BoundedVec};
use crate::crypto::{Context, Digest, Domain, PublicKey, Signature};
use crate::evidence::Contradiction;
use crate::member::MemberId;
use crate::time::{Day, UnixMs};
use bincode::{Decode, Encode};

mod active;
mod outcome;
mod verify;

pub use active::Active;
pub use outcome::{Outcome, Outcomes};
pub(crate) use verify::SignedPart;
pub use verify::{TransactionError, VerifiedTransaction};

/// Longest encoded transaction.
pub const TRANSACTION_BYTES_MAX: usize = 64 * 1024;
/// Most items of one batch: 250 items of 236 bytes with their signatures stay below [`TRANSACTION_BYTES_MAX`].
pub const BATCH_ITEMS_MAX: usize = 250;
/// Longest body of a payload that is not active yet.
pub const OPAQUE_BYTES_MAX: usize = 16 * 1024;

/// One version of one consent, as its patient signs it. Signed whole by the consent key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct GrantItem {
    /// Whose records the consent is about.
    pub custodian: MemberId,
    /// The consent's own, fresh key: its identity.
    pub consent: PublicKey,
    /// 1 for a new consent, then one more each time.
    pub version: u32,
    /// Hash of the leaf value this version replaces; zeros for version 1.
    pub prev: Digest,
    /// Salted hash of the consent document.
    pub commitment: Digest,
    /// Hash of the slip secret that revokes; the same in every version.
    pub lock: Digest,
    /// Last block time at which the item may be applied: a whole hour, at most 48 hours ahead.
    pub submit_by: UnixMs,
}

/// A batch of items of one custodian; items stand or fall alone.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Grants {
    /// The custodian that every item names.
    pub custodian: MemberId,
    /// The items, at least one.
    pub items: BoundedVec<GrantItem, BATCH_ITEMS_MAX>,
}

/// A signature of a member's gateway key, with the key it was made with. Whether that key is current is a state rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct GatewaySignature {
    /// The key.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

/// Why a consent ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum RevokeProof {
    /// Signature of the consent key over chain and consent.
    Key(Signature),
    /// The secret behind the consent's lock.
    Slip([u8; 32]),
    /// Signature of the custodian's gateway key. Not active yet.
    Custodian(GatewaySignature),
}

/// "I relay this revocation of a consent that is not on the ledger": a member answers for the leaf it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Relay {
    /// The relaying member.
    pub member: MemberId,
    /// Its gateway's signature over member and consent.
    pub gateway: GatewaySignature,
}

/// What an anchor's root is a root of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum AnchorKind {
    /// A day's access tree.
    Access,
    /// Record pointers.
    Records,
    /// Device readings.
    Devices,
    /// A study's roster.
    Roster,
}

/// Public figures of a day, as powers of two; none until figures are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Figures {
    /// ⌈log₂⌉ of the day's accesses.
    pub accesses_log2: u8,
    /// ⌈log₂⌉ of the emergencies still open.
    pub emergencies_open_log2: u8,
    /// Reviews past their due time.
    pub reviews_overdue: u32,
}

/// A root that a member puts on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Anchor {
    /// Whose.
    pub member: MemberId,
    /// Root of what.
    pub kind: AnchorKind,
    /// One more than the last of this member and kind; the first is 1.
    pub seq: u64,
    /// The UTC day it covers.
    pub day: Day,
    /// The root.
    pub root: Digest,
    /// The day's public figures.
    pub figures: Option<Figures>,
}

/// A payload whose rules are not active yet.
pub type Opaque = BoundedVec<u8, OPAQUE_BYTES_MAX>;

/// An act with everything that proves it may be done. The number of a variant never changes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum SignedTransaction {
    /// 0: a batch of consents.
    Grants {
        /// What is granted.
        batch: Grants,
        /// Signature of each item's consent key, in order.
        item_signatures: BoundedVec<Signature, BATCH_ITEMS_MAX>,
        /// Signature of the custodian over the batch.
        gateway: GatewaySignature,
    },
    /// 1: the end of a consent.
    Revoke {
        /// The consent that ends.
        consent: PublicKey,
        /// Why it may.
        proof: RevokeProof,
        /// Who answers for it if the consent is not on the ledger.
        relay: Option<Relay>,
    },
    /// 2: a root.
    Anchor {
        /// The anchor.
        anchor: Anchor,
        /// Signature of the member over it.
        gateway: GatewaySignature,
    },
    /// 3
    Publish(Opaque),
    /// 4
    Withdraw(Opaque),
    /// 5
    Propose(Opaque),
    /// 6
    Vote(Opaque),
    /// 7
    RotateKey(Opaque),
    /// 8
    SetChange(Opaque),
    /// 9
    Ready(Opaque),
    /// 10: proof that a validator contradicted itself. Nobody signs it: it proves itself.
    Evidence(Contradiction),
    /// 11
    Custody(Opaque),
}

/// Name of an act: hash of chain and body without signatures and proofs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct TxId(pub Digest);

/// Name of a transaction's bytes. Gossip, mempool, pulls and proposals use no other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct WireId(pub Digest);

impl std::fmt::Debug for TxId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "tx {:?}", self.0)
    }
}

impl std::fmt::Debug for WireId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wire {:?}", self.0)
    }
}

impl Relay {
    /// The bytes the gateway signs to answer for `consent`.
    pub fn signing_bytes(chain: &Digest, member: &MemberId, consent: &PublicKey) -> Vec<u8> {
        Domain::RevokeRelay.signing_bytes(chain, &codec::encode(&(*member, *consent)))
    }
}

/// The lock of a consent whose slip secret is `secret`.
pub fn lock_of(chain: &Digest, secret: &[u8; 32]) -> Digest {
    Context::Lock.hash(&[&chain.0, secret])
}

/// The bytes a consent key signs to end its consent.
pub fn revoke_signing_bytes(chain: &Digest, consent: &PublicKey) -> Vec<u8> {
    Domain::RevokeByKey.signing_bytes(chain, &consent.0)
}

impl GrantItem {
    /// The bytes the consent key signs.
    pub fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::GrantItem.signing_bytes(chain, &codec::encode(self))
    }
}

impl Grants {
    /// The bytes the custodian's gateway key signs.
    pub fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::GrantsBatch.signing_bytes(chain, &codec::encode(self))
    }
}

impl Anchor {
    /// The bytes the member's gateway key signs.
    pub fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::Anchor.signing_bytes(chain, &codec::encode(self))
    }
}

impl SignedTransaction {
    /// Name of the act.
    pub fn tx_id(&self, chain: &Digest) -> TxId {
        let body = match self {
            Self::Grants { batch, .. } => codec::encode(&(0u8, batch)),
            Self::Revoke { consent, .. } => codec::encode(&(1u8, consent)),
            Self::Anchor { anchor, .. } => codec::encode(&(2u8, anchor)),
            Self::Publish(body) => codec::encode(&(3u8, body)),
            Self::Withdraw(body) => codec::encode(&(4u8, body)),
            Self::Propose(body) => codec::encode(&(5u8, body)),
            Self::Vote(body) => codec::encode(&(6u8, body)),
            Self::RotateKey(body) => codec::encode(&(7u8, body)),
            Self::SetChange(body) => codec::encode(&(8u8, body)),
            Self::Ready(body) => codec::encode(&(9u8, body)),
            // The votes are the proof; the act is to convict this key of this, whichever votes show it.
            Self::Evidence(proof) => codec::encode(&(10u8, proof.key(), proof.epoch(), proof.kind())),
            Self::Custody(body) => codec::encode(&(11u8, body)),
        };
        TxId(Context::TxId.hash(&[&chain.0, &body]))
    }

    /// Name of these bytes.
    pub fn wire_id(&self) -> WireId {
        WireId(Context::WireId.hash(&[&codec::encode(self)]))
    }

    /// How many outcomes it has.
    pub fn outcomes_len(&self) -> usize {
        match self.active() {
            Some(Active::Grants { batch, .. }) => batch.items.len(),
            Some(Active::Revoke { .. } | Active::Anchor { .. } | Active::Evidence(_)) | None => 1,
        }
    }
}
