//! What a broken disk or a wrong hand does to the files of a hospital that does not run.

use rand::RngExt;
use rand::rngs::StdRng;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// All files below `dir`, with their lengths.
pub fn files_below(dir: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => found.extend(files_below(&path)),
            Ok(meta) => found.push((path, meta.len())),
            Err(_gone) => {}
        }
    }
    found.sort();
    found
}

/// Cuts between one byte and half off the end of the longest file below `dir`. How much was cut off, and of how much.
///
/// # Panics
/// When there is no file to cut.
pub fn cut_longest(dir: &Path, random: &mut StdRng) -> (u64, u64) {
    let longest = files_below(dir).into_iter().filter(|(_, len)| *len > 1).max_by_key(|(_, len)| *len);
    let (path, len) = longest.unwrap_or_else(|| panic!("nothing to cut below {}", dir.display()));
    let off = random.random_range(1..=len / 2);
    File::options().write(true).open(&path).unwrap().set_len(len - off).unwrap();
    (off, len)
}

/// Removes `dir` with everything in it.
///
/// # Panics
/// When it cannot.
pub fn wipe(dir: &Path) {
    fs::remove_dir_all(dir).unwrap();
}
