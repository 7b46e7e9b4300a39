//! The vote log: what this validator signed, remembered before anyone hears it.
//!
//! A directory of append-only files for one (chain, epoch, consensus key). [`VoteLog::append`] returns after the
//! records are on disk; opening it brings back exactly what was appended, except an append that had not returned.
//! Damage to anything that had is refused, never skipped: a forgotten vote could be cast a second time, differently.
//! What the log cannot show of itself, a lost end, is told by a file beside it ([`reach`]).
//! One segment at a time is in memory, both while the log is examined and while its records are read.
//! Any error of an append is final for the process: a failed sync is not tried again, because what it left on disk is
//! unknown.

pub mod frame;
mod reach;
mod records;
pub mod segment;
mod survey;

pub use records::Records;
pub use survey::{Surveyed, survey};

use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::position::{Epoch, Height, View};
use bincode::{Decode, Encode};
use reach::{Reach, ReachFile};
use segment::{HEADER_BYTES, Header};
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// A segment that has reached this length is followed by a new one.
pub const SEGMENT_BYTES: usize = 8 * 1024 * 1024;
/// No segment is longer: it takes one more frame while it is below [`SEGMENT_BYTES`].
pub const SEGMENT_BYTES_MAX: usize = SEGMENT_BYTES + frame::FRAME_BYTES_MAX;
/// Most segments: about 4 GiB. Only a network that certifies nothing for months comes near; then voting stops.
pub const SEGMENTS_MAX: usize = 512;
/// A segment goes once everything in it lies this many final blocks behind.
pub const KEPT_BLOCKS: u64 = 64;

/// Whose votes a log holds. Every segment repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Identity {
    /// The network.
    pub chain: Digest,
    /// The epoch the key votes in.
    pub epoch: Epoch,
    /// The consensus key.
    pub key: PublicKey,
}

/// How far a validator has come. Neither ever goes back, so every record written earlier reaches no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// Height of its newest final block.
    pub height: Height,
    /// For an append: the view it is in. For a prune: the view of its newest final block.
    pub view: View,
}

/// What is known from elsewhere about the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHistory {
    /// Nothing says that it ever voted: an empty directory is a first start.
    Unused,
    /// The ledger has blocks of this epoch: an empty directory is a lost log.
    HasVoted,
}

/// Why a vote log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VoteLogError {
    /// Another process holds it.
    #[error("the vote log is in use by another process")]
    InUse,
    /// The key has voted and there is no log of it.
    #[error("the vote log is missing, yet the ledger has blocks of this epoch; this key must not vote again")]
    Missing,
    /// Records that had been on disk can no longer be read.
    #[error("the vote log is damaged in segment {segment} at byte {offset}")]
    Damaged {
        /// Number of the segment.
        segment: u64,
        /// First byte that cannot be read.
        offset: usize,
    },
    /// A segment is missing: between others, or of those that are known to have been there.
    #[error("segment {segment} of the vote log is missing")]
    SegmentMissing {
        /// Its number.
        segment: u64,
    },
    /// A segment of another chain, epoch or key.
    #[error("segment {segment} belongs to another chain, epoch or key")]
    OtherIdentity {
        /// Its number.
        segment: u64,
    },
    /// Written by another version of the program.
    #[error("vote log format {found} is not known")]
    Format {
        /// The format found.
        found: u16,
    },
    /// A record that no frame holds.
    #[error(transparent)]
    RecordTooLong(#[from] frame::RecordTooLong),
    /// [`SEGMENTS_MAX`] is reached.
    #[error("the vote log holds {SEGMENTS_MAX} segments and nothing in it is final")]
    Full,
    /// An earlier append failed; what is on disk is unknown.
    #[error("an earlier write to the vote log failed")]
    Poisoned,
    /// The file system failed.
    #[error("vote log: {action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What happened.
        source: io::Error,
    },
}

/// A segment that takes no more records.
#[derive(Debug)]
struct Closed {
    number: u64,
    /// Where the validator was when it was closed.
    reach: Position,
}

impl Closed {
    /// Whether all its votes lie below the newest final view, and all its blocks far below the newest final block.
    fn is_behind(&self, newest: Position) -> bool {
        self.reach.height.0.saturating_add(KEPT_BLOCKS) <= newest.height.0 && self.reach.view < newest.view
    }
}

/// An open vote log. Holds the lock of its directory until dropped.
#[derive(Debug)]
pub struct VoteLog {
    dir: PathBuf,
    identity: Identity,
    closed: VecDeque<Closed>,
    number: u64,
    file: File,
    end: usize,
    reach: ReachFile,
    poisoned: bool,
    _lock: File,
}

impl VoteLog {
    /// Opens the log in `dir`, creating it on a first start, and returns it with every record in it, in the order
    /// written. Everything is examined before this returns; nothing is changed if something is damaged.
    ///
    /// # Errors
    /// When it is in use, missing, damaged, somebody else's, or the file system fails.
    pub fn open(dir: &Path, identity: Identity, history: KeyHistory) -> Result<(Self, Records), VoteLogError> {
        fs::create_dir_all(dir).map_err(io_error("create the directory"))?;
        let lock = lock(dir)?;
        let recorded = reach::read(dir, &identity)?;
        let found = survey::examine(dir, &identity, recorded.map(|(reach, _)| reach))?;
        if let Some(unfinished) = found.unfinished {
            fs::remove_file(segment::path(dir, unfinished)).map_err(io_error("remove an unfinished segment"))?;
            sync_dir(dir)?;
        }
        let (number, file, end) = match found.newest {
            Some((number, end)) => (number, reopen(dir, number, end)?, end),
            None if history == KeyHistory::HasVoted || recorded.is_some() => return Err(VoteLogError::Missing),
            None => (0, create(dir, Header::new(identity, 0, Position::START))?, HEADER_BYTES),
        };
        if recorded.is_none() && found.newest.is_some() {
            tracing::warn!("nothing says how far the vote log had reached; it is taken as it is");
        }
        let records = Records::new(dir, identity, found.numbers());
        let reach = ReachFile::open(dir, &identity, recorded)?;
        let (dir, closed) = (dir.to_owned(), found.closed);
        let mut log = Self { dir, identity, closed, number, file, end, reach, poisoned: false, _lock: lock };
        log.record_reach()?;
        Ok((log, records))
    }

    /// Whether the log has grown since [`VoteLog::record_reach`].
    pub fn outgrew_record(&self) -> bool {
        self.reach.recorded() != Some(self.reached())
    }

    /// Records beside the log how far it reaches, so that a loss of its end shows at the next start. One sync, off the
    /// way of any vote: once a second while the log grows, and when it is closed.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn record_reach(&mut self) -> Result<(), VoteLogError> {
        // What a failed append left on disk is unknown.
        if self.poisoned || !self.outgrew_record() {
            return Ok(());
        }
        let reached = self.reached();
        self.reach.write(reached)
    }

    fn reached(&self) -> Reach {
        let first = self.closed.front().map_or(self.number, |oldest| oldest.number);
        Reach { segment: self.number, end: self.end as u64, first }
    }

    /// Writes `records` behind all others and returns once they are on disk. `now` is where the validator is.
    ///
    /// # Errors
    /// When the file system fails, the log is full, or a record is too long. After any of them nothing more is
    /// written, and the process must stop without saying what the records say.
    pub fn append(&mut self, records: &[Vec<u8>], now: Position) -> Result<(), VoteLogError> {
        if self.poisoned {
            return Err(VoteLogError::Poisoned);
        }
        // Lifted only when everything below succeeded.
        self.poisoned = true;
        for payload in frame::payloads(records)? {
            if self.end >= SEGMENT_BYTES {
                self.open_next(now)?;
            }
            let bytes = frame::encode(self.number, self.end, &payload);
            self.file.write_all_at(&bytes, self.end as u64).map_err(io_error("write"))?;
            self.file.sync_data().map_err(io_error("sync"))?;
            self.end += bytes.len();
        }
        self.poisoned = false;
        Ok(())
    }

    /// Whether [`VoteLog::prune`] would remove something.
    pub fn is_prunable(&self, newest: Position) -> bool {
        self.closed.front().is_some_and(|oldest| oldest.is_behind(newest))
    }

    /// Removes the segments that lie [`KEPT_BLOCKS`] behind the newest block, final and in the ledger on disk. The log
    /// must hold that block's Finalization by now: it stands for the votes that are forgotten.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn prune(&mut self, newest: Position) -> Result<(), VoteLogError> {
        let mut behind = Vec::new();
        while let Some(oldest) = self.closed.pop_front_if(|oldest| oldest.is_behind(newest)) {
            behind.push(oldest.number);
        }
        // Before the first removal: a segment that is gone without this was lost.
        self.record_reach()?;
        // Oldest first, and each removal on disk before the next: what is left never has a gap.
        for number in behind {
            fs::remove_file(segment::path(&self.dir, number)).map_err(io_error("remove a segment"))?;
            sync_dir(&self.dir)?;
        }
        Ok(())
    }

    /// Bytes on disk, counting each closed segment as full.
    pub fn bytes(&self) -> u64 {
        (self.closed.len() * SEGMENT_BYTES + self.end) as u64
    }

    fn open_next(&mut self, now: Position) -> Result<(), VoteLogError> {
        if self.closed.len() + 1 >= SEGMENTS_MAX {
            return Err(VoteLogError::Full);
        }
        let next = self.number + 1;
        self.file = create(&self.dir, Header::new(self.identity, next, now))?;
        self.closed.push_back(Closed { number: self.number, reach: now });
        (self.number, self.end) = (next, HEADER_BYTES);
        Ok(())
    }
}

fn io_error(action: &'static str) -> impl FnOnce(io::Error) -> VoteLogError {
    move |source| VoteLogError::Io { action, source }
}

fn lock(dir: &Path) -> Result<File, VoteLogError> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = options.open(dir.join("lock")).map_err(io_error("open the lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(VoteLogError::InUse),
        Err(TryLockError::Error(source)) => Err(VoteLogError::Io { action: "lock", source }),
    }
}

/// Opens the newest segment for writing at `end`; a torn tail behind it is cut.
fn reopen(dir: &Path, number: u64, end: usize) -> Result<File, VoteLogError> {
    let path = segment::path(dir, number);
    let file = OpenOptions::new().write(true).open(path).map_err(io_error("open a segment"))?;
    file.set_len(end as u64).map_err(io_error("cut a torn tail"))?;
    file.sync_all().map_err(io_error("sync a cut"))?;
    Ok(file)
}

/// Creates a segment: its header is on disk, then its name, then it takes records.
fn create(dir: &Path, header: Header) -> Result<File, VoteLogError> {
    let path = segment::path(dir, header.number);
    let file = OpenOptions::new().write(true).create_new(true).open(path).map_err(io_error("create a segment"))?;
    file.write_all_at(&header.encode(), 0).map_err(io_error("write a header"))?;
    file.sync_all().map_err(io_error("sync a header"))?;
    sync_dir(dir)?;
    Ok(file)
}

fn sync_dir(dir: &Path) -> Result<(), VoteLogError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error("sync the directory"))
}

#[cfg(test)]
mod tests;
