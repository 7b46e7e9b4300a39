//! What waits to be sent to one peer: bounded, consensus first.
//!
//! Transactions make room for consensus. When consensus alone would be too much, the peer is not reading: the box is
//! *overrun*, and the link ends instead of losing a message in its middle.

use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that may wait for one peer.
pub(crate) const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Messages that may wait for one peer.
pub(super) const WAITING_MESSAGES_MAX: usize = 4096;

/// What a message is about, and so how urgent it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Votes, proposals, sync: sent first, never dropped while the link is up.
    Consensus,
    /// Transactions asked for and offered: the oldest are dropped when too much waits.
    Transactions,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    /// It waits; this many older transaction messages had to go for it.
    Waits { dropped: u64 },
    /// There was no room for it, or no link.
    Dropped,
    /// The peer does not read: nothing waits any more, and the link must end.
    Overrun,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open,
    Overrun,
}

#[derive(Debug)]
struct Waiting {
    state: State,
    consensus: VecDeque<Bytes>,
    transactions: VecDeque<Bytes>,
    bytes: usize,
}

/// The messages that wait for one peer.
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

impl Lane {
    /// Name in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Consensus => "consensus",
            Self::Transactions => "transactions",
        }
    }
}

impl Outbox {
    /// A box that takes nothing until it is opened.
    pub(super) fn closed() -> Self {
        let waiting =
            Waiting { state: State::Closed, consensus: VecDeque::new(), transactions: VecDeque::new(), bytes: 0 };
        Self { waiting: Mutex::new(waiting), changed: Notify::new() }
    }

    /// Takes messages from now on, starting with none.
    pub(super) fn open(&self) {
        self.waiting().turn(State::Open);
    }

    /// Drops what waits and takes nothing more.
    pub(super) fn close(&self) {
        self.waiting().turn(State::Closed);
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        self.waiting().bytes
    }

    /// Puts `message` behind the others of its lane.
    pub(super) fn push(&self, lane: Lane, message: Bytes) -> Pushed {
        let pushed = self.waiting().push(lane, message);
        self.changed.notify_one();
        pushed
    }

    /// The next message to send, consensus first; waits for one. `None` once the box is overrun.
    pub(super) async fn next(&self) -> Option<(Lane, Bytes)> {
        loop {
            let changed = self.changed.notified();
            {
                let mut waiting = self.waiting();
                if waiting.state == State::Overrun {
                    return None;
                }
                if let Some(next) = waiting.pop() {
                    return Some(next);
                }
            }
            changed.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn turn(&mut self, state: State) {
        self.state = state;
        self.consensus.clear();
        self.transactions.clear();
        self.bytes = 0;
    }

    fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes + bytes <= WAITING_BYTES_MAX && self.consensus.len() + self.transactions.len() < WAITING_MESSAGES_MAX
    }

    fn push(&mut self, lane: Lane, message: Bytes) -> Pushed {
        match self.state {
            State::Closed | State::Overrun => return Pushed::Dropped,
            State::Open => {}
        }
        let mut dropped = 0;
        while !self.has_room_for(message.len()) {
            let Some(oldest) = self.transactions.pop_front() else {
                return match lane {
                    Lane::Transactions => Pushed::Dropped,
                    Lane::Consensus => {
                        self.turn(State::Overrun);
                        Pushed::Overrun
                    }
                };
            };
            self.bytes -= oldest.len();
            dropped += 1;
        }
        self.bytes += message.len();
        match lane {
            Lane::Consensus => self.consensus.push_back(message),
            Lane::Transactions => self.transactions.push_back(message),
        }
        Pushed::Waits { dropped }
    }

    fn pop(&mut self) -> Option<(Lane, Bytes)> {
        let next = match self.consensus.pop_front() {
            Some(message) => (Lane::Consensus, message),
            None => (Lane::Transactions, self.transactions.pop_front()?),
        };
        self.bytes -= next.1.len();
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    const MIB: usize = 1024 * 1024;

    fn open() -> Outbox {
        let outbox = Outbox::closed();
        outbox.open();
        outbox
    }

    #[test]
    fn consensus_goes_first_and_each_lane_keeps_its_order() {
        let outbox = open();
        for (lane, name) in [(Lane::Transactions, "t1"), (Lane::Consensus, "c1"), (Lane::Consensus, "c2")] {
            assert_eq!(outbox.push(lane, name.into()), Pushed::Waits { dropped: 0 });
        }
        let order = [(Lane::Consensus, "c1".into()), (Lane::Consensus, "c2".into()), (Lane::Transactions, "t1".into())];
        for expected in order {
            assert_eq!(block_on(outbox.next()), Some(expected));
        }
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn the_oldest_transactions_make_room() {
        let outbox = open();
        let full = WAITING_BYTES_MAX / MIB;
        for n in 0..full {
            outbox.push(Lane::Transactions, vec![u8::try_from(n).unwrap(); MIB].into());
        }
        assert_eq!(outbox.push(Lane::Transactions, vec![99; MIB].into()), Pushed::Waits { dropped: 1 });
        assert_eq!(outbox.push(Lane::Consensus, vec![100; MIB + 1].into()), Pushed::Waits { dropped: 2 });
        assert!(outbox.bytes() <= WAITING_BYTES_MAX);
        assert_eq!(block_on(outbox.next()).unwrap().1[0], 100);
        assert_eq!(block_on(outbox.next()).unwrap().1[0], 3, "0, 1 and 2 made room");
    }

    #[test]
    fn a_peer_that_does_not_read_overruns_its_box_and_leaves_nothing_behind() {
        let outbox = open();
        for _ in 0..WAITING_MESSAGES_MAX {
            assert_eq!(outbox.push(Lane::Consensus, "vote".into()), Pushed::Waits { dropped: 0 });
        }
        assert_eq!(outbox.push(Lane::Transactions, "t".into()), Pushed::Dropped, "transactions never push votes out");
        assert_eq!(outbox.push(Lane::Consensus, "vote".into()), Pushed::Overrun);
        assert_eq!((block_on(outbox.next()), outbox.bytes()), (None, 0));
        outbox.open();
        assert_eq!(outbox.push(Lane::Consensus, "vote".into()), Pushed::Waits { dropped: 0 });
    }

    #[test]
    fn without_a_link_nothing_waits() {
        let outbox = Outbox::closed();
        assert_eq!((outbox.push(Lane::Consensus, "vote".into()), outbox.bytes()), (Pushed::Dropped, 0));
    }
}
