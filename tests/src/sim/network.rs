//! Time and links: what happens next, and what arrives at all.

use super::faults::Faults;
use super::matrix::Lines;
use super::plan::{Plan, Weather};
use super::random::Random;
use amanah_ledger::committee::ValidatorIndex;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// How much later than usual a delayed message may be.
const DELAY_MAX_US: u64 = 2_000_000;

/// One process: a validator, or one of a liar's two copies.
pub(super) type Peer = usize;

/// Something that happens at a moment.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    /// A message on a direct stream; `number` counts what was sent on the link.
    Message { from: Peer, to: Peer, number: u64, bytes: Arc<[u8]> },
    /// A gossip bundle.
    Bundle { from: Peer, to: Peer, bytes: Arc<[u8]> },
    /// A link opened.
    Up { at: Peer, to: ValidatorIndex },
    /// A link broke.
    Down { at: Peer, to: ValidatorIndex },
    /// The moment a process asked for; only the latest wish counts.
    Wake { peer: Peer, wish: u64 },
    /// What a liar held back is sent now.
    Posted { from: Peer, to: Peer, bytes: Arc<[u8]> },
    /// Liars act by themselves.
    Scheme,
    /// A client acts.
    Submit,
    /// Clients that waited too long try again.
    Retry,
    /// The network splits.
    Partition,
    /// It is whole again, unless it was split anew.
    Mend { split: u64 },
    /// A process is to stop.
    Crash,
    /// A process starts again.
    Restart { peer: Peer },
}

/// The queue of what happens, and the state of the links.
pub(super) struct Network {
    pub(super) now_us: u64,
    weather: Weather,
    lines: Lines,
    pub(super) is_calm: bool,
    pub(super) random: Random,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    numbers: u64,
    /// Whether nothing passes, by sender and receiver.
    cut: Vec<Vec<bool>>,
    sent: BTreeMap<(Peer, Peer), u64>,
    arrived: BTreeMap<(Peer, Peer), u64>,
}

impl Network {
    pub(super) fn new(plan: &Plan, peers: usize) -> Self {
        Self {
            now_us: 0,
            weather: plan.weather,
            lines: Lines::new(plan.seed, plan.matrix, peers),
            is_calm: false,
            random: Random::new(plan.seed, "network"),
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            numbers: 0,
            cut: vec![vec![false; peers]; peers],
            sent: BTreeMap::new(),
            arrived: BTreeMap::new(),
        }
    }

    /// The next thing to happen; time moves there.
    pub(super) fn next(&mut self) -> Option<Happening> {
        let Reverse((at, number)) = self.queue.pop()?;
        self.now_us = self.now_us.max(at);
        self.happenings.remove(&number)
    }

    pub(super) fn after_us(&mut self, us: u64, happening: Happening) {
        self.numbers += 1;
        self.queue.push(Reverse((self.now_us + us, self.numbers)));
        self.happenings.insert(self.numbers, happening);
    }

    /// Around `mean_ms` from now.
    pub(super) fn around_ms(&mut self, mean_ms: u64, happening: Happening) {
        let us = 1 + self.random.below(mean_ms * 2_000);
        self.after_us(us, happening);
    }

    pub(super) fn set_cut(&mut self, from: Peer, to: Peer, cut: bool) {
        self.cut[from][to] = cut;
    }

    pub(super) fn is_cut(&self, from: Peer, to: Peer) -> bool {
        self.cut[from][to]
    }

    pub(super) fn latency_us(&mut self, from: Peer, to: Peer) -> u64 {
        self.lines.latency_us(from, to, &mut self.random)
    }

    /// Sends on a direct stream.
    pub(super) fn send(&mut self, from: Peer, to: Peer, bytes: &Arc<[u8]>, faults: &mut Faults) {
        if self.cut[from][to] {
            faults.cut_off += 1;
            return;
        }
        if self.strikes(self.weather.lost) {
            faults.lost += 1;
            return;
        }
        let number = self.sent.entry((from, to)).or_default();
        *number += 1;
        let message = Happening::Message { from, to, number: *number, bytes: Arc::clone(bytes) };
        if self.strikes(self.weather.duplicated) {
            faults.duplicated += 1;
            let us = self.latency_us(from, to) + self.delay_us();
            self.after_us(us, message.clone());
        }
        let us = self.latency_us(from, to) + self.delay_us();
        self.after_us(us, message);
    }

    /// Passes a gossip bundle on to one process.
    pub(super) fn gossip(&mut self, from: Peer, to: Peer, bytes: &Arc<[u8]>, faults: &mut Faults) {
        if self.cut[from][to] || self.strikes(self.weather.gossip_lost) {
            faults.gossip_lost += 1;
            return;
        }
        let us = self.latency_us(from, to) + self.delay_us();
        self.after_us(us, Happening::Bundle { from, to, bytes: Arc::clone(bytes) });
    }

    /// Notes that a message arrived, and whether a later one came before it.
    pub(super) fn arrives(&mut self, from: Peer, to: Peer, number: u64, faults: &mut Faults) {
        let newest = self.arrived.entry((from, to)).or_default();
        if number < *newest {
            faults.reordered += 1;
        }
        *newest = number.max(*newest);
    }

    fn strikes(&mut self, per_mille: u64) -> bool {
        !self.is_calm && self.random.chance(per_mille)
    }

    fn delay_us(&mut self) -> u64 {
        if self.strikes(self.weather.delayed) { self.random.below(DELAY_MAX_US) } else { 0 }
    }
}
