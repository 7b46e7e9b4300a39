//! Where everything stands in the one tree: a byte for the kind, then big-endian numbers, so that order is height order.

use crate::crypto::Digest;
use crate::position::Height;
use crate::transaction::TxId;
use bincode::{Decode, Encode};

/// Longest value; beyond about four times this sled writes to files it never syncs.
const CHUNK_BYTES: usize = 32 * 1024;

/// The newest block of the store.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Head {
    pub(super) height: Height,
    pub(super) digest: Digest,
}

/// A key of the tree.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    /// Number of the layout.
    Format,
    /// The genesis.
    Genesis,
    /// [`Head`]: the last commit.
    Head,
    /// A chunk of a block's bytes.
    Block(Height, u16),
    /// A block's own finalization.
    Certificate(Height),
    /// Root of a complete subtree of the history, by level and number.
    History(u32, u64),
    /// Position in its block of an applied act.
    Act(TxId, Height),
    /// A leaf of the state, by its key in the tree.
    Leaf(Digest),
}

pub(super) const META: u8 = 1;
pub(super) const BLOCK: u8 = 2;
pub(super) const CERTIFICATE: u8 = 3;
pub(super) const HISTORY: u8 = 4;
pub(super) const ACT: u8 = 5;
pub(super) const LEAF: u8 = 6;

impl Key {
    pub(super) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Format => vec![META, 0],
            Self::Genesis => vec![META, 1],
            Self::Head => vec![META, 2],
            Self::Block(height, number) => join(&[&[BLOCK], &height.0.to_be_bytes(), &number.to_be_bytes()]),
            Self::Certificate(height) => join(&[&[CERTIFICATE], &height.0.to_be_bytes()]),
            Self::History(level, number) => join(&[&[HISTORY], &level.to_be_bytes(), &number.to_be_bytes()]),
            Self::Act(act, height) => join(&[&[ACT], &act.0.0, &height.0.to_be_bytes()]),
            Self::Leaf(key) => join(&[&[LEAF], &key.0]),
        }
    }
}

/// The bytes of a block in numbered chunks.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    (0..=u16::MAX).zip(bytes.chunks(CHUNK_BYTES))
}

/// All chunks of a block begin so.
pub(super) fn block_prefix(height: Height) -> Vec<u8> {
    join(&[&[BLOCK], &height.0.to_be_bytes()])
}

/// All positions of an act begin so.
pub(super) fn act_prefix(act: &TxId) -> Vec<u8> {
    join(&[&[ACT], &act.0.0])
}

/// The height in the last eight bytes of a certificate's or an act's key.
pub(super) fn height_of(key: &[u8]) -> Option<Height> {
    key.last_chunk().map(|bytes| Height(u64::from_be_bytes(*bytes)))
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}
