//! How much of the disk is free. A node that cannot write must not vote: it stops, cleanly, while it still can.

use super::failure;
use crate::config::StorageConfig;
use crate::exit::Failure;
use crate::home::HomeError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MIB: u64 = 1024 * 1024;

/// Looks at the disk that holds the home. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    dir: PathBuf,
    limits: StorageConfig,
    /// Free bytes when they could last be read.
    last: Arc<AtomicU64>,
}

impl Watch {
    /// Looks for the first time.
    ///
    /// # Errors
    /// When the disk is full already, or cannot be asked.
    pub(super) fn start(dir: &Path, limits: StorageConfig) -> Result<Self, Failure> {
        let dir = dir.to_owned();
        let free = fs4::available_space(&dir).map_err(|source| HomeError::Io { path: dir.clone(), source })?;
        let watch = Self { dir, limits, last: Arc::new(AtomicU64::new(free)) };
        if watch.is_full() {
            return Err(failure::disk_full(&watch.dir));
        }
        Ok(watch)
    }

    /// Too little for new writes.
    pub(super) fn is_low(&self) -> bool {
        self.free() < limit(self.limits.write_free_mib, 10, total(&self.dir))
    }

    /// Too little to vote.
    pub(super) fn is_full(&self) -> bool {
        self.free() < limit(self.limits.vote_free_mib, 3, total(&self.dir))
    }

    /// Free part of the disk.
    #[expect(clippy::cast_precision_loss, reason = "a ratio for people; a disk has fewer than 2⁵² bytes")]
    pub(super) fn free_ratio(&self) -> f64 {
        self.free() as f64 / total(&self.dir).max(1) as f64
    }

    fn free(&self) -> u64 {
        if let Ok(free) = fs4::available_space(&self.dir) {
            self.last.store(free, Ordering::Relaxed);
        }
        self.last.load(Ordering::Relaxed)
    }
}

/// `mib`, or `percent` of the disk if that is less.
fn limit(mib: u64, percent: u64, total: u64) -> u64 {
    mib.saturating_mul(MIB).min(total / 100 * percent)
}

fn total(dir: &Path) -> u64 {
    fs4::total_space(dir).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lesser_of_size_and_share_counts() {
        assert_eq!(limit(2048, 10, 1000 * MIB), 100 * MIB);
        assert_eq!(limit(2048, 10, 1_000_000 * MIB), 2048 * MIB);
        assert_eq!(limit(0, 10, 1000 * MIB), 0, "zero switches it off");
    }
}
