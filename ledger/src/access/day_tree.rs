//! The custodian's access tree of one UTC day: for each relationship with an entry that day, how its log stood before
//! and after. Leaf keys and values are hashes under the relationship's log key, so a neighbour seen in a proof says
//! nothing and does not repeat on another day. Absent means: no entry that day.

use crate::crypto::{Context, Digest};
use crate::derive::LogKey;
use crate::time::Day;
use crate::tree::{Access, Proof, ProofError, Tree};
use bincode::{Decode, Encode};

/// How one log stood at the ends of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct DayState {
    /// Entries before the day's first.
    pub before: u64,
    /// Entries so far.
    pub after: u64,
    /// Hash of the last entry.
    pub head: Digest,
}

/// One day's tree. Cloning costs a pointer.
#[derive(Clone, Default)]
pub struct DayTree(Tree<Access>);

/// What one day's tree says about one relationship.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DayProof {
    /// The day.
    pub day: Day,
    /// The root it is proved under.
    pub root: Digest,
    /// The relationship's leaf; `None` for no entry that day.
    pub state: Option<DayState>,
    /// Way to the leaf, or to where it would stand.
    pub proof: Proof,
}

/// Key of a relationship's leaf in the tree of `day`.
pub fn day_key(log_key: &LogKey, day: Day) -> Digest {
    Context::AccessKey.keyed_hash(log_key.expose(), &[&day.0.to_le_bytes()])
}

/// Value of a relationship's leaf.
pub fn day_value(log_key: &LogKey, state: &DayState) -> Digest {
    let parts: [&[u8]; 3] = [&state.before.to_le_bytes(), &state.after.to_le_bytes(), &state.head.0];
    Context::AccessValue.keyed_hash(log_key.expose(), &parts)
}

impl DayTree {
    /// The tree of a day without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree with these relationships' states set.
    #[must_use]
    pub fn with<'a>(&self, day: Day, states: impl IntoIterator<Item = (&'a LogKey, &'a DayState)>) -> Self {
        let leaves = states.into_iter().map(|(key, state)| (day_key(key, day), day_value(key, state)));
        Self(self.0.with(leaves))
    }

    /// The tree with these leaves: from a stored day, or random ones that make quiet and busy look alike.
    #[must_use]
    pub fn with_leaves(&self, leaves: impl IntoIterator<Item = (Digest, Digest)>) -> Self {
        Self(self.0.with(leaves))
    }

    /// Keys and values, in the order of the keys.
    pub fn leaves(&self) -> impl Iterator<Item = (Digest, Digest)> {
        self.0.iter().map(|(key, value)| (*key, *value))
    }

    /// What is anchored; zeros for an empty tree.
    pub fn root(&self) -> Digest {
        self.0.root()
    }

    /// Proves what this tree says about a relationship. `state` is what was put in for it, if anything.
    pub fn prove(&self, day: Day, log_key: &LogKey, state: Option<DayState>) -> DayProof {
        DayProof { day, root: self.root(), state, proof: self.0.prove(&day_key(log_key, day)) }
    }
}

impl DayProof {
    /// What the tree with this root says about the relationship of `log_key` on `day`.
    ///
    /// # Errors
    /// When the proof does not lead to `root`.
    pub fn verify(&self, day: Day, root: &Digest, log_key: &LogKey) -> Result<Option<DayState>, ProofError> {
        let value = self.state.map(|state| day_value(log_key, &state));
        self.proof.verify::<Access>(root, &day_key(log_key, day), value.as_ref())?;
        Ok(self.state)
    }
}
