//! The bytes of a vote log, without files: one frame per append.
//!
//! `marker ‖ len u32 ‖ crc32c u32 ‖ type u8 ‖ payload`, little-endian. The checksum covers segment number, offset,
//! length, type and payload, so a frame is read only where it was written. A frame is on disk before the next one is
//! written; therefore a broken frame with a whole one behind it is damage, and a broken frame with nothing readable
//! behind it is the torn end of a write that never finished.

/// Begins every frame, so that whole frames can be found behind a broken one.
const MARKER: [u8; 8] = *b"\xA5amanah\xF7";
/// Marker, length, checksum and type.
const OVERHEAD_BYTES: usize = MARKER.len() + 4 + 4 + 1;
/// The only type of frame: the records of one append, each behind its `u32` length.
const TYPE_RECORDS: u8 = 1;

/// Longest payload of one frame: four blocks. Longer appends become several frames, each synced before the next.
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Longest record: a payload that holds nothing else.
pub const RECORD_BYTES_MAX: usize = PAYLOAD_BYTES_MAX - LENGTH_BYTES;
/// Length prefix of a record.
const LENGTH_BYTES: usize = 4;
/// Longest frame.
pub(super) const FRAME_BYTES_MAX: usize = OVERHEAD_BYTES + PAYLOAD_BYTES_MAX;

/// A record that no frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of {bytes} bytes, at most {RECORD_BYTES_MAX} allowed")]
pub struct RecordTooLong {
    /// Its length.
    pub bytes: usize,
}

/// How the bytes behind the last whole frame look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// There are none.
    Clean,
    /// A write that never finished; nothing said after it left this node.
    Torn,
    /// A broken frame that was whole once: frames behind it are.
    Damaged,
}

/// What a segment's bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The records of all whole frames, in the order they were written.
    pub records: Vec<Vec<u8>>,
    /// Where the last whole frame ends.
    pub end: usize,
    /// What stands behind it.
    pub tail: Tail,
}

/// The payloads that carry `records`, each within [`PAYLOAD_BYTES_MAX`].
///
/// # Errors
/// When a record alone is too long.
pub fn payloads(records: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, RecordTooLong> {
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    for record in records {
        let len = u32::try_from(record.len()).ok().filter(|_| record.len() <= RECORD_BYTES_MAX);
        let len = len.ok_or(RecordTooLong { bytes: record.len() })?;
        let needed = LENGTH_BYTES + record.len();
        if payloads.last().is_none_or(|payload| payload.len() + needed > PAYLOAD_BYTES_MAX) {
            payloads.push(Vec::with_capacity(needed));
        }
        if let Some(payload) = payloads.last_mut() {
            payload.extend_from_slice(&len.to_le_bytes());
            payload.extend_from_slice(record);
        }
    }
    Ok(payloads)
}

/// The frame of `payload` at `offset` of segment number `segment`.
pub fn encode(segment: u64, offset: usize, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).expect("payloads() keeps within PAYLOAD_BYTES_MAX");
    let mut frame = Vec::with_capacity(OVERHEAD_BYTES + payload.len());
    frame.extend_from_slice(&MARKER);
    frame.extend_from_slice(&len.to_le_bytes());
    frame.extend_from_slice(&checksum(segment, offset, TYPE_RECORDS, payload).to_le_bytes());
    frame.push(TYPE_RECORDS);
    frame.extend_from_slice(payload);
    frame
}

/// Reads the frames of segment number `segment` from `start` on.
pub fn scan(segment: u64, bytes: &[u8], start: usize) -> Scan {
    let mut scan = Scan { records: Vec::new(), end: start, tail: Tail::Clean };
    while scan.end < bytes.len() {
        let Some(payload) = payload_at(segment, bytes, scan.end) else {
            scan.tail = if whole_frame_behind(segment, bytes, scan.end) { Tail::Damaged } else { Tail::Torn };
            return scan;
        };
        let Some(records) = split(payload) else {
            // The checksum holds, yet these are not records: no write of ours, torn or not.
            scan.tail = Tail::Damaged;
            return scan;
        };
        scan.records.extend(records);
        scan.end += OVERHEAD_BYTES + payload.len();
    }
    scan
}

/// The payload of the frame at `offset`, if a whole one stands there.
fn payload_at(segment: u64, bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let rest = bytes.get(offset..)?.strip_prefix(&MARKER)?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (crc, rest) = rest.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok().filter(|len| *len <= PAYLOAD_BYTES_MAX)?;
    let payload = rest.get(..len)?;
    let whole = *kind == TYPE_RECORDS && checksum(segment, offset, *kind, payload) == u32::from_le_bytes(*crc);
    whole.then_some(payload)
}

fn whole_frame_behind(segment: u64, bytes: &[u8], broken: usize) -> bool {
    (broken + 1..bytes.len()).any(|offset| payload_at(segment, bytes, offset).is_some())
}

fn split(mut payload: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    while !payload.is_empty() {
        let (len, rest) = payload.split_first_chunk::<LENGTH_BYTES>()?;
        let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
        records.push(rest.get(..len)?.to_vec());
        payload = &rest[len..];
    }
    Some(records)
}

fn checksum(segment: u64, offset: usize, kind: u8, payload: &[u8]) -> u32 {
    let mut crc = crc32c::crc32c(&segment.to_le_bytes());
    crc = crc32c::crc32c_append(crc, &(offset as u64).to_le_bytes());
    crc = crc32c::crc32c_append(crc, &(payload.len() as u64).to_le_bytes());
    crc = crc32c::crc32c_append(crc, &[kind]);
    crc32c::crc32c_append(crc, payload)
}
