//! Blocks of a search and the ledger that judges them: a block says of itself whether it is valid, so that the ledger
//! has no state and two paths to one state cannot differ in it.

use amanah_consensus::{Application, BlockFacts, BuildRequest, Content, Fill, FinalPoint, Verdict};
use amanah_ledger::crypto::{Context, Digest};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use std::collections::BTreeMap;

/// What every clock shows, always.
pub(crate) const NOW_MS: u64 = 10_000_000;

/// What a block carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Transactions; blocks that differ only in the number are what an equivocating leader makes.
    Transactions(u8),
    /// Nothing.
    Empty,
    /// Something that makes it invalid.
    Poison,
}

/// A block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) parent: Digest,
    pub(crate) height: u64,
    pub(crate) time: UnixMs,
    pub(crate) view: View,
    pub(crate) load: Load,
}

impl Block {
    /// The block that everything descends from.
    pub(crate) const GENESIS: Self =
        Self { parent: Digest::ZERO, height: 0, time: still(0), view: View(0), load: Load::Transactions(0) };

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let load = match self.load {
            Load::Transactions(number) => [0, number],
            Load::Empty => [1, 0],
            Load::Poison => [2, 0],
        };
        [&self.parent.0[..], &self.height.to_le_bytes(), &self.time.0.to_le_bytes(), &self.view.0.to_le_bytes(), &load]
            .concat()
    }

    /// Reads what [`Block::bytes`] wrote.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (parent, rest) = bytes.split_first_chunk::<32>()?;
        let (height, rest) = rest.split_first_chunk::<8>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (view, load) = rest.split_first_chunk::<8>()?;
        let load = match *load {
            [0, number] => Load::Transactions(number),
            [1, 0] => Load::Empty,
            [2, 0] => Load::Poison,
            _ => return None,
        };
        let [height, time, view] = [height, time, view].map(|word| u64::from_le_bytes(*word));
        Some(Self { parent: Digest(*parent), height, time: UnixMs(time), view: View(view), load })
    }

    pub(crate) fn digest(&self) -> Digest {
        Context::Header.hash(&[&self.bytes()])
    }
    fn content(&self) -> Content {
        match self.load {
            Load::Transactions(_) | Load::Poison => Content::Transactions,
            Load::Empty => Content::Empty,
        }
    }
    pub(crate) fn point(&self) -> FinalPoint {
        let height = Height(self.height);
        FinalPoint { digest: self.digest(), height, time: self.time, content: self.content() }
    }
}

/// The time of a block of this height where no clock moves.
pub(crate) const fn still(height: u64) -> UnixMs {
    UnixMs(NOW_MS - 100 + height)
}

/// What time a built block has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Times {
    /// One that follows from its height, so that paths do not differ in it.
    Still,
    /// The one asked for.
    Told,
}

/// Which transactions wait at a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Supply {
    /// There is always one more.
    Endless,
    /// One: a block that carries it leaves nothing but empty blocks to build.
    Single,
}

/// The blocks that there are, by name; a dictionary, no state.
#[derive(Debug)]
pub(crate) struct Ledger {
    blocks: BTreeMap<Digest, Block>,
    supply: Supply,
    times: Times,
    /// Whether the member that is stepped has its transactions yet.
    pub(crate) is_supplied: bool,
}

impl Ledger {
    pub(crate) fn new(supply: Supply, times: Times) -> Self {
        let blocks = BTreeMap::from([(Block::GENESIS.digest(), Block::GENESIS)]);
        Self { blocks, supply, times, is_supplied: false }
    }

    /// Enters a block into the dictionary.
    pub(crate) fn learn(&mut self, block: Block) -> Digest {
        let digest = block.digest();
        self.blocks.insert(digest, block);
        digest
    }

    /// The block of this name.
    pub(crate) fn block(&self, digest: &Digest) -> Option<&Block> {
        self.blocks.get(digest)
    }

    /// Whether `block` is `ancestor` or stands on it.
    pub(crate) fn descends(&self, block: &Digest, ancestor: &Digest) -> bool {
        block == ancestor || self.line(block).any(|below| below.parent == *ancestor)
    }

    fn line(&self, tip: &Digest) -> impl Iterator<Item = &Block> {
        std::iter::successors(self.blocks.get(tip), |block| self.blocks.get(&block.parent))
    }
}

impl Application for Ledger {
    fn open(&self, bytes: &[u8]) -> Option<BlockFacts> {
        let block = Block::read(bytes)?;
        Some(BlockFacts {
            digest: block.digest(),
            parent: block.parent,
            epoch: Epoch(0),
            height: Height(block.height),
            proposed_view: block.view,
            time: block.time,
            content: block.content(),
        })
    }

    fn judge(&mut self, _digest: &Digest, bytes: &[u8]) -> Verdict {
        match Block::read(bytes).map(|block| block.load) {
            Some(Load::Transactions(_) | Load::Empty) => Verdict::Valid,
            Some(Load::Poison) | None => Verdict::Invalid,
        }
    }

    fn build(&mut self, request: &BuildRequest) -> Option<Vec<u8>> {
        let height = self.blocks.get(&request.parent)?.height + 1;
        let load = match request.fill {
            Fill::WithTransactions if !self.has_work(&request.parent) => return None,
            Fill::WithTransactions => Load::Transactions(0),
            Fill::Empty => Load::Empty,
        };
        let time = match self.times {
            Times::Still => still(height),
            Times::Told => request.time,
        };
        let block = Block { parent: request.parent, height, time, view: request.view, load };
        self.learn(block);
        Some(block.bytes())
    }

    fn has_work(&self, tip: &Digest) -> bool {
        let is_carried = |block: &Block| block.height > 0 && matches!(block.load, Load::Transactions(_));
        self.is_supplied
            && match self.supply {
                Supply::Endless => true,
                Supply::Single => !self.line(tip).any(is_carried),
            }
    }

    fn finalized(&mut self, _blocks: &[Digest]) {}

    fn dropped(&mut self, _blocks: &[Digest]) {}
}
