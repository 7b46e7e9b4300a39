//! When and what a custodian anchors: the access tree of one UTC day, on a fixed clock grid, one anchor at a time.
//!
//! - An anchor is taken at the first grid point that finds something new, never because of an event; with cover it is
//!   taken at every grid point and carries a random leaf, so that quiet and busy hours look alike.
//! - Its leaves are on disk before its root is sent. It is sent again until it is final, or can never be.
//! - Until 01:00 the day before is finished first. What misses that enters the next day's tree, *entered late*.
//! - A ledger that was behind these files at the start (it is being filled again from peers) comes back to them: what it
//!   shows anchored is found in the files, and the chain of anchors goes on behind it.
//! - Of an anchor that was given up and the one that took its number at most one becomes final; whichever it is, it is
//!   recognised by its root, and the logs count as covered accordingly.

use super::day_file::{Change, DayFileError, DayFiles, Snapshot, SnapshotHead};
use super::key_file::KeyFile;
use super::log_book::LogBook;
use super::sealing::{NoRandomness, random};
use amanah_ledger::access::day_tree::{DayProof, DayState, DayTree, day_key, day_value};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::derive::LogKey;
use amanah_ledger::execute::DAY_BEFORE_OPEN_MS;
use amanah_ledger::genesis::Cover;
use amanah_ledger::leaf::AnchorHeadLeaf;
use amanah_ledger::time::{DAY_MS, Day, UnixMs};
use days::Days;
use std::collections::BTreeMap;

mod days;

/// A block's clock may lag behind ours by this much: only then an anchor of the day before is given up.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// The clock grid and what is anchored on it, from the network's parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    pub(crate) grid_ms: u64,
    pub(crate) cover: Cover,
}

impl Grid {
    fn point(&self, now: UnixMs) -> u64 {
        now.0 / self.grid_ms.max(1)
    }
}

/// A root to put on the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) seq: u64,
    pub(crate) day: Day,
    pub(crate) root: Digest,
}

/// A snapshot that is not known to be final, with what it covers.
struct Taken {
    snapshot: Snapshot,
    tree: DayTree,
    covers: Vec<(PublicKey, u64)>,
}

/// The custodian's anchors.
pub(crate) struct Anchoring {
    files: DayFiles,
    days: Days,
    /// The newest anchor of ours that is final.
    last: Option<SnapshotHead>,
    /// Snapshots that may still become final: the last one is being sent, those before it were given up.
    taken: Vec<Taken>,
    /// The last grid point that was looked at.
    grid_point: u64,
    /// The last grid point at which the files were compared with a ledger that had been behind them.
    caught_up_at: u64,
}

/// What is found at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Files and ledger agree.
    Whole,
    /// The ledger has anchors of ours that the files do not know: they were restored from an older backup.
    Lost {
        /// The newest number the ledger has.
        seq: u64,
    },
}

impl Anchoring {
    /// Takes up the files: `head` is the ledger's last anchor of this custodian.
    pub(crate) fn open(files: DayFiles, head: Option<&AnchorHeadLeaf>) -> Result<(Self, Found), DayFileError> {
        let (days, taken) = (Days::default(), Vec::new());
        let mut anchoring = Self { files, days, last: None, taken, grid_point: 0, caught_up_at: 0 };
        if let Some(newest) = anchoring.files.days()?.last() {
            anchoring.files.cut_torn_end(*newest)?;
        }
        let Some(head) = head else {
            anchoring.wait_again(None)?;
            return Ok((anchoring, Found::Whole));
        };
        let found = anchoring.stand_at(head)?;
        Ok((anchoring, found))
    }

    /// Goes on behind the ledger's last anchor of this custodian.
    fn stand_at(&mut self, head: &AnchorHeadLeaf) -> Result<Found, DayFileError> {
        let known = self.files.read(head.day)?.into_iter().find(|snapshot| snapshot.head.root == head.root);
        let Some(known) = known else {
            let last =
                SnapshotHead { seq: head.seq, day: head.day, root: head.root, parent: Digest::ZERO, taken: UnixMs(0) };
            self.last = Some(last);
            return Ok(Found::Lost { seq: head.seq });
        };
        self.last = Some(known.head);
        self.days.load(&self.files, known.head.day, known.head.root)?;
        self.wait_again(Some(known.head))?;
        Ok(Found::Whole)
    }

    /// Whether `head` is later than every anchor that is known to be final or on its way: at the start the ledger was
    /// behind the files.
    fn is_behind(&self, head: &AnchorHeadLeaf) -> bool {
        self.last.is_none_or(|last| last.seq < head.seq)
    }

    /// Catches up with a ledger that was behind the files and has come to `head`. The logs count as covered by every
    /// anchor up to it.
    fn catch_up(&mut self, head: &AnchorHeadLeaf, book: &mut LogBook, keys: &KeyFile) -> Result<(), DayFileError> {
        let before = self.last.map_or(Digest::ZERO, |last| last.root);
        self.taken.clear();
        if let Found::Lost { seq } = self.stand_at(head)? {
            tracing::error!(seq, "the ledger has an anchor of this hospital that its access tree files do not know");
            return Ok(());
        }
        self.name_relationships(keys);
        let mut wanted = head.root;
        for day in self.files.days()?.into_iter().rev().filter(|day| *day <= head.day) {
            let by_key: BTreeMap<Digest, PublicKey> =
                keys.iter().map(|k| (day_key(&k.log_key(), day), k.relationship)).collect();
            for snapshot in self.files.read(day)?.iter().rev() {
                if wanted == before || snapshot.head.root != wanted {
                    continue;
                }
                wanted = snapshot.head.parent;
                for change in &snapshot.changes {
                    if let Some(relationship) = by_key.get(&change.key) {
                        book.cover(relationship, change.state.after);
                    }
                }
            }
            if wanted == before {
                break;
            }
        }
        Ok(())
    }

    /// Takes the snapshots up again that were sent before the restart and are not final yet. What they cover is told
    /// by [`Anchoring::name_relationships`], once the keys are at hand.
    fn wait_again(&mut self, last: Option<SnapshotHead>) -> Result<(), DayFileError> {
        let seq = last.map_or(1, |last| last.seq + 1);
        let parent = last.map_or(Digest::ZERO, |last| last.root);
        for day in self.files.days()? {
            for snapshot in self.files.read(day)? {
                if snapshot.head.seq == seq && snapshot.head.parent == parent {
                    let tree = self.days.tree(day).with_leaves(snapshot.changes.iter().map(|c| (c.key, c.value)));
                    self.taken.push(Taken { snapshot, tree, covers: Vec::new() });
                }
            }
        }
        self.taken.sort_by_key(|taken| taken.snapshot.head.taken);
        Ok(())
    }

    /// Until when every entry of which day is covered by a final anchor.
    pub(crate) fn covered_until(&self) -> Option<(Day, UnixMs)> {
        self.last.map(|last| (last.day, last.taken))
    }

    /// What the trees on disk say about each relationship, newest first: the vault is compared with it.
    pub(crate) fn name_relationships(&mut self, keys: &KeyFile) {
        for taken in &mut self.taken {
            let day = taken.snapshot.head.day;
            taken.covers = keys
                .iter()
                .filter_map(|k| {
                    let key = day_key(&k.log_key(), day);
                    let at = taken.snapshot.changes.iter().find(|change| change.key == key)?;
                    Some((k.relationship, at.state.after))
                })
                .collect();
        }
    }

    /// The highest entry of each relationship that any file from anchor `from_seq` on names, with its head.
    pub(crate) fn named_since(
        &self,
        from_seq: u64,
        keys: &KeyFile,
    ) -> Result<Vec<(PublicKey, u64, Digest)>, DayFileError> {
        let mut named = BTreeMap::new();
        for day in self.files.days()?.into_iter().rev() {
            let snapshots = self.files.read(day)?;
            if snapshots.iter().all(|snapshot| snapshot.head.seq < from_seq) {
                break;
            }
            let by_key: BTreeMap<Digest, PublicKey> =
                keys.iter().map(|k| (day_key(&k.log_key(), day), k.relationship)).collect();
            for change in snapshots.iter().flat_map(|snapshot| &snapshot.changes) {
                let Some(relationship) = by_key.get(&change.key) else { continue };
                let highest = named.entry(*relationship).or_insert((0, Digest::ZERO));
                if highest.0 < change.state.after {
                    *highest = (change.state.after, change.state.head);
                }
            }
        }
        Ok(named.into_iter().map(|(relationship, (after, head))| (relationship, after, head)).collect())
    }

    /// Looks whether one of the snapshots has become final, and counts the logs as covered by it. A ledger that comes
    /// from further behind is looked at once per grid point.
    pub(crate) fn settle(
        &mut self,
        head: Option<&AnchorHeadLeaf>,
        now: UnixMs,
        grid: Grid,
        book: &mut LogBook,
        keys: &KeyFile,
    ) -> Result<(), DayFileError> {
        let Some(head) = head else { return Ok(()) };
        let Some(at) = self.taken.iter().position(|taken| taken.snapshot.head.root == head.root) else {
            let point = grid.point(now);
            if self.is_behind(head) && point > self.caught_up_at {
                self.caught_up_at = point;
                self.catch_up(head, book, keys)?;
            }
            return Ok(());
        };
        let Taken { snapshot, tree, covers } = self.taken.swap_remove(at);
        for (relationship, after) in covers {
            book.cover(&relationship, after);
        }
        self.days.add(&snapshot, tree);
        self.last = Some(snapshot.head);
        self.taken.clear();
        Ok(())
    }

    /// What is to be on the ledger now: the anchor on its way, or the one this grid point asks for. `sync` makes the
    /// entries durable before an anchor that covers them is taken.
    pub(crate) fn due<E: From<DayFileError> + From<NoRandomness>>(
        &mut self,
        now: UnixMs,
        grid: Grid,
        book: &mut LogBook,
        keys: &KeyFile,
        sync: impl FnOnce() -> Result<(), E>,
    ) -> Result<Option<Due>, E> {
        if let Some(sent) = self.taken.last().map(|taken| taken.snapshot.head)
            && now < sent.day.start().plus_ms(DAY_MS + DAY_BEFORE_OPEN_MS + CLOCK_SKEW_MS)
        {
            return Ok(Some(Due { seq: sent.seq, day: sent.day, root: sent.root }));
        }
        let point = grid.point(now);
        if point <= self.grid_point {
            return Ok(None);
        }
        self.grid_point = point;
        let open = book.earliest_open_day();
        if open.is_none() && grid.cover == Cover::Off {
            return Ok(None);
        }
        let day = self.day_to_anchor(now, open);
        sync()?;
        let taken = self.take(now, day, grid.cover, book, keys)?;
        if taken.snapshot.changes.is_empty() {
            return Ok(None);
        }
        self.files.append(&taken.snapshot)?;
        // Entries written from now on have a later time than the snapshot, so that it is known which it covers.
        book.pass(now.plus_ms(1));
        let head = taken.snapshot.head;
        self.taken.push(taken);
        Ok(Some(Due { seq: head.seq, day: head.day, root: head.root }))
    }

    /// The day before while it can still be finished and has something open, else today.
    fn day_to_anchor(&self, now: UnixMs, open: Option<Day>) -> Day {
        let today = now.day();
        let after_last = self.last.map_or(Day(0), |last| last.day);
        let yesterday = Day(today.0.saturating_sub(1));
        let closing = now.since_ms(today.start()) < DAY_BEFORE_OPEN_MS;
        let given_up = self.taken.iter().any(|taken| taken.snapshot.head.day == yesterday);
        if closing && !given_up && open.is_some_and(|open| open <= yesterday) && after_last <= yesterday {
            yesterday
        } else {
            today.max(after_last)
        }
    }

    fn take(&self, now: UnixMs, day: Day, cover: Cover, book: &LogBook, keys: &KeyFile) -> Result<Taken, NoRandomness> {
        let (mut changes, mut covers) = (Vec::new(), Vec::new());
        for (relationship, covered, (after, head)) in book.open_until(day) {
            let Some(keys) = keys.get(&relationship) else { continue };
            let log_key = keys.log_key();
            let key = day_key(&log_key, day);
            let before = self.days.state(day, &key).map_or(covered, |earlier| earlier.before);
            let state = DayState { before, after, head };
            changes.push(Change { key, value: day_value(&log_key, &state), state });
            covers.push((relationship, after));
        }
        if cover == Cover::On {
            let nothing = DayState { before: 0, after: 0, head: Digest::ZERO };
            changes.push(Change { key: Digest(random()?), value: Digest(random()?), state: nothing });
        }
        changes.sort_by_key(|change| change.key);
        let tree = self.days.tree(day).with_leaves(changes.iter().map(|change| (change.key, change.value)));
        let head = SnapshotHead {
            seq: self.last.map_or(1, |last| last.seq + 1),
            day,
            root: tree.root(),
            parent: self.last.map_or(Digest::ZERO, |last| last.root),
            taken: now,
        };
        Ok(Taken { snapshot: Snapshot { head, changes }, tree, covers })
    }

    /// What the tree of `day` with `root` says about a relationship; `None` if that root is not served.
    pub(crate) fn prove(
        &mut self,
        day: Day,
        root: &Digest,
        log_key: &LogKey,
    ) -> Result<Option<DayProof>, DayFileError> {
        self.days.prove(&self.files, day, root, log_key)
    }
}

#[cfg(test)]
mod tests;
