//! What anyone can check with the genesis alone: that a header is final, what its state says, and that an act was done.
//!
//! Everything here binds chain, epoch and height: they stand in the header, and the certificate signs its digest.
//!
//! Deviation: the committee of epoch 0 certifies every block, because this version of the rules never changes it;
//! [`Trust`] is where later epochs will advance.

use crate::block::{Header, entry_leaf};
use crate::certificate::Certificate;
use crate::chain::{NotFinal, check_finalization};
use crate::codec::{BoundedVec, TooMany};
use crate::committee::Committee;
use crate::crypto::{Digest, Verifier};
use crate::genesis::{Genesis, GenesisError};
use crate::history;
use crate::leaf::{Leaf, LeafKey};
use crate::merkle::{self, Transactions};
use crate::position::Height;
use crate::state::State;
use crate::time::UnixMs;
use crate::transaction::{Outcome, Outcomes, TxId, WireId};
use crate::tree;
use bincode::{Decode, Encode};

/// Most leaves of one [`StateProof`].
pub const ENTRIES_MAX: usize = 64;
/// Longest encoded [`StateProof`].
pub const STATE_PROOF_BYTES_MAX: usize = 3 * 1024 * 1024;
/// Longest encoded [`TransactionReceipt`].
pub const RECEIPT_BYTES_MAX: usize = 32 * 1024;

/// What a verifier starts from: the network, and who certifies its blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    chain: Digest,
    committee: Committee,
}

/// A header and the certificate that makes it final.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CertifiedHeader {
    /// The header.
    pub header: Header,
    /// A finalization of it.
    pub finalization: Certificate,
}

/// One leaf of a state, or the absence of one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StateEntry {
    /// Which leaf.
    pub key: LeafKey,
    /// The leaf; `None` if there is none.
    pub leaf: Option<Leaf>,
    /// The way to it.
    pub proof: tree::Proof,
}

/// Leaves of the state after one final block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct StateProof {
    /// The block.
    pub certified: CertifiedHeader,
    /// The leaves.
    pub entries: BoundedVec<StateEntry, ENTRIES_MAX>,
}

/// That an act stands in a final block, and with which outcomes. What is in force *now* only a [`StateProof`] says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct TransactionReceipt {
    /// The act.
    pub act: TxId,
    /// The bytes that did it.
    pub bytes: WireId,
    /// What became of each item.
    pub outcomes: Outcomes,
    /// Position in the block.
    pub index: u32,
    /// The way from there to the block's `tx_root`.
    pub path: merkle::Path,
    /// The block.
    pub header: Header,
    /// The way from the block to the later `certified` header's `history_root`; `None` if it is that header itself.
    pub history: Option<merkle::Path>,
    /// The header that makes it final.
    pub certified: CertifiedHeader,
}

/// Why something shown proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Of another network.
    #[error("of another network")]
    Chain,
    /// The header is not final.
    #[error(transparent)]
    NotFinal(#[from] NotFinal),
    /// A leaf is shown under a key that is not its own.
    #[error("entry {0} shows a leaf under a key that is not its own")]
    Key(usize),
    /// A leaf or an absence does not lead to the state root.
    #[error("entry {index}: {error}")]
    Entry {
        /// Which.
        index: usize,
        /// Why.
        error: tree::ProofError,
    },
    /// The act does not lead to the block's `tx_root`.
    #[error("the act does not lead to the block's tx_root")]
    Transaction,
    /// The block does not lead to the certified header.
    #[error("the block does not lead to the certified header")]
    History,
}

impl Trust {
    /// Starts from the first page of a ledger.
    ///
    /// # Errors
    /// When no network can begin with it.
    pub fn from_genesis(genesis: &Genesis) -> Result<Self, GenesisError> {
        genesis.check()?;
        Ok(Self { chain: genesis.chain(), committee: genesis.committee()? })
    }

    /// The network.
    pub fn chain(&self) -> &Digest {
        &self.chain
    }

    /// The validators that certify.
    pub fn committee(&self) -> &Committee {
        &self.committee
    }
}

impl CertifiedHeader {
    /// Checks that the header is final.
    ///
    /// # Errors
    /// When it is of another network or the certificate does not finalize it.
    pub fn verify(&self, trust: &Trust, verifier: &dyn Verifier) -> Result<(), ProofError> {
        if self.header.chain != trust.chain {
            return Err(ProofError::Chain);
        }
        let digest = self.header.digest();
        Ok(check_finalization(&self.header, &digest, &self.finalization, &trust.committee, verifier)?)
    }
}

impl StateProof {
    /// Shows what `state`, the state after the block of `certified`, says about `keys`.
    ///
    /// # Errors
    /// When more than [`ENTRIES_MAX`] keys are asked for.
    pub fn of(certified: CertifiedHeader, state: &State, keys: &[LeafKey]) -> Result<Self, TooMany> {
        if keys.len() > ENTRIES_MAX {
            return Err(TooMany { len: keys.len(), max: ENTRIES_MAX });
        }
        let entry = |key: &LeafKey| StateEntry { key: *key, leaf: state.leaf(key).cloned(), proof: state.prove(key) };
        Ok(Self { certified, entries: BoundedVec::try_from(keys.iter().map(entry).collect::<Vec<_>>())? })
    }

    /// Checks the header and every entry.
    ///
    /// # Errors
    /// When the header is not final or an entry does not lead to its state root.
    pub fn verify(self, trust: &Trust, verifier: &dyn Verifier) -> Result<VerifiedState, ProofError> {
        self.certified.verify(trust, verifier)?;
        let root = &self.certified.header.state_root;
        for (index, entry) in self.entries.iter().enumerate() {
            if entry.leaf.as_ref().is_some_and(|leaf| leaf.key() != entry.key) {
                return Err(ProofError::Key(index));
            }
            let value = entry.leaf.as_ref().map(Leaf::hash);
            let shown = entry.proof.verify::<tree::State>(root, &entry.key.tree_key(), value.as_ref());
            shown.map_err(|error| ProofError::Entry { index, error })?;
        }
        Ok(VerifiedState { proof: self })
    }
}

/// Leaves whose proof holds. Only [`StateProof::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedState {
    proof: StateProof,
}

/// What a verified state says about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown<'a> {
    /// It has this leaf.
    Leaf(&'a Leaf),
    /// It has none.
    Absent,
    /// It was not asked for: nothing follows.
    NotAsked,
}

impl VerifiedState {
    /// The header it holds under.
    pub fn header(&self) -> &Header {
        &self.proof.certified.header
    }

    /// Height of that block.
    pub fn height(&self) -> Height {
        self.header().height
    }

    /// Time of that block.
    pub fn time(&self) -> UnixMs {
        self.header().time
    }

    /// The leaf under `key`; `None` if there is none, or if it was not asked for: [`VerifiedState::shown`] tells.
    pub fn get(&self, key: &LeafKey) -> Option<&Leaf> {
        match self.shown(key) {
            Shown::Leaf(leaf) => Some(leaf),
            Shown::Absent | Shown::NotAsked => None,
        }
    }

    /// What it says about `key`.
    pub fn shown(&self, key: &LeafKey) -> Shown<'_> {
        match self.proof.entries.iter().find(|entry| entry.key == *key) {
            Some(StateEntry { leaf: Some(leaf), .. }) => Shown::Leaf(leaf),
            Some(StateEntry { leaf: None, .. }) => Shown::Absent,
            None => Shown::NotAsked,
        }
    }

    /// The proof, to keep or to hand on.
    pub fn proof(&self) -> &StateProof {
        &self.proof
    }
}

impl TransactionReceipt {
    /// Checks that the act stands in a final block with these outcomes.
    ///
    /// # Errors
    /// When a step from the act to the certificate does not hold.
    pub fn verify(&self, trust: &Trust, verifier: &dyn Verifier) -> Result<VerifiedReceipt<'_>, ProofError> {
        self.certified.verify(trust, verifier)?;
        let leaf = entry_leaf(&self.act, &self.bytes, &self.outcomes);
        let (index, count) = (u64::from(self.index), u64::from(self.header.tx_count));
        if merkle::root_by_path::<Transactions>(&leaf, index, count, &self.path) != Some(self.header.tx_root) {
            return Err(ProofError::Transaction);
        }
        let last = &self.certified.header;
        let leads = match &self.history {
            None => self.header == *last,
            Some(path) => {
                history::shows(path, &self.header.digest(), self.header.height, last.height.0, &last.history_root)
            }
        };
        if leads { Ok(VerifiedReceipt { receipt: self }) } else { Err(ProofError::History) }
    }
}

/// A receipt whose proof holds. Only [`TransactionReceipt::verify`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedReceipt<'a> {
    receipt: &'a TransactionReceipt,
}

impl VerifiedReceipt<'_> {
    /// Whether item `index` of the act changed the state (a revocation or an anchor has the one item 0).
    pub fn applied(&self, index: usize) -> bool {
        self.receipt.outcomes.get(index) == Some(&Outcome::Applied)
    }

    /// Height of the block it stands in.
    pub fn height(&self) -> Height {
        self.receipt.header.height
    }

    /// Time of that block.
    pub fn time(&self) -> UnixMs {
        self.receipt.header.time
    }
}

#[cfg(test)]
mod tests;
