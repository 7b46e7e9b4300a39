//! Where each relationship's access log stands, and how much of it an anchored tree covers.

use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::time::{Day, UnixMs};
use std::collections::{BTreeMap, BTreeSet};

/// The end of a log: what its next entry continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct End {
    /// How many entries.
    pub(crate) count: u64,
    /// The last entry; zeros before the first.
    pub(crate) head: Digest,
}

#[derive(Debug, Default)]
struct Position {
    end: End,
    /// Entries that a final anchor covers.
    covered: u64,
    /// For each day with entries that no final anchor covers: its last entry.
    open: BTreeMap<Day, (u64, Digest)>,
}

/// The logs of all relationships.
#[derive(Debug, Default)]
pub(crate) struct LogBook {
    positions: BTreeMap<PublicKey, Position>,
    open: BTreeSet<PublicKey>,
    /// The time of the last entry or anchor, whatever the log: time never falls.
    latest: UnixMs,
}

impl LogBook {
    /// The custodian's time: never before `latest` stated anywhere, whatever the clock does.
    pub(crate) fn time(&self, clock: UnixMs) -> UnixMs {
        clock.max(self.latest)
    }

    /// From here on every time is later than `moment`.
    pub(crate) fn pass(&mut self, moment: UnixMs) {
        self.latest = self.latest.max(moment);
    }

    /// Where a log stands.
    pub(crate) fn end(&self, relationship: &PublicKey) -> End {
        self.positions.get(relationship).map(|position| position.end).unwrap_or_default()
    }

    /// Takes up a log from disk, before any entry of it is told.
    pub(crate) fn take_up(&mut self, relationship: PublicKey, end: End, covered: u64) {
        self.positions.insert(relationship, Position { end, covered, open: BTreeMap::new() });
    }

    /// Tells of an entry that no final anchor covers.
    pub(crate) fn open_entry(&mut self, relationship: PublicKey, number: u64, head: Digest, day: Day) {
        let position = self.positions.entry(relationship).or_default();
        let last = position.open.entry(day).or_insert((number, head));
        if last.0 < number {
            *last = (number, head);
        }
        self.open.insert(relationship);
    }

    /// Tells of a new entry.
    pub(crate) fn append(&mut self, relationship: PublicKey, end: End, at: UnixMs) {
        self.positions.entry(relationship).or_default().end = end;
        self.open_entry(relationship, end.count, end.head, at.day());
        self.pass(at);
    }

    /// Forgets an erased relationship.
    pub(crate) fn forget(&mut self, relationship: &PublicKey) {
        self.positions.remove(relationship);
        self.open.remove(relationship);
    }

    /// The earliest day of an entry that no final anchor covers.
    pub(crate) fn earliest_open_day(&self) -> Option<Day> {
        self.open_positions().filter_map(|(_, position)| position.open.keys().next()).min().copied()
    }

    /// What a tree of `day` has to cover: the last open entry up to that day of each log, and what was covered before.
    pub(crate) fn open_until(&self, day: Day) -> impl Iterator<Item = (PublicKey, u64, (u64, Digest))> {
        self.open_positions().filter_map(move |(relationship, position)| {
            let last = position.open.range(..=day).map(|(_, last)| *last).max_by_key(|(number, _)| *number)?;
            Some((relationship, position.covered, last))
        })
    }

    /// A final anchor covers the log up to entry `number`.
    pub(crate) fn cover(&mut self, relationship: &PublicKey, number: u64) {
        let Some(position) = self.positions.get_mut(relationship) else { return };
        position.covered = position.covered.max(number);
        position.open.retain(|_, (last, _)| *last > position.covered);
        if position.open.is_empty() {
            self.open.remove(relationship);
        }
    }

    fn open_positions(&self) -> impl Iterator<Item = (PublicKey, &Position)> {
        self.open.iter().filter_map(|relationship| Some((*relationship, self.positions.get(relationship)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PublicKey = PublicKey([1; 32]);

    fn end(count: u64) -> End {
        End { count, head: Digest([count as u8; 32]) }
    }

    #[test]
    fn entries_are_open_until_an_anchor_covers_them() {
        let mut book = LogBook::default();
        let (day, next) = (Day(10), Day(11));
        book.append(ONE, end(1), day.start());
        book.append(ONE, end(2), day.start().plus_ms(5));
        book.append(ONE, end(3), next.start());
        assert_eq!(book.earliest_open_day(), Some(day));
        assert_eq!(book.open_until(day).collect::<Vec<_>>(), [(ONE, 0, (2, end(2).head))]);
        assert_eq!(book.open_until(next).collect::<Vec<_>>(), [(ONE, 0, (3, end(3).head))]);
        book.cover(&ONE, 2);
        assert_eq!(book.earliest_open_day(), Some(next));
        assert_eq!(book.open_until(next).collect::<Vec<_>>(), [(ONE, 2, (3, end(3).head))]);
        book.cover(&ONE, 3);
        assert_eq!(book.earliest_open_day(), None);
        assert_eq!(book.end(&ONE), end(3));
    }

    #[test]
    fn an_entry_written_after_the_anchor_was_taken_stays_open() {
        let mut book = LogBook::default();
        book.append(ONE, end(1), Day(10).start());
        book.append(ONE, end(2), Day(10).start());
        book.cover(&ONE, 1);
        assert_eq!(book.open_until(Day(10)).collect::<Vec<_>>(), [(ONE, 1, (2, end(2).head))]);
    }

    #[test]
    fn time_never_falls() {
        let mut book = LogBook::default();
        book.append(ONE, end(1), UnixMs(100));
        assert_eq!(book.time(UnixMs(50)), UnixMs(100));
        book.pass(UnixMs(200));
        assert_eq!(book.time(UnixMs(150)), UnixMs(200));
        assert_eq!(book.time(UnixMs(300)), UnixMs(300));
    }
}
