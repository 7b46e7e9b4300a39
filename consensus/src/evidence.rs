//! Proof that a validator broke the protocol: two votes that no honest one signs together.

use crate::message::Vote;
use amanah_ledger::certificate::VoteContent;

/// Which two votes. Notarize and Nullify of one view are allowed together; so are Notarize and Finalize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// Two Notarize votes of one view with different content.
    DoubleNotarize,
    /// Two Finalize votes of one view with different content.
    DoubleFinalize,
    /// Nullify and Finalize of one view.
    NullifyAndFinalize,
}

/// Two votes of one validator that exclude each other, both signatures checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// Which rule they break.
    pub kind: EvidenceKind,
    /// The smaller content first, so that one fault has one proof.
    pub votes: [Vote; 2],
}

impl Evidence {
    /// The proof in these two checked votes, if they are one: same validator, epoch and view, and content (not only
    /// signature bytes) that excludes each other.
    pub(crate) fn of(one: &Vote, other: &Vote) -> Option<Self> {
        let (a, b) = (one.content, other.content);
        if one.signer != other.signer || a.epoch() != b.epoch() || a.view() != b.view() || a == b {
            return None;
        }
        let kind = match (a, b) {
            (VoteContent::Notarize(_), VoteContent::Notarize(_)) => EvidenceKind::DoubleNotarize,
            (VoteContent::Finalize(_), VoteContent::Finalize(_)) => EvidenceKind::DoubleFinalize,
            (VoteContent::Nullify { .. }, VoteContent::Finalize(_))
            | (VoteContent::Finalize(_), VoteContent::Nullify { .. }) => EvidenceKind::NullifyAndFinalize,
            // Notarize beside another block's Finalize is what an equivocating leader causes (refinement 12).
            (VoteContent::Notarize(_), VoteContent::Nullify { .. } | VoteContent::Finalize(_))
            | (VoteContent::Nullify { .. }, VoteContent::Notarize(_) | VoteContent::Nullify { .. })
            | (VoteContent::Finalize(_), VoteContent::Notarize(_)) => return None,
        };
        let votes = if a < b { [*one, *other] } else { [*other, *one] };
        Some(Self { kind, votes })
    }
}
