//! Final blocks as a node gives them to its followers: one after the other, each with its own certificate if it has one.
//!
//! Nothing in a run is to be believed: a follower checks certificates, links and execution itself.

use amanah_consensus::message::{BlockBytes, SyncBlock};
use amanah_ledger::block::BLOCK_BYTES_MAX;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::position::Height;
use amanah_ledger::store::{Reader, StoreError, StoredBlock};
use bincode::{Decode, Encode};

/// Blocks of one run.
pub(crate) const BLOCKS_MAX: usize = 256;
/// A run that is longer gets no further block.
const ENOUGH_BYTES: usize = 2 * 1024 * 1024;
/// What a certificate and the lengths of an entry take at most.
const ENTRY_BYTES: usize = 4 * 1024;
/// Longest encoded run: enough but for one byte, and one more block.
pub(crate) const BLOCK_RUN_BYTES_MAX: usize = ENOUGH_BYTES + BLOCK_BYTES_MAX + ENTRY_BYTES;

/// Final blocks by ascending height.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub(crate) struct BlockRun {
    pub(crate) blocks: BoundedVec<SyncBlock, BLOCKS_MAX>,
}

impl BlockRun {
    /// The final blocks from `from` on, as many as go into one run; none above the head.
    ///
    /// # Errors
    /// When the store is damaged or the disk fails.
    pub(crate) fn collect(reader: &Reader, from: Height) -> Result<Self, StoreError> {
        let (mut blocks, mut bytes, mut height) = (Vec::new(), 0, from);
        while blocks.len() < BLOCKS_MAX && bytes < ENOUGH_BYTES {
            let Some(StoredBlock { block, finalization }) = reader.block(height)? else { break };
            let Ok(block) = BlockBytes::try_from(codec::encode(block.block())) else {
                return Err(StoreError::Damaged("a block is longer than a block"));
            };
            bytes += block.len() + ENTRY_BYTES;
            blocks.push(SyncBlock { block, finalization });
            height = height.next();
        }
        Ok(Self { blocks: BoundedVec::try_from(blocks).unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amanah_ledger::certificate::{Bitmap, BlockVote, Certificate, VoteContent};
    use amanah_ledger::committee::{VALIDATORS_MAX, ValidatorIndex};
    use amanah_ledger::crypto::{Digest, Signature};
    use amanah_ledger::position::{Epoch, View};

    #[test]
    fn the_longest_run_is_as_long_as_its_bound() {
        let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: Digest::ZERO };
        let everybody = (0..VALIDATORS_MAX as u8).map(ValidatorIndex);
        let certificate = Certificate {
            content: VoteContent::Finalize(vote),
            signers: Bitmap::of(VALIDATORS_MAX, everybody),
            signatures: vec![Signature([0; 64]); VALIDATORS_MAX].try_into().unwrap(),
        };
        let entry = |bytes: usize| SyncBlock {
            block: BlockBytes::try_from(vec![7; bytes]).unwrap(),
            finalization: Some(certificate.clone()),
        };
        let around = codec::encode(&entry(0)).len();
        assert!(around <= ENTRY_BYTES, "{around}");
        let mut blocks = vec![entry(ENOUGH_BYTES / 2 - ENTRY_BYTES), entry(ENOUGH_BYTES / 2 - ENTRY_BYTES - 1)];
        blocks.push(entry(BLOCK_BYTES_MAX));
        let run = BlockRun { blocks: blocks.try_into().unwrap() };
        let encoded = codec::encode(&run);
        assert!(encoded.len() <= BLOCK_RUN_BYTES_MAX, "{}", encoded.len());
        assert_eq!(codec::decode::<BlockRun>(&encoded, BLOCK_RUN_BYTES_MAX).unwrap(), run);
    }
}
