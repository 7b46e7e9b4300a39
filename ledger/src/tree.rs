//! A persistent binary sparse Merkle tree: one root per set of (key, value), whatever the order they came in.
//!
//! A key's bits, first byte's highest bit first, are its way down from the root. An empty subtree is zeros, a subtree
//! with one leaf is that leaf, any other is a node over its two halves; so the depth follows the logarithm of the
//! number of leaves. Leaves are replaced, never removed. Nodes are shared between versions of a tree: a clone is a
//! pointer, a batch of changes copies only the paths it touches, in one sorted descent.
//!
//! [`Kind`] names the contexts under which leaves and nodes are hashed, so that no tree's proof serves another.

mod kind;
mod proof;

pub use kind::{Access, Hashing, Kind, State};
pub use proof::{DEPTH_MAX, Proof, ProofError, Terminal};

use crate::crypto::Digest;
use std::sync::Arc;

/// A tree. Cloning costs a pointer.
pub struct Tree<K: Kind>(Link<K>);

type Link<K> = Option<Arc<Node<K>>>;

/// Keys, ascending and distinct, with their values.
type Changes<V> = [(Digest, V)];

enum Node<K: Kind> {
    Leaf { hash: Digest, key: Digest, value: K::Value },
    Branch { hash: Digest, len: usize, left: Link<K>, right: Link<K> },
}

impl<K: Kind> Clone for Tree<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Kind> Default for Tree<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Kind> Tree<K> {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Commits to every leaf; zeros for the empty tree.
    pub fn root(&self) -> Digest {
        hash_of(&self.0)
    }

    /// How many leaves.
    pub fn len(&self) -> usize {
        len_of(&self.0)
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value under `key`.
    pub fn get(&self, key: &Digest) -> Option<&K::Value> {
        let mut link = &self.0;
        for depth in 0.. {
            match link.as_deref()? {
                Node::Leaf { key: found, value, .. } => return (found == key).then_some(value),
                Node::Branch { left, right, .. } => link = if goes_right(key, depth) { right } else { left },
            }
        }
        None
    }

    /// The tree with these values set; of two under one key the later stands.
    #[must_use]
    pub fn with(&self, changes: impl IntoIterator<Item = (Digest, K::Value)>) -> Self {
        let mut changes: Vec<_> = changes.into_iter().collect();
        changes.sort_by_key(|change| change.0);
        changes.dedup_by(|later, kept| {
            let repeated = later.0 == kept.0;
            if repeated {
                std::mem::swap(later, kept);
            }
            repeated
        });
        Self(insert(&self.0, 0, &changes))
    }

    /// Leaves in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Digest, &K::Value)> {
        let mut open: Vec<&Node<K>> = self.0.as_deref().into_iter().collect();
        std::iter::from_fn(move || {
            loop {
                match open.pop()? {
                    Node::Leaf { key, value, .. } => return Some((key, value)),
                    Node::Branch { left, right, .. } => {
                        open.extend(right.as_deref());
                        open.extend(left.as_deref());
                    }
                }
            }
        })
    }

    /// Shows what stands under `key`: its leaf, or that there is none.
    pub fn prove(&self, key: &Digest) -> Proof {
        let mut siblings = Vec::new();
        let mut link = &self.0;
        loop {
            match link.as_deref() {
                None => return Proof::new(&siblings, Terminal::Empty),
                Some(Node::Leaf { key: found, .. }) if found == key => return Proof::new(&siblings, Terminal::Asked),
                Some(Node::Leaf { key: found, value, .. }) => {
                    return Proof::new(&siblings, Terminal::Other { key: *found, value: K::value_hash(value) });
                }
                Some(Node::Branch { left, right, .. }) => {
                    let (next, sibling) = if goes_right(key, siblings.len()) { (right, left) } else { (left, right) };
                    siblings.push(hash_of(sibling));
                    link = next;
                }
            }
        }
    }
}

/// Whether the way to `key` turns right at `depth` (0 at the root, below 256).
fn goes_right(key: &Digest, depth: usize) -> bool {
    key.0[depth / 8] & (0x80 >> (depth % 8)) != 0
}

fn hash_of<K: Kind>(link: &Link<K>) -> Digest {
    match link.as_deref() {
        None => Digest::ZERO,
        Some(Node::Leaf { hash, .. } | Node::Branch { hash, .. }) => *hash,
    }
}

fn len_of<K: Kind>(link: &Link<K>) -> usize {
    match link.as_deref() {
        None => 0,
        Some(Node::Leaf { .. }) => 1,
        Some(Node::Branch { len, .. }) => *len,
    }
}

/// Sets `changes`, sorted by distinct keys that all lead here, in the subtree at `depth`.
fn insert<K: Kind>(link: &Link<K>, depth: usize, changes: &Changes<K::Value>) -> Link<K> {
    if changes.is_empty() {
        return link.clone();
    }
    match link.as_deref() {
        None => build(depth, changes),
        Some(Node::Leaf { key, value, .. }) => match changes.binary_search_by(|change| change.0.cmp(key)) {
            Ok(_replaced) => build(depth, changes),
            Err(at) => {
                let mut all = changes.to_vec();
                all.insert(at, (*key, value.clone()));
                build(depth, &all)
            }
        },
        Some(Node::Branch { left, right, .. }) => {
            let (to_left, to_right) = split(depth, changes);
            branch(insert(left, depth + 1, to_left), insert(right, depth + 1, to_right))
        }
    }
}

/// A fresh subtree of these leaves.
fn build<K: Kind>(depth: usize, leaves: &Changes<K::Value>) -> Link<K> {
    match leaves {
        [] => None,
        [(key, value)] => {
            let hash = K::hashing().leaf.of(key, &K::value_hash(value));
            Some(Arc::new(Node::Leaf { hash, key: *key, value: value.clone() }))
        }
        [_, _, ..] => {
            let (left, right) = split(depth, leaves);
            branch(build(depth + 1, left), build(depth + 1, right))
        }
    }
}

fn split<V>(depth: usize, changes: &Changes<V>) -> (&Changes<V>, &Changes<V>) {
    changes.split_at(changes.partition_point(|change| !goes_right(&change.0, depth)))
}

fn branch<K: Kind>(left: Link<K>, right: Link<K>) -> Link<K> {
    let hash = K::hashing().node.of(&hash_of(&left), &hash_of(&right));
    let len = len_of(&left) + len_of(&right);
    Some(Arc::new(Node::Branch { hash, len, left, right }))
}

#[cfg(test)]
mod tests;
