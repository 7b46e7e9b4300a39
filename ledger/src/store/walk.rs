//! The whole ledger once more from genesis: every block opened, linked, executed and certified as if it came from a
//! stranger, and in the end the stored state compared with the one that execution led to.

use super::error::StoreError;
use super::reader::Reader;
use crate::chain::{ExecutedBlock, FinalBlock, Tip};
use crate::crypto::Verifier;
use crate::position::Height;

/// One block that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its height.
    pub height: Height,
    /// Length of its encoding.
    pub bytes: u64,
}

/// The first place where the ledger does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at height {height}: {why}")]
pub struct Fault {
    /// The block; the head for what concerns the state.
    pub height: Height,
    /// What does not hold.
    pub why: String,
}

/// Goes from block to block. Memory: the state, and the blocks since the last one with a certificate of its own.
pub struct Walk<'a> {
    reader: Reader,
    verifier: &'a dyn Verifier,
    tip: Tip,
    /// Executed, and not certified yet.
    pending: Vec<ExecutedBlock>,
    head: Height,
}

impl<'a> Walk<'a> {
    /// Begins at genesis.
    ///
    /// # Errors
    /// When the database cannot say how far it reaches.
    pub fn new(reader: Reader, verifier: &'a dyn Verifier) -> Result<Self, Fault> {
        let unreadable = |error: StoreError| Fault { height: Height(0), why: error.to_string() };
        let head = reader.height().map_err(unreadable)?;
        let tip = Tip::genesis(reader.genesis()).map_err(|error| unreadable(error.into()))?;
        Ok(Self { reader, verifier, tip, pending: Vec::new(), head })
    }

    /// The height it will end at.
    pub fn head(&self) -> Height {
        self.head
    }

    /// The next block; `None` behind the head.
    ///
    /// # Errors
    /// When the block does not hold.
    pub fn step(&mut self) -> Result<Option<Step>, Fault> {
        let height = self.tip.header().height.next();
        if height > self.head {
            return Ok(None);
        }
        let fault = |why: &dyn ToString| Fault { height, why: why.to_string() };
        let (stored, bytes) = self.reader.linked_block(height).map_err(|error| fault(&error))?;
        let executed = self.tip.execute(stored.block, self.verifier, &|_| false).map_err(|error| fault(&error))?;
        self.tip = executed.tip().clone();
        self.pending.push(executed);
        if let Some(finalization) = stored.finalization {
            let run = std::mem::take(&mut self.pending);
            FinalBlock::run(run, finalization, self.verifier).map_err(|error| fault(&error))?;
        }
        Ok(Some(Step { height, bytes }))
    }

    /// Compares the stored state with the one that the blocks led to, and returns it. To be called behind the last
    /// [`Walk::step`].
    ///
    /// # Errors
    /// When the head is not certified, or the stored leaves are not those of the state.
    pub fn finish(self) -> Result<Tip, Fault> {
        let fault = |why: &dyn ToString| Fault { height: self.head, why: why.to_string() };
        if !self.pending.is_empty() || self.tip.header().height != self.head {
            return Err(fault(&"the head has no certificate"));
        }
        let stored = self.reader.load_state(self.verifier).map_err(|error| fault(&error))?;
        if stored.digest() != self.tip.digest() || stored.state().root() != self.tip.state().root() {
            return Err(fault(&"the stored state is not the one that the blocks lead to"));
        }
        Ok(self.tip)
    }
}
