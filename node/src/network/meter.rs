//! How much one peer may send. Whoever sends more is read later: its stream waits, and nobody else's.

use crate::token_bucket::TokenBucket;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of messages a second.
pub(crate) const MESSAGE_BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;
/// Messages a second.
pub(crate) const MESSAGES_PER_SECOND: u64 = 1_000;
/// Messages at once, after a rest.
pub(super) const MESSAGES_BURST: u64 = 4_000;
/// Bytes of gossip a second.
pub(crate) const GOSSIP_BYTES_PER_SECOND: u64 = 4 * 1024 * 1024;
/// Gossiped bundles a second: in a network of 31, one peer may be the first to bring those of many.
pub(crate) const BUNDLES_PER_SECOND: u64 = 1_000;
/// Bundles beyond the rate a second that are only dropped; with more, the sender loses its connection. Their names stay
/// in gossip's memory for a while, dropped or not.
pub(crate) const BUNDLES_OVER_PER_SECOND: u64 = 200;

/// What became of a bundle at its sender's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weighed {
    /// Within the rate.
    Fits,
    /// Beyond it: to be dropped.
    Over,
    /// So far beyond it that nobody honest sends as much.
    Flood,
}

/// The accounts of one peer.
#[derive(Debug)]
pub(super) struct Meter {
    began: Instant,
    accounts: Mutex<Accounts>,
}

#[derive(Debug)]
struct Accounts {
    message_bytes: TokenBucket,
    messages: TokenBucket,
    gossip_bytes: TokenBucket,
    bundles: TokenBucket,
    bundles_over: TokenBucket,
}

impl Accounts {
    const fn full() -> Self {
        Self {
            message_bytes: TokenBucket::full(MESSAGE_BYTES_PER_SECOND, MESSAGE_BYTES_PER_SECOND),
            messages: TokenBucket::full(MESSAGES_PER_SECOND, MESSAGES_BURST),
            gossip_bytes: TokenBucket::full(GOSSIP_BYTES_PER_SECOND, 2 * GOSSIP_BYTES_PER_SECOND),
            bundles: TokenBucket::full(BUNDLES_PER_SECOND, 2 * BUNDLES_PER_SECOND),
            bundles_over: TokenBucket::full(BUNDLES_OVER_PER_SECOND, 10 * BUNDLES_OVER_PER_SECOND),
        }
    }

    fn message(&mut self, now_ms: u64, bytes: usize) -> Duration {
        let wait_ms = self.message_bytes.owe(now_ms, bytes as u64).max(self.messages.owe(now_ms, 1));
        Duration::from_millis(wait_ms)
    }

    fn bundle(&mut self, now_ms: u64, bytes: usize) -> Weighed {
        if self.gossip_bytes.take(now_ms, bytes as u64) && self.bundles.take(now_ms, 1) {
            Weighed::Fits
        } else if self.bundles_over.take(now_ms, 1) {
            Weighed::Over
        } else {
            Weighed::Flood
        }
    }
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), accounts: Mutex::new(Accounts::full()) }
    }

    /// Counts a message, and tells how long its sender is to wait for it to be read.
    pub(super) fn message(&self, bytes: usize) -> Duration {
        self.with(|accounts, now_ms| accounts.message(now_ms, bytes))
    }

    /// Counts a bundle.
    pub(super) fn bundle(&self, bytes: usize) -> Weighed {
        self.with(|accounts, now_ms| accounts.bundle(now_ms, bytes))
    }

    fn with<T>(&self, count: impl FnOnce(&mut Accounts, u64) -> T) -> T {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        count(&mut self.accounts.lock().unwrap_or_else(PoisonError::into_inner), now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_beyond_the_rate_wait_until_it_is_kept() {
        let mut accounts = Accounts::full();
        let burst = (0..10_000).take_while(|_| accounts.message(1, 100).is_zero()).count();
        assert_eq!(burst, MESSAGES_BURST as usize);
        let wait = (0..1_000).map(|_| accounts.message(1, 100)).max();
        assert_eq!(wait, Some(Duration::from_millis(1_001)), "a thousand more are a second's worth");
        assert_eq!(accounts.message(60_000, 100), Duration::ZERO, "a rest pays");
    }

    #[test]
    fn few_large_messages_wait_as_many_small_ones_do() {
        let mut accounts = Accounts::full();
        let large = 2 * 1024 * 1024;
        let waits: Vec<_> = (0..16).map(|_| accounts.message(1, large).as_millis()).collect();
        assert_eq!(waits[..8], [0; 8]);
        assert_eq!(waits[15], 1_000);
    }

    #[test]
    fn bundles_beyond_the_rate_are_dropped_and_a_flood_is_called_one() {
        let mut accounts = Accounts::full();
        let mut count = |times: usize, bytes| {
            let mut counts = [0; 3];
            for _ in 0..times {
                counts[accounts.bundle(1, bytes) as usize] += 1;
            }
            counts
        };
        let fit = 2 * BUNDLES_PER_SECOND as usize;
        let over = 10 * BUNDLES_OVER_PER_SECOND as usize;
        assert_eq!(count(fit + over + 5, 100), [fit, over, 5]);
        let mut accounts = Accounts::full();
        let large = 64 * 1024;
        let fitting = (0..1_000).filter(|_| accounts.bundle(1, large) == Weighed::Fits).count();
        assert_eq!(fitting * large, 2 * GOSSIP_BYTES_PER_SECOND as usize);
    }
}
