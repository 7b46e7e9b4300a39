//! A damaged ledger is moved aside, so that a new one can be filled and the old one can still be looked at.

use super::error::StoreError;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Damaged databases that are kept. The oldest goes: it must not be damage that fills the disk.
pub const QUARANTINED_MAX: usize = 2;
/// What stands between the directory's name and the moment.
const INFIX: &str = ".damaged-";

/// Moves the damaged ledger in `dir` aside, to a name beside it that ends with `moment` (such as `20270115T120000Z`, so
/// that names sort by age), and returns that name. Of those moved aside the newest [`QUARANTINED_MAX`] stay. The store
/// must not be open.
///
/// # Errors
/// When the disk fails.
pub fn quarantine(dir: &Path, moment: &str) -> Result<PathBuf, StoreError> {
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let aside = (1u32..).map(|number| name(dir, moment, number)).find(|name| !name.exists());
    let aside = aside.ok_or_else(|| StoreError::Io(ErrorKind::AlreadyExists.into()))?;
    fs::rename(dir, &aside)?;
    File::open(parent)?.sync_all()?;
    let prefix = format!("{}{INFIX}", dir.file_name().unwrap_or_default().to_string_lossy());
    let mut kept = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            kept.push(entry.path());
        }
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(QUARANTINED_MAX);
    for old in kept.iter().take(surplus).filter(|old| **old != aside) {
        fs::remove_dir_all(old)?;
    }
    Ok(aside)
}

fn name(dir: &Path, moment: &str, number: u32) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(INFIX);
    name.push(moment);
    if number > 1 {
        name.push(format!("-{number}"));
    }
    PathBuf::from(name)
}
