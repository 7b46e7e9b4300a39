//! Building a block: what goes in, in which order, and who gets how much of it.

use super::Lane;
use super::pending::Pending;
use crate::block::{BLOCK_BYTES_MAX, BLOCK_TRANSACTIONS_MAX, Block, Entry, HEADER_VERSION, Header, OpenBlock, tx_root};
use crate::chain::{ExecutedBlock, Tip};
use crate::codec::{self, BoundedVec};
use crate::member::MemberId;
use crate::position::View;
use crate::time::UnixMs;
use crate::transaction::{Active, Outcome, Outcomes, SignedTransaction, TxId, VerifiedTransaction, WireId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Bytes of a block that revocations and governance have for themselves: a fifth.
const FIRST_LANE_BYTES: usize = BLOCK_BYTES_MAX / 5;

/// When and where a block is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// The view it is proposed in.
    pub view: View,
    /// The proposer's clock; the block is at least 1 ms later than its parent.
    pub time: UnixMs,
}

impl Tip {
    /// Builds the next block from those candidates that would change something: revocations and governance first, a
    /// fifth of the block theirs alone; then the rest, each time from the member with the fewest bytes in the block.
    /// What fails, repeats or finds no room is left out. [`Tip::execute`] accepts what this makes.
    pub fn build<'a>(
        &self,
        proposal: Proposal,
        candidates: impl IntoIterator<Item = &'a VerifiedTransaction>,
    ) -> ExecutedBlock {
        self.build_and_tell(proposal, candidates).0
    }

    fn draft<'a>(&self, time: UnixMs, candidates: impl IntoIterator<Item = &'a VerifiedTransaction>) -> Draft<'_> {
        let mut draft = Draft::new(self, time);
        let mut by_member: BTreeMap<MemberId, VecDeque<&VerifiedTransaction>> = BTreeMap::new();
        for candidate in candidates {
            match (candidate.transaction().lane(), member_of(candidate.transaction())) {
                (Lane::First, _) => {
                    draft.offer(candidate, BLOCK_BYTES_MAX);
                }
                (Lane::Rest, Some(member)) => by_member.entry(member).or_default().push_back(candidate),
                // Payloads that are not active belong to nobody and would change nothing.
                (Lane::Rest, None) => {}
            }
        }
        draft.share_out(by_member, self.header().height.0);
        draft
    }

    /// As [`Tip::build`], and which candidates were tried and would change nothing there: to try them again on the next
    /// block is work for nothing, unless the state that they need has changed.
    pub fn build_and_tell<'a>(
        &self,
        proposal: Proposal,
        candidates: impl IntoIterator<Item = &'a VerifiedTransaction>,
    ) -> (ExecutedBlock, Vec<WireId>) {
        let draft = self.draft(self.later(proposal.time), candidates);
        self.finish(proposal.view, draft)
    }

    /// Whether [`Tip::build`] would take this transaction into an otherwise empty block at `time`.
    pub fn would_include(&self, transaction: &VerifiedTransaction, time: UnixMs) -> bool {
        changes_something(&self.outcomes(transaction, time))
    }

    /// `time`, or the first moment after this tip's if that is later.
    pub(super) fn later(&self, time: UnixMs) -> UnixMs {
        time.max(self.header().time.plus_ms(1))
    }

    fn finish(&self, view: View, draft: Draft<'_>) -> (ExecutedBlock, Vec<WireId>) {
        let parent = self.header();
        let (time, entries, names, failed) = (draft.pending.time, draft.entries, draft.names, draft.failed);
        let body = BoundedVec::try_from(entries).expect("the draft counts its transactions");
        let changes = draft.pending.into_changes();
        let state = self.state().with(changes.iter().cloned());
        let header = Header {
            version: HEADER_VERSION,
            chain: parent.chain,
            epoch: parent.epoch,
            height: parent.height.next(),
            proposed_view: view,
            parent: *self.digest(),
            time,
            tx_root: tx_root(&names, &body),
            tx_count: u32::try_from(names.len()).expect("the draft counts its transactions"),
            state_root: state.root(),
            history_root: self.history().root(),
            validators_hash: parent.validators_hash,
            next_validators: None,
        };
        let (after, complete) = Self::new(header.clone(), state, self.history().clone(), Arc::clone(self.committee()));
        (ExecutedBlock::new(after, OpenBlock::made(Block { header, body }, names), changes, complete), failed)
    }
}

/// The block so far.
struct Draft<'a> {
    pending: Pending<'a>,
    entries: Vec<Entry>,
    names: Vec<(TxId, WireId)>,
    seen: BTreeSet<WireId>,
    failed: Vec<WireId>,
    bytes: usize,
}

impl<'a> Draft<'a> {
    fn new(parent: &'a Tip, time: UnixMs) -> Self {
        let empty = Block { header: parent.header().clone(), body: BoundedVec::new() };
        Self {
            pending: Pending::new(parent, time),
            entries: Vec::new(),
            names: Vec::new(),
            seen: BTreeSet::new(),
            failed: Vec::new(),
            bytes: codec::encode(&empty).len(),
        }
    }

    /// Takes the candidate in if the block stays within `bytes_max` and something changes; returns the bytes it took.
    fn offer(&mut self, candidate: &VerifiedTransaction, bytes_max: usize) -> usize {
        let transaction = candidate.transaction();
        let none = vec![Outcome::NotActive; transaction.outcomes_len()];
        let size = candidate.bytes_len() + codec::encode(&Outcomes::try_from(none).unwrap_or_default()).len();
        let fits = self.bytes + size <= bytes_max && self.entries.len() < BLOCK_TRANSACTIONS_MAX;
        if !fits || self.seen.contains(&candidate.wire_id()) {
            return 0;
        }
        let outcomes = self.pending.apply(transaction);
        if !changes_something(&outcomes) {
            self.failed.push(candidate.wire_id());
            return 0;
        }
        self.seen.insert(candidate.wire_id());
        self.names.push((candidate.tx_id(), candidate.wire_id()));
        self.entries.push(Entry { transaction: transaction.clone(), outcomes });
        self.bytes += size;
        size
    }

    /// Fills the block up, always from the member with the fewest bytes so far. Who begins moves on by `turn`.
    fn share_out(&mut self, by_member: BTreeMap<MemberId, VecDeque<&VerifiedTransaction>>, turn: u64) {
        // What the first lane used of its fifth is not open to the rest, nor is what it left of it.
        let first = self.bytes;
        let bytes_max = BLOCK_BYTES_MAX - FIRST_LANE_BYTES.saturating_sub(first);
        let mut queues: Vec<_> = by_member.into_values().map(|queue| (0usize, queue)).collect();
        if queues.is_empty() {
            return;
        }
        let begin = usize::try_from(turn % queues.len() as u64).unwrap_or(0);
        queues.rotate_left(begin);
        while let Some((used, queue)) = queues.iter_mut().filter(|(_, q)| !q.is_empty()).min_by_key(|(used, _)| *used) {
            if let Some(candidate) = queue.pop_front() {
                *used += self.offer(candidate, bytes_max);
            }
        }
    }
}

fn changes_something(outcomes: &Outcomes) -> bool {
    outcomes.contains(&Outcome::Applied)
}

/// Whose share of the block a transaction takes.
fn member_of(transaction: &SignedTransaction) -> Option<MemberId> {
    match transaction.active() {
        Some(Active::Grants { batch, .. }) => Some(batch.custodian),
        Some(Active::Anchor { anchor, .. }) => Some(anchor.member),
        // The first lane is nobody's share. Evidence cannot crowd it: at most three leaves per validator and epoch.
        Some(Active::Revoke { .. } | Active::Evidence(_)) | None => None,
    }
}
