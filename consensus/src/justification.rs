//! Why a block may be voted for in a view: its parent was certified, and every view between was given up.
//!
//! Step (iv) of the safety argument rests on this file: an honest vote in view `w` proves that the voter held
//! Nullifications of all views between the parent's and `w`.

use crate::application::{BlockFacts, Content};
use crate::book::Certificates;
use crate::config::Omission;
use crate::machine::Machine;
use amanah_ledger::certificate::BlockVote;
use amanah_ledger::mutant::Mutant;

/// A proposal whose place in the chain is proven. Made by [`justify`] only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct JustifiedProposal {
    vote: BlockVote,
    descent: Descent,
}

/// How a proposed block relates to the block certified at its parent view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Descent {
    /// It is a child, first proposed in this view.
    Child,
    /// It is that block again: the seal block of the epoch, on which nothing else may be built.
    Reproposal,
}

/// Answer to "may this block be voted for in this view?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Justified {
    /// Yes, as far as its place goes.
    Proven(JustifiedProposal),
    /// We lack a certificate: wait and ask (R7).
    Missing,
    /// No, and no certificate can change that. A fault of the proposal, not of the block (refinement 2).
    Refused,
}

impl JustifiedProposal {
    /// The vote that this entitles to.
    pub(crate) fn vote(&self) -> &BlockVote {
        &self.vote
    }
    /// Child or re-proposal.
    pub(crate) fn descent(&self) -> Descent {
        self.descent
    }
}

impl Machine {
    /// [`justify`] with our own book.
    pub(crate) fn justify(&self, vote: &BlockVote, block: &BlockFacts, parent: Content) -> Justified {
        justify(&self.book, vote, block, parent, self.config.omission())
    }
}

/// Checks R2 as far as certificates go. `parent` is what the block certified at `vote.parent_view` carries.
pub(crate) fn justify(
    book: &Certificates,
    vote: &BlockVote,
    block: &BlockFacts,
    parent: Content,
    omission: Omission,
) -> Justified {
    if block.digest != vote.block || block.epoch != vote.epoch || vote.parent_view >= vote.view {
        return Justified::Refused;
    }
    let Some(certified) = book.block(vote.parent_view) else {
        return Justified::Missing;
    };
    // Refinement 13: a child first proposed in this view, or the seal block itself again; on a seal only the latter.
    let is_child = block.parent == certified && block.proposed_view == vote.view && parent != Content::Seal;
    let descent = if block.digest == certified && block.content == Content::Seal {
        Descent::Reproposal
    } else if is_child || omission.is(Mutant::HeaderUnchecked) {
        Descent::Child
    } else {
        return Justified::Refused;
    };
    let mut view = vote.parent_view.next();
    while view < vote.view {
        if !book.is_nullified(view) && !omission.is(Mutant::SkipsUnproven) {
            return Justified::Missing;
        }
        view = view.next();
    }
    Justified::Proven(JustifiedProposal { vote: *vote, descent })
}

#[cfg(test)]
mod tests;
