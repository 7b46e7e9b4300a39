//! Where final blocks stand in the store, by digest: for peers that ask for one by its name.

use amanah_ledger::crypto::Digest;
use amanah_ledger::position::Height;
use std::collections::VecDeque;

/// Final blocks whose height is remembered: the newest, and those read for a peer that catches up, so that it can have by
/// name what did not fit into one answer.
const NAMED_MAX: usize = 256;

/// The last [`NAMED_MAX`] names.
#[derive(Debug, Default)]
pub(super) struct Named(VecDeque<(Digest, Height)>);

impl Named {
    /// Remembers where these blocks stand, as the last of all.
    pub(super) fn remember(&mut self, blocks: impl IntoIterator<Item = (Digest, Height)>) {
        for block in blocks {
            self.0.retain(|known| *known != block);
            self.0.push_back(block);
            if self.0.len() > NAMED_MAX {
                self.0.pop_front();
            }
        }
    }

    /// Where this block stands.
    pub(super) fn height(&self, digest: &Digest) -> Option<Height> {
        self.0.iter().find(|(known, _)| known == digest).map(|(_, height)| *height)
    }

    /// A block at `height` was asked for: who lacks it asks for its parent next, however long the way down is.
    pub(super) fn asked_for(&mut self, height: Height, parent: Digest) {
        if let Some(below) = height.0.checked_sub(1) {
            self.remember([(parent, Height(below))]);
        }
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
        let longest = NAMED_MAX as u64 * 3;
        let mut known = Named::default();
        known.remember((1..=longest).map(named));
        assert!(known.0.len() <= NAMED_MAX && known.height(&named(1).0).is_none());
        for height in (1..=longest).rev() {
            let (digest, _) = named(height);
            assert_eq!(known.height(&digest), Some(Height(height)));
            known.asked_for(Height(height), named(height - 1).0);
            // Others are served meanwhile.
            known.remember([named(longest + height)]);
        }
    }
}
