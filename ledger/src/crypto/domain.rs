//! Everything that is ever signed ([`Domain`]) or hashed ([`Context`]), each kept apart from all others.

use super::Digest;

/// What a signature is about. A signature covers `"amanah" ‖ 1 ‖ domain ‖ chain id ‖ bytes`, so one made for one
/// purpose, or for one network, never serves another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Domain {
    /// A grant item, by its consent key.
    GrantItem = 1,
    /// A batch of grant items, by the custodian's gateway key.
    GrantsBatch = 2,
    /// A revocation, by the consent key.
    RevokeByKey = 3,
    /// A revocation, by the custodian's gateway key.
    RevokeByCustodian = 4,
    /// "I relay this revocation of a consent nobody knows", by the relaying member's gateway key.
    RevokeRelay = 5,
    /// An anchor, by the member's gateway key.
    Anchor = 6,
    /// A consensus vote, by the consensus key of the epoch.
    Vote = 7,
    /// A freshness statement about the head, by the consensus key; never a vote.
    Head = 8,
    /// A decision receipt or another entry of an access log, by the custodian's gateway key.
    LogEntry = 9,
    /// "This document is my consent", by the relationship key.
    Certify = 10,
    /// Enrolment at a custodian, by the relationship key.
    Enrolment = 11,
    /// Acceptance of an enrolment into the access log, by the relationship key.
    EnrolmentAccepted = 12,
    /// Sign-in of a wallet at a node, by the relationship key.
    Login = 13,
    /// A practitioner's directory entry, by the member's gateway key.
    DirectoryEntry = 14,
    /// Acceptance of a revocation by a node, by its gateway key.
    RevocationAccepted = 15,
    /// A member's public record, by its gateway key.
    Publish = 16,
    /// A governance act, by a member's root key.
    Governance = 17,
    /// Possession of a newly registered key.
    KeyPossession = 18,
    /// A medicine pack's event, by the gateway key.
    Custody = 19,
}

impl Domain {
    /// The bytes that are signed.
    pub fn signing_bytes(self, chain: &Digest, bytes: &[u8]) -> Vec<u8> {
        let mut message = Vec::with_capacity(40 + bytes.len());
        message.extend_from_slice(b"amanah");
        message.push(1);
        message.push(self as u8);
        message.extend_from_slice(&chain.0);
        message.extend_from_slice(bytes);
        message
    }
}

/// What a hash is of. Each is its own BLAKE3 `derive_key` context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Genesis bytes: the chain id.
    Chain,
    /// A member's first root key: the member id.
    Member,
    /// Chain id and transaction body without signatures and proofs: the act.
    TxId,
    /// All bytes of a transaction.
    WireId,
    /// Leaf of the transaction tree.
    TxLeaf,
    /// Inner node of the transaction tree.
    TxNode,
    /// A block header: the block digest.
    Header,
    /// A validator set.
    Validators,
    /// Key of a leaf in the state tree.
    StateKey,
    /// Value of a leaf in the state tree; also `prev` of a consent's next version.
    StateValue,
    /// Leaf of the state tree.
    StateLeaf,
    /// Inner node of the state tree.
    StateNode,
    /// Leaf of a day's access tree.
    AccessLeaf,
    /// Inner node of a day's access tree.
    AccessNode,
    /// Key of a relationship's leaf in a day's access tree, under the log key.
    AccessKey,
    /// Value of a relationship's leaf in a day's access tree, under the log key.
    AccessValue,
    /// A salted field of a log entry.
    EntryField,
    /// Inner node over the fields of a log entry.
    EntryNode,
    /// Salt of one field, from the entry's seed.
    EntrySalt,
    /// A log entry: the head of the log after it.
    Entry,
    /// Salt and consent document: the commitment.
    Document,
    /// Chain id and slip secret: the lock.
    Lock,
    /// An access request as asked.
    Request,
    /// The network's policy parameters.
    Policy,
    /// The vocabulary tables.
    Vocabulary,
    /// A sentence template.
    Template,
    /// A local label (`C-…`, `P-…`, `A-…`, `R-…`).
    Label,
    /// A log key as named in the enrolment entry.
    LogKey,
    /// A consent that a custodian asks a patient for.
    ConsentRequest,
}

impl Context {
    /// The BLAKE3 context string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "amanah chain id v1",
            Self::Member => "amanah member id v1",
            Self::TxId => "amanah transaction id v1",
            Self::WireId => "amanah wire id v1",
            Self::TxLeaf => "amanah transaction tree leaf v1",
            Self::TxNode => "amanah transaction tree node v1",
            Self::Header => "amanah block header v1",
            Self::Validators => "amanah validator set v1",
            Self::StateKey => "amanah state tree key v1",
            Self::StateValue => "amanah state tree value v1",
            Self::StateLeaf => "amanah state tree leaf v1",
            Self::StateNode => "amanah state tree node v1",
            Self::AccessLeaf => "amanah access tree leaf v1",
            Self::AccessNode => "amanah access tree node v1",
            Self::AccessKey => "amanah access tree key v1",
            Self::AccessValue => "amanah access tree value v1",
            Self::EntryField => "amanah log entry field v1",
            Self::EntryNode => "amanah log entry node v1",
            Self::EntrySalt => "amanah log entry salt v1",
            Self::Entry => "amanah log entry v1",
            Self::Document => "amanah consent document v1",
            Self::Lock => "amanah revocation lock v1",
            Self::Request => "amanah access request v1",
            Self::Policy => "amanah policy v1",
            Self::Vocabulary => "amanah vocabulary v1",
            Self::Template => "amanah sentence template v1",
            Self::Label => "amanah label v1",
            Self::LogKey => "amanah log key v1",
            Self::ConsentRequest => "amanah consent request v1",
        }
    }

    /// Hash of the parts, one behind the other. Every part but the last must have a fixed width.
    pub fn hash(self, parts: &[&[u8]]) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key(self.name());
        for part in parts {
            hasher.update(part);
        }
        Digest(*hasher.finalize().as_bytes())
    }

    /// Hash of the parts under a secret `key`: the context's own key is derived from `key` first.
    pub fn keyed_hash(self, key: &[u8; 32], parts: &[&[u8]]) -> Digest {
        let mut hasher = blake3::Hasher::new_keyed(&blake3::derive_key(self.name(), key));
        for part in parts {
            hasher.update(part);
        }
        Digest(*hasher.finalize().as_bytes())
    }
}

/// A context's hash of two 32-byte values: one BLAKE3 compression under a key derived once. For tree nodes.
#[derive(Debug, Clone)]
pub struct PairHash([u8; 32]);

impl PairHash {
    /// Derives the context's key from its name alone.
    pub fn new(context: Context) -> Self {
        Self(blake3::derive_key(context.name(), &[]))
    }

    /// Keyed hash of `left ‖ right`.
    pub fn of(&self, left: &Digest, right: &Digest) -> Digest {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&left.0);
        block[32..].copy_from_slice(&right.0);
        Digest(*blake3::keyed_hash(&self.0, &block).as_bytes())
    }
}
