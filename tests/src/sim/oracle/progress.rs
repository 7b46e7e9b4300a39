//! Oracle E, per transaction: once the network is calm, what every honest validator holds is proposed within f+2 views.
//! Of f+1 views in a row one has an honest leader, which includes what it holds; one view more because the present one
//! may be under way already.

use super::Violation;
use amanah_ledger::transaction::WireId;
use std::collections::BTreeMap;

/// Transactions that all honest validators hold, and since which view.
pub(in crate::sim) struct Progress {
    views_max: u64,
    held: BTreeMap<WireId, u64>,
    /// The longest wait so far, in views.
    pub(in crate::sim) waited: u64,
}

impl Progress {
    pub(super) fn new(members: usize) -> Self {
        Self { views_max: (members as u64 - 1) / 3 + 2, held: BTreeMap::new(), waited: 0 }
    }

    /// All honest validators hold it; `view` is the highest of theirs.
    pub(in crate::sim) fn all_hold(&mut self, id: WireId, view: u64) {
        self.held.entry(id).or_insert(view);
    }

    /// A validator lost its memory: nobody knows what all hold.
    pub(in crate::sim) fn forget(&mut self) {
        self.held.clear();
    }

    /// Whether it was noted before.
    pub(in crate::sim) fn is_held(&self, id: &WireId) -> bool {
        self.held.contains_key(id)
    }

    /// It became final in a block first proposed in view `proposed`.
    pub(in crate::sim) fn finalized(&mut self, id: &WireId, proposed: u64) -> Result<(), Violation> {
        let Some(held) = self.held.remove(id) else { return Ok(()) };
        let waited = proposed.saturating_sub(held);
        self.waited = waited.max(self.waited);
        if waited > self.views_max { Err(Violation::Starved { held, proposed }) } else { Ok(()) }
    }
}
