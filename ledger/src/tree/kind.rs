//! The kinds of tree: what stands in a leaf, and under which contexts it is hashed.

use crate::crypto::{Context, Digest, PairHash};
use crate::leaf::Leaf;
use std::sync::{Arc, LazyLock};

/// The hash keys of one kind of tree.
#[derive(Debug)]
pub struct Hashing {
    /// Of `key ‖ value hash`.
    pub leaf: PairHash,
    /// Of `left ‖ right`.
    pub node: PairHash,
}

/// A kind of tree.
pub trait Kind {
    /// What stands in a leaf.
    type Value: Clone;
    /// The kind's hash keys.
    fn hashing() -> &'static Hashing;
    /// What a leaf's hash commits to.
    fn value_hash(value: &Self::Value) -> Digest;
}

/// The state of the ledger.
#[derive(Debug)]
pub enum State {}

/// One UTC day of a custodian's access logs. Keys and values are keyed hashes already.
#[derive(Debug)]
pub enum Access {}

static STATE: LazyLock<Hashing> =
    LazyLock::new(|| Hashing { leaf: PairHash::new(Context::StateLeaf), node: PairHash::new(Context::StateNode) });

static ACCESS: LazyLock<Hashing> =
    LazyLock::new(|| Hashing { leaf: PairHash::new(Context::AccessLeaf), node: PairHash::new(Context::AccessNode) });

impl Kind for State {
    type Value = Arc<Leaf>;
    fn hashing() -> &'static Hashing {
        &STATE
    }
    fn value_hash(value: &Arc<Leaf>) -> Digest {
        value.hash()
    }
}

impl Kind for Access {
    type Value = Digest;
    fn hashing() -> &'static Hashing {
        &ACCESS
    }
    fn value_hash(value: &Digest) -> Digest {
        *value
    }
}
