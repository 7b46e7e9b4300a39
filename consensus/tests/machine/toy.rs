//! A toy ledger and toy signatures: just enough to see blocks agreed on.

use amanah_consensus::{Application, BlockFacts, BuildRequest, Content, Fill, FinalPoint, Verdict};
use amanah_ledger::block::BLOCK_BYTES_MAX;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::committee::{Committee, Validator};
use amanah_ledger::crypto::{Check, Context, Digest, PublicKey, Signature, Signer, Verifier};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// A transaction is a number. This one makes a block invalid.
pub(crate) const POISON: u64 = u64::MAX;
/// Most transactions of a toy block.
pub(crate) const TXS_MAX: usize = 8;
/// Wall clock at the start of every run.
pub(crate) const GENESIS_MS: u64 = 1_000_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToyBlock {
    pub(crate) epoch: Epoch,
    pub(crate) height: Height,
    pub(crate) view: View,
    pub(crate) parent: Digest,
    pub(crate) time: UnixMs,
    pub(crate) seal: u8,
    pub(crate) txs: BoundedVec<u64, 64>,
    /// Bytes that say nothing and take room.
    pub(crate) padding: Padding,
}

pub(crate) type Padding = BoundedVec<u8, { 1024 * 1024 }>;

/// In the byte of `seal`: padding follows. Without it a block is written as if there were none.
const IS_PADDED: u8 = 0x80;

impl Encode for ToyBlock {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let Self { epoch, height, view, parent, time, seal, txs, padding } = self;
        let is_padded = if padding.is_empty() { 0 } else { IS_PADDED };
        (epoch, height, view, parent, time, seal | is_padded, txs).encode(encoder)?;
        if is_padded == 0 { Ok(()) } else { padding.encode(encoder) }
    }
}

impl<C> Decode<C> for ToyBlock {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (epoch, height, view, parent, time, seal, txs): (_, _, _, _, _, u8, _) = Decode::decode(decoder)?;
        let padding = if seal & IS_PADDED == 0 { Padding::new() } else { Decode::decode(decoder)? };
        Ok(Self { epoch, height, view, parent, time, seal: seal & !IS_PADDED, txs, padding })
    }
}

impl ToyBlock {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
    pub(crate) fn digest(&self) -> Digest {
        Context::Header.hash(&[&self.bytes()])
    }
    fn facts(&self) -> BlockFacts {
        let content = match (self.seal, self.txs.is_empty()) {
            (0, true) => Content::Empty,
            (0, false) => Content::Transactions,
            (_, _) => Content::Seal,
        };
        BlockFacts {
            digest: self.digest(),
            parent: self.parent,
            epoch: self.epoch,
            height: self.height,
            proposed_view: self.view,
            time: self.time,
            content,
        }
    }
}

pub(crate) fn genesis() -> FinalPoint {
    let block = genesis_block();
    FinalPoint { digest: block.digest(), height: Height(0), time: block.time, content: Content::Transactions }
}

fn genesis_block() -> ToyBlock {
    ToyBlock {
        epoch: Epoch(0),
        height: Height(0),
        view: View(0),
        parent: Digest::ZERO,
        time: UnixMs(GENESIS_MS - 1000),
        seal: 0,
        txs: BoundedVec::new(),
        padding: Padding::new(),
    }
}

/// Everything on the way from genesis to a block.
#[derive(Debug, Clone, Default)]
struct After {
    height: u64,
    time: u64,
    included: BTreeSet<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct ToyLedger {
    after: BTreeMap<Digest, After>,
    pub(crate) mempool: BTreeSet<u64>,
    pub(crate) finalized: Vec<Digest>,
    pub(crate) judged: u64,
}

impl ToyLedger {
    pub(crate) fn new() -> Self {
        let start = genesis();
        let after = After { height: 0, time: start.time.0, included: BTreeSet::new() };
        Self {
            after: BTreeMap::from([(start.digest, after)]),
            mempool: BTreeSet::new(),
            finalized: vec![start.digest],
            judged: 0,
        }
    }

    /// The ledger after these final blocks.
    pub(crate) fn restored(blocks: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut ledger = Self::new();
        for bytes in blocks {
            let digest = ledger.open(&bytes).expect("a stored block").digest;
            assert_eq!(ledger.judge(&digest, &bytes), Verdict::Valid);
            ledger.finalized(&[digest]);
        }
        ledger
    }

    /// Of how many blocks the state is kept, final ones included.
    pub(crate) fn states(&self) -> usize {
        self.after.len()
    }

    pub(crate) fn is_final(&self, tx: u64) -> bool {
        self.after[self.finalized.last().expect("genesis")].included.contains(&tx)
    }

    fn includable(&self, tip: &Digest) -> Vec<u64> {
        let after = self.after.get(tip).expect("asked only about judged blocks");
        self.mempool.iter().copied().filter(|tx| !after.included.contains(tx)).take(TXS_MAX).collect()
    }
}

impl Application for ToyLedger {
    fn open(&self, bytes: &[u8]) -> Option<BlockFacts> {
        codec::decode::<ToyBlock>(bytes, BLOCK_BYTES_MAX).ok().map(|block| block.facts())
    }

    fn judge(&mut self, digest: &Digest, bytes: &[u8]) -> Verdict {
        self.judged += 1;
        let block: ToyBlock = codec::decode(bytes, BLOCK_BYTES_MAX).expect("opened before");
        let mut after = self.after.get(&block.parent).expect("judged after its parent").clone();
        let is_valid = block.height.0 == after.height + 1
            && block.time.0 > after.time
            && block.txs.iter().all(|tx| *tx != POISON && after.included.insert(*tx));
        if !is_valid {
            return Verdict::Invalid;
        }
        after.height = block.height.0;
        after.time = block.time.0;
        self.after.insert(*digest, after);
        Verdict::Valid
    }

    fn build(&mut self, request: &BuildRequest) -> Option<Vec<u8>> {
        let txs = match request.fill {
            Fill::WithTransactions => self.includable(&request.parent),
            Fill::Empty => Vec::new(),
        };
        if txs.is_empty() && request.fill == Fill::WithTransactions {
            return None;
        }
        let block = ToyBlock {
            epoch: request.epoch,
            height: Height(self.after[&request.parent].height + 1),
            view: request.view,
            parent: request.parent,
            time: request.time,
            seal: 0,
            txs: BoundedVec::try_from(txs).expect("at most eight"),
            padding: Padding::new(),
        };
        let bytes = block.bytes();
        assert_eq!(self.judge(&block.digest(), &bytes), Verdict::Valid);
        Some(bytes)
    }

    fn has_work(&self, tip: &Digest) -> bool {
        !self.includable(tip).is_empty()
    }

    fn finalized(&mut self, blocks: &[Digest]) {
        self.finalized.extend_from_slice(blocks);
        let last = self.after[blocks.last().expect("never empty")].clone();
        self.mempool.retain(|tx| !last.included.contains(tx));
    }

    fn dropped(&mut self, blocks: &[Digest]) {
        for block in blocks {
            self.after.remove(block).expect("what is dropped was judged valid");
        }
    }
}

/// Signs by hashing: fast, and as unforgeable as a test needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToySigner(pub(crate) u8);

#[derive(Debug, Clone, Copy)]
pub(crate) struct ToyVerifier;

fn toy_signature(key: &PublicKey, message: &[u8]) -> Signature {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in key.0.iter().chain(message) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut bytes = [0; 64];
    bytes[..8].copy_from_slice(&hash.to_le_bytes());
    Signature(bytes)
}

impl Signer for ToySigner {
    fn public_key(&self) -> PublicKey {
        PublicKey([self.0 + 1; 32])
    }
    fn sign(&self, message: &[u8]) -> Signature {
        toy_signature(&self.public_key(), message)
    }
}

impl Verifier for ToyVerifier {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        checks.iter().all(|check| toy_signature(check.key, check.message) == *check.signature)
    }
}

pub(crate) fn committee(n: u8) -> Committee {
    let validator = |i: u8| Validator { member: MemberId(Digest([i + 1; 32])), key: ToySigner(i).public_key() };
    Committee::new((0..n).map(validator).collect()).expect("distinct keys")
}
