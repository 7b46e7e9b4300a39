//! From one tip to the next: judging a block that somebody proposes, and building one.
//!
//! Both run the same state rules ([`rules`]) over the same pending changes, so what [`Tip::build`] makes,
//! [`Tip::execute`] accepts with the same root. Execution is total: a block that decodes is either accepted or refused
//! with a [`BlockError`], and the answer depends on nothing but the block and its parent.
//!
//! Deviation: `next_validators` stands in the header's format, and a block that carries it is invalid
//! ([`BlockError::Seal`]): the committee of genesis is that of every block until the rules of its change are built.
//!
//! A bad signature makes a block invalid. A broken state rule does not: its outcome stands in the body, and the block
//! is invalid only if the outcome is not the one claimed.

mod build;
mod pending;
mod rules;

pub use build::Proposal;
pub use rules::{DAY_BEFORE_OPEN_MS, SUBMIT_AHEAD_MAX_MS};

use crate::block::{BLOCK_BYTES_MAX, HEADER_VERSION, OpenBlock};
use crate::chain::{ExecutedBlock, Tip};
use crate::crypto::Verifier;
use crate::position::Height;
use crate::time::UnixMs;
use crate::transaction::{Outcomes, SignedPart, SignedTransaction, TransactionError, VerifiedTransaction, WireId};
use pending::Pending;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Which transactions stand first in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Revocations, governance, and proofs against validators.
    First,
    /// Everything else.
    Rest,
}

impl SignedTransaction {
    /// The part of a block it stands in.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Revoke { .. }
            | Self::Propose(_)
            | Self::Vote(_)
            | Self::RotateKey(_)
            | Self::SetChange(_)
            | Self::Ready(_)
            | Self::Evidence(_) => Lane::First,
            Self::Grants { .. } | Self::Anchor { .. } | Self::Publish(_) | Self::Withdraw(_) | Self::Custody(_) => {
                Lane::Rest
            }
        }
    }
}

/// Why a block is invalid, for ever and for everybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Another header version.
    #[error("header version {0} is not known")]
    Version(u16),
    /// Another network.
    #[error("a block of another network")]
    Chain,
    /// Another epoch than its parent's committee certifies.
    #[error("not a block of the present epoch")]
    Epoch,
    /// Not one above its parent.
    #[error("height {got}, {expected} is next")]
    Height {
        /// What the header says.
        got: Height,
        /// One above the parent.
        expected: Height,
    },
    /// Built on another block.
    #[error("built on another parent")]
    Parent,
    /// Not later than its parent.
    #[error("not later than its parent")]
    Time,
    /// Longer than [`BLOCK_BYTES_MAX`].
    #[error("{0} bytes, at most {BLOCK_BYTES_MAX} allowed")]
    TooLong(usize),
    /// It names a next committee; this version of the rules keeps the first committee for ever.
    #[error("the committee does not change in this version of the rules")]
    Seal,
    /// Another committee.
    #[error("validators_hash is not the committee's")]
    ValidatorsHash,
    /// Other headers before it.
    #[error("history_root is not over the headers before this one")]
    HistoryRoot,
    /// Another number of transactions.
    #[error("tx_count is not the number of transactions")]
    TxCount,
    /// One transaction stands twice.
    #[error("transaction {0} stands in the block already")]
    Repeated(usize),
    /// A revocation or an act of governance stands behind something else.
    #[error("transaction {0} belongs before the one in front of it")]
    Order(usize),
    /// Bytes that are no transaction.
    #[error("transaction {index}: {error}")]
    Transaction {
        /// Which.
        index: usize,
        /// Why.
        error: TransactionError,
    },
    /// Execution has another outcome than the one claimed.
    #[error("transaction {0} has another outcome than claimed")]
    Outcome(usize),
    /// Execution leads to another state.
    #[error("state_root is not the root of the state after the block")]
    StateRoot,
}

impl Tip {
    /// Judges a block proposed on this tip. `known` says whose signatures have been checked already, by wire id.
    ///
    /// # Errors
    /// When the block is invalid: for ever, and for everybody.
    pub fn execute(
        &self,
        block: OpenBlock,
        verifier: &dyn Verifier,
        known: &dyn Fn(&WireId) -> bool,
    ) -> Result<ExecutedBlock, BlockError> {
        self.check_header(&block)?;
        check_transactions(&block, verifier, known)?;
        let mut pending = Pending::new(self, block.header().time);
        for (index, entry) in block.block().body.iter().enumerate() {
            if pending.apply(&entry.transaction) != entry.outcomes {
                return Err(BlockError::Outcome(index));
            }
        }
        let changes = pending.into_changes();
        let state = self.state().with(changes.iter().cloned());
        if state.root() != block.header().state_root {
            return Err(BlockError::StateRoot);
        }
        let (after, complete) =
            Self::new(block.header().clone(), state, self.history().clone(), Arc::clone(self.committee()));
        Ok(ExecutedBlock::new(after, block, changes, complete))
    }

    /// What the transaction's outcomes would be in a block at `time` on this tip.
    pub fn outcomes(&self, transaction: &VerifiedTransaction, time: UnixMs) -> Outcomes {
        Pending::new(self, self.later(time)).apply(transaction.transaction())
    }

    fn check_header(&self, block: &OpenBlock) -> Result<(), BlockError> {
        let (header, parent) = (block.header(), self.header());
        let expected = parent.height.next();
        if header.version != HEADER_VERSION {
            return Err(BlockError::Version(header.version));
        }
        if header.chain != parent.chain {
            return Err(BlockError::Chain);
        }
        if header.epoch != parent.epoch {
            return Err(BlockError::Epoch);
        }
        if header.height != expected || expected == parent.height {
            return Err(BlockError::Height { got: header.height, expected });
        }
        if header.parent != *self.digest() {
            return Err(BlockError::Parent);
        }
        if header.time <= parent.time {
            return Err(BlockError::Time);
        }
        if block.bytes_len() > BLOCK_BYTES_MAX {
            return Err(BlockError::TooLong(block.bytes_len()));
        }
        if header.next_validators.is_some() {
            return Err(BlockError::Seal);
        }
        if header.validators_hash != parent.validators_hash {
            return Err(BlockError::ValidatorsHash);
        }
        if header.history_root != self.history().root() {
            return Err(BlockError::HistoryRoot);
        }
        if usize::try_from(header.tx_count) != Ok(block.names().len()) {
            return Err(BlockError::TxCount);
        }
        Ok(())
    }
}

/// Checks order, repetition, form and signatures, the signatures of the whole block in one batch.
fn check_transactions(
    block: &OpenBlock,
    verifier: &dyn Verifier,
    known: &dyn Fn(&WireId) -> bool,
) -> Result<(), BlockError> {
    let chain = &block.header().chain;
    let (mut seen, mut lane, mut parts) = (BTreeSet::new(), Lane::First, Vec::new());
    for (index, (entry, (_, wire_id))) in block.block().body.iter().zip(block.names()).enumerate() {
        if !seen.insert(*wire_id) {
            return Err(BlockError::Repeated(index));
        }
        if entry.transaction.lane() < lane {
            return Err(BlockError::Order(index));
        }
        lane = entry.transaction.lane();
        if !known(wire_id) {
            let signed = entry.transaction.signed_parts(chain);
            parts.push((index, signed.map_err(|error| BlockError::Transaction { index, error })?));
        }
    }
    let all = parts.iter().flat_map(|(_, signed)| signed);
    if verifier.verify_all(&all.map(SignedPart::check).collect::<Vec<_>>()) {
        return Ok(());
    }
    // A batch does not say which signature is bad; the name of the transaction is worth a second look.
    let holds = |signed: &[SignedPart]| signed.iter().all(|part| verifier.verify(part.check()));
    let index = parts.iter().find(|(_, signed)| !holds(signed)).map_or(0, |(index, _)| *index);
    Err(BlockError::Transaction { index, error: TransactionError::Signature })
}

#[cfg(test)]
mod tests;
