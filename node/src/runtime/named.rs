//! Where final blocks stand in the store, by digest: for peers that ask for one by its name.

use amanah_ledger::crypto::Digest;
use amanah_ledger::position::Height;
use std::collections::{HashMap, VecDeque};

/// Final blocks whose height is remembered: those of a day in which nothing became final, as a run without a Finalization
/// in between is fetched by name. 2 MiB.
const NAMED_MAX: usize = 1 << 14;

/// The last names: of the newest final blocks, and of those read for a peer that catches up.
#[derive(Debug)]
pub(super) struct Named {
    heights: HashMap<Digest, Height>,
    /// The oldest first.
    order: VecDeque<Digest>,
    max: usize,
}

impl Default for Named {
    fn default() -> Self {
        Self::of_at_most(NAMED_MAX)
    }
}

impl Named {
    fn of_at_most(max: usize) -> Self {
        Self { heights: HashMap::new(), order: VecDeque::new(), max }
    }

    /// Remembers where these blocks stand, the new ones as the last of all.
    pub(super) fn remember(&mut self, blocks: impl IntoIterator<Item = (Digest, Height)>) {
        for (digest, height) in blocks {
            if self.heights.insert(digest, height).is_none() {
                self.order.push_back(digest);
            }
            if self.order.len() > self.max
                && let Some(oldest) = self.order.pop_front()
            {
                self.heights.remove(&oldest);
            }
        }
    }

    /// Where this block stands.
    pub(super) fn height(&self, digest: &Digest) -> Option<Height> {
        self.heights.get(digest).copied()
    }

    /// A block at `height` was asked for: who lacks it asks for its parent next, however long the way down is.
    pub(super) fn asked_for(&mut self, height: Height, parent: Digest) {
        let Some(below) = height.0.checked_sub(1) else { return };
        if self.heights.remove(&parent).is_some() {
            self.order.retain(|known| *known != parent);
        }
        self.remember([(parent, Height(below))]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(height: u64) -> (Digest, Height) {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&height.to_le_bytes());
        (Digest(digest), Height(height))
    }

    #[test]
    fn a_line_longer_than_what_is_remembered_is_fetched_from_its_end_down() {
        let mut known = Named::of_at_most(100);
        known.remember((1..=300).map(named));
        assert!(known.order.len() == 100 && known.heights.len() == 100 && known.height(&named(1).0).is_none());
        for height in (1..=300).rev() {
            let (digest, _) = named(height);
            assert_eq!(known.height(&digest), Some(Height(height)));
            known.asked_for(Height(height), named(height - 1).0);
            // Others are served meanwhile.
            known.remember([named(300 + height)]);
        }
    }

    #[test]
    fn who_asks_again_from_the_start_takes_no_name_away_from_who_is_half_way_down() {
        let mut known = Named::of_at_most(300);
        known.remember((1..=300).map(named));
        for height in (1..=300).rev() {
            let (digest, _) = named(height);
            assert_eq!(known.height(&digest), Some(Height(height)));
            known.asked_for(Height(height), named(height - 1).0);
            known.remember((1..=300).map(named));
        }
    }
}
