//! Files that only their owner may read: written whole or not at all, and never over something that must stay.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What may happen to a file that is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and writing fails.
    Keep,
    /// The new content takes its place in one step.
    Replace,
}

/// Makes `dir` and its parents, each readable by its owner only.
pub(crate) fn make_dir(dir: &Path) -> Fallible<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| Failure::io("make", dir, &e))
}

/// Writes `content` to `path` with mode 0600: first beside it and synced, then put in place in one step.
pub(crate) fn write(path: &Path, content: &[u8], existing: Existing) -> Fallible<()> {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = beside(path, parent)?;
    let placed = write_new(&beside, content).and_then(|()| match existing {
        Existing::Replace => fs::rename(&beside, path),
        // A hard link fails where the name is taken, also against a racing writer; a rename would not.
        Existing::Keep => fs::hard_link(&beside, path).and_then(|()| fs::remove_file(&beside)),
    });
    if let Err(error) = placed {
        fs::remove_file(&beside).ok();
        if error.kind() == ErrorKind::AlreadyExists {
            let detail = format!("{} is already there and is never overwritten", path.display());
            return Err(Failure::new(Exit::Conflict, 137, detail, "choose another name, or move the file away"));
        }
        return Err(Failure::io("write", path, &error));
    }
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| Failure::io("sync", parent, &e))
}

fn write_new(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn beside(path: &Path, parent: &Path) -> Fallible<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(Failure::no_randomness)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(parent.join(format!(".{name}.{}", hex::encode(random))))
}

/// Reads a file of at most `bytes_max` bytes.
pub(crate) fn read(path: &Path, bytes_max: u64) -> Fallible<Vec<u8>> {
    let file = File::open(path).map_err(|e| Failure::io("read", path, &e))?;
    let mut content = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut content).map_err(|e| Failure::io("read", path, &e))?;
    if content.len() as u64 > bytes_max {
        return Err(Failure::damaged(path, format!("longer than {bytes_max} bytes")));
    }
    Ok(content)
}

/// Reads a file with a secret in it, and refuses one that others can read.
pub(crate) fn read_secret(path: &Path, bytes_max: u64) -> Fallible<zeroize::Zeroizing<Vec<u8>>> {
    let mode = fs::metadata(path).map_err(|e| Failure::io("read", path, &e))?.permissions().mode();
    if mode & 0o077 != 0 {
        let detail = format!("other users can read {} (mode {:o})", path.display(), mode & 0o777);
        return Err(Failure::new(Exit::Unsafe, 911, detail, format!("chmod 600 {}", path.display())));
    }
    read(path, bytes_max).map(zeroize::Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_private_whole_and_not_overwritten_unless_asked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        write(&path, b"first", Existing::Keep).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write(&path, b"second", Existing::Keep).unwrap_err().exit, Exit::Conflict);
        assert_eq!(read(&path, 100).unwrap(), b"first");
        write(&path, b"third", Existing::Replace).unwrap();
        assert_eq!(read(&path, 100).unwrap(), b"third");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, b"secret", Existing::Keep).unwrap();
        assert_eq!(read_secret(&path, 100).unwrap().as_slice(), b"secret");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(read_secret(&path, 100).unwrap_err().exit, Exit::Unsafe);
    }

    #[test]
    fn a_file_longer_than_allowed_is_refused_before_it_fills_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long");
        write(&path, &[b'x'; 101], Existing::Keep).unwrap();
        assert!(read(&path, 100).is_err());
        assert_eq!(read(&path, 101).unwrap().len(), 101);
    }
}
