//! The height that commits have acknowledged, kept outside sled.
//!
//! sled 0.34 takes a damaged record for the end of its log and opens as if everything behind it had never been
//! written. Measured: 16 flipped bytes anywhere in a small database roll it back to an earlier commit, and no error is
//! returned. So the height of each commit also goes, after sled is synced, into this file of its own: a database that
//! comes back lower has lost what was acknowledged, and that is damage. One that comes back higher is fine: the process
//! stopped between the two writes.
//!
//! Two slots are written in turn, each with a checksum, so that a torn write never costs the one before.

use super::error::StoreError;
use crate::position::Height;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

const NAME: &str = "acknowledged";
const SLOT_BYTES: usize = 16;

/// The file, open for writing.
pub(super) struct Mark {
    file: File,
    height: Height,
    /// Where the next height goes: not over the present one.
    next_slot: u64,
}

impl Mark {
    /// Opens the mark of the database in `dir`, which is new if `db` is not there yet.
    ///
    /// # Errors
    /// When the mark of an existing database is missing or unreadable, or the disk fails.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join(NAME);
        let is_new = !dir.join("db").exists() && !path.exists();
        let mut file = OpenOptions::new().read(true).write(true).create(is_new).truncate(false).open(path);
        if file.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Err(StoreError::Damaged("the record of acknowledged commits is missing"));
        }
        let mut bytes = Vec::new();
        if let Ok(file) = &mut file {
            file.take(4096).read_to_end(&mut bytes)?;
        }
        let mut mark = Self { file: file?, height: Height(0), next_slot: 0 };
        if bytes.is_empty() && !dir.join("db").exists() {
            // A first start, or one that was cut off right here.
            mark.write(Height(0))?;
            File::open(dir)?.sync_all()?;
            return Ok(mark);
        }
        let slots = bytes.chunks(SLOT_BYTES).zip(0..).filter_map(|(slot, number)| Some((read(slot)?, number)));
        let newest = slots.max().ok_or(StoreError::Damaged("the record of acknowledged commits is unreadable"))?;
        (mark.height, mark.next_slot) = (newest.0, (newest.1 + 1) % 2);
        Ok(mark)
    }

    /// The highest height whose commit was acknowledged.
    pub(super) fn height(&self) -> Height {
        self.height
    }

    /// Records `height`; on disk when this returns.
    pub(super) fn write(&mut self, height: Height) -> Result<(), StoreError> {
        let mut slot = height.0.to_le_bytes().to_vec();
        slot.extend_from_slice(&checksum(&slot));
        self.file.seek(SeekFrom::Start(self.next_slot * SLOT_BYTES as u64))?;
        self.file.write_all(&slot)?;
        self.file.sync_all()?;
        (self.height, self.next_slot) = (height, (self.next_slot + 1) % 2);
        Ok(())
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    blake3::hash(bytes).as_bytes().first_chunk().copied().unwrap_or_default()
}

fn read(slot: &[u8]) -> Option<Height> {
    let (height, sum) = slot.split_first_chunk::<8>()?;
    (sum == checksum(height)).then(|| Height(u64::from_le_bytes(*height)))
}
