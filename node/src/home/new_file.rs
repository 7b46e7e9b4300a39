//! New files of a home: there whole or not at all, also after a crash in the middle, and never over one that is there.

use super::{HomeError, io};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Whoever may enter the directory.
    All,
    /// Its owner.
    Owner,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::All => 0o644,
            Self::Owner => 0o600,
        }
    }
}

/// Writes a file that must not exist, and makes it last.
pub(super) fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), HomeError> {
    #[cfg(test)]
    power::passes().map_err(|lost| io(path, lost))?;
    let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| HomeError::Randomness(error.to_string()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = parent.join(format!(".{name}.{}", hex::encode(random)));
    let written =
        File::options().create_new(true).write(true).mode(readers.mode()).open(&beside).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            // A hard link fails where the name is taken, also against a racing writer; a rename would not.
            fs::hard_link(&beside, path)
        });
    let removed = fs::remove_file(&beside);
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(HomeError::Exists(path.to_owned()));
        }
        other => other.and(removed).map_err(|e| io(path, e))?,
    }
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| io(parent, e))
}

/// Power that fails before a given file of a test.
#[cfg(test)]
pub(super) mod power {
    use std::cell::Cell;
    use std::io;

    thread_local! {
        static FILES_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// From here on so many files of this thread are written; none after them.
    pub(in crate::home) fn fails_after(files: usize) {
        FILES_LEFT.set(Some(files));
    }

    /// Power is back.
    pub(in crate::home) fn returns() {
        FILES_LEFT.set(None);
    }

    pub(super) fn passes() -> io::Result<()> {
        match FILES_LEFT.get() {
            Some(0) => Err(io::Error::other("the power failed")),
            left => {
                FILES_LEFT.set(left.map(|files| files - 1));
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_file_is_whole_leaves_nothing_beside_it_and_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let (open, secret) = (dir.path().join("open"), dir.path().join("secret"));
        write_new(&open, b"first", Readers::All).unwrap();
        write_new(&secret, b"key", Readers::Owner).unwrap();
        assert!(matches!(write_new(&open, b"second", Readers::All), Err(HomeError::Exists(_))));
        assert_eq!(fs::read(&open).unwrap(), b"first");
        assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside them");
    }

    #[test]
    fn a_file_that_cannot_be_written_whole_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("no such directory").join("key");
        assert!(matches!(write_new(&path, b"key", Readers::Owner), Err(HomeError::Io { .. })));
        assert!(!path.exists());
    }
}
