//! Examining the private store of a node that does not run: key file, vault and day files, each by itself.

use super::day_file::DayFiles;
use super::desk::StoreError;
use super::key_file::{KeyFile, KeyFilePaths};
use super::vault::Vault;
use std::path::Path;

/// A part of the private store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrivatePart {
    /// The key file and its table key.
    KeyFile,
    /// The vault.
    Vault,
    /// The files of the access trees.
    DayFiles,
}

/// How much was found in order, or what is wrong, part by part. `vault_dir` is opened, so it must be a copy; `None` if
/// there is no vault. Everything else is only read.
pub fn survey(
    keys: &KeyFilePaths,
    vault_dir: Option<&Path>,
    days_dir: &Path,
) -> Vec<(PrivatePart, Result<String, StoreError>)> {
    if !KeyFile::exists(keys) && vault_dir.is_none() {
        return Vec::new();
    }
    let (house, key_file) = match KeyFile::read(keys.clone()) {
        Ok(file) => (Some(file.house().key.clone()), Ok(format!("{} relationships", file.len()))),
        Err(error) => (None, Err(error.into())),
    };
    let vault = match vault_dir {
        Some(dir) => read_vault(dir).map(|records| format!("{records} records")),
        None => Err(StoreError::VaultMissing),
    };
    let days = house.map(|key| DayFiles::open(days_dir, key).and_then(|files| files.survey()));
    let days = days.map(|found| found.map(|count| format!("{count} days")).map_err(StoreError::from));
    let days = days.unwrap_or_else(|| Err(StoreError::KeyFileMissing));
    vec![(PrivatePart::KeyFile, key_file), (PrivatePart::Vault, vault), (PrivatePart::DayFiles, days)]
}

fn read_vault(dir: &Path) -> Result<u64, StoreError> {
    const BATCH: usize = 1024;
    let vault = Vault::open(dir)?;
    let (mut after, mut records) = (None, 0);
    while let Some(read) = vault.read_behind(after.as_deref(), BATCH)? {
        after = Some(read.last);
        records += read.records;
    }
    Ok(records)
}
