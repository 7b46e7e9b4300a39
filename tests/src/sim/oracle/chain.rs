//! Oracles A, D and I: one chain for all, nothing in it twice, nothing of it lost, each block later than its parent.

use super::Violation;
use amanah_ledger::chain::FinalBlock;
use amanah_ledger::crypto::Digest;
use amanah_ledger::transaction::WireId;
use std::collections::BTreeMap;

/// The final blocks, as the first validator that stored each of them had them.
pub(in crate::sim) struct Chain {
    blocks: Vec<Link>,
    by_digest: BTreeMap<Digest, u64>,
    transactions: BTreeMap<WireId, u64>,
    heights: Vec<u64>,
}

/// A final block, as much of it as matters.
#[derive(PartialEq, Eq)]
struct Link {
    digest: Digest,
    state_root: Digest,
    time_ms: u64,
}

impl Chain {
    pub(super) fn new(members: usize) -> Self {
        Self {
            blocks: Vec::new(),
            by_digest: BTreeMap::new(),
            transactions: BTreeMap::new(),
            heights: vec![0; members],
        }
    }

    /// A validator stored a final block. Whether it is the first to.
    pub(in crate::sim) fn committed(&mut self, validator: usize, block: &FinalBlock) -> Result<bool, Violation> {
        let header = block.header();
        let (height, from) = (header.height.0, self.heights[validator]);
        if height != from + 1 {
            return Err(Violation::NotMonotone { validator, from, to: height });
        }
        self.heights[validator] = height;
        let this = Link { digest: *block.digest(), state_root: block.state().root(), time_ms: header.time.0 };
        let at = usize::try_from(height - 1).expect("heights of a run fit");
        if let Some(first) = self.blocks.get(at) {
            return if *first == this { Ok(false) } else { Err(Violation::Fork { validator, height }) };
        }
        if let Some(parent) = self.blocks.last() {
            if parent.digest != header.parent {
                return Err(Violation::Fork { validator, height });
            }
            if parent.time_ms >= this.time_ms {
                return Err(Violation::TimeWentBack { height });
            }
        }
        self.by_digest.insert(this.digest, height);
        self.blocks.push(this);
        for (_, id, _) in block.transactions() {
            if let Some(first) = self.transactions.insert(id, height) {
                return Err(Violation::Doubled { first, second: height });
            }
        }
        Ok(true)
    }

    /// A validator starts again; its store ends at `height`.
    pub(in crate::sim) fn restarted(&self, validator: usize, height: u64) -> Result<(), Violation> {
        let from = self.heights[validator];
        if height == from { Ok(()) } else { Err(Violation::NotMonotone { validator, from, to: height }) }
    }

    /// A validator's store holds these blocks, by height from 1 on: all that is final, and nothing else.
    pub(in crate::sim) fn is_kept(
        &self,
        validator: usize,
        stored: impl Iterator<Item = Digest>,
    ) -> Result<(), Violation> {
        let stored: Vec<Digest> = stored.collect();
        let all = self.blocks.iter().map(|link| Some(link.digest));
        let differs = all.enumerate().find(|(at, digest)| stored.get(*at).copied() != *digest);
        match differs {
            Some((at, _)) => Err(Violation::Lost { validator, height: at as u64 + 1 }),
            None if stored.len() > self.blocks.len() => {
                Err(Violation::Fork { validator, height: self.blocks.len() as u64 + 1 })
            }
            None => Ok(()),
        }
    }

    /// The height of a final block.
    pub(super) fn height_of(&self, digest: &Digest) -> Option<u64> {
        self.by_digest.get(digest).copied()
    }

    pub(in crate::sim) fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    pub(in crate::sim) fn heights(&self) -> &[u64] {
        &self.heights
    }

    pub(in crate::sim) fn transactions(&self) -> usize {
        self.transactions.len()
    }
}
