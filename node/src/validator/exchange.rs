//! The pull path for transactions (R11): gossip may lose them, so whoever waits too long names what it waits for, and
//! whoever lacks it asks. Bounded on both sides.

use super::Action;
use crate::mempool::Mempool;
use crate::peer_message::{PENDING_IDS_MAX, PeerMessage, RESPONSE_BYTES_MAX, fill};
use crate::token_bucket::TokenBucket;
use amanah_consensus::To;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::{ValidatorIndex, faults};
use amanah_ledger::transaction::WireId;
use std::collections::BTreeMap;

/// An id that did not come is asked for again after this time.
const ASK_AGAIN_MS: u64 = 1_000;
/// Ids asked of one peer and not answered, so that nobody who names what does not exist uses up another's room: for 31
/// validators 4 MiB of them.
const ASKED_MAX: usize = PENDING_IDS_MAX;
/// What naming all that waits counts as.
const IDS_BYTES: u64 = 32 * PENDING_IDS_MAX as u64;
/// Bytes a peer may fetch at once, and per second.
pub(crate) const SERVED_BYTES_PER_SECOND: u64 = 2 * RESPONSE_BYTES_MAX as u64;

/// Transactions a second of one peer that were checked and are worth nothing: that fail, or find no room.
pub(crate) const USELESS_PER_SECOND: u64 = 100;
/// As many at once.
pub(crate) const USELESS_BURST: u64 = 2_000;
/// One with a bad signature counts as so many.
pub(super) const BAD_COST: u64 = 100;
/// Lists of a peer's pending ids that are looked at, a second and at once; honest ones come with a retry.
pub(crate) const LISTS_PER_SECOND: u64 = 2;
const LISTS_BURST: u64 = 16;

/// What was asked for, and how much each peer may still fetch.
#[derive(Debug)]
pub(super) struct Exchange {
    asked: BTreeMap<WireId, Asked>,
    budgets: Vec<Budget>,
    lists: Vec<TokenBucket>,
    useless: Vec<TokenBucket>,
    /// How many of the others may lie.
    f: usize,
}

/// Since when and of whom an id was asked, one bit for each validator.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: u64,
    of: u64,
}

/// A bucket of bytes that fills with time.
#[derive(Debug, Clone, Copy)]
struct Budget {
    bytes: u64,
    filled_at: u64,
    asked_pending_at: Option<u64>,
}

impl Exchange {
    pub(super) fn new(n: usize) -> Self {
        let full = Budget { bytes: SERVED_BYTES_PER_SECOND, filled_at: 0, asked_pending_at: None };
        Self {
            asked: BTreeMap::new(),
            budgets: vec![full; n],
            lists: vec![TokenBucket::full(LISTS_PER_SECOND, LISTS_BURST); n],
            useless: vec![TokenBucket::full(USELESS_PER_SECOND, USELESS_BURST); n],
            f: faults(n),
        }
    }

    /// Whether what this peer brings is worth a check of its signatures.
    pub(super) fn is_trusted(&mut self, now: u64, from: ValidatorIndex) -> bool {
        self.useless.get_mut(usize::from(from.0)).is_some_and(|useless| useless.has(now, 1))
    }

    /// It brought a transaction that changes nothing here.
    pub(super) fn brought_useless(&mut self, now: u64, from: ValidatorIndex) {
        self.charge(now, from, 1);
    }

    /// It brought one with a bad signature.
    pub(super) fn brought_bad(&mut self, now: u64, from: ValidatorIndex) {
        self.charge(now, from, BAD_COST);
    }

    fn charge(&mut self, now: u64, from: ValidatorIndex, cost: u64) {
        if let Some(useless) = self.useless.get_mut(usize::from(from.0)) {
            useless.owe(now, cost);
        }
    }

    /// Names what this node waits for.
    pub(super) fn offer(to: To, mempool: &Mempool) -> Option<Action> {
        let ids = mempool.pending_ids(PENDING_IDS_MAX);
        if ids.is_empty() {
            return None;
        }
        let message = PeerMessage::PendingIds(BoundedVec::try_from(ids).ok()?);
        Some(Action::Send { to, message })
    }

    /// Asks a peer to name what it waits for, at most once in [`ASK_AGAIN_MS`].
    pub(super) fn ask_pending(&mut self, now: u64, from: ValidatorIndex) -> Option<Action> {
        let budget = self.budgets.get_mut(usize::from(from.0))?;
        if budget.asked_pending_at.is_some_and(|at| now.abs_diff(at) < ASK_AGAIN_MS) {
            return None;
        }
        budget.asked_pending_at = Some(now);
        Some(Action::Send { to: To::One(from), message: PeerMessage::PendingRequest })
    }

    /// Answers "tell me what you wait for", as far as the peer's budget goes.
    pub(super) fn tell(&mut self, now: u64, to: ValidatorIndex, mempool: &Mempool) -> Option<Action> {
        let budget = self.budgets.get_mut(usize::from(to.0))?;
        budget.fill(now);
        budget.bytes = budget.bytes.checked_sub(IDS_BYTES)?;
        Self::offer(To::One(to), mempool)
    }

    /// Asks a peer for those of `ids` that are not known. At most f+1 peers are asked for the same at once: so many that
    /// liars, who name everything and give nothing, never stand between us and an honest one (R11).
    pub(super) fn ask(&mut self, now: u64, from: ValidatorIndex, ids: &[WireId], mempool: &Mempool) -> Option<Action> {
        if !self.lists.get_mut(usize::from(from.0))?.take(now, 1) {
            return None;
        }
        self.asked.retain(|_, asked| now.abs_diff(asked.at) < ASK_AGAIN_MS);
        let peer = 1u64.checked_shl(u32::from(from.0))?;
        let open = self.asked.values().filter(|asked| asked.of & peer != 0).count();
        let room = ASKED_MAX.saturating_sub(open);
        let mut wanted = Vec::new();
        for id in ids.iter().filter(|id| mempool.knows(id).is_none()) {
            let of = self.asked.get(id).map_or(0, |asked| asked.of);
            if wanted.len() < room && of & peer == 0 && of.count_ones() as usize <= self.f {
                self.asked.entry(*id).or_insert(Asked { at: now, of: 0 }).of |= peer;
                wanted.push(*id);
            }
        }
        if wanted.is_empty() {
            return None;
        }
        let message = PeerMessage::TxRequest(BoundedVec::try_from(wanted).ok()?);
        Some(Action::Send { to: To::One(from), message })
    }

    /// It came, from whomever.
    pub(super) fn arrived(&mut self, id: &WireId) {
        self.asked.remove(id);
    }

    /// Answers a request as far as the peer's budget goes; what is left over the peer asks for again.
    pub(super) fn serve(&mut self, now: u64, to: ValidatorIndex, ids: &[WireId], mempool: &Mempool) -> Option<Action> {
        let budget = self.budgets.get_mut(usize::from(to.0))?;
        budget.fill(now);
        // To look the names up costs something, too, also of what is not here.
        budget.bytes = budget.bytes.checked_sub(32 * ids.len() as u64)?;
        let bytes_max = RESPONSE_BYTES_MAX.min(usize::try_from(budget.bytes).ok()?);
        if bytes_max == 0 {
            return None;
        }
        let held: Vec<_> = ids.iter().filter_map(|id| mempool.get(id)).collect();
        let transactions = fill(held.iter().map(|held| held.transaction().clone()), bytes_max);
        if transactions.is_empty() {
            return None;
        }
        let bytes: usize = held.iter().take(transactions.len()).map(|held| held.bytes_len()).sum();
        budget.bytes = budget.bytes.saturating_sub(bytes as u64);
        Some(Action::Send { to: To::One(to), message: PeerMessage::TxResponse(transactions) })
    }
}

impl Budget {
    fn fill(&mut self, now: u64) {
        let elapsed = now.saturating_sub(self.filled_at);
        let gained = elapsed.saturating_mul(SERVED_BYTES_PER_SECOND) / 1_000;
        self.bytes = self.bytes.saturating_add(gained).min(SERVED_BYTES_PER_SECOND);
        // A clock that was set back starts the count anew.
        self.filled_at = now;
    }
}

#[cfg(test)]
mod tests;
