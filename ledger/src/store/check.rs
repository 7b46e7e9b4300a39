//! Checking what is stored without being asked for it: every record of a block, one block after the other.
//!
//! Each record is re-derived or has a check of its own: a block its digest in the history, the history its root in each
//! header, a certificate its signatures, an act its place in its block, a leaf its key. What a whole walk has checked is
//! bound to the head, whose certificate and state [`Reader::load_state`] checks at every start.

use super::error::{StoreError, guarded};
use super::layout::{self, Key};
use super::reader::{Reader, StoredBlock};
use crate::chain::check_finalization;
use crate::codec;
use crate::crypto::{Digest, Verifier};
use crate::history::{self, History};
use crate::leaf::{LEAF_BYTES_MAX, Leaf};
use crate::merkle::{Hashing as _, Headers};
use crate::position::Height;
use crate::transaction::Outcome;

/// A leaf as it is stored, under the key it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Its key in the tree.
    pub key: Digest,
    /// The leaf.
    pub leaf: Leaf,
    /// Length of its encoding.
    pub bytes: u64,
}

impl Reader {
    /// Checks every record of the block at `height`, its certificate's signatures included, and returns how many bytes
    /// that were.
    ///
    /// # Errors
    /// When a record is missing or does not fit, which is damage, or the disk fails.
    pub fn check_block(&self, height: Height, verifier: &dyn Verifier) -> Result<u64, StoreError> {
        let (stored, bytes) = self.linked_block(height)?;
        let header = stored.block.header();
        if let Some(finalization) = &stored.finalization {
            let committee = self.committee()?;
            if check_finalization(header, stored.block.digest(), finalization, &committee, verifier).is_err() {
                return Err(StoreError::Damaged("a certificate does not finalize its block"));
            }
        }
        Ok(bytes)
    }

    /// The block at `height` with everything but its certificate's signatures checked, and how many bytes that were.
    pub(super) fn linked_block(&self, height: Height) -> Result<(StoredBlock, u64), StoreError> {
        let stored = self.block(height)?.ok_or(StoreError::Damaged("a block is missing"))?;
        let header = stored.block.header();
        if header.chain != self.genesis().chain() {
            return Err(StoreError::Damaged("a block of another network"));
        }
        let below = height.0.checked_sub(1).ok_or(StoreError::Damaged("a block is missing"))?;
        if self.complete(0, below)? != history::leaf(&header.parent) {
            return Err(StoreError::Damaged("a block's parent is not the one below it"));
        }
        // A part that cannot be read shows as one that is missing.
        let before = History::rebuild(height.0, &mut |level, number| self.complete(level, number).ok());
        if before.is_none_or(|history| history.root() != header.history_root) {
            return Err(StoreError::Damaged("the history is not the block's"));
        }
        for level in 1..=height.0.trailing_ones() {
            let number = height.0 >> level;
            let (left, right) = (self.complete(level - 1, 2 * number)?, self.complete(level - 1, 2 * number + 1)?);
            if self.complete(level, number)? != Headers::node(&left, &right) {
                return Err(StoreError::Damaged("a part of the history is not the root of what it covers"));
            }
        }
        self.check_acts(height, &stored)?;
        let bytes = stored.block.bytes_len() as u64;
        Ok((stored, bytes))
    }

    /// Whether the index knows every applied act of the block.
    fn check_acts(&self, height: Height, stored: &StoredBlock) -> Result<(), StoreError> {
        let acts = stored.block.names().iter().zip(&stored.block.block().body).zip(0u32..);
        for (((act, _), entry), index) in acts {
            let found: Option<u32> = self.value(Key::Act(*act, height))?;
            let expected = entry.outcomes.contains(&Outcome::Applied).then_some(index);
            if found != expected {
                return Err(StoreError::Damaged("the index of acts is not that of the blocks"));
            }
        }
        Ok(())
    }

    /// The leaf that stands at `key`.
    ///
    /// # Errors
    /// When it is damaged, or the disk fails.
    pub fn leaf(&self, key: &Digest) -> Result<Option<StoredLeaf>, StoreError> {
        let Some(leaf) = self.value::<Leaf>(Key::Leaf(*key))? else { return Ok(None) };
        if leaf.key().tree_key() != *key {
            return Err(StoreError::Damaged("a leaf stands at another's place"));
        }
        let bytes = codec::encode(&leaf).len() as u64;
        Ok(Some(StoredLeaf { key: *key, leaf, bytes }))
    }

    /// Up to `limit` leaves behind `after` in the order of their keys, each at its own place.
    ///
    /// # Errors
    /// When one is damaged or stands at another's place, or the disk fails.
    pub fn leaves_behind(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<StoredLeaf>, StoreError> {
        let from = after.map_or_else(|| vec![layout::LEAF], |key| [Key::Leaf(*key).bytes(), vec![0]].concat());
        let to = vec![layout::LEAF + 1];
        guarded(|| {
            let mut leaves = Vec::new();
            for entry in self.db().range(from..to).take(limit) {
                let (place, value) = entry?;
                let Ok(leaf) = codec::decode::<Leaf>(&value, LEAF_BYTES_MAX) else {
                    return Err(StoreError::Damaged("a leaf does not decode"));
                };
                let key = leaf.key().tree_key();
                if place.as_ref() != Key::Leaf(key).bytes() {
                    return Err(StoreError::Damaged("a leaf stands at another's place"));
                }
                leaves.push(StoredLeaf { key, leaf, bytes: value.len() as u64 });
            }
            Ok(leaves)
        })
    }
}
