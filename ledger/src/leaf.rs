//! What the state holds: one leaf per fact, found under its [`LeafKey`], never removed.
//!
//! A leaf's bytes repeat its kind and its id, so a leaf value shown without its key still says what it is about.

use crate::codec::{self, BoundedString, BoundedVec};
use crate::crypto::{Context, Digest, PublicKey};
use crate::evidence::{Contradiction, EvidenceKind};
use crate::genesis::Parameters;
use crate::member::{DISPLAY_BYTES_MAX, MemberId, MemberName};
use crate::position::{Epoch, Height};
use crate::time::Day;
use crate::transaction::AnchorKind;
use bincode::{Decode, Encode};

/// Most keys a member ever has, over all roles; keeps a member's leaf below 32 KiB.
pub const MEMBER_KEYS_MAX: usize = 512;

/// Longest encoded leaf.
pub const LEAF_BYTES_MAX: usize = 32 * 1024;

/// Which leaf. The number of a variant never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum LeafKey {
    /// 0: a consent, by its key.
    Consent(PublicKey),
    /// 1: a member.
    Member(MemberId),
    /// 2: the last anchor of a member, kind and day.
    Anchor(MemberId, AnchorKind, Day),
    /// 3: the last anchor of a member and kind.
    AnchorHead(MemberId, AnchorKind),
    /// 4: a key that some member has registered.
    Key(PublicKey),
    /// 5: what a member has used of its daily allowance.
    Usage(MemberId),
    /// 6: the network's parameters.
    Parameters,
    /// 7: that a member's validator contradicted itself in an epoch, in this way.
    Evidence(MemberId, Epoch, EvidenceKind),
}

/// One fact. Numbered as [`LeafKey`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Leaf {
    /// A consent.
    Consent(ConsentLeaf),
    /// A member.
    Member(MemberLeaf),
    /// A day's last anchor.
    Anchor(AnchorLeaf),
    /// The last anchor.
    AnchorHead(AnchorHeadLeaf),
    /// A registered key.
    Key(KeyLeaf),
    /// A member's use of its allowance.
    Usage(UsageLeaf),
    /// The parameters.
    Parameters(ParametersLeaf),
    /// A contradiction.
    Evidence(EvidenceLeaf),
}

/// Who ended a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum RevokedBy {
    /// The consent key.
    Key,
    /// The holder of the slip.
    Slip,
    /// The custodian: *closed by the custodian*.
    Custodian,
}

/// Whether a consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum ConsentStatus {
    /// It stands.
    Active,
    /// It has ended, for ever.
    Revoked {
        /// First height at which it no longer stands.
        height: Height,
        /// Who ended it.
        by: RevokedBy,
    },
}

/// The present version of a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct ConsentLeaf {
    /// Its key and name.
    pub consent: PublicKey,
    /// Whose records it is about; zeros if it was revoked before it was ever granted (version 0).
    pub custodian: MemberId,
    /// Counts from 1; 0 if it was revoked before it was ever granted.
    pub version: u32,
    /// Salted hash of the consent document.
    pub commitment: Digest,
    /// Hash of the slip secret that ends it; the same in every version.
    pub lock: Digest,
    /// Height at which this version came into force.
    pub since: Height,
    /// Hash of the leaf this version replaced; zeros for version 1.
    pub prev: Digest,
    /// Whether it stands.
    pub status: ConsentStatus,
}

/// Standing of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum MemberStatus {
    /// May do everything.
    Active,
    /// May anchor; its node still carries revocations of known consents. Nothing else.
    Suspended {
        /// From this height on.
        since: Height,
    },
    /// No longer a member.
    Removed {
        /// From this height on.
        since: Height,
    },
}

/// What a member's key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum KeyRole {
    /// Governance.
    Root,
    /// Batches, anchors, receipts, directory.
    Gateway,
    /// The node's transport.
    Node,
    /// Votes.
    Consensus,
    /// The node's API.
    Api,
}

/// A key of a member and the heights at which it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct KeyTerm {
    /// What for.
    pub role: KeyRole,
    /// The key.
    pub key: PublicKey,
    /// First height at which it counts.
    pub since: Height,
    /// First height at which it no longer counts.
    pub until: Option<Height>,
}

/// A member with every key it ever had.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct MemberLeaf {
    /// Its id.
    pub member: MemberId,
    /// Its name.
    pub name: MemberName,
    /// Its name for people.
    pub display: BoundedString<DISPLAY_BYTES_MAX>,
    /// Height of its admission.
    pub since: Height,
    /// Its standing.
    pub status: MemberStatus,
    /// Its keys in the order of their registration.
    pub keys: BoundedVec<KeyTerm, MEMBER_KEYS_MAX>,
}

/// The last anchor of a member, kind and day. Fixed once the day is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct AnchorLeaf {
    /// Whose.
    pub member: MemberId,
    /// Root of what.
    pub kind: AnchorKind,
    /// The UTC day.
    pub day: Day,
    /// Number of the anchor.
    pub seq: u64,
    /// The root.
    pub root: Digest,
    /// Height of the block that holds it.
    pub height: Height,
}

/// The last anchor of a member and kind, whatever its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct AnchorHeadLeaf {
    /// Whose.
    pub member: MemberId,
    /// Root of what.
    pub kind: AnchorKind,
    /// Number of the anchor.
    pub seq: u64,
    /// The UTC day.
    pub day: Day,
    /// The root.
    pub root: Digest,
    /// Height of the block that holds it.
    pub height: Height,
}

/// A key that a member has registered: nobody can register it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct KeyLeaf {
    /// The key.
    pub key: PublicKey,
    /// Whose.
    pub member: MemberId,
    /// What for.
    pub role: KeyRole,
    /// Height of the registration.
    pub since: Height,
}

/// Consents a member has put on the ledger on one day. Starts again with the first of a new day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct UsageLeaf {
    /// Whose.
    pub member: MemberId,
    /// The UTC day.
    pub day: Day,
    /// How many new leaves.
    pub new_leaves: u32,
}

/// The parameters in force.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ParametersLeaf {
    /// What the members have agreed on.
    pub parameters: Parameters,
    /// First height at which they count.
    pub since: Height,
}

/// A member's validator contradicted itself. The leaf carries the proof, so that it needs nobody's word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct EvidenceLeaf {
    /// Whose validator.
    pub member: MemberId,
    /// Height of the block that holds the proof.
    pub height: Height,
    /// The two statements, under the key that the member's validator had in their epoch.
    pub proof: Box<Contradiction>,
}

impl LeafKey {
    /// Where the leaf stands in the state tree.
    pub fn tree_key(&self) -> Digest {
        let (kind, id) = match self {
            Self::Consent(consent) => (0u8, codec::encode(consent)),
            Self::Member(member) => (1, codec::encode(member)),
            Self::Anchor(member, kind, day) => (2, codec::encode(&(*member, *kind, *day))),
            Self::AnchorHead(member, kind) => (3, codec::encode(&(*member, *kind))),
            Self::Key(key) => (4, codec::encode(key)),
            Self::Usage(member) => (5, codec::encode(member)),
            Self::Parameters => (6, Vec::new()),
            Self::Evidence(member, epoch, kind) => (7, codec::encode(&(*member, *epoch, *kind))),
        };
        Context::StateKey.hash(&[&[kind], &id])
    }
}

impl Leaf {
    /// The key it stands under.
    pub fn key(&self) -> LeafKey {
        match self {
            Self::Consent(leaf) => LeafKey::Consent(leaf.consent),
            Self::Member(leaf) => LeafKey::Member(leaf.member),
            Self::Anchor(leaf) => LeafKey::Anchor(leaf.member, leaf.kind, leaf.day),
            Self::AnchorHead(leaf) => LeafKey::AnchorHead(leaf.member, leaf.kind),
            Self::Key(leaf) => LeafKey::Key(leaf.key),
            Self::Usage(leaf) => LeafKey::Usage(leaf.member),
            Self::Parameters(_) => LeafKey::Parameters,
            Self::Evidence(leaf) => leaf.key(),
        }
    }

    /// Hash of the canonical bytes: what the tree commits to.
    pub fn hash(&self) -> Digest {
        Context::StateValue.hash(&[&codec::encode(self)])
    }
}

impl EvidenceLeaf {
    /// The key it stands under.
    pub fn key(&self) -> LeafKey {
        LeafKey::Evidence(self.member, self.proof.epoch(), self.proof.kind())
    }
}

impl ConsentLeaf {
    /// Hash of this leaf: `prev` of the consent's next version.
    pub fn hash(&self) -> Digest {
        Leaf::Consent(*self).hash()
    }

    /// Whether it stands.
    pub fn is_active(&self) -> bool {
        self.status == ConsentStatus::Active
    }
}

impl MemberLeaf {
    /// The present key for `role`.
    pub fn key(&self, role: KeyRole) -> Option<&PublicKey> {
        self.keys.iter().find(|term| term.role == role && term.until.is_none()).map(|term| &term.key)
    }

    /// Whether `key` counted for `role` at `height`.
    pub fn had_key(&self, role: KeyRole, key: &PublicKey, height: Height) -> bool {
        let counts = |term: &KeyTerm| term.since <= height && term.until.is_none_or(|until| height < until);
        self.keys.iter().any(|term| term.role == role && term.key == *key && counts(term))
    }

    /// Whether it may do everything.
    pub fn is_active(&self) -> bool {
        self.status == MemberStatus::Active
    }
}
