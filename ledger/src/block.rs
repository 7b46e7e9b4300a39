//! Blocks: a header that commits to everything, and a body of transactions with their claimed outcomes.

use crate::codec::{self, BoundedVec};
use crate::committee::Committee;
use crate::crypto::{Context, Digest};
use crate::merkle::{self, Transactions};
use crate::mutant::{Mutant, lacks};
use crate::position::{Epoch, Height, View};
use crate::time::UnixMs;
use crate::transaction::{Outcomes, SignedTransaction, TxId, WireId};
use bincode::{Decode, Encode};

mod applied;

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

/// The leaf hash of a transaction in its block's tree: act, bytes and outcomes.
pub fn entry_leaf(act: &TxId, bytes: &WireId, outcomes: &Outcomes) -> Digest {
    // Refinement 1: the bytes too, or one root would have many bodies.
    let bytes = if lacks(Mutant::TxRootOverActs) { Digest::ZERO } else { bytes.0 };
    Context::TxLeaf.hash(&[&act.0.0, &bytes.0, &codec::encode(outcomes)])
}

/// Why bytes are not a block, or not the block their header names. No verdict on any block follows from it: the
/// right bytes may still come from somebody else.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTheBlock {
    /// They do not decode.
    #[error("not a block: {0}")]
    Decode(#[from] codec::DecodeError),
    /// The body does not hash to the header's `tx_root`.
    #[error("the body is not the one its header commits to")]
    Body,
}

/// A block whose body is the one its header commits to, with the names of everything in it. What is said in it may
/// still be false.
#[derive(Debug, Clone)]
pub struct OpenBlock {
    block: Block,
    digest: Digest,
    bytes_len: usize,
    names: Vec<(TxId, WireId)>,
}

impl OpenBlock {
    /// Opens encoded bytes.
    ///
    /// # Errors
    /// When they are not a block, or the body is not its header's.
    pub fn decode(bytes: &[u8]) -> Result<Self, NotTheBlock> {
        // Not `BLOCK_BYTES_MAX`: a longer block is *invalid*, which is a verdict, and only execution gives one.
        Self::of(codec::decode(bytes, codec::BYTES_MAX)?)
    }

    /// Opens a decoded block.
    ///
    /// # Errors
    /// When the body is not its header's.
    pub fn of(block: Block) -> Result<Self, NotTheBlock> {
        let name = |entry: &Entry| (entry.transaction.tx_id(&block.header.chain), entry.transaction.wire_id());
        let names: Vec<_> = block.body.iter().map(name).collect();
        if tx_root(&names, &block.body) != block.header.tx_root {
            return Err(NotTheBlock::Body);
        }
        Ok(Self::made(block, names))
    }

    /// A block just built, with the names it was built from.
    pub(crate) fn made(block: Block, names: Vec<(TxId, WireId)>) -> Self {
        let (digest, bytes_len) = (block.header.digest(), codec::encode(&block).len());
        Self { block, digest, bytes_len, names }
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.block.header
    }

    /// The block's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Header and body.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// Length of the encoding.
    pub fn bytes_len(&self) -> usize {
        self.bytes_len
    }

    /// Act and bytes of each transaction, in order.
    pub fn names(&self) -> &[(TxId, WireId)] {
        &self.names
    }

    /// What the block is good for.
    pub fn content(&self) -> Content {
        if self.block.header.next_validators.is_some() {
            Content::Seal
        } else if self.block.body.is_empty() {
            Content::Empty
        } else {
            Content::Transactions
        }
    }

    /// Path of transaction `index` to the `tx_root`.
    pub fn path(&self, index: usize) -> Option<merkle::Path> {
        let leaves = entry_leaves(&self.names, &self.block.body);
        let (size, index) = (u64::try_from(leaves.len()).ok()?, u64::try_from(index).ok()?);
        merkle::path::<Transactions>(size, index, &mut |level, number| {
            let from = usize::try_from(number << level).ok()?;
            Some(merkle::root::<Transactions>(leaves.get(from..from + (1 << level))?))
        })
    }
}

/// What a block is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// No transactions, no seal.
    Empty,
    /// Transactions.
    Transactions,
    /// It ends its epoch.
    Seal,
}

fn entry_leaves(names: &[(TxId, WireId)], body: &Body) -> Vec<Digest> {
    names.iter().zip(body).map(|((act, bytes), entry)| entry_leaf(act, bytes, &entry.outcomes)).collect()
}

/// Root over (act, bytes, outcomes) of each transaction; zeros when there is none.
pub fn tx_root(names: &[(TxId, WireId)], body: &Body) -> Digest {
    merkle::root::<Transactions>(&entry_leaves(names, body))
}
