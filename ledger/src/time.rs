//! Time as the ledger knows it: milliseconds since 1970 UTC, and UTC days. Always an argument, never read here.

use bincode::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMs(pub u64);

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(pub u32);

/// One hour.
pub const HOUR_MS: u64 = 3_600_000;
/// One day.
pub const DAY_MS: u64 = 24 * HOUR_MS;

impl UnixMs {
    /// The UTC day this moment lies in. Days beyond `u32` (eleven million years) count as the last.
    pub fn day(self) -> Day {
        Day(u32::try_from(self.0 / DAY_MS).unwrap_or(u32::MAX))
    }

    /// This moment and `ms` more; stops at the end of time instead of wrapping.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment, zero if it is not earlier.
    pub fn since_ms(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Day {
    /// The first moment of the day.
    pub fn start(self) -> UnixMs {
        UnixMs(u64::from(self.0) * DAY_MS)
    }

    /// The day after, or `None` at the end of time.
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_utc_and_time_stops_at_its_end() {
        let day = Day(20_779);
        assert_eq!(day.start(), UnixMs(1_795_305_600_000));
        assert_eq!((day.start().day(), day.start().plus_ms(DAY_MS - 1).day()), (day, day));
        assert_eq!(day.start().plus_ms(DAY_MS).day(), day.next().unwrap());
        assert_eq!((UnixMs(u64::MAX).plus_ms(1), UnixMs(u64::MAX).day()), (UnixMs(u64::MAX), Day(u32::MAX)));
        assert_eq!(Day(u32::MAX).next(), None);
        assert_eq!((UnixMs(5).since_ms(UnixMs(2)), UnixMs(2).since_ms(UnixMs(5))), (3, 0));
    }
}
