//! Blocks: a header that commits to everything, and a body of transactions with their claimed outcomes.

use crate::codec::{self, BoundedVec};
use crate::committee::Committee;
use crate::crypto::{Context, Digest};
use crate::position::{Epoch, Height, View};
use crate::time::UnixMs;
use crate::transaction::{Outcomes, SignedTransaction};
use bincode::{Decode, Encode};

/// Longest encoded block.
pub const BLOCK_BYTES_MAX: usize = 1024 * 1024;
/// Most transactions of one block.
pub const BLOCK_TRANSACTIONS_MAX: usize = 4096;
/// Version of the header format.
pub const HEADER_VERSION: u16 = 1;

/// Commits to a block and to the state after it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// [`HEADER_VERSION`].
    pub version: u16,
    /// The network.
    pub chain: Digest,
    /// Epoch that certifies the block.
    pub epoch: Epoch,
    /// One more than the parent's.
    pub height: Height,
    /// View it was first proposed in.
    pub proposed_view: View,
    /// Digest of the parent; zeros for genesis.
    pub parent: Digest,
    /// Later than the parent's.
    pub time: UnixMs,
    /// Root over (act, bytes, outcomes) of each transaction.
    pub tx_root: Digest,
    /// How many transactions.
    pub tx_count: u32,
    /// Root of the state after this block.
    pub state_root: Digest,
    /// RFC 6962 SHA-256 root over the digests of all earlier headers.
    pub history_root: Digest,
    /// Hash of the epoch's committee.
    pub validators_hash: Digest,
    /// The next committee; in the seal block of an epoch only.
    pub next_validators: Option<Committee>,
}

impl Header {
    /// The block's digest: what votes and children name.
    pub fn digest(&self) -> Digest {
        Context::Header.hash(&[&codec::encode(self)])
    }
}

/// One transaction of a block with the outcomes its proposer claims.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The transaction.
    pub transaction: SignedTransaction,
    /// Claimed outcomes, one per item.
    pub outcomes: Outcomes,
}

/// The transactions of a block.
pub type Body = BoundedVec<Entry, BLOCK_TRANSACTIONS_MAX>;

/// Header and body as they travel and are stored.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The header.
    pub header: Header,
    /// The body its `tx_root` commits to.
    pub body: Body,
}
