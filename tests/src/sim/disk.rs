//! What a process leaves behind when it stops: a vote log of real bytes, and the final blocks of the store.

use super::plan::Memory;
use amanah_consensus::Record;
use amanah_consensus::message::{BlockBytes, SyncResponse};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::position::Height;
use amanah_node::validator::decode_records;
use amanah_node::vote_log::frame::{self, Tail};
use std::sync::Arc;

/// The one segment of a simulated vote log.
const SEGMENT: u64 = 0;

/// Everything that is durable.
#[derive(Default)]
pub(super) struct Disk {
    votes: Vec<u8>,
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
    /// Appends records; `cut` stops the process after that many per mille of the bytes.
    pub(super) fn append(&mut self, records: &[Record], cut: Option<u64>) {
        let records: Vec<_> = records.iter().map(Record::encode).collect();
        let payloads = frame::payloads(&records).expect("records are shorter than a frame");
        let mut bytes = Vec::new();
        for payload in payloads {
            bytes.extend(frame::encode(SEGMENT, self.votes.len() + bytes.len(), &payload));
        }
        let written = cut.map_or(bytes.len(), |cut| bytes.len() * usize::try_from(cut).unwrap_or(0) / 1000);
        self.votes.extend_from_slice(&bytes[..written]);
    }

    pub(super) fn commit(&mut self, blocks: &[FinalBlock]) {
        self.blocks.extend(blocks.iter().map(|block| Stored {
            digest: *block.digest(),
            bytes: codec::encode(block.block()).into(),
            finalization: block.finalization().cloned(),
        }));
        self.tip = blocks.last().map(|block| block.tip().clone()).or(self.tip.take());
    }

    /// Every whole record of the vote log.
    pub(super) fn all_records(&self) -> Vec<Record> {
        let scan = frame::scan(SEGMENT, &self.votes, 0);
        decode_records(&scan.records).expect("the log holds what was appended")
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
        self.votes.clear();
    }

    pub(super) fn height(&self) -> Height {
        Height(self.blocks.len() as u64)
    }

    /// The records of the vote log; a torn tail is cut off for good.
    pub(super) fn records(&mut self, memory: Memory) -> Vec<Record> {
        let scan = frame::scan(SEGMENT, &self.votes, 0);
        assert_ne!(scan.tail, Tail::Damaged, "a stop in the middle of a write is no damage");
        self.votes.truncate(scan.end);
        let mut records = decode_records(&scan.records).expect("the log holds what was appended");
        if memory == Memory::Votes {
            records.retain(|record| match record {
                Record::Voted(_) | Record::Block(_) | Record::EpochClosed(_) | Record::Evidence(_) => true,
                Record::Certificate(_) | Record::Entered(_) => false,
            });
        }
        records
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

fn block_bytes(bytes: &Arc<[u8]>) -> BlockBytes {
    BlockBytes::try_from(Arc::clone(bytes)).expect("a final block is not too long")
}
