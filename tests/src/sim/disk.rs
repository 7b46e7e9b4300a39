//! What a process leaves behind when it stops: a vote log of real segments, and the final blocks of the store.

mod files;
mod log;

pub(super) use log::Death;

use super::faults::Faults;
use super::plan::Memory;
use super::random::Random;
use amanah_consensus::Record;
use amanah_consensus::message::{BlockBytes, SyncResponse};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::position::Height;
use amanah_node::validator::decode_records;
use amanah_node::vote_log::{Identity, Position, VoteLogError};
use log::Log;
use std::sync::Arc;

/// Everything that is durable.
pub(super) struct Disk {
    log: Log,
    blocks: Vec<Stored>,
    /// The newest block's, as a store holds the state after it.
    tip: Option<Tip>,
}

struct Stored {
    digest: Digest,
    bytes: Arc<[u8]>,
    finalization: Option<Certificate>,
}

impl Disk {
    pub(super) fn new(identity: Identity) -> Self {
        Self { log: Log::new(identity), blocks: Vec::new(), tip: None }
    }

    /// Appends records to the vote log.
    pub(super) fn append(&mut self, records: &[Record], now: Position) {
        self.log.append(&encoded(records), now);
    }

    /// Stops in the middle of appending them.
    pub(super) fn die(
        &mut self,
        records: &[Record],
        now: Position,
        death: Death,
        random: &mut Random,
        faults: &mut Faults,
    ) {
        self.log.die(&encoded(records), now, death, random, faults);
    }

    /// Stores final blocks. Returns where the newest stands, if it has a Finalization of its own.
    pub(super) fn commit(&mut self, blocks: &[FinalBlock]) -> Option<Position> {
        let finalized = blocks.last().and_then(|block| block.finalization()).map(|last| last.content.view());
        self.blocks.extend(blocks.iter().map(|block| Stored {
            digest: *block.digest(),
            bytes: codec::encode(block.block()).into(),
            finalization: block.finalization().cloned(),
        }));
        self.tip = blocks.last().map(|block| block.tip().clone()).or(self.tip.take());
        finalized.map(|view| Position { height: self.height(), view })
    }

    /// Whether [`Disk::prune`] would remove something from the vote log.
    pub(super) fn is_prunable(&self, newest: Position) -> bool {
        self.log.is_prunable(newest)
    }

    /// Removes what the newest final block replaces from the vote log.
    pub(super) fn prune(&mut self, newest: Position) {
        self.log.prune(newest);
    }

    /// Every whole record of the vote log.
    pub(super) fn all_records(&self) -> Vec<Record> {
        decode_records(&self.log.records()).expect("the log holds what was appended")
    }

    /// All final blocks, each with its own Finalization if there is one.
    pub(super) fn final_blocks(&self) -> impl Iterator<Item = (&[u8], Option<&Certificate>)> {
        self.blocks.iter().map(|stored| (&*stored.bytes, stored.finalization.as_ref()))
    }

    /// The block at `height` and the first Finalization of it or of a block after it.
    pub(super) fn finalized_at(&self, height: Height) -> Option<(Digest, Certificate)> {
        let from = usize::try_from(height.0.checked_sub(1)?).ok()?;
        let stored = self.blocks.get(from..)?;
        let finalization = stored.iter().find_map(|stored| stored.finalization.clone())?;
        Some((stored.first()?.digest, finalization))
    }

    /// Loses the vote log.
    pub(super) fn forget(&mut self) {
        self.log.forget();
    }

    pub(super) fn height(&self) -> Height {
        Height(self.blocks.len() as u64)
    }

    /// The names of the blocks in the store, by height.
    pub(super) fn digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.blocks.iter().map(|stored| stored.digest)
    }

    /// The records of the vote log, opened as at a start.
    ///
    /// # Errors
    /// When it takes what a stop left behind for damage.
    pub(super) fn records(&mut self, memory: Memory) -> Result<Vec<Record>, VoteLogError> {
        let mut records = decode_records(&self.log.open()?).expect("the log holds what was appended");
        if memory == Memory::Votes {
            records.retain(|record| match record {
                Record::Voted(_) | Record::Block(_) | Record::EpochClosed(_) | Record::Evidence(_) => true,
                Record::Certificate(_) | Record::Entered(_) => false,
            });
        }
        Ok(records)
    }

    /// The head and its Finalization.
    pub(super) fn load(&self, genesis: &Tip) -> (Tip, Option<Certificate>) {
        let finalization = self.blocks.last().and_then(|stored| stored.finalization.clone());
        (self.tip.as_ref().unwrap_or(genesis).clone(), finalization)
    }

    /// The head that executing the bytes of every stored block leads to.
    pub(super) fn execute(&self, genesis: &Tip, verifier: &dyn Verifier) -> Tip {
        self.blocks.iter().fold(genesis.clone(), |tip, stored| {
            let open = OpenBlock::decode(&stored.bytes).expect("what was stored is a block");
            tip.execute(open, verifier, &|_| true).expect("a final block executes again").tip().clone()
        })
    }

    pub(super) fn sync_response(&self, from: Height) -> SyncResponse {
        let from = usize::try_from(from.0.saturating_sub(1)).unwrap_or(usize::MAX);
        let stored = self.blocks.get(from..).unwrap_or_default().iter();
        SyncResponse::collect(stored.map(|stored| (block_bytes(&stored.bytes), stored.finalization.clone())))
    }

    pub(super) fn block(&self, digest: &Digest) -> Option<BlockBytes> {
        self.blocks.iter().find(|stored| stored.digest == *digest).map(|stored| block_bytes(&stored.bytes))
    }
}

fn encoded(records: &[Record]) -> Vec<Vec<u8>> {
    records.iter().map(Record::encode).collect()
}

fn block_bytes(bytes: &Arc<[u8]>) -> BlockBytes {
    BlockBytes::try_from(Arc::clone(bytes)).expect("a final block is not too long")
}
