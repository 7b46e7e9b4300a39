//! A directory on a disk that forgets: what was not synced may be lost when the process stops, and how.

use crate::sim::random::Random;
use std::collections::BTreeMap;

/// A disk writes or loses so many bytes as one.
const SECTOR_BYTES: usize = 512;

/// What becomes of writes that were not synced when the process stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// They reached the disk in order up to some byte.
    Prefix,
    /// Any of their sectors reached the disk, and any not.
    Subset,
}

/// Files by number, as segments of a vote log are.
#[derive(Default)]
pub(super) struct Directory(BTreeMap<u64, File>);

#[derive(Default)]
struct File {
    synced: Vec<u8>,
    /// What was written behind it since.
    unsynced: Vec<u8>,
    /// Whether its name in the directory was synced.
    is_named: bool,
}

impl Directory {
    pub(super) fn create(&mut self, number: u64) {
        self.0.insert(number, File::default());
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.0.remove(&number);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Writes behind everything in the file.
    pub(super) fn write(&mut self, number: u64, bytes: &[u8]) {
        if let Some(file) = self.0.get_mut(&number) {
            file.unsynced.extend_from_slice(bytes);
        }
    }

    pub(super) fn sync(&mut self, number: u64) {
        if let Some(file) = self.0.get_mut(&number) {
            file.synced.append(&mut file.unsynced);
        }
    }

    pub(super) fn sync_names(&mut self) {
        for file in self.0.values_mut() {
            file.is_named = true;
        }
    }

    /// Cuts the file to `len` bytes, synced.
    pub(super) fn cut(&mut self, number: u64, len: usize) {
        if let Some(file) = self.0.get_mut(&number) {
            file.unsynced.clear();
            file.synced.truncate(len);
        }
    }

    /// The files and all their bytes, by number.
    pub(super) fn files(&self) -> impl DoubleEndedIterator<Item = (u64, &[u8])> {
        self.0.iter().map(|(number, file)| (*number, file.synced.as_slice()))
    }

    /// The process is gone: the disk keeps of unsynced writes what `loss` leaves. A file whose name was never synced may
    /// be there or not; returns whether one is not.
    pub(super) fn crash(&mut self, loss: Loss, random: &mut Random) -> bool {
        let before = self.0.len();
        self.0.retain(|_, file| file.is_named || random.chance(500));
        for file in self.0.values_mut() {
            let written = std::mem::take(&mut file.unsynced);
            file.is_named = true;
            if written.is_empty() {
                continue;
            }
            match loss {
                Loss::Prefix => {
                    let kept = usize::try_from(random.below(written.len() as u64)).unwrap_or(0);
                    file.synced.extend_from_slice(&written[..kept]);
                }
                Loss::Subset => file.synced.extend(some_sectors(&written, file.synced.len(), random)),
            }
        }
        self.0.len() < before
    }
}

/// The bytes as they look when some of their sectors never reached the disk: zeros there, and the file ends with the
/// last sector that did. One sector at least is lost.
fn some_sectors(written: &[u8], offset: usize, random: &mut Random) -> Vec<u8> {
    // Sectors are aligned on the disk, not to the write.
    let sector_of = |at: usize| (offset + at) / SECTOR_BYTES;
    let (first, count) = (sector_of(0), sector_of(written.len() - 1) - sector_of(0) + 1);
    let mut is_kept: Vec<bool> = (0..count).map(|_| random.chance(500)).collect();
    let lost = usize::try_from(random.below(count as u64)).unwrap_or(0);
    is_kept[lost] = false;
    let mut bytes: Vec<u8> =
        written.iter().enumerate().map(|(at, byte)| if is_kept[sector_of(at) - first] { *byte } else { 0 }).collect();
    let end = (0..written.len()).rev().find(|at| is_kept[sector_of(*at) - first]).map_or(0, |at| at + 1);
    bytes.truncate(end);
    bytes
}
