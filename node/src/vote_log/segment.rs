//! One file of a vote log: its name, its header, and what may be wrong with it.

use super::frame::{self, Tail};
use super::{Identity, Position, VoteLogError};
use amanah_ledger::codec;
use amanah_ledger::position::{Height, View};
use bincode::{Decode, Encode};
use std::path::{Path, PathBuf};

/// Version of the file format.
const FORMAT: u16 = 1;
/// Names the file type to whoever looks at it.
const MAGIC: [u8; 14] = *b"amanah votelog";

/// What every segment repeats.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    magic: [u8; 14],
    format: u16,
    /// Whose log.
    pub identity: Identity,
    /// Counts segments.
    pub number: u64,
    /// Where the validator was when it closed the one before.
    pub earlier: Position,
}

/// Header and its CRC32C.
pub const HEADER_BYTES: usize = 14 + 2 + (32 + 8 + 32) + 8 + (8 + 8) + 4;

/// A segment as read from disk.
#[derive(Debug)]
pub struct Segment {
    /// Its first bytes.
    pub header: Header,
    /// The records of all its frames, in the order they were written.
    pub records: Vec<Vec<u8>>,
    /// Where the next frame goes.
    pub end: usize,
}

/// What stands in a segment's file.
#[derive(Debug)]
pub enum Content {
    /// A header and whole frames.
    Whole(Segment),
    /// Creation never finished: no record was ever written here.
    NeverFinished,
}

/// Whether newer segments exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Written to until the end; its last write may be torn.
    Newest,
    /// Closed before the next was opened; nothing in it may be torn.
    Closed,
}

impl Header {
    /// The header of segment `number`.
    pub fn new(identity: Identity, number: u64, earlier: Position) -> Self {
        Self { magic: MAGIC, format: FORMAT, identity, number, earlier }
    }

    /// The header and its checksum, [`HEADER_BYTES`] long.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = codec::encode(self);
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, crc) = bytes.get(..HEADER_BYTES)?.split_last_chunk::<4>()?;
        let whole = crc32c::crc32c(body) == u32::from_le_bytes(*crc);
        codec::decode(body, HEADER_BYTES).ok().filter(|_| whole)
    }
}

impl Position {
    /// Nothing yet.
    pub const START: Self = Self { height: Height(0), view: View(0) };
}

/// The file of segment number `number`; names sort by number.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:020}.votes"))
}

/// The number in a segment's file name; `None` for other files.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(".votes").filter(|digits| digits.len() == 20)?.parse().ok()
}

/// Reads the bytes of segment number `number`.
///
/// # Errors
/// When the bytes were whole once and are not now, or are somebody else's.
pub fn read(bytes: &[u8], identity: &Identity, number: u64, age: Age) -> Result<Content, VoteLogError> {
    let damaged = |offset: usize| VoteLogError::Damaged { segment: number, offset };
    let Some(header) = Header::decode(bytes) else {
        // Frames are written only after the header is on disk: without any, creation was cut short.
        return if age == Age::Newest && bytes.len() <= HEADER_BYTES {
            Ok(Content::NeverFinished)
        } else {
            Err(damaged(0))
        };
    };
    if header.magic != MAGIC || header.number != number {
        return Err(damaged(0));
    }
    if header.format != FORMAT {
        return Err(VoteLogError::Format { found: header.format });
    }
    if header.identity != *identity {
        return Err(VoteLogError::OtherIdentity { segment: number });
    }
    let scan = frame::scan(number, bytes, HEADER_BYTES);
    match (scan.tail, age) {
        (Tail::Clean, _) | (Tail::Torn, Age::Newest) => {
            Ok(Content::Whole(Segment { header, records: scan.records, end: scan.end }))
        }
        (Tail::Torn, Age::Closed) | (Tail::Damaged, _) => Err(damaged(scan.end)),
    }
}
