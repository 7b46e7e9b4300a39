//! What became of a transaction, as the block records it. A failed item changes nothing.

use super::BATCH_ITEMS_MAX;
use crate::codec::BoundedVec;
use bincode::{Decode, Encode};

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
    /// No validator of that epoch votes with this key.
    UnknownValidator,
}

/// Outcomes of one transaction: one per item of a batch, one for anything else.
pub type Outcomes = BoundedVec<Outcome, BATCH_ITEMS_MAX>;
