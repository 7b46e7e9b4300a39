//! What stands under one key of a tree: the way down to it, checked against the root alone.
//!
//! The verifier walks the bits of the key it asked for, so a root has one answer per key whoever built the tree and
//! however badly: two different answers would be two preimages of one hash.

use super::{Kind, goes_right};
use crate::codec::BoundedVec;
use crate::crypto::Digest;
use bincode::{Decode, Encode};

/// Longest way down: the bits of a key.
pub const DEPTH_MAX: usize = 256;

/// Where the way to the asked key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Terminal {
    /// At the asked key's own leaf.
    Asked,
    /// At nothing: the key is absent.
    Empty,
    /// At the only leaf of its subtree, which is another one: the key is absent.
    Other {
        /// That leaf's key.
        key: Digest,
        /// Hash of that leaf's value.
        value: Digest,
    },
}

/// The siblings on the way from the root to a key, and where it ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Proof {
    /// Steps on the way, at most [`DEPTH_MAX`].
    pub(super) depth: u16,
    /// A bit per step, root first, highest bit first: the sibling is empty. Unused bits are zero.
    pub(super) empty: BoundedVec<u8, { DEPTH_MAX / 8 }>,
    /// The other siblings, root first.
    pub(super) siblings: BoundedVec<Digest, DEPTH_MAX>,
    pub(super) terminal: Terminal,
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Depth, bitmap and siblings contradict one another.
    #[error("the proof is not well formed")]
    Malformed,
    /// It ends at a leaf where absence was claimed, elsewhere where presence was, or at a leaf that is not on the way.
    #[error("the proof ends in the wrong place")]
    Terminal,
    /// It leads to another root.
    #[error("the proof leads to another root")]
    Root,
}

impl Proof {
    pub(super) fn new(siblings: &[Digest], terminal: Terminal) -> Self {
        let mut empty = vec![0; siblings.len().div_ceil(8)];
        for (step, _) in siblings.iter().enumerate().filter(|(_, sibling)| **sibling == Digest::ZERO) {
            empty[step / 8] |= 0x80 >> (step % 8);
        }
        let full: Vec<_> = siblings.iter().copied().filter(|sibling| *sibling != Digest::ZERO).collect();
        Self {
            depth: u16::try_from(siblings.len()).expect("a way has at most 256 steps"),
            empty: BoundedVec::try_from(empty).expect("a way has at most 256 steps"),
            siblings: BoundedVec::try_from(full).expect("a way has at most 256 steps"),
            terminal,
        }
    }

    /// Where it ends.
    pub fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Checks that under `root` the asked `key` has a value of hash `value`, or, for `None`, has no leaf.
    ///
    /// # Errors
    /// When it shows anything else.
    pub fn verify<K: Kind>(&self, root: &Digest, key: &Digest, value: Option<&Digest>) -> Result<(), ProofError> {
        let siblings = self.all_siblings().ok_or(ProofError::Malformed)?;
        let hashing = K::hashing();
        let mut hash = match (&self.terminal, value) {
            (Terminal::Asked, Some(value)) => hashing.leaf.of(key, value),
            (Terminal::Empty, None) => Digest::ZERO,
            (Terminal::Other { key: other, value }, None) if on_the_way(other, key, siblings.len()) => {
                hashing.leaf.of(other, value)
            }
            (Terminal::Asked, None)
            | (Terminal::Empty | Terminal::Other { .. }, Some(_))
            | (Terminal::Other { .. }, None) => {
                return Err(ProofError::Terminal);
            }
        };
        for (depth, sibling) in siblings.iter().enumerate().rev() {
            hash =
                if goes_right(key, depth) { hashing.node.of(sibling, &hash) } else { hashing.node.of(&hash, sibling) };
        }
        if hash == *root { Ok(()) } else { Err(ProofError::Root) }
    }

    /// The siblings with the empty ones in their places; `None` unless the proof is written the one canonical way.
    fn all_siblings(&self) -> Option<Vec<Digest>> {
        let depth = usize::from(self.depth);
        if depth > DEPTH_MAX || self.empty.len() != depth.div_ceil(8) || self.siblings.contains(&Digest::ZERO) {
            return None;
        }
        let is_empty = |step: usize| self.empty[step / 8] & (0x80 >> (step % 8)) != 0;
        if (depth..self.empty.len() * 8).any(is_empty) {
            return None;
        }
        let mut full = self.siblings.iter();
        let all: Option<Vec<_>> =
            (0..depth).map(|step| if is_empty(step) { Some(Digest::ZERO) } else { full.next().copied() }).collect();
        all.filter(|_| full.next().is_none())
    }
}

/// Whether the leaf of `other`, met after `depth` steps on the way to `key`, shows that `key` has none.
fn on_the_way(other: &Digest, key: &Digest, depth: usize) -> bool {
    other != key && (0..depth).all(|step| goes_right(other, step) == goes_right(key, step))
}
