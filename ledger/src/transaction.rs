//! Acts on the ledger, signed by those who may act: `SignedTransaction → VerifiedTransaction`.
//!
//! Every payload of the format has its number here. Those that later work brings to life carry a bounded opaque body:
//! they are refused at admission and have the outcome [`Outcome::NotActive`] in a block.

use crate::codec::{self, BoundedVec};
use crate::crypto::{Check, Context, Digest, Domain, PublicKey, Signature, Verifier};
use crate::member::MemberId;
use crate::time::{Day, UnixMs};
use bincode::{Decode, Encode};

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
    /// 10
    Evidence(Opaque),
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

/// What became of one item of a batch, or of a whole transaction of another kind. Recorded in the block's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Outcome {
    /// The state changed as asked.
    Applied,
    /// The state already said so; nothing changed.
    Unchanged,
    /// The payload's rules are not active on this network.
    NotActive,
    /// No such member.
    UnknownMember,
    /// The member is suspended or removed.
    MemberNotActive,
    /// The signing gateway key is not the member's present one.
    GatewayKeyNotCurrent,
    /// The block's time is past `submit_by`.
    TooLate,
    /// `submit_by` is not a whole hour, or more than 48 hours ahead.
    SubmitByNotAllowed,
    /// The consent has been revoked.
    ConsentRevoked,
    /// The consent belongs to another custodian.
    OtherCustodian,
    /// Not the version after the present one.
    VersionNotNext,
    /// `prev` is not the hash of the leaf it would replace.
    PrevNotCurrent,
    /// The lock of a consent never changes.
    LockChanged,
    /// No such consent, and nobody answers for a new leaf.
    UnknownConsent,
    /// The secret does not open the consent's lock.
    SecretDoesNotOpen,
    /// The anchor's number is not the next.
    SeqNotNext,
    /// The anchor's day is over, has not begun, or lies before the last one's.
    DayNotOpen,
    /// One anchor of a member and kind is enough in a block.
    OnePerBlock,
    /// The member has used up its new leaves of the day.
    LeavesUsedUp,
    /// The consent key is not one that may be registered.
    WeakKey,
}

/// Outcomes of one transaction: one per item of a batch, one for anything else.
pub type Outcomes = BoundedVec<Outcome, BATCH_ITEMS_MAX>;

/// A transaction whose signatures all hold. Only [`SignedTransaction::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTransaction {
    transaction: SignedTransaction,
    tx_id: TxId,
    wire_id: WireId,
    bytes: usize,
}

/// Why signed bytes are not a transaction at all. In a block it makes the block invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// A batch without items, with another number of signatures, or with an item of another custodian.
    #[error("the batch is not well formed")]
    Malformed,
    /// Longer than [`TRANSACTION_BYTES_MAX`].
    #[error("{0} bytes, at most {TRANSACTION_BYTES_MAX} allowed")]
    TooLong(usize),
    /// A signature does not verify.
    #[error("a signature does not verify")]
    Signature,
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
            Self::Evidence(body) => codec::encode(&(10u8, body)),
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
        match self {
            Self::Grants { batch, .. } => batch.items.len(),
            Self::Revoke { .. }
            | Self::Anchor { .. }
            | Self::Publish(_)
            | Self::Withdraw(_)
            | Self::Propose(_)
            | Self::Vote(_)
            | Self::RotateKey(_)
            | Self::SetChange(_)
            | Self::Ready(_)
            | Self::Evidence(_)
            | Self::Custody(_) => 1,
        }
    }

    /// Checks form and every signature; what the state says is checked where it is applied.
    ///
    /// # Errors
    /// When it is too long, a batch is malformed, or a signature does not verify.
    pub fn verify(self, chain: &Digest, verifier: &dyn Verifier) -> Result<VerifiedTransaction, TransactionError> {
        let bytes = codec::encode(&self);
        if bytes.len() > TRANSACTION_BYTES_MAX {
            return Err(TransactionError::TooLong(bytes.len()));
        }
        let signed = self.signed_parts(chain)?;
        let checks: Vec<Check<'_>> =
            signed.iter().map(|(key, message, signature)| Check { key, message, signature }).collect();
        if !verifier.verify_all(&checks) {
            return Err(TransactionError::Signature);
        }
        Ok(VerifiedTransaction {
            tx_id: self.tx_id(chain),
            wire_id: WireId(Context::WireId.hash(&[&bytes])),
            bytes: bytes.len(),
            transaction: self,
        })
    }

    fn signed_parts(&self, chain: &Digest) -> Result<Vec<(PublicKey, Vec<u8>, Signature)>, TransactionError> {
        match self {
            Self::Grants { batch, item_signatures, gateway } => {
                let well_formed = !batch.items.is_empty()
                    && batch.items.len() == item_signatures.len()
                    && batch.items.iter().all(|item| item.custodian == batch.custodian);
                if !well_formed {
                    return Err(TransactionError::Malformed);
                }
                let items = batch.items.iter().zip(item_signatures);
                let mut parts: Vec<_> =
                    items.map(|(item, signature)| (item.consent, item.signing_bytes(chain), *signature)).collect();
                parts.push((gateway.key, batch.signing_bytes(chain), gateway.signature));
                Ok(parts)
            }
            Self::Revoke { consent, proof, relay } => {
                let mut parts = Vec::new();
                match proof {
                    RevokeProof::Key(signature) => {
                        parts.push((*consent, revoke_signing_bytes(chain, consent), *signature));
                    }
                    RevokeProof::Slip(_) => {}
                    RevokeProof::Custodian(gateway) => {
                        let message = Domain::RevokeByCustodian.signing_bytes(chain, &consent.0);
                        parts.push((gateway.key, message, gateway.signature));
                    }
                }
                if let Some(Relay { member, gateway }) = relay {
                    let message = Relay::signing_bytes(chain, member, consent);
                    parts.push((gateway.key, message, gateway.signature));
                }
                Ok(parts)
            }
            Self::Anchor { anchor, gateway } => Ok(vec![(gateway.key, anchor.signing_bytes(chain), gateway.signature)]),
            Self::Publish(_)
            | Self::Withdraw(_)
            | Self::Propose(_)
            | Self::Vote(_)
            | Self::RotateKey(_)
            | Self::SetChange(_)
            | Self::Ready(_)
            | Self::Evidence(_)
            | Self::Custody(_) => Ok(Vec::new()),
        }
    }
}

impl VerifiedTransaction {
    /// The transaction.
    pub fn transaction(&self) -> &SignedTransaction {
        &self.transaction
    }
    /// Name of the act.
    pub fn tx_id(&self) -> TxId {
        self.tx_id
    }
    /// Name of the bytes.
    pub fn wire_id(&self) -> WireId {
        self.wire_id
    }
    /// Length of the encoding.
    pub fn bytes_len(&self) -> usize {
        self.bytes
    }
}
