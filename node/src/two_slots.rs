//! A small file that remembers how far a store reaches: two slots written in turn, each with a checksum, so that a torn
//! write or a damaged byte costs one slot and never both.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

const SUM_BYTES: usize = 8;

/// The open file. A slot holds `N` bytes.
#[derive(Debug)]
pub(crate) struct TwoSlots<const N: usize> {
    file: File,
    next_slot: u64,
}

/// What can be read of the file at `path`: whole slots with their numbers. Nothing if there is no file.
///
/// # Errors
/// When the disk fails.
pub(crate) fn read<const N: usize>(path: &Path) -> io::Result<Vec<([u8; N], u64)>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(2 * (N + SUM_BYTES) as u64).read_to_end(&mut bytes)?,
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(other) => return Err(other),
    };
    let slots = bytes.chunks(N + SUM_BYTES).zip(0u64..);
    let whole = slots.filter_map(|(slot, number)| {
        let (body, sum) = slot.split_first_chunk::<N>()?;
        (sum == checksum(body)).then_some((*body, number))
    });
    Ok(whole.collect())
}

impl<const N: usize> TwoSlots<N> {
    /// Opens the file at `path` for writing, creating it if it is missing. `newest` is the slot that must survive the
    /// next write.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn open(path: &Path, newest: Option<u64>) -> io::Result<Self> {
        let is_new = !path.exists();
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        if is_new {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(Self { file, next_slot: newest.map_or(0, |slot| (slot + 1) % 2) })
    }

    /// Writes over the older slot; on disk when this returns.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn write(&mut self, body: &[u8; N]) -> io::Result<()> {
        let slot = [body.as_slice(), &checksum(body)].concat();
        self.file.write_all_at(&slot, self.next_slot * slot.len() as u64)?;
        self.file.sync_data()?;
        self.next_slot = (self.next_slot + 1) % 2;
        Ok(())
    }
}

fn checksum(bytes: &[u8]) -> [u8; SUM_BYTES] {
    *blake3::hash(bytes).as_bytes().first_chunk().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_survives_the_loss_of_either_slot_or_is_one_write_old() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("slots");
        assert_eq!(read::<2>(&path).unwrap(), vec![]);
        let mut slots = TwoSlots::<2>::open(&path, None).unwrap();
        for value in 1..=3 {
            slots.write(&[value, 9]).unwrap();
        }
        drop(slots);
        assert_eq!(read::<2>(&path).unwrap(), vec![([3, 9], 0), ([2, 9], 1)]);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x20;
            std::fs::write(&path, &damaged).unwrap();
            let left = if at < whole.len() / 2 { ([2, 9], 1) } else { ([3, 9], 0) };
            assert_eq!(read::<2>(&path).unwrap(), vec![left], "byte {at}");
        }
        // The next write goes over the other slot.
        std::fs::write(&path, &whole).unwrap();
        TwoSlots::<2>::open(&path, Some(0)).unwrap().write(&[4, 9]).unwrap();
        assert_eq!(read::<2>(&path).unwrap(), vec![([3, 9], 0), ([4, 9], 1)]);
    }
}
