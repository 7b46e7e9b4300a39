//! The ledger of a follower: what others certified, checked and executed once more before it is kept.
//!
//! Blocks come from a source that is not believed. They are gathered until one has a certificate; the certificate and
//! the links down to our head are checked first, and only then is anything executed. So a liar can make a follower hold
//! a bounded number of bytes for a moment, and nothing else. What a quorum did certify and still does not follow from
//! our head, or does not execute, is no lie of the source: then this node and the others differ, and it must stop.

use crate::runtime::LedgerView;
use amanah_consensus::message::SyncBlock;
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{Certificate, CertificateError, VoteContent};
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::crypto::Verifier;
use amanah_ledger::position::Height;
use amanah_ledger::store::{Reader, Store, StoreError};
use std::sync::Arc;

/// Bytes of blocks that are held until a certificate comes. Consensus leaves at most 17 full blocks uncertified.
pub(crate) const HELD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// As many blocks; behind the full ones come empty ones.
const HELD_MAX: usize = 4096;

/// The store of a follower, and what has come since its head.
pub(super) struct Replica {
    store: Store,
    tip: Tip,
    verifier: Arc<dyn Verifier>,
    held: Vec<OpenBlock>,
    held_bytes: usize,
}

/// Why a source is not to be asked again soon: what it gave is not what the network certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lie {
    /// The bytes are no block.
    #[error("bytes that are no block")]
    NotABlock,
    /// A block of another height.
    #[error("block {got} where {wanted} was asked for")]
    OtherHeight {
        /// Its height.
        got: Height,
        /// The one asked for.
        wanted: Height,
    },
    /// A block that does not follow the one before it.
    #[error("block {0} does not follow the one before it")]
    NotLinked(Height),
    /// More blocks than can be without a certificate.
    #[error("too many blocks without a certificate")]
    NeverCertified,
    /// A certificate of something else.
    #[error("the certificate of block {0} is of something else")]
    OtherContent(Height),
    /// A certificate that proves nothing.
    #[error("the certificate of block {height} proves nothing: {error}")]
    Certificate {
        /// Of which block.
        height: Height,
        /// Why.
        error: CertificateError,
    },
}

/// Why blocks were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    /// The source lies, or is broken.
    #[error(transparent)]
    Lie(#[from] Lie),
    /// The store cannot keep them.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A quorum has certified what cannot be true if this ledger is.
    #[error("a certificate contradicts the ledger: {0}")]
    Contradiction(String),
}

impl Replica {
    /// Goes on from the newest tip of `store`.
    pub(super) fn new(store: Store, tip: Tip, verifier: Arc<dyn Verifier>) -> Self {
        Self { store, tip, verifier, held: Vec::new(), held_bytes: 0 }
    }

    /// The height of the block that comes next.
    pub(super) fn next(&self) -> Height {
        self.held.last().map_or(self.tip.header().height, |last| last.header().height).next()
    }

    /// For reading.
    pub(super) fn reader(&self) -> Reader {
        self.store.reader()
    }

    /// Takes what comes next, and returns the newest head if it is another one now. After an error nothing is held.
    pub(super) fn take(&mut self, blocks: &[SyncBlock]) -> Result<Option<LedgerView>, NotTaken> {
        let taken = self.take_all(blocks);
        if taken.is_err() {
            self.let_go();
        }
        taken
    }

    /// Forgets the blocks that no certificate has come for.
    pub(super) fn let_go(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    fn take_all(&mut self, blocks: &[SyncBlock]) -> Result<Option<LedgerView>, NotTaken> {
        let mut newest = None;
        for SyncBlock { block, finalization } in blocks {
            self.hold(block)?;
            if let Some(finalization) = finalization {
                newest = Some(self.settle(finalization.clone())?);
            }
        }
        Ok(newest)
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), Lie> {
        let block = OpenBlock::decode(bytes).map_err(|_no_block| Lie::NotABlock)?;
        let (got, wanted) = (block.header().height, self.next());
        if got != wanted {
            return Err(Lie::OtherHeight { got, wanted });
        }
        if self.held.last().is_some_and(|before| block.header().parent != *before.digest()) {
            return Err(Lie::NotLinked(got));
        }
        if self.held.len() >= HELD_MAX || self.held_bytes + bytes.len() > HELD_BYTES_MAX {
            return Err(Lie::NeverCertified);
        }
        self.held_bytes += bytes.len();
        self.held.push(block);
        Ok(())
    }

    /// The blocks held are final by `finalization` of the last of them.
    fn settle(&mut self, finalization: Certificate) -> Result<LedgerView, NotTaken> {
        let (held, _) = (std::mem::take(&mut self.held), std::mem::take(&mut self.held_bytes));
        if let Some(last) = held.last() {
            self.check_certificate(last, &finalization)?;
        }
        let follows = held.first().is_some_and(|first| first.header().parent == *self.tip.digest());
        if !follows {
            return Err(self.contradiction("a certified block does not follow this node's head"));
        }
        let mut executed = Vec::with_capacity(held.len());
        let mut tip = self.tip.clone();
        for block in held {
            let next = tip.execute(block, &*self.verifier, &|_| false).map_err(|error| self.contradiction(error))?;
            tip = next.tip().clone();
            executed.push(next);
        }
        let blocks = FinalBlock::run(executed, finalization.clone(), &*self.verifier)
            .map_err(|error| self.contradiction(error))?;
        self.store.commit(&blocks)?;
        self.tip = tip.clone();
        Ok(LedgerView { tip, finalization: Some(finalization) })
    }

    fn check_certificate(&self, last: &OpenBlock, finalization: &Certificate) -> Result<(), Lie> {
        let height = last.header().height;
        let is_of_it = match &finalization.content {
            VoteContent::Finalize(vote) => vote.block == *last.digest() && vote.epoch == last.header().epoch,
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } => false,
        };
        if !is_of_it {
            return Err(Lie::OtherContent(height));
        }
        finalization
            .verify(self.tip.chain(), self.tip.committee(), &*self.verifier)
            .map_err(|error| Lie::Certificate { height, error })
    }

    fn contradiction(&self, why: impl std::fmt::Display) -> NotTaken {
        NotTaken::Contradiction(format!("above height {}: {why}", self.tip.header().height))
    }
}

#[cfg(test)]
mod tests;
