//! One process at a time runs on a home.

use super::{HomeError, io};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

/// How often in a row somebody may be met who only looks whether a process runs.
const LOOKS_MAX: usize = 1000;

/// Held by the process that runs on a home, until its last clone is gone or the process ends, however it ends.
#[derive(Debug, Clone)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, never read")] Arc<File>);

impl Lock {
    /// Takes the home. Somebody who looks holds it shared for an instant: that passes.
    pub(super) fn take(dir: &Path) -> Result<Self, HomeError> {
        let file = lock_file(dir)?;
        let failed = |source| io(&dir.join("LOCK"), source);
        for _ in 0..LOOKS_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Arc::new(file))),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            match file.try_lock_shared() {
                Ok(()) => file.unlock().map_err(failed)?,
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            std::thread::yield_now();
        }
        Err(HomeError::Locked(dir.to_owned()))
    }
}

/// Whether a process runs on the home at `dir`.
pub fn is_running(dir: &Path) -> bool {
    // Shared, so that those who look do not take each other for a running process.
    let looked = lock_file(dir).map(|file| file.try_lock_shared());
    matches!(looked, Ok(Err(TryLockError::WouldBlock)))
}

pub(super) fn lock_file(dir: &Path) -> Result<File, HomeError> {
    if !dir.join("FORMAT").is_file() {
        return Err(HomeError::NoHome(dir.to_owned()));
    }
    let path = dir.join("LOCK");
    File::options().create(true).truncate(false).write(true).open(&path).map_err(|e| io(&path, e))
}
