//! How far the vote log reaches, kept beside it.
//!
//! Two losses do not show in the log itself: its newest segments may be gone, and damage in its very last frame looks
//! like a write that never finished. So from time to time, and whenever the log is closed, the file `votes.reached`
//! beside its directory records which segments there are and where the last whole frame ends, after that frame was
//! synced. A log that is found to reach less far has lost records. It may reach further: the file follows the log.
//! The file is a second witness only: without it, or when it cannot be read, the log is taken as it is.

use super::{Identity, VoteLogError, io_error};
use crate::two_slots::{self, TwoSlots};
use amanah_ledger::codec;
use std::path::{Path, PathBuf};

/// Three numbers, and whose log.
const BODY_BYTES: usize = 3 * 8 + TAG_BYTES;
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
    slots: TwoSlots<BODY_BYTES>,
    tag: [u8; TAG_BYTES],
    recorded: Option<Reach>,
}

/// Where the reach of the log in `dir` is kept.
pub(super) fn path(dir: &Path) -> PathBuf {
    dir.with_added_extension("reached")
}

/// What is recorded about the log of `identity` in `dir`, if it can be read, and the slot it stands in.
pub(super) fn read(dir: &Path, identity: &Identity) -> Result<Option<(Reach, u64)>, VoteLogError> {
    let slots = two_slots::read(&path(dir)).map_err(io_error("read how far it reaches"))?;
    let tag = tag(identity);
    Ok(slots.into_iter().filter_map(|(body, number)| Some((decode(&body, &tag)?, number))).max())
}

impl ReachFile {
    /// Opens the file of the log in `dir`, creating it if it is missing. `found` is what [`read`] found.
    pub(super) fn open(dir: &Path, identity: &Identity, found: Option<(Reach, u64)>) -> Result<Self, VoteLogError> {
        let slots = TwoSlots::open(&path(dir), found.map(|(_, slot)| slot));
        let slots = slots.map_err(io_error("open the file that says how far it reaches"))?;
        Ok(Self { slots, tag: tag(identity), recorded: found.map(|(reach, _)| reach) })
    }

    /// What was recorded last.
    pub(super) fn recorded(&self) -> Option<Reach> {
        self.recorded
    }

    /// Records `reach`; on disk when this returns.
    pub(super) fn write(&mut self, reach: Reach) -> Result<(), VoteLogError> {
        self.slots.write(&encode(reach, &self.tag)).map_err(io_error("record how far it reaches"))?;
        self.recorded = Some(reach);
        Ok(())
    }
}

fn tag(identity: &Identity) -> [u8; TAG_BYTES] {
    *blake3::hash(&codec::encode(identity)).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

fn encode(reach: Reach, tag: &[u8; TAG_BYTES]) -> [u8; BODY_BYTES] {
    let mut body = [0; BODY_BYTES];
    let (numbers, place) = body.split_at_mut(3 * 8);
    numbers.copy_from_slice(&[reach.segment, reach.end, reach.first].map(u64::to_le_bytes).concat());
    place.copy_from_slice(tag);
    body
}

fn decode(body: &[u8; BODY_BYTES], tag: &[u8; TAG_BYTES]) -> Option<Reach> {
    let number = |at: usize| body.get(at * 8..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let reach = Reach { segment: number(0)?, end: number(1)?, first: number(2)? };
    body.ends_with(tag).then_some(reach)
}
