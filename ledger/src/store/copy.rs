//! A copy of a database's files to look at: opening a sled database may change it, and damage is evidence.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The copy; removed when dropped.
#[derive(Debug)]
pub struct Copied {
    dir: PathBuf,
}

impl Copied {
    /// Copies the files of `dir` to a new directory `to`, which must not exist. Where the file system can, the copy
    /// shares their blocks. Nobody may write to `dir` meanwhile.
    ///
    /// # Errors
    /// When `to` exists, or the disk fails.
    pub fn make(dir: &Path, to: &Path) -> io::Result<Self> {
        fs::create_dir(to)?;
        let copied = Self { dir: to.to_owned() };
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                fs::copy(entry.path(), to.join(entry.file_name()))?;
            }
        }
        Ok(copied)
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Copied {
    fn drop(&mut self) {
        // What stays behind is a copy: it costs room and nothing else.
        fs::remove_dir_all(&self.dir).unwrap_or_default();
    }
}
