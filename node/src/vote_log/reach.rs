//! How far the vote log reaches, kept beside it.
//!
//! Two losses do not show in the log itself: its newest segments may be gone, and damage in its very last frame looks
//! like a write that never finished. So from time to time, and whenever the log is closed, the file `votes.reached`
//! beside its directory records which segments there are and where the last whole frame ends, after that frame was
//! synced. A log that is found to reach less far has lost records. It may reach further: the file follows the log.
//!
//! Two slots are written in turn, each with a checksum, so that a torn write never costs the one before. The file is a
//! second witness only: without it, or when neither slot can be read, the log is taken as it is.

use super::{Identity, VoteLogError, io_error, sync_dir};
use amanah_ledger::codec;
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Three numbers, whose log, and a checksum.
const SLOT_BYTES: usize = 3 * 8 + TAG_BYTES + 8;
/// Enough of a hash to tell one key's log from another's.
const TAG_BYTES: usize = 16;

/// What the log is known to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reach {
    /// Number of the newest segment.
    pub(super) segment: u64,
    /// Where the last whole frame in it ended.
    pub(super) end: u64,
    /// Number of the oldest segment that was not pruned.
    pub(super) first: u64,
}

/// The file, open for writing.
#[derive(Debug)]
pub(super) struct ReachFile {
    file: File,
    tag: [u8; TAG_BYTES],
    recorded: Option<Reach>,
    next_slot: u64,
}

/// Where the reach of the log in `dir` is kept.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.with_added_extension("reached")
}

/// What is recorded about the log of `identity` in `dir`, if it can be read, and the slot it stands in.
pub(super) fn read(dir: &Path, identity: &Identity) -> Result<Option<(Reach, u64)>, VoteLogError> {
    let mut bytes = Vec::new();
    match File::open(path(dir)) {
        Ok(file) => file.take(4096).read_to_end(&mut bytes).map_err(io_error("read how far it reaches"))?,
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(other) => return Err(io_error("read how far it reaches")(other)),
    };
    let tag = tag(identity);
    let slots = bytes.chunks(SLOT_BYTES).zip(0..2);
    Ok(slots.filter_map(|(slot, number)| Some((decode(slot, &tag)?, number))).max())
}

impl ReachFile {
    /// Opens the file of the log in `dir`, creating it if it is missing. `found` is what [`read`] found.
    pub(super) fn open(
        dir: &Path,
        identity: &Identity,
        found: Option<(Reach, u64)>,
    ) -> Result<Self, VoteLogError> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).open(path(dir));
        let file = file.map_err(io_error("open the file that says how far it reaches"))?;
        sync_dir(dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        let next_slot = found.map_or(0, |(_, slot)| (slot + 1) % 2);
        Ok(Self { file, tag: tag(identity), recorded: found.map(|(reach, _)| reach), next_slot })
    }

    /// What was recorded last.
    pub(super) fn recorded(&self) -> Option<Reach> {
        self.recorded
    }

    /// Records `reach`; on disk when this returns.
    pub(super) fn write(&mut self, reach: Reach) -> Result<(), VoteLogError> {
        let slot = encode(reach, &self.tag);
        let at = self.next_slot * SLOT_BYTES as u64;
        self.file.write_all_at(&slot, at).map_err(io_error("write how far it reaches"))?;
        self.file.sync_data().map_err(io_error("sync how far it reaches"))?;
        (self.recorded, self.next_slot) = (Some(reach), (self.next_slot + 1) % 2);
        Ok(())
    }
}

fn tag(identity: &Identity) -> [u8; TAG_BYTES] {
    *blake3::hash(&codec::encode(identity)).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn encode(reach: Reach, tag: &[u8; TAG_BYTES]) -> Vec<u8> {
    let numbers = [reach.segment, reach.end, reach.first].map(u64::to_le_bytes).concat();
    let mut slot = [numbers.as_slice(), tag].concat();
    slot.extend_from_slice(&checksum(&slot));
    slot
}

fn decode(slot: &[u8], tag: &[u8; TAG_BYTES]) -> Option<Reach> {
    let (body, sum) = slot.split_last_chunk::<8>()?;
    let (numbers, found) = body.split_last_chunk::<TAG_BYTES>()?;
    let number = |at: usize| numbers.get(at * 8..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let reach = Reach { segment: number(0)?, end: number(1)?, first: number(2)? };
    (slot.len() == SLOT_BYTES && *sum == checksum(body) && found == tag).then_some(reach)
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a hash has 32 bytes")
}
