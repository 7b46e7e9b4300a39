//! What a wallet remembers of a log it has checked. A later log must extend it.

use super::check::LogError;
use super::entry::{Gap, LogEntry};
use crate::codec::BoundedVec;
use crate::crypto::Digest;
use crate::position::Height;
use crate::time::{Day, UnixMs};
use bincode::{Decode, Encode};

/// Most entries of one log that a position remembers: a patient asked about 36 times a day for ten years.
pub const LOG_ENTRIES_MAX: usize = 131_072;
/// Longest encoded position.
pub const POSITION_BYTES_MAX: usize = LOG_ENTRIES_MAX * 32 + 8 * 1024;
/// Most losses that a position remembers.
pub const LOSSES_MAX: usize = 128;

/// How far an open day had come when it was last checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct OpenDay {
    /// The day.
    pub day: Day,
    /// Number of its anchor.
    pub seq: u64,
    /// Entries under that anchor, if the day had any; else entries before the day.
    pub after: u64,
}

/// A checked log, up to its last anchored entry.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// Height of the newest state it was checked under.
    pub height: Height,
    /// First day that could still change.
    pub first_open: Day,
    /// Entries before that day.
    pub before: u64,
    /// How far the open days had come.
    pub open: BoundedVec<OpenDay, 4>,
    /// Hash of every anchored entry, the first one first; zeros for a lost one that was never seen.
    pub hashes: BoundedVec<Digest, LOG_ENTRIES_MAX>,
    /// Entries that the custodian lost.
    pub lost: BoundedVec<Gap, LOSSES_MAX>,
    /// Time of the last anchored entry.
    pub time: UnixMs,
    /// Ledger height of the last anchored decision.
    pub decided: Height,
}

impl Position {
    /// Before the first check. `day` is one on which the log was surely empty: the day before enrolment, or, when the
    /// words are all that is left, the day the network began.
    pub fn start(day: Day) -> Self {
        Self {
            height: Height(0),
            first_open: day,
            before: 0,
            open: BoundedVec::new(),
            hashes: BoundedVec::new(),
            lost: BoundedVec::new(),
            time: UnixMs(0),
            decided: Height(0),
        }
    }

    /// Anchored entries.
    pub fn count(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap_or(u64::MAX)
    }

    /// Checks that `shown`, the entries up to the last remembered one, are those remembered. What is not shown must
    /// stand in one of the `losses` that the log admits.
    ///
    /// # Errors
    /// Names the entry that is another or left out.
    pub fn check_remembered(&self, chain: &Digest, shown: &[LogEntry], losses: &[Gap]) -> Result<(), LogError> {
        let mut rest = shown.iter().peekable();
        for (number, hash) in (1u64..).zip(&self.hashes) {
            match rest.next_if(|entry| entry.body.number == number) {
                Some(entry) if entry.digest(chain) == *hash => {}
                Some(_) => return Err(LogError::Twice(number)),
                None if losses.iter().any(|gap| gap.from <= number && number <= gap.to) => {}
                None => return Err(LogError::EntriesMissing { anchored: self.count(), shown: number - 1 }),
            }
        }
        match rest.next() {
            Some(entry) => Err(LogError::Number { expected: self.count() + 1, shown: entry.body.number }),
            None => Ok(()),
        }
    }

    /// Hash of the last anchored entry; zeros before the first.
    pub fn head(&self) -> Digest {
        self.hashes.last().copied().unwrap_or_default()
    }
}
