//! Which blocks above the newest final one are held, and how far down they are fetched.
//!
//! What is certified may become final, and whoever leads may have to build on it: it is held with all below it until
//! something is final above it. Only time bounds how much that is ([`crate::limits::OPEN_VIEWS_PER_HOUR`]). To hold less
//! is not safe: after a crash of all each may hold a part of the line that nobody else does, and the network stops.

use crate::limits::{ANCESTORS_MAX, UNCERTIFIED_VIEWS_BEHIND};
use crate::machine::{Machine, Step};
use crate::pool::Reach;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::View;
use std::collections::BTreeSet;

impl Machine {
    /// Certified blocks above the newest final one, and their ancestors as far as we hold them.
    pub(crate) fn certified_lines(&self) -> BTreeSet<Digest> {
        let mut lines = BTreeSet::new();
        for (_, page) in self.book.above(self.last_final.view) {
            self.follow(page.block(), &mut lines);
        }
        lines
    }

    /// Adds a line from its top, as far as we hold it.
    fn follow(&self, mut at: Option<Digest>, lines: &mut BTreeSet<Digest>) {
        while let Some(digest) = at.filter(|digest| lines.insert(*digest)) {
            at = self.pool.get(&digest).map(|held| held.facts.parent);
        }
    }

    /// Lets go of blocks that came in long ago and were never certified, and of the states after them. What stays keeps
    /// what it stands on, or a verdict would outlive its reason.
    pub(crate) fn let_go(&mut self, step: &mut Step<'_>) {
        let lately = View(self.view.0.saturating_sub(UNCERTIFIED_VIEWS_BEHIND));
        let mut kept = self.certified_lines();
        for digest in self.pool.since(lately) {
            self.follow(Some(digest), &mut kept);
        }
        let dropped = self.pool.prune_stale(|digest| kept.contains(digest));
        if !dropped.is_empty() {
            step.app.dropped(&dropped);
        }
    }

    /// How far down the line of the block certified in `view` is fetched, block by block. What is final may be a million
    /// blocks away: sync by height comes first, unless it found that nobody keeps a Finalization in between. Above what
    /// is final a block has no other name than its digest (refinement 27).
    pub(crate) fn reach(&self, view: View) -> Reach {
        let is_tail = self.book.settled() <= self.last_final.view;
        let is_far_step = self.sync.is_far() && self.next_step() == Some(view);
        if is_tail || is_far_step { Reach::LINE } else { Reach::LINE.at_most(ANCESTORS_MAX) }
    }

    /// The lowest view above the newest final one that is finalized and not carried out yet.
    fn next_step(&self) -> Option<View> {
        self.book.above(self.last_final.view).find(|(_, page)| page.finalization.is_some()).map(|(view, _)| view)
    }
}
