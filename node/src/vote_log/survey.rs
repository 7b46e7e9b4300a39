//! Examining a vote log without changing it: every frame of every segment, and how far the log is known to have
//! reached.

use super::reach::{self, Reach};
use super::segment::{self, Age, Content};
use super::{Closed, Identity, SEGMENT_BYTES_MAX, VoteLogError, io_error};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// What [`survey`] found in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surveyed {
    /// Segments.
    pub segments: usize,
    /// Whole frames, in bytes, headers included.
    pub bytes: u64,
}

/// What the directory holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) closed: VecDeque<Closed>,
    /// Number of the newest segment, and where its last whole frame ends.
    pub(super) newest: Option<(u64, usize)>,
    /// A segment whose creation never finished.
    pub(super) unfinished: Option<u64>,
    bytes: u64,
}

impl Found {
    /// The segments with records, ascending.
    pub(super) fn numbers(&self) -> VecDeque<u64> {
        let newest = self.newest.map(|(number, _)| number);
        self.closed.iter().map(|closed| closed.number).chain(newest).collect()
    }
}

/// Examines the log in `dir` and changes nothing. A torn end, which the next start cuts, is in order.
///
/// # Errors
/// When it is missing, damaged, somebody else's, or the file system fails.
pub fn survey(dir: &Path, identity: &Identity) -> Result<Surveyed, VoteLogError> {
    let recorded = reach::read(dir, identity)?.map(|(reach, _)| reach);
    let found = examine(dir, identity, recorded)?;
    if found.newest.is_none() {
        return Err(VoteLogError::Missing);
    }
    Ok(Surveyed { segments: found.numbers().len(), bytes: found.bytes })
}

/// As [`survey`]; an empty directory is [`Found::default`], unless something is recorded.
pub(super) fn examine(dir: &Path, identity: &Identity, recorded: Option<Reach>) -> Result<Found, VoteLogError> {
    let numbers = segment_numbers(dir)?;
    if let Some(reach) = recorded.filter(|_| !numbers.is_empty()) {
        let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
        if reach.first < first {
            return Err(VoteLogError::SegmentMissing { segment: reach.first });
        }
        if last < reach.segment {
            return Err(VoteLogError::SegmentMissing { segment: last + 1 });
        }
    }
    let mut found = Found::default();
    for (at, number) in numbers.iter().copied().enumerate() {
        let age = if at + 1 == numbers.len() { Age::Newest } else { Age::Closed };
        match segment::read(&read_file(dir, number)?, identity, number, age)? {
            Content::Whole(segment) => {
                found.bytes += segment.end as u64;
                if let Some((earlier, _)) = found.newest.replace((number, segment.end)) {
                    found.closed.push_back(Closed { number: earlier, reach: segment.header.earlier });
                }
            }
            Content::NeverFinished => found.unfinished = Some(number),
        }
    }
    if let Some(reach) = recorded.filter(|_| !numbers.is_empty()) {
        let (segment, end) = found.newest.map_or((reach.segment, 0), |(number, end)| (number, end));
        // Frames are known to have stood where none can be read now: no write that never finished.
        if segment < reach.segment || (segment == reach.segment && (end as u64) < reach.end) {
            let offset = if segment == reach.segment { end } else { 0 };
            return Err(VoteLogError::Damaged { segment: reach.segment, offset });
        }
    }
    Ok(found)
}

/// The numbers of the segments in `dir`, ascending and without a gap.
pub(super) fn segment_numbers(dir: &Path) -> Result<Vec<u64>, VoteLogError> {
    let mut numbers = Vec::new();
    let entries = match fs::read_dir(dir) {
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(numbers),
        other => other.map_err(io_error("list the directory"))?,
    };
    for entry in entries {
        let name = entry.map_err(io_error("list the directory"))?.file_name();
        numbers.extend(name.to_str().and_then(segment::number_of));
    }
    numbers.sort_unstable();
    match numbers.windows(2).find_map(|pair| (pair[0] + 1 != pair[1]).then_some(pair[0] + 1)) {
        Some(segment) => Err(VoteLogError::SegmentMissing { segment }),
        None => Ok(numbers),
    }
}

pub(super) fn read_file(dir: &Path, number: u64) -> Result<Vec<u8>, VoteLogError> {
    let file = File::open(segment::path(dir, number)).map_err(io_error("open a segment"))?;
    let mut bytes = Vec::new();
    let read = file.take(SEGMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(io_error("read a segment"))?;
    if read > SEGMENT_BYTES_MAX {
        return Err(VoteLogError::Damaged { segment: number, offset: SEGMENT_BYTES_MAX });
    }
    Ok(bytes)
}
