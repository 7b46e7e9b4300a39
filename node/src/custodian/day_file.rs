//! The leaves of each day's access tree, in one append-only file per UTC day, outside the vault.
//!
//! Each anchor's changes are appended and synced before its root is sent to the ledger. After a restart the trees are
//! rebuilt from here; after the vault was restored from an older backup these files say what had been anchored.
//! A closed day's file never changes. Frames are sealed under the custodian's own key.

use super::durable;
use super::sealing::{DoesNotOpen, NoRandomness, SecretKey};
use crate::two_slots::{self, TwoSlots};
use amanah_ledger::access::day_tree::DayState;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::Digest;
use amanah_ledger::time::{Day, UnixMs};
use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const CHANGES_PER_FRAME: usize = 16 * 1024;
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The file among them that says how far the newest reaches.
const REACHED: &str = "reached";
/// A day and a length.
const REACH_BYTES: usize = 4 + 8;

/// A leaf that an anchor changed, with what its value hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub(crate) struct Change {
    pub(crate) key: Digest,
    pub(crate) value: Digest,
    pub(crate) state: DayState,
}

/// What is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub(crate) struct SnapshotHead {
    /// Number of the anchor.
    pub(crate) seq: u64,
    /// The day whose tree it is.
    pub(crate) day: Day,
    /// Root of the tree.
    pub(crate) root: Digest,
    /// Root of the anchor it builds on, whatever its day; zeros for the first, and after a restore that lost some.
    pub(crate) parent: Digest,
    /// Every entry of `day` or earlier that was written until then is covered.
    pub(crate) taken: UnixMs,
}

/// An anchor with the leaves it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) head: SnapshotHead,
    pub(crate) changes: Vec<Change>,
}

#[derive(bincode::Encode, bincode::Decode)]
enum Frame {
    /// Begins a snapshot of so many changes.
    Head(SnapshotHead, u64),
    Changes(BoundedVec<Change, CHANGES_PER_FRAME>),
}

/// Why a day's file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DayFileError {
    /// The disk refused.
    #[error("access tree files: {0}")]
    Io(#[from] std::io::Error),
    /// What was written whole no longer opens, or is no longer there.
    #[error("the file of day {} is damaged", .0.0)]
    Damaged(Day),
    /// No randomness for a nonce.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The directory of the files.
#[derive(Debug)]
pub(crate) struct DayFiles {
    dir: PathBuf,
    key: SecretKey,
    /// The newest day and how long its file was when it was last synced: a file that ends earlier has lost its end,
    /// which would otherwise look like a write that never finished.
    known: Option<(Day, u64)>,
    /// The slot of it, and the file once something was appended.
    known_slot: Option<u64>,
    reached: RefCell<Option<TwoSlots<REACH_BYTES>>>,
}

impl DayFiles {
    /// The files in `dir`, sealed under `key`.
    pub(crate) fn open(dir: &Path, key: SecretKey) -> Result<Self, DayFileError> {
        std::fs::create_dir_all(dir)?;
        let newest = newest_reach(dir)?;
        let (known, known_slot) = (newest.map(|(day, bytes, _)| (day, bytes)), newest.map(|(_, _, slot)| slot));
        Ok(Self { dir: dir.to_owned(), key, known, known_slot, reached: RefCell::new(None) })
    }

    /// Examines every file and changes nothing.
    pub(crate) fn survey(&self) -> Result<usize, DayFileError> {
        let days = self.days()?;
        for day in &days {
            self.read(*day)?;
        }
        Ok(days.len())
    }

    fn path(&self, day: Day) -> PathBuf {
        self.dir.join(format!("{}.leaves", day.0))
    }

    /// The days that have a file, ascending.
    pub(crate) fn days(&self) -> Result<Vec<Day>, DayFileError> {
        let mut days = Vec::new();
        for file in std::fs::read_dir(&self.dir)? {
            let name = file?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".leaves")).and_then(|n| n.parse().ok());
            days.extend(number.map(Day));
        }
        days.sort_unstable();
        match self.known.filter(|(day, _)| !days.contains(day)) {
            Some((lost, _)) => Err(DayFileError::Damaged(lost)),
            None => Ok(days),
        }
    }

    /// Appends a snapshot; it is durable when this returns.
    pub(crate) fn append(&self, snapshot: &Snapshot) -> Result<(), DayFileError> {
        let path = self.path(snapshot.head.day);
        let is_new = !path.exists();
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let mut at = file.metadata()?.len();
        let mut bytes = Vec::new();
        let count = snapshot.changes.len() as u64;
        let frames = snapshot.changes.chunks(CHANGES_PER_FRAME).map(|chunk| {
            Frame::Changes(BoundedVec::try_from(chunk.to_vec()).expect("chunks have at most CHANGES_PER_FRAME items"))
        });
        for frame in std::iter::once(Frame::Head(snapshot.head, count)).chain(frames) {
            let sealed = self.key.seal(&address(snapshot.head.day, at), &codec::encode(&frame))?;
            let len = u32::try_from(sealed.len()).expect("a frame is at most FRAME_BYTES_MAX long");
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(&sealed);
            at += 4 + u64::from(len);
        }
        file.write_all(&bytes)?;
        file.sync_all()?;
        if is_new {
            durable::sync_parent(&path)?;
        }
        // Anchors are seconds apart: one more sync holds nobody up.
        let mut reached = self.reached.borrow_mut();
        let mut slots = match reached.take() {
            Some(slots) => slots,
            None => TwoSlots::open(&self.dir.join(REACHED), self.known_slot)?,
        };
        slots.write(&encode_reach(snapshot.head.day, at))?;
        *reached = Some(slots);
        Ok(())
    }

    /// The snapshots of a day, in the order they were taken. One whose end was never written is left out: it was
    /// never anchored.
    pub(crate) fn read(&self, day: Day) -> Result<Vec<Snapshot>, DayFileError> {
        Ok(self.read_to_tear(day)?.0)
    }

    /// Cuts a snapshot whose end was never written off the file of `day`, so that the next one can be appended.
    pub(crate) fn cut_torn_end(&self, day: Day) -> Result<(), DayFileError> {
        let (_, whole) = self.read_to_tear(day)?;
        let file = OpenOptions::new().write(true).open(self.path(day))?;
        if file.metadata()?.len() > whole {
            file.set_len(whole)?;
            file.sync_all()?;
        }
        Ok(())
    }

    /// The whole snapshots, and where the last of them ends.
    fn read_to_tear(&self, day: Day) -> Result<(Vec<Snapshot>, u64), DayFileError> {
        let bytes = match std::fs::read(self.path(day)) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(e) => return Err(e.into()),
        };
        let mut frames = Frames { bytes: &bytes, at: 0 };
        let (mut snapshots, mut whole) = (Vec::new(), 0);
        // Of a write that never finished something is missing at the end, and nothing may follow: only the newest file
        // can end so, and no earlier than it is known to have reached.
        let lost_end = |whole: u64| {
            let is_known = self.known.is_some_and(|(known, bytes)| known == day && whole < bytes);
            Ok::<_, DayFileError>(is_known || (whole < bytes.len() as u64 && self.days()?.last() != Some(&day)))
        };
        while let Some(snapshot) = self.read_snapshot(day, &mut frames) {
            match snapshot {
                Ok(snapshot) => snapshots.push(snapshot),
                // What does not open at the very end was never synced.
                Err(_) if frames.at >= bytes.len() => break,
                Err(DoesNotOpen) => return Err(DayFileError::Damaged(day)),
            }
            whole = frames.at as u64;
        }
        if lost_end(whole)? {
            return Err(DayFileError::Damaged(day));
        }
        Ok((snapshots, whole))
    }

    fn read_snapshot(&self, day: Day, frames: &mut Frames<'_>) -> Option<Result<Snapshot, DoesNotOpen>> {
        let (head, count) = match self.open_frame(day, frames.next()?) {
            Ok(Frame::Head(head, count)) => (head, count),
            Ok(Frame::Changes(_)) => return Some(Err(DoesNotOpen)),
            Err(e) => return Some(Err(e)),
        };
        let mut changes = Vec::new();
        while (changes.len() as u64) < count {
            match self.open_frame(day, frames.next()?) {
                Ok(Frame::Changes(some)) => changes.extend_from_slice(&some),
                Ok(Frame::Head(..)) => return Some(Err(DoesNotOpen)),
                Err(e) => return Some(Err(e)),
            }
        }
        Some(Ok(Snapshot { head, changes }))
    }

    fn open_frame(&self, day: Day, (at, sealed): (u64, &[u8])) -> Result<Frame, DoesNotOpen> {
        let plain = self.key.open(&address(day, at), sealed)?;
        codec::decode(&plain, FRAME_BYTES_MAX).map_err(|_not_canonical| DoesNotOpen)
    }
}

/// Frames by their offset; ends before one that is not there in full.
struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Frames<'a> {
    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        let (len, rest) = self.bytes.get(self.at..)?.split_first_chunk::<4>()?;
        let sealed = rest.get(..u32::from_le_bytes(*len) as usize)?;
        let at = self.at as u64;
        self.at += 4 + sealed.len();
        Some((at, sealed))
    }
}

/// What is recorded about the newest file in `dir`, and in which slot.
fn newest_reach(dir: &Path) -> Result<Option<(Day, u64, u64)>, DayFileError> {
    let slots = two_slots::read::<REACH_BYTES>(&dir.join(REACHED))?;
    let decode = |(body, slot): ([u8; REACH_BYTES], u64)| {
        let (day, bytes) = body.split_first_chunk::<4>()?;
        Some((Day(u32::from_le_bytes(*day)), u64::from_le_bytes(*bytes.first_chunk()?), slot))
    };
    Ok(slots.into_iter().filter_map(decode).max())
}

fn encode_reach(day: Day, bytes: u64) -> [u8; REACH_BYTES] {
    let mut body = [0; REACH_BYTES];
    let (first, rest) = body.split_at_mut(4);
    first.copy_from_slice(&day.0.to_le_bytes());
    rest.copy_from_slice(&bytes.to_le_bytes());
    body
}

fn address(day: Day, at: u64) -> [u8; 12] {
    let mut address = [0; 12];
    address[..4].copy_from_slice(&day.0.to_le_bytes());
    address[4..].copy_from_slice(&at.to_le_bytes());
    address
}

#[cfg(test)]
mod tests;
