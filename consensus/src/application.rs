//! What consensus asks of the ledger. To consensus a block is bytes with a digest and a verdict.

use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;

/// The ledger as consensus sees it. Calls are synchronous: a step knows the verdicts it needs.
pub trait Application {
    /// The facts of a block, or `None` if the bytes are no block: undecodable, or a body that its header does not
    /// commit to. `None` is no verdict; other bytes may still turn out to be the block that was asked for.
    fn open(&self, bytes: &[u8]) -> Option<BlockFacts>;

    /// Verdict over a block whose parent is the newest final block or was judged [`Verdict::Valid`] before. A pure
    /// function of (block bytes, parent block): no clock, no mempool, no load (R7). The state after a valid block is
    /// kept under its digest.
    fn judge(&mut self, digest: &Digest, bytes: &[u8]) -> Verdict;

    /// A block on `request.parent`, which is the newest final block or was judged valid. The block counts as judged
    /// [`Verdict::Valid`]. `None` if nothing can be included and [`Fill::WithTransactions`] was asked.
    fn build(&mut self, request: &BuildRequest) -> Option<Vec<u8>>;

    /// Whether our own builder would include a transaction on top of `tip` now. Cheap: asked often.
    fn has_work(&self, tip: &Digest) -> bool;

    /// These blocks are final, by ascending height. States of blocks that do not descend from the last of them may be
    /// dropped. The blocks themselves are stored when [`crate::Effect::Finalized`] is performed.
    fn finalized(&mut self, blocks: &[Digest]);

    /// These blocks were judged valid, nothing certified needs them, and consensus forgot them: so may the ledger forget
    /// the states after them, or a leader that withholds fills the memory while nothing becomes final. One that is
    /// wanted again is judged again.
    fn dropped(&mut self, blocks: &[Digest]);
}

/// What consensus knows about a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockFacts {
    /// Its name.
    pub digest: Digest,
    /// Its parent.
    pub parent: Digest,
    /// Epoch in its header.
    pub epoch: Epoch,
    /// Height in its header.
    pub height: Height,
    /// View in its header.
    pub proposed_view: View,
    /// Time in its header.
    pub time: UnixMs,
    /// What it carries.
    pub content: Content,
}

/// What a block carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing: it finalizes its parent (a repair block).
    Empty,
    /// Transactions.
    Transactions,
    /// The next committee: it ends the epoch.
    Seal,
}

/// Whether a block may be built on. Permanent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows from its parent.
    Valid,
    /// It does not.
    Invalid,
}

/// What to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildRequest {
    /// On which block.
    pub parent: Digest,
    /// For the header.
    pub epoch: Epoch,
    /// For the header.
    pub view: View,
    /// For the header; later than the parent's.
    pub time: UnixMs,
    /// With what.
    pub fill: Fill,
}

/// What a built block must carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// At least one transaction, or no block.
    WithTransactions,
    /// No transaction: a repair block.
    Empty,
}
