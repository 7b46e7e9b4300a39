//! The custodian's clock: the system's, once a quorum of hospitals agrees with it.
//!
//! What a custodian writes down carries its time, an expired consent must not permit, and times along a log never fall:
//! one entry dated tomorrow keeps the log of that patient from being proven until tomorrow comes. So after a start
//! nothing is dated before the clocks of a quorum, this one included, were compared. From then on time passes by the
//! clock that nobody sets: a system clock that jumps is followed only where the others say so too, and a hospital that
//! is cut off from them goes on with the time it had. Clocks are hints like all of a status; nothing proven rests on them.

use crate::health::HEARD_MAX;
use amanah_consensus::ClockReading;
use amanah_ledger::committee::quorum;
use amanah_ledger::time::UnixMs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A clock this far from the middle of a quorum's is wrong.
pub const APART_MS_MAX: u64 = 10_000;

/// A moment, and whether it may be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A quorum of hospitals has agreed with this clock since the start.
    Confirmed(UnixMs),
    /// The system's time. Nobody has confirmed it, or a quorum says otherwise.
    Unconfirmed(UnixMs),
}

impl Moment {
    /// The time, as good as it is.
    pub fn time(self) -> UnixMs {
        match self {
            Self::Confirmed(time) | Self::Unconfirmed(time) => time,
        }
    }
}

/// What the other clocks said at the last comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Fewer than a quorum were heard lately, this one included.
    FewHeard,
    /// The middle one is this far ahead of ours (behind, if negative), and that is near enough.
    Agrees {
        /// Milliseconds.
        offset_ms: i64,
    },
    /// The middle one is too far from ours.
    Apart {
        /// Milliseconds by which it is ahead of ours; negative if behind.
        offset_ms: i64,
    },
}

/// The custodian's time, shared by all who ask. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct ConfirmedClock(Arc<Mutex<Passing>>);

impl ConfirmedClock {
    /// The custodian's time.
    pub fn now(&self) -> Moment {
        self.lock().at(wall(), Instant::now())
    }

    /// What the last comparison said.
    pub fn comparison(&self) -> Comparison {
        self.lock().compared
    }

    /// Compares the system's clock with what `validators` said, by index; our own place is empty.
    pub fn compare(&self, validators: &[Option<ClockReading>]) {
        self.lock().compare(wall(), Instant::now(), validators);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Passing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The system's time, milliseconds since 1970.
pub(crate) fn wall() -> UnixMs {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(millis(elapsed))
}

/// Confirmed time, and how it passes.
#[derive(Debug)]
struct Passing {
    /// The last time that was confirmed, and when that was by the clock that nobody sets.
    confirmed: Option<(UnixMs, Instant)>,
    compared: Comparison,
}

impl Default for Passing {
    fn default() -> Self {
        Self { confirmed: None, compared: Comparison::FewHeard }
    }
}

impl Passing {
    fn at(&self, wall: UnixMs, steady: Instant) -> Moment {
        match self.confirmed {
            Some((time, then)) => Moment::Confirmed(time.plus_ms(millis(steady.saturating_duration_since(then)))),
            None => Moment::Unconfirmed(wall),
        }
    }

    fn compare(&mut self, wall: UnixMs, steady: Instant, validators: &[Option<ClockReading>]) {
        self.compared = compare(wall, validators);
        if matches!(self.compared, Comparison::Agrees { .. }) {
            self.confirmed = Some((wall, steady));
        }
    }
}

/// Where `wall` stands among the clocks that were heard lately, by its own count: what was heard before it jumped does
/// not count.
fn compare(wall: UnixMs, validators: &[Option<ClockReading>]) -> Comparison {
    let is_recent = |reading: &&ClockReading| reading.ours <= wall && wall.since_ms(reading.ours) <= millis(HEARD_MAX);
    let offset = |reading: &ClockReading| signed(reading.theirs).saturating_sub(signed(reading.ours));
    let mut offsets: Vec<i64> = validators.iter().flatten().filter(is_recent).map(offset).chain([0]).collect();
    if offsets.len() < quorum(validators.len()) {
        return Comparison::FewHeard;
    }
    offsets.sort_unstable();
    let offset_ms = offsets.get(offsets.len() / 2).copied().unwrap_or(0);
    if offset_ms.unsigned_abs() <= APART_MS_MAX {
        Comparison::Agrees { offset_ms }
    } else {
        Comparison::Apart { offset_ms }
    }
}

fn signed(time: UnixMs) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
