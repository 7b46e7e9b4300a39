//! What validators say to each other, as canonical bytes of bounded size.
//!
//! Votes and proposals travel on direct authenticated streams; answers to requests prove themselves.

use crate::limits::{
    BUNDLE_CERTIFICATES_MAX, BUNDLE_VOTES_MAX, CERTIFICATES_PER_RESPONSE_MAX, INLINE_SKIPS_MAX, MESSAGE_BYTES_MAX,
    SYNC_BLOCKS_MAX, SYNC_BYTES_MAX, VIEWS_PER_REQUEST_MAX,
};
use amanah_ledger::block::BLOCK_BYTES_MAX;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::codec::{self, BoundedVec, DecodeError};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signature};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use bincode::de::{BorrowDecode, BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError as BincodeError, EncodeError};
use bincode::{Decode, Encode};
use std::sync::Arc;

/// One validator's signed vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Vote {
    /// What is voted for.
    pub content: VoteContent,
    /// Who votes.
    pub signer: ValidatorIndex,
    /// Its signature over the content.
    pub signature: Signature,
}

/// The encoded bytes of one block, shared, at most [`BLOCK_BYTES_MAX`].
#[derive(Clone, PartialEq, Eq)]
pub struct BlockBytes(Arc<[u8]>);

/// A block, its leader's vote for it, and the proof that it may be proposed now.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Proposal {
    /// The leader's own Notarize: signs the proposal.
    pub vote: Vote,
    /// The block.
    pub block: BlockBytes,
    /// Why it may be built on its parent.
    pub justification: Justification,
}

/// Certificates that let a voter check a proposal without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Justification {
    /// Notarization or Finalization of the parent's view; `None` for the floor of the epoch.
    pub parent: Option<Certificate>,
    /// Nullifications of the skipped views, from the newest downward.
    pub skips: BoundedVec<Certificate, INLINE_SKIPS_MAX>,
    /// The leader's newest Finalization, if it is not the parent certificate.
    pub last_final: Option<Certificate>,
}

/// What a validator repeats until it is answered (R10).
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct Bundle {
    /// The entry certificate of the view, notarizations not yet final, the newest Finalization.
    pub certificates: BoundedVec<Certificate, BUNDLE_CERTIFICATES_MAX>,
    /// Own votes, as they were first signed.
    pub votes: BoundedVec<Vote, BUNDLE_VOTES_MAX>,
}

/// Where a validator stands. Not signed: a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Status {
    /// Its epoch.
    pub epoch: Epoch,
    /// Its view.
    pub view: View,
    /// View of its newest final block.
    pub final_view: View,
    /// Height of its newest final block.
    pub final_height: Height,
    /// Digest of its newest final block.
    pub final_block: Digest,
    /// Its clock when it sent this.
    pub time: UnixMs,
    /// The receiver's clock as last heard.
    pub echo: Option<Echo>,
    /// Whether its own builder would include something, or its own tip is stale. Never derived from others.
    pub has_work: bool,
}

/// A clock reading sent back, for measuring the round trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Echo {
    /// [`Status::time`] of the last status from the receiver of this.
    pub time: UnixMs,
    /// How long it was held before it was sent back.
    pub held_ms: u64,
}

/// One block of a [`SyncResponse`].
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SyncBlock {
    /// The block.
    pub block: BlockBytes,
    /// Its Finalization, if it was finalized by its own and not through a descendant.
    pub finalization: Option<Certificate>,
}

/// Final blocks by ascending height; each is covered by the next Finalization in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
pub struct SyncResponse {
    blocks: BoundedVec<SyncBlock, SYNC_BLOCKS_MAX>,
}

/// Anything one validator sends another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Message {
    /// A vote.
    Vote(Vote),
    /// A leader's proposal.
    Proposal(Box<Proposal>),
    /// A certificate, passed on (R6).
    Certificate(Certificate),
    /// A retry (R10).
    Bundle(Bundle),
    /// Where the sender stands.
    Status(Status),
    /// Asks for a block by its digest.
    BlockRequest(Digest),
    /// A block that was asked for or is pushed to the next leader (R6).
    BlockResponse {
        /// Its digest.
        digest: Digest,
        /// The block.
        block: BlockBytes,
    },
    /// Asks for all certificates of some views.
    CertificateRequest {
        /// Their epoch.
        epoch: Epoch,
        /// The views.
        views: BoundedVec<View, VIEWS_PER_REQUEST_MAX>,
    },
    /// All certificates the sender holds of the views asked for, and its newest Finalization.
    CertificateResponse(BoundedVec<Certificate, CERTIFICATES_PER_RESPONSE_MAX>),
    /// Asks for final blocks.
    SyncRequest {
        /// The first height wanted.
        from_height: Height,
        /// The last height wanted.
        to_height: Height,
    },
    /// Final blocks.
    SyncResponse(SyncResponse),
}

impl Justification {
    /// All certificates: what is final first, the parent's next, then the skips from the newest downward.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.last_final.iter().chain(&self.parent).chain(&self.skips)
    }
}

impl Message {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a message; the length is checked before anything is decoded.
    ///
    /// # Errors
    /// When the bytes are too long or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, MESSAGE_BYTES_MAX)
    }
}

impl SyncResponse {
    /// As many final blocks as one answer carries. `blocks` are the responder's, by ascending height from the first
    /// one asked for, read lazily; each comes with its own Finalization if the store has one.
    ///
    /// The answer always ends in a block with a Finalization. A run of blocks that is too long for one answer is
    /// answered by the certified block at its end alone; the asker then fetches its ancestors by digest.
    pub fn collect(blocks: impl IntoIterator<Item = (BlockBytes, Option<Certificate>)>) -> Self {
        let mut taken: Vec<SyncBlock> = Vec::new();
        let (mut bytes, mut complete) = (0, 0);
        let mut is_too_long = false;
        for (block, finalization) in blocks {
            bytes += block.len();
            is_too_long |= taken.len() == SYNC_BLOCKS_MAX || bytes > SYNC_BYTES_MAX;
            if is_too_long && complete > 0 {
                break;
            }
            let is_certified = finalization.is_some();
            if is_too_long {
                taken.clear();
            }
            taken.push(SyncBlock { block, finalization });
            if is_certified {
                complete = taken.len();
            }
        }
        taken.truncate(complete);
        Self { blocks: BoundedVec::try_from(taken).unwrap_or_default() }
    }

    /// The blocks.
    pub fn blocks(&self) -> &[SyncBlock] {
        &self.blocks
    }
}

/// More bytes than a block may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a block of {0} bytes, at most {BLOCK_BYTES_MAX} allowed")]
pub struct BlockTooLong(pub usize);

impl BlockBytes {
    /// The bytes, to share.
    pub fn shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.0)
    }
}

impl std::ops::Deref for BlockBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Arc<[u8]>> for BlockBytes {
    type Error = BlockTooLong;
    fn try_from(bytes: Arc<[u8]>) -> Result<Self, BlockTooLong> {
        if bytes.len() > BLOCK_BYTES_MAX {
            return Err(BlockTooLong(bytes.len()));
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<Vec<u8>> for BlockBytes {
    type Error = BlockTooLong;
    fn try_from(bytes: Vec<u8>) -> Result<Self, BlockTooLong> {
        Self::try_from(Arc::<[u8]>::from(bytes))
    }
}

impl std::fmt::Debug for BlockBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "block of {} bytes", self.0.len())
    }
}

impl Encode for BlockBytes {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        u32::try_from(self.0.len()).map_err(|_too_long| EncodeError::Other("longer than u32"))?.encode(encoder)?;
        bincode::enc::write::Writer::write(encoder.writer(), &self.0)
    }
}

impl<C> Decode<C> for BlockBytes {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        let len = u32::decode(decoder)? as usize;
        if len > BLOCK_BYTES_MAX {
            return Err(BincodeError::LimitExceeded);
        }
        // A short input cannot reserve more than one block's length.
        decoder.claim_bytes_read(len)?;
        let mut bytes = vec![0; len];
        bincode::de::read::Reader::read(decoder.reader(), &mut bytes)?;
        Ok(Self(bytes.into()))
    }
}

impl<'de, C> BorrowDecode<'de, C> for BlockBytes {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests;
