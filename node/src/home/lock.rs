//! One process at a time runs on a home.

use super::{HomeError, io};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

/// Held by the process that runs on a home, until its last clone is gone or the process ends, however it ends.
#[derive(Debug, Clone)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, never read")] Arc<File>);

impl Lock {
    /// Takes the home, unless a process runs on it.
    pub(super) fn take(dir: &Path) -> Result<Self, HomeError> {
        let door = Door::enter(dir)?;
        match door.lock.try_lock() {
            Ok(()) => Ok(Self(Arc::new(door.lock))),
            Err(TryLockError::WouldBlock) => Err(HomeError::Locked(dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(io(&dir.join("LOCK"), source)),
        }
    }
}

/// Whether a process runs on the home at `dir`.
pub fn is_running(dir: &Path) -> bool {
    let looked = Door::enter(dir).map(|door| door.lock.try_lock_shared());
    matches!(looked, Ok(Err(TryLockError::WouldBlock)))
}

/// Where those who look whether a process runs, and those who begin to run, pass one at a time: whoever looks holds the
/// lock for an instant, and would be taken for a process that runs.
pub(super) struct Door {
    pub(super) lock: File,
    /// Held until it is passed.
    _format: File,
}

impl Door {
    /// Waits for whoever is in it.
    pub(super) fn enter(dir: &Path) -> Result<Self, HomeError> {
        let (path, lock_path) = (dir.join("FORMAT"), dir.join("LOCK"));
        if !path.is_file() {
            return Err(HomeError::NoHome(dir.to_owned()));
        }
        let format = File::open(&path).map_err(|e| io(&path, e))?;
        format.lock().map_err(|e| io(&path, e))?;
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        Ok(Self { lock: lock.map_err(|e| io(&lock_path, e))?, _format: format })
    }
}
