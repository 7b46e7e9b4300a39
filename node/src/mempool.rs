//! Transactions that are not final yet. Pure: no clock, no i/o.
//!
//! Names them by [`WireId`] only, so that bytes with a bad signature never stand in the way of good ones for the same
//! act. Bounded by bytes and count, revocations and proofs against validators each apart from everything else, so that
//! none fills another's room; when a room is full, the member that holds most of it makes way. A transaction stays until
//! it is final or its state rule has failed for [`FAILING_BLOCKS_MAX`] final blocks in a row; there is no time to live.
//! What failed last is tried again by no leader, but for a few of each member that may only wait for one before them.

use amanah_ledger::committee::VALIDATORS_MAX;
use amanah_ledger::evidence::EvidenceKind;
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::transaction::{Active, TxId, VerifiedTransaction, WireId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Bytes of all members' transactions: a thousand full batches.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many transactions of all members.
pub const COUNT_MAX: usize = 32_768;
/// Bytes of the revocation lane.
pub const REVOCATION_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How many revocations: 8 MiB of them at about 250 bytes each.
pub const REVOCATION_COUNT_MAX: usize = 32_768;
/// How many proofs against validators: one for each act of convicting somebody, about 300 bytes each.
pub const EVIDENCE_COUNT_MAX: usize = VALIDATORS_MAX * EvidenceKind::ALL.len();
/// Bad and final ids remembered, each kind: 2 MiB of ids.
pub const REMEMBERED_MAX: usize = 65_536;
/// A transaction that fails on this many final heads in a row goes. Some only wait for one before them.
pub const FAILING_BLOCKS_MAX: u64 = 16;
/// Transactions of one lane that failed when they were last tried and are tried again with the next block.
pub const DOUBTFUL_MAX: usize = 64;
/// Transactions looked at again per final block, so that a block costs the same whatever waits here.
pub const SWEEP_MAX: usize = 512;

/// Who answers for a transaction's room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Revocations, always first, by the member that relays them; of nobody if they are of consents on the ledger.
    Revocations(Option<MemberId>),
    /// The proof of one contradiction. Nobody signs it and nobody is charged: other bytes that prove the same find the
    /// place taken, so that a liar with a thousand lies takes no more room than one with two.
    Evidence(TxId),
    /// Everything else, by the acting member.
    Member(MemberId),
}

/// A place in the order in which transactions came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival(u64);

/// What became of a transaction that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It is held now.
    Added,
    /// It was held already.
    Held,
    /// It became final a while ago.
    Final,
}

/// Why a transaction is not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its bytes were bad before.
    #[error("these bytes were refused before")]
    KnownBad,
    /// The rules of its payload are not active.
    #[error("the rules of this kind of transaction are not active")]
    NotActive,
    /// It would change nothing in the newest state, and nothing that is on its way can change that.
    #[error("it would change nothing in the present state")]
    State,
    /// There is no room, and its lane holds as much as any.
    #[error("no room for more transactions of this member")]
    Full,
}

#[derive(Debug)]
struct Held {
    transaction: Arc<VerifiedTransaction>,
    lane: Lane,
    /// It failed when it was last tried; the final height when that began.
    failing_since: Option<Height>,
}

/// What the lanes of one kind may take together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Revocations,
    Evidence,
    Rest,
}

impl Room {
    const fn bytes_max(self) -> usize {
        match self {
            Self::Revocations => REVOCATION_BYTES_MAX,
            Self::Evidence => EVIDENCE_COUNT_MAX * 512,
            Self::Rest => BYTES_MAX,
        }
    }

    const fn count_max(self) -> usize {
        match self {
            Self::Revocations => REVOCATION_COUNT_MAX,
            Self::Evidence => EVIDENCE_COUNT_MAX,
            Self::Rest => COUNT_MAX,
        }
    }
}

#[derive(Debug, Default)]
struct LaneUse {
    bytes: usize,
    arrivals: BTreeSet<u64>,
}

/// The transactions that wait, in the order they came.
#[derive(Debug, Default)]
pub struct Mempool {
    held: BTreeMap<u64, Held>,
    ids: BTreeMap<WireId, u64>,
    lanes: BTreeMap<Lane, LaneUse>,
    arrivals: u64,
    swept: u64,
    bad: Remembered,
    done: Remembered,
}

/// The last [`REMEMBERED_MAX`] ids.
#[derive(Debug, Default)]
struct Remembered {
    order: VecDeque<WireId>,
    ids: BTreeSet<WireId>,
}

impl Remembered {
    fn insert(&mut self, id: WireId) {
        if self.ids.insert(id) {
            self.order.push_back(id);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

impl Lane {
    /// The lane of a transaction; `None` if the rules of its payload are not active.
    pub fn of(transaction: &VerifiedTransaction) -> Option<Self> {
        Some(match transaction.transaction().active()? {
            Active::Grants { batch, .. } => Self::Member(batch.custodian),
            Active::Revoke { relay, .. } => Self::Revocations(relay.map(|relay| relay.member)),
            Active::Anchor { anchor, .. } => Self::Member(anchor.member),
            Active::Evidence(_) => Self::Evidence(transaction.tx_id()),
        })
    }

    const fn room(&self) -> Room {
        match self {
            Self::Revocations(_) => Room::Revocations,
            Self::Evidence(_) => Room::Evidence,
            Self::Member(_) => Room::Rest,
        }
    }
}

impl Mempool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a transaction in.
    ///
    /// # Errors
    /// When it is known to be bad, not active, or there is no room for it.
    pub fn insert(&mut self, transaction: Arc<VerifiedTransaction>) -> Result<Admission, Refusal> {
        let id = transaction.wire_id();
        if let Some(known) = self.knows(&id) {
            return known;
        }
        let lane = Lane::of(&transaction).ok_or(Refusal::NotActive)?;
        if self.proves_already(lane) {
            return Ok(Admission::Held);
        }
        self.make_room(lane, transaction.bytes_len())?;
        let arrival = self.arrivals;
        self.arrivals += 1;
        let lane_use = self.lanes.entry(lane).or_default();
        lane_use.bytes += transaction.bytes_len();
        lane_use.arrivals.insert(arrival);
        self.ids.insert(id, arrival);
        self.held.insert(arrival, Held { transaction, lane, failing_since: None });
        Ok(Admission::Added)
    }

    /// What is known of bytes with this id, before anybody checks their signatures again.
    pub fn knows(&self, id: &WireId) -> Option<Result<Admission, Refusal>> {
        if self.ids.contains_key(id) {
            Some(Ok(Admission::Held))
        } else if self.done.ids.contains(id) {
            Some(Ok(Admission::Final))
        } else if self.bad.ids.contains(id) {
            Some(Err(Refusal::KnownBad))
        } else {
            None
        }
    }

    /// Remembers that the bytes with this id are bad.
    pub fn remember_bad(&mut self, id: WireId) {
        self.bad.insert(id);
    }

    /// The transaction with this id.
    pub fn get(&self, id: &WireId) -> Option<&Arc<VerifiedTransaction>> {
        self.ids.get(id).and_then(|arrival| self.held.get(arrival)).map(|held| &held.transaction)
    }

    /// Whether a transaction with this id is held: its signatures have been checked.
    pub fn contains(&self, id: &WireId) -> bool {
        self.ids.contains_key(id)
    }

    /// What a block may be built from: revocations, then everything else, each in the order it came; of what failed when
    /// it was last tried, the oldest [`DOUBTFUL_MAX`] of each lane.
    pub fn candidates(&self) -> impl Iterator<Item = &Arc<VerifiedTransaction>> {
        let revocations = self.lanes.iter().filter(|(lane, _)| lane.room() == Room::Revocations);
        let mut first: Vec<u64> = revocations.flat_map(|(_, lane)| lane.arrivals.iter().copied()).collect();
        first.sort_unstable();
        let first = first.into_iter().filter_map(|arrival| self.held.get(&arrival));
        let rest = self.held.values().filter(|held| held.lane.room() != Room::Revocations);
        let mut doubtful: BTreeMap<Lane, usize> = BTreeMap::new();
        let worth_trying = move |held: &&Held| {
            held.failing_since.is_none() || {
                let tried = doubtful.entry(held.lane).or_default();
                *tried += 1;
                *tried <= DOUBTFUL_MAX
            }
        };
        first.chain(rest).filter(worth_trying).map(|held| &held.transaction)
    }

    /// The transactions with these ids failed on a state whose newest final block is `head`.
    pub fn failed<'a>(&mut self, ids: impl IntoIterator<Item = &'a WireId>, head: Height) {
        for id in ids {
            let held = self.ids.get(id).and_then(|arrival| self.held.get_mut(arrival));
            if let Some(held) = held {
                held.failing_since.get_or_insert(head);
            }
        }
    }

    /// Those that came at `arrival` or later, in the order they came.
    pub fn arrived_since(&self, arrival: Arrival) -> impl Iterator<Item = &Arc<VerifiedTransaction>> {
        self.held.range(arrival.0..).map(|(_, held)| &held.transaction)
    }

    /// The place of the next one to come.
    pub fn next_arrival(&self) -> Arrival {
        Arrival(self.arrivals)
    }

    /// The ids of at most `count_max` candidates, in their order.
    pub fn pending_ids(&self, count_max: usize) -> Vec<WireId> {
        self.candidates().take(count_max).map(|transaction| transaction.wire_id()).collect()
    }

    /// These are final. Other bytes that prove the same contradiction have nothing left to do.
    pub fn finalized(&mut self, names: impl IntoIterator<Item = (TxId, WireId)>) {
        for (act, id) in names {
            self.remove(&id);
            self.done.insert(id);
            let rival = self.lanes.get(&Lane::Evidence(act)).and_then(|lane| lane.arrivals.first());
            let rival = rival.and_then(|arrival| self.held.get(arrival)).map(|held| held.transaction.wire_id());
            if let Some(rival) = rival {
                self.remove(&rival);
            }
        }
    }

    /// Asks again about the next [`SWEEP_MAX`] transactions whether the final state at `head` would include them, and
    /// drops those it has refused for [`FAILING_BLOCKS_MAX`] blocks.
    pub fn sweep(&mut self, head: Height, would_include: impl Fn(&VerifiedTransaction) -> bool) {
        let mut next: Vec<u64> = self.held.range(self.swept..).map(|(arrival, _)| *arrival).take(SWEEP_MAX).collect();
        if next.len() < SWEEP_MAX {
            next.extend(self.held.range(..self.swept).map(|(arrival, _)| *arrival).take(SWEEP_MAX - next.len()));
        }
        for arrival in next {
            self.swept = arrival + 1;
            let Some(held) = self.held.get_mut(&arrival) else { continue };
            if would_include(&held.transaction) {
                held.failing_since = None;
                continue;
            }
            let since = *held.failing_since.get_or_insert(head);
            if head.0.saturating_sub(since.0) >= FAILING_BLOCKS_MAX {
                let id = held.transaction.wire_id();
                self.remove(&id);
            }
        }
    }

    /// How many transactions are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Bytes of all transactions held.
    pub fn bytes(&self) -> usize {
        self.lanes.values().map(|lane| lane.bytes).sum()
    }

    fn remove(&mut self, id: &WireId) {
        let Some(arrival) = self.ids.remove(id) else { return };
        let Some(held) = self.held.remove(&arrival) else { return };
        if let Some(lane) = self.lanes.get_mut(&held.lane) {
            lane.bytes -= held.transaction.bytes_len();
            lane.arrivals.remove(&arrival);
            if lane.arrivals.is_empty() {
                self.lanes.remove(&held.lane);
            }
        }
    }

    /// Whether the lane is one of evidence, and taken.
    fn proves_already(&self, lane: Lane) -> bool {
        match lane {
            Lane::Evidence(_) => self.lanes.contains_key(&lane),
            Lane::Revocations(_) | Lane::Member(_) => false,
        }
    }

    fn make_room(&mut self, lane: Lane, bytes: usize) -> Result<(), Refusal> {
        let room = lane.room();
        while !self.fits(room, bytes) {
            let mine = self.lanes.get(&lane).map_or(0, |held| held.bytes);
            // The largest holder gives up its newest, as long as it keeps no less than the newcomer gets.
            let holders = self.lanes.iter().filter(|(lane, _)| lane.room() == room);
            let Some((_, most)) = holders.max_by_key(|(_, held)| held.bytes) else { return Err(Refusal::Full) };
            let newest = most.arrivals.last().and_then(|arrival| self.held.get(arrival));
            let Some(newest) = newest.filter(|newest| most.bytes - newest.transaction.bytes_len() >= mine + bytes)
            else {
                return Err(Refusal::Full);
            };
            let id = newest.transaction.wire_id();
            self.remove(&id);
        }
        Ok(())
    }

    fn fits(&self, room: Room, bytes: usize) -> bool {
        let holders = self.lanes.iter().filter(|(lane, _)| lane.room() == room);
        let (held_bytes, held) =
            holders.fold((0, 0), |(b, n), (_, lane_use)| (b + lane_use.bytes, n + lane_use.arrivals.len()));
        held_bytes + bytes <= room.bytes_max() && held < room.count_max()
    }
}

#[cfg(test)]
mod tests;
