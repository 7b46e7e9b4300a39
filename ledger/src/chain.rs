//! A tip: a block with the state after it, which is all one needs to judge or build the next.
//!
//! `OpenBlock → ExecutedBlock → FinalBlock`: each is made only from the one before. An [`ExecutedBlock`] exists only
//! if execution reproduced everything its header claims; a [`FinalBlock`] only if a certificate, or a final child,
//! makes it final.

use crate::block::{Block, Header, OpenBlock};
use crate::certificate::{Certificate, CertificateError, VoteContent};
use crate::committee::Committee;
use crate::crypto::{Digest, Verifier};
use crate::genesis::{Genesis, GenesisError};
use crate::history::{Complete, History};
use crate::leaf::Leaf;
use crate::state::State;
use crate::transaction::{Outcomes, TxId, WireId};
use std::ops::Deref;
use std::sync::Arc;

/// A block and the state after it. Cloning costs a few pointers.
#[derive(Debug, Clone)]
pub struct Tip {
    header: Arc<Header>,
    digest: Digest,
    state: State,
    history: History,
    committee: Arc<Committee>,
}

impl Tip {
    /// Block 0.
    ///
    /// # Errors
    /// When no network can begin with this genesis.
    pub fn genesis(genesis: &Genesis) -> Result<Self, GenesisError> {
        let (state, header) = State::genesis(genesis)?;
        Ok(Self::new(header, state, History::new(), Arc::new(genesis.committee()?)).0)
    }

    /// A tip from its parts; `before` holds the headers before this one. Returns what the header completes.
    pub(crate) fn new(
        header: Header,
        state: State,
        before: History,
        committee: Arc<Committee>,
    ) -> (Self, Vec<Complete>) {
        let (digest, mut history) = (header.digest(), before);
        let complete = history.push(&digest);
        (Self { header: Arc::new(header), digest, state, history, committee }, complete)
    }

    /// The block's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The block's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The state after the block.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Every header up to this one: the next header's `history_root` is this list's root.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The validators that certify the next block.
    pub fn committee(&self) -> &Arc<Committee> {
        &self.committee
    }

    /// The network.
    pub fn chain(&self) -> &Digest {
        &self.header.chain
    }
}

/// A block that execution found to be what its header says, and the tip after it. Cloning costs a few pointers.
#[derive(Debug, Clone)]
pub struct ExecutedBlock {
    after: Tip,
    block: Arc<OpenBlock>,
    changes: Arc<[Arc<Leaf>]>,
    complete: Arc<[Complete]>,
}

impl Deref for ExecutedBlock {
    type Target = Tip;
    fn deref(&self) -> &Tip {
        &self.after
    }
}

/// Why a block is not final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFinal {
    /// The certificate is of another kind, block or epoch.
    #[error("the certificate does not finalize this block")]
    OtherContent,
    /// The certificate proves nothing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The final block is not this block's child.
    #[error("the final block is not a child of this one")]
    NotTheParent,
}

impl ExecutedBlock {
    pub(crate) fn new(after: Tip, block: OpenBlock, changes: Vec<Arc<Leaf>>, complete: Vec<Complete>) -> Self {
        Self { after, block: Arc::new(block), changes: changes.into(), complete: complete.into() }
    }

    /// The tip after the block.
    pub fn tip(&self) -> &Tip {
        &self.after
    }

    /// Header and body.
    pub fn block(&self) -> &Block {
        self.block.block()
    }

    /// The block with the names of its transactions.
    pub fn opened(&self) -> &OpenBlock {
        &self.block
    }

    /// Act, bytes and outcomes of each transaction, in order.
    pub fn transactions(&self) -> impl Iterator<Item = (TxId, WireId, &Outcomes)> {
        let names = self.block.names().iter();
        names.zip(&self.block().body).map(|((act, bytes), entry)| (*act, *bytes, &entry.outcomes))
    }

    /// The leaves it wrote, one per key, ordered by key.
    pub fn changes(&self) -> &[Arc<Leaf>] {
        &self.changes
    }

    /// The subtrees of the history that its header completes.
    pub fn complete(&self) -> &[Complete] {
        &self.complete
    }

    /// Final by its own certificate, made by the committee of the block's epoch.
    ///
    /// # Errors
    /// When the certificate does not finalize this block.
    pub fn certify(self, finalization: Certificate, verifier: &dyn Verifier) -> Result<FinalBlock, NotFinal> {
        check_finalization(&self.header, &self.digest, &finalization, &self.committee, verifier)?;
        Ok(FinalBlock { executed: self, finalization: Some(finalization) })
    }

    /// Final because its child is.
    ///
    /// # Errors
    /// When `child` is not its child.
    pub fn settle(self, child: &FinalBlock) -> Result<FinalBlock, NotFinal> {
        if child.header().parent != self.digest {
            return Err(NotFinal::NotTheParent);
        }
        Ok(FinalBlock { executed: self, finalization: None })
    }
}

/// A block that is final: never undone. Only [`ExecutedBlock::certify`] and [`ExecutedBlock::settle`] make one.
#[derive(Debug, Clone)]
pub struct FinalBlock {
    executed: ExecutedBlock,
    finalization: Option<Certificate>,
}

impl Deref for FinalBlock {
    type Target = ExecutedBlock;
    fn deref(&self) -> &ExecutedBlock {
        &self.executed
    }
}

impl FinalBlock {
    /// Final blocks from a run of executed ones, parents first, of which the last is certified.
    ///
    /// # Errors
    /// When the certificate does not finalize the last, or a block is not the parent of the one behind it.
    pub fn run(
        mut blocks: Vec<ExecutedBlock>,
        finalization: Certificate,
        verifier: &dyn Verifier,
    ) -> Result<Vec<Self>, NotFinal> {
        let last = blocks.pop().ok_or(NotFinal::OtherContent)?;
        let mut child = last.certify(finalization, verifier)?;
        let mut run = Vec::with_capacity(blocks.len() + 1);
        for block in blocks.into_iter().rev() {
            let parent = block.settle(&child)?;
            run.push(std::mem::replace(&mut child, parent));
        }
        run.push(child);
        run.reverse();
        Ok(run)
    }

    /// The executed block.
    pub fn executed(&self) -> &ExecutedBlock {
        &self.executed
    }

    /// Its own finalization; `None` if it is final through a descendant.
    pub fn finalization(&self) -> Option<&Certificate> {
        self.finalization.as_ref()
    }
}

/// Checks that `finalization` makes the block of `header` final.
pub(crate) fn check_finalization(
    header: &Header,
    digest: &Digest,
    finalization: &Certificate,
    committee: &Committee,
    verifier: &dyn Verifier,
) -> Result<(), NotFinal> {
    let finalizes = match &finalization.content {
        VoteContent::Finalize(vote) => vote.block == *digest && vote.epoch == header.epoch,
        VoteContent::Notarize(_) | VoteContent::Nullify { .. } => false,
    };
    if !finalizes || committee.hash() != header.validators_hash {
        return Err(NotFinal::OtherContent);
    }
    Ok(finalization.verify(&header.chain, committee, verifier)?)
}

/// What block 0 completes in the history.
#[cfg(feature = "store")]
pub(crate) fn genesis_history(genesis: &Genesis) -> Result<Vec<Complete>, GenesisError> {
    let (_, header) = State::genesis(genesis)?;
    Ok(History::new().push(&header.digest()))
}

#[cfg(test)]
pub(crate) mod tests;
