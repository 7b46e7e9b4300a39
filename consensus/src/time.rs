//! Time in consensus: how long to wait for what, and when a block's time is acceptable.
//!
//! T1, a block is later than its parent, is part of its validity and checked where blocks are judged. T2 and T3 are
//! conditions of our vote and never make a block invalid: a wrong clock must not look like a wrong block. Nobody declines
//! to lead because of its clock (refinement 7); it raises an alarm.

use crate::config::Timing;
use crate::limits::BACKOFF_MAX;
use crate::message::Echo;
use amanah_ledger::time::UnixMs;

/// A clock that never goes back, made of one that may.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    elapsed: u64,
    last: u64,
}

impl Clock {
    pub(crate) fn new(wall: u64) -> Self {
        Self { elapsed: 0, last: wall }
    }

    /// Milliseconds since the start, by a wall clock of which only the steps forward count.
    pub(crate) fn tick(&mut self, wall: u64) -> u64 {
        self.elapsed = self.elapsed.saturating_add(wall.saturating_sub(self.last));
        self.last = wall;
        self.elapsed
    }

    /// The milliseconds at the last tick.
    #[cfg(feature = "explore")]
    pub(crate) fn now(&self) -> u64 {
        self.elapsed
    }
}

/// The waits of one view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waits {
    timing: Timing,
    failed: u64,
}

impl Waits {
    /// In a view with `skipped` views between it and the newest final one, of which `f` may be a liar's. More failed
    /// views in a row mean that Δ is too small, not that the leaders lie.
    pub(crate) fn new(timing: Timing, skipped: u64, f: usize) -> Self {
        Self { timing, failed: skipped.saturating_sub(f as u64) }
    }

    /// Whether no more views failed in a row than liars can lead: then the network is as assumed.
    pub(crate) fn are_plain(&self) -> bool {
        self.failed == 0
    }

    /// `ms × 1.5^failed`, at most eightfold.
    fn backed_off(&self, ms: u64) -> u64 {
        let (mut wait, limit) = (ms, ms.saturating_mul(BACKOFF_MAX));
        for _ in 0..self.failed {
            wait = wait.saturating_add(wait / 2);
            if wait >= limit {
                return limit;
            }
        }
        wait
    }

    /// t_l: no proposal for this long.
    pub(crate) fn leader_ms(&self) -> u64 {
        self.backed_off(2 * self.timing.delta_ms)
    }
    /// t_a: no certificate for this long.
    pub(crate) fn certificate_ms(&self) -> u64 {
        self.backed_off(3 * self.timing.delta_ms)
    }
    /// A notarized block not final after this long needs a repair block on top.
    pub(crate) fn stale_ms(&self) -> u64 {
        self.backed_off(2 * self.timing.delta_ms)
    }

    /// T2: the earliest moment of our clock at which a block of this time may get our vote.
    pub(crate) fn earliest(&self, time: UnixMs) -> u64 {
        time.0.saturating_sub(self.timing.clock_tolerance_ms)
    }

    /// T3: whether a block of this time came too late.
    pub(crate) fn is_too_old(&self, time: UnixMs, received: UnixMs) -> bool {
        received.since_ms(time) > self.timing.clock_tolerance_ms + self.certificate_ms()
    }
}

/// How far a peer's clock is ahead of ours, measured by echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Positive if its clock is ahead.
    pub(crate) offset_ms: i64,
    /// Round trip.
    pub(crate) rtt_ms: u64,
}

/// Longest round trip from which an offset is read.
const RTT_MAX_MS: u64 = 1_000;

impl Offset {
    /// `peer_time + rtt/2 - now`, or `None` if the round trip was too long or the clock was set meanwhile.
    pub(crate) fn measure(now: UnixMs, peer_time: UnixMs, echo: Echo) -> Option<Self> {
        let rtt_ms = now.0.checked_sub(echo.time.0)?.checked_sub(echo.held_ms)?;
        if rtt_ms > RTT_MAX_MS {
            return None;
        }
        let theirs = i64::try_from(peer_time.0).ok()?.checked_add(i64::try_from(rtt_ms / 2).ok()?)?;
        Some(Self { offset_ms: theirs.checked_sub(i64::try_from(now.0).ok()?)?, rtt_ms })
    }

    /// Whether it is larger than the tolerance and half the round trip explain.
    pub(crate) fn is_alarming(&self, tolerance_ms: u64) -> bool {
        self.offset_ms.unsigned_abs() > tolerance_ms + self.rtt_ms / 2
    }

    /// The one in the middle.
    pub(crate) fn median(mut offsets: Vec<Self>) -> Option<Self> {
        offsets.sort_by_key(|offset| offset.offset_ms);
        offsets.get(offsets.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests;
