//! Merkle trees over lists, shaped as RFC 6962 (section 2.1): the left half of `n` leaves holds the largest power of
//! two below `n`. One shape, two ways of hashing ([`Hashing`]): the transactions of a block ([`Transactions`]) and the
//! headers before it ([`Headers`]).

use crate::codec::BoundedVec;
use crate::crypto::{Context, Digest, PairHash};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// Longest path: leaves are counted by a `u64`.
pub const PATH_MAX: usize = 64;

/// The siblings of a leaf, from the leaf to the root.
pub type Path = BoundedVec<Digest, PATH_MAX>;

/// How a list's tree hashes. Leaf hashes are made by the owner of the list, in a domain of their own.
pub trait Hashing {
    /// Root of the empty list.
    fn empty() -> Digest;
    /// Hash of an inner node.
    fn node(left: &Digest, right: &Digest) -> Digest;
}

/// The transactions of a block: BLAKE3, zeros when empty.
#[derive(Debug)]
pub enum Transactions {}

/// The headers of the ledger: SHA-256 exactly as RFC 6962, so that witnesses of public logs can cosign the root.
#[derive(Debug)]
pub enum Headers {}

static TX_NODE: LazyLock<PairHash> = LazyLock::new(|| PairHash::new(Context::TxNode));

impl Hashing for Transactions {
    fn empty() -> Digest {
        Digest::ZERO
    }
    fn node(left: &Digest, right: &Digest) -> Digest {
        TX_NODE.of(left, right)
    }
}

impl Hashing for Headers {
    fn empty() -> Digest {
        Digest(Sha256::digest([]).into())
    }
    fn node(left: &Digest, right: &Digest) -> Digest {
        Digest(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }
}

/// Root over the leaf hashes of a whole list.
pub fn root<H: Hashing>(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => H::empty(),
        [leaf] => *leaf,
        [_, _, ..] => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            H::node(&root::<H>(left), &root::<H>(right))
        }
    }
}

/// Path of leaf `index` in a list of `size`, from the roots of complete subtrees: `complete(level, number)` is the
/// root over the `2^level` leaves from `number · 2^level` on. `None` if there is no such leaf or a subtree is missing.
pub fn path<H: Hashing>(size: u64, index: u64, complete: &mut dyn FnMut(u32, u64) -> Option<Digest>) -> Option<Path> {
    if index >= size {
        return None;
    }
    let (mut from, mut to, mut down) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + half(to - from);
        if index < middle {
            down.push(range_root::<H>(middle, to, complete)?);
            to = middle;
        } else {
            down.push(range_root::<H>(from, middle, complete)?);
            from = middle;
        }
    }
    down.reverse();
    Path::try_from(down).ok()
}

/// The root that leaf `index` of `size` leads to along `path`; `None` if the path has the wrong length.
pub fn root_by_path<H: Hashing>(leaf: &Digest, index: u64, size: u64, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let mut turns = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + half(to - from);
        turns.push(index < middle);
        if index < middle {
            to = middle;
        } else {
            from = middle;
        }
    }
    if turns.len() != path.len() {
        return None;
    }
    let climb = |hash: Digest, (is_left, sibling): (&bool, &Digest)| {
        if *is_left { H::node(&hash, sibling) } else { H::node(sibling, &hash) }
    };
    Some(turns.iter().rev().zip(path).fold(*leaf, climb))
}

/// Size of the left half of `n ≥ 2` leaves: the largest power of two below `n`.
fn half(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

fn range_root<H: Hashing>(from: u64, to: u64, complete: &mut dyn FnMut(u32, u64) -> Option<Digest>) -> Option<Digest> {
    let n = to - from;
    if n.is_power_of_two() {
        // Ranges come from halving, so `from` is a multiple of `n` here.
        return complete(n.ilog2(), from / n);
    }
    let middle = from + half(n);
    Some(H::node(&range_root::<H>(from, middle, complete)?, &range_root::<H>(middle, to, complete)?))
}

#[cfg(test)]
mod tests;
