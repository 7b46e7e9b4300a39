//! The ledger as consensus sees it: the final tip, and the blocks judged on top of it that are not final yet.
//!
//! Nothing here reaches the disk. A block that will never be final is dropped with its state, and its transactions go
//! back to the mempool.

use crate::mempool::{Admission, Arrival, Mempool, Refusal};
use amanah_consensus::{Application, BlockFacts, BuildRequest, Content, Fill, Verdict};
use amanah_ledger::block::{self, OpenBlock};
use amanah_ledger::certificate::Certificate;
use amanah_ledger::chain::{ExecutedBlock, FinalBlock, NotFinal, Tip};
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::execute::{Lane, Proposal};
use amanah_ledger::mutant::{Mutant, lacks};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Outcome, Outcomes, SignedTransaction, TransactionError, VerifiedTransaction, WireId};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An answer of [`Application::has_work`] is believed this long: what waits may also become due or too late by itself.
const WORK_BELIEVED_MS: u64 = 1_000;

/// Final tip, branches above it, and what waits to be built.
pub(super) struct Branches {
    head: Tip,
    branches: BTreeMap<Digest, ExecutedBlock>,
    /// Final blocks that have not been handed out for storing.
    settled: Vec<ExecutedBlock>,
    pub(super) mempool: Mempool,
    verifier: Arc<dyn Verifier>,
    pub(super) now: UnixMs,
    has_work: Cell<Option<WorkAnswer>>,
    /// What failed while work was looked for.
    failed: RefCell<Vec<WireId>>,
}

/// The last answer of [`Application::has_work`] and what it was about.
#[derive(Debug, Clone, Copy)]
struct WorkAnswer {
    tip: Digest,
    at: UnixMs,
    /// What arrived later has not been looked at.
    seen: Arrival,
    /// A transaction that the tip would include.
    found: Option<WireId>,
}

impl Branches {
    pub(super) fn new(head: Tip, verifier: Arc<dyn Verifier>, now: UnixMs) -> Self {
        Self {
            head,
            branches: BTreeMap::new(),
            settled: Vec::new(),
            mempool: Mempool::new(),
            verifier,
            now,
            has_work: Cell::new(None),
            failed: RefCell::default(),
        }
    }

    pub(super) fn head(&self) -> &Tip {
        &self.head
    }

    /// The oldest `count` blocks named by [`Application::finalized`], made final by `finalization` of the last of them.
    pub(super) fn settle(&mut self, count: usize, finalization: Certificate) -> Result<Vec<FinalBlock>, NotFinal> {
        let run = self.settled.drain(..count.min(self.settled.len())).collect();
        FinalBlock::run(run, finalization, &*self.verifier)
    }

    /// Checks signatures of a transaction that somebody sent.
    pub(super) fn verify(&self, transaction: SignedTransaction) -> Result<Arc<VerifiedTransaction>, TransactionError> {
        transaction.verify(self.head.chain(), &*self.verifier).map(Arc::new)
    }

    /// Whether the newest state rules the transaction out already. A revocation is held only while it would end
    /// something; anything else may wait for a transaction before it.
    fn refuses(&self, transaction: &VerifiedTransaction, changes_something: bool) -> bool {
        match transaction.transaction().lane() {
            Lane::First => !changes_something,
            Lane::Rest => false,
        }
    }

    /// Takes a transaction in, as one that fails if it would change nothing now. Whether it is worth anything now.
    pub(super) fn admit(&mut self, transaction: Arc<VerifiedTransaction>) -> (Result<Admission, Refusal>, bool) {
        let changes_something = self.head.would_include(&transaction, self.now);
        if self.refuses(&transaction, changes_something) {
            return (Err(Refusal::State), false);
        }
        let id = transaction.wire_id();
        let outcome = self.mempool.insert(transaction);
        if outcome == Ok(Admission::Added) && !changes_something {
            self.mempool.failed([&id], self.head.header().height);
        }
        (outcome, changes_something && outcome.is_ok())
    }

    /// Marks what failed while work was looked for.
    pub(super) fn note_failed(&mut self) {
        let failed = self.failed.take();
        self.mempool.failed(&failed, self.head.header().height);
    }

    /// What the blocks from above the head up to `tip` have applied: it fails on `tip`, and is not lost.
    fn applied_below(&self, tip: &Digest) -> BTreeSet<WireId> {
        let (mut applied, mut at) = (BTreeSet::new(), tip);
        while let Some(block) = self.branches.get(at) {
            let entries = block.transactions().filter(|(.., outcomes)| outcomes.contains(&Outcome::Applied));
            applied.extend(entries.map(|(_, wire_id, _)| wire_id));
            at = &block.header().parent;
        }
        applied
    }

    /// Refinement 1: signatures are known by the bytes they stand in, so no other bytes of a known act count. With that
    /// left out, the bytes of `block` whose act waits here under whatever bytes.
    fn acts_named_as_known(&self, block: &OpenBlock) -> BTreeSet<WireId> {
        if !lacks(Mutant::SignaturesKnownByAct) {
            return BTreeSet::new();
        }
        let acts: BTreeSet<_> = self.mempool.candidates().map(|waiting| waiting.tx_id()).collect();
        block.names().iter().filter(|(act, _)| acts.contains(act)).map(|(_, bytes)| *bytes).collect()
    }

    fn tip(&self, digest: &Digest) -> Option<&Tip> {
        if digest == self.head.digest() {
            return Some(&self.head);
        }
        self.branches.get(digest).map(ExecutedBlock::tip)
    }

    /// Blocks above the head whose state is kept.
    pub(super) fn len(&self) -> usize {
        self.branches.len()
    }

    /// Drops every branch that does not descend from the head and gives its transactions back.
    fn abandon(&mut self) {
        let mut living = BTreeSet::from([*self.head.digest()]);
        let mut by_height: Vec<_> = self.branches.iter().map(|(digest, b)| (b.header().height, *digest)).collect();
        by_height.sort_unstable();
        for (_, digest) in by_height {
            let Some(branch) = self.branches.get(&digest) else { continue };
            if living.contains(&branch.header().parent) {
                living.insert(digest);
            } else if let Some(abandoned) = self.branches.remove(&digest) {
                self.take_back(&abandoned);
            }
        }
    }

    fn take_back(&mut self, abandoned: &ExecutedBlock) {
        let names = abandoned.opened().names();
        for (entry, (_, wire_id)) in abandoned.block().body.iter().zip(names) {
            if self.mempool.knows(wire_id).is_some() {
                continue;
            }
            // Its signatures were checked with the block; `verify` is the only way back to the type that says so.
            let verified = self.verify(entry.transaction.clone());
            if let Some(refusal) = verified.ok().and_then(|transaction| self.mempool.insert(transaction).err()) {
                // Whoever submitted it holds it and tries again.
                tracing::debug!(%refusal, "a transaction of an abandoned block has no place");
            }
        }
    }
}

impl Application for Branches {
    fn open(&self, bytes: &[u8]) -> Option<BlockFacts> {
        let open = OpenBlock::decode(bytes).ok()?;
        let content = match open.content() {
            block::Content::Empty => Content::Empty,
            block::Content::Transactions => Content::Transactions,
            block::Content::Seal => Content::Seal,
        };
        let header = open.header();
        Some(BlockFacts {
            digest: *open.digest(),
            parent: header.parent,
            epoch: header.epoch,
            height: header.height,
            proposed_view: header.proposed_view,
            time: header.time,
            content,
        })
    }

    fn judge(&mut self, digest: &Digest, bytes: &[u8]) -> Verdict {
        let Ok(open) = OpenBlock::decode(bytes) else { return Verdict::Invalid };
        let Some(parent) = self.tip(&open.header().parent) else { return Verdict::Invalid };
        let known_acts = self.acts_named_as_known(&open);
        let known = |id: &_| self.mempool.contains(id) || known_acts.contains(id);
        match parent.execute(open, &*self.verifier, &known) {
            Ok(executed) if executed.digest() == digest => {
                self.branches.insert(*digest, executed);
                Verdict::Valid
            }
            Ok(_) | Err(_) => Verdict::Invalid,
        }
    }

    fn build(&mut self, request: &BuildRequest) -> Option<Vec<u8>> {
        let parent = self.tip(&request.parent)?;
        let proposal = Proposal { view: request.view, time: request.time };
        let (executed, failed) = match request.fill {
            Fill::WithTransactions => {
                let applied = self.applied_below(&request.parent);
                let candidates = self.mempool.candidates().filter(|waiting| !applied.contains(&waiting.wire_id()));
                parent.build_and_tell(proposal, candidates.map(|waiting| &**waiting))
            }
            Fill::Empty => (parent.build(proposal, []), Vec::new()),
        };
        self.mempool.failed(&failed, self.head.header().height);
        if request.fill == Fill::WithTransactions && executed.block().body.is_empty() {
            return None;
        }
        let bytes = codec::encode(executed.block());
        self.branches.insert(*executed.digest(), executed);
        Some(bytes)
    }

    /// Everything that waits is looked at once a second and on every new tip; between, only what arrived since. So a
    /// full mempool of transactions that fail costs a newcomer nothing.
    fn has_work(&self, tip: &Digest) -> bool {
        let believed = |last: &WorkAnswer| {
            last.tip == *tip
                && self.now.0.abs_diff(last.at.0) < WORK_BELIEVED_MS
                && last.found.is_none_or(|found| self.mempool.contains(&found))
        };
        let last = self.has_work.get().filter(believed);
        if last.is_some_and(|last| last.found.is_some()) {
            return true;
        }
        let Some(at_tip) = self.tip(tip) else { return false };
        let (applied, mut failed) = (self.applied_below(tip), self.failed.borrow_mut());
        let mut included = |waiting: &&Arc<VerifiedTransaction>| {
            let id = waiting.wire_id();
            // Refinement 11: what the tip would include, not whatever waits.
            let is_included = lacks(Mutant::AnythingPendingIsWork)
                || !applied.contains(&id) && at_tip.would_include(waiting, self.now);
            if !is_included && !applied.contains(&id) {
                failed.push(id);
            }
            is_included
        };
        let found = match last {
            Some(last) => self.mempool.arrived_since(last.seen).find(&mut included),
            None => self.mempool.candidates().find(&mut included),
        };
        let found = found.map(|waiting| waiting.wire_id());
        let at = last.map_or(self.now, |last| last.at);
        self.has_work.set(Some(WorkAnswer { tip: *tip, at, seen: self.mempool.next_arrival(), found }));
        found.is_some()
    }

    fn finalized(&mut self, blocks: &[Digest]) {
        for digest in blocks {
            let Some(executed) = self.branches.remove(digest) else { continue };
            // Refinement 8: what failed is not used up. A liar that puts a transaction before the one it waits for must
            // not keep it out for ever.
            let is_used_up =
                |outcomes: &Outcomes| outcomes.contains(&Outcome::Applied) || lacks(Mutant::FailedActUsedUp);
            let applied = executed.transactions().filter(|(.., outcomes)| is_used_up(outcomes));
            self.mempool.finalized(applied.map(|(act, wire_id, _)| (act, wire_id)));
            self.head = executed.tip().clone();
            self.settled.push(executed);
        }
        self.abandon();
        let (head, now) = (&self.head, self.now);
        self.mempool.sweep(head.header().height, |transaction| head.would_include(transaction, now));
    }

    fn dropped(&mut self, blocks: &[Digest]) {
        for digest in blocks {
            if let Some(dropped) = self.branches.remove(digest) {
                self.take_back(&dropped);
            }
        }
    }
}

#[cfg(test)]
mod tests;
