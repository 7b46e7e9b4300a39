//! What a machine holds in memory, counted, so that its bounds can be watched from outside.

use crate::machine::Machine;
use amanah_ledger::position::View;

/// Counts of everything that grows with what others send or with time. [`crate::limits`] bounds them; certificates,
/// own votes and certified blocks are kept for each of [`Holdings::unfinal_views`], whose number time bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holdings {
    /// Views from the newest that is known to be final to ours, whether we carried it out or not.
    pub open_views: u64,
    /// Views from the newest final one that we carried out to ours.
    pub unfinal_views: u64,
    /// Views of which votes or a proposal are kept.
    pub rounds: usize,
    /// Votes in them.
    pub votes: usize,
    /// Views of which certificates are kept, at most three each.
    pub certified_views: usize,
    /// Views of which own votes are kept, at most three each.
    pub own_views: usize,
    /// Blocks that are not final.
    pub blocks: usize,
    /// Of these, blocks that no certificate above the newest final view needs.
    pub uncertified_blocks: usize,
    /// Open questions for blocks.
    pub fetches: usize,
}

impl Machine {
    /// What it holds now. Walks the blocks: for tests and the like.
    pub fn holdings(&self) -> Holdings {
        let kept = self.certified_lines();
        Holdings {
            open_views: self.open_views(),
            unfinal_views: self.view.0.saturating_sub(self.last_final.view.0),
            rounds: self.rounds.len(),
            votes: self.rounds.values().map(|round| round.votes_len()).sum(),
            certified_views: self.book.len(),
            own_views: self.safety.all_given().count(),
            blocks: self.pool.len(),
            uncertified_blocks: self.pool.digests().filter(|digest| !kept.contains(digest)).count(),
            fetches: self.fetches.len(),
        }
    }

    /// The view it is in.
    pub fn view(&self) -> View {
        self.view
    }
}
