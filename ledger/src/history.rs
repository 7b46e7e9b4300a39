//! The list of all headers so far, as its RFC 6962 SHA-256 tree, kept as the roots of its complete subtrees.
//!
//! A header names the root over all headers before it, so one certified header proves every earlier one.

use crate::crypto::Digest;
use crate::merkle::{self, Hashing as _, Headers};
use crate::position::Height;
use sha2::{Digest as _, Sha256};

/// Headers 0 to `len - 1`. Grows by one; costs at most 64 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    len: u64,
    /// Roots of the complete subtrees, largest first: one per set bit of `len`.
    peaks: Vec<Digest>,
}

/// The root of a complete subtree: over the `2^level` headers from height `number · 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Complete {
    /// Binary logarithm of its size.
    pub level: u32,
    /// Its number among those of its size.
    pub number: u64,
    /// Its root.
    pub root: Digest,
}

/// Leaf hash of the header with this digest (RFC 6962: SHA-256 over `0 ‖ digest`).
pub fn leaf(header: &Digest) -> Digest {
    Digest(Sha256::new().chain_update([0]).chain_update(header.0).finalize().into())
}

impl History {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The list of `len` headers whose complete subtrees `complete` knows; `None` if one is missing.
    pub fn rebuild(len: u64, complete: &mut dyn FnMut(u32, u64) -> Option<Digest>) -> Option<Self> {
        let mut peaks = Vec::new();
        for level in (0..u64::BITS).rev().filter(|level| len >> level & 1 == 1) {
            // The peak covers what the larger peaks leave; its number counts subtrees of its own size before it.
            peaks.push(complete(level, (len >> level) - 1)?);
        }
        Some(Self { len, peaks })
    }

    /// How many headers.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The RFC 6962 root.
    pub fn root(&self) -> Digest {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Headers::empty() };
        peaks.fold(*last, |right, left| Headers::node(left, &right))
    }

    /// Adds the next header; returns the subtrees it completes, smallest first, for whoever keeps them for proofs.
    pub fn push(&mut self, header: &Digest) -> Vec<Complete> {
        let mut done = vec![Complete { level: 0, number: self.len, root: leaf(header) }];
        let mut root = leaf(header);
        for level in 1..=self.len.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for every set bit of the length");
            root = Headers::node(&left, &root);
            done.push(Complete { level, number: self.len >> level, root });
        }
        self.peaks.push(root);
        self.len += 1;
        done
    }
}

/// Whether `path` shows that the header at `height` is `header`, under the root over the first `len` headers.
pub fn shows(path: &merkle::Path, header: &Digest, height: Height, len: u64, root: &Digest) -> bool {
    merkle::root_by_path::<Headers>(&leaf(header), height.0, len, path).as_ref() == Some(root)
}

#[cfg(test)]
mod tests;
