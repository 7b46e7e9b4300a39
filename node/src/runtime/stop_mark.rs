//! A stop that outlives the process. A validator that finds the world in contradiction (R8) signs nothing more; a
//! restart would forget why and sign again. So the reason stands in a file of the home, and while it stands there the
//! node does not start. Only a person who has looked removes it: the vote log is whole, so going on is safe once it is
//! known who was wrong.

use super::RecoveryError;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// More of the file is not read.
const REASON_BYTES_MAX: u64 = 4096;

/// The file that says why this node must not start.
#[derive(Debug, Clone)]
pub(crate) struct StopMark(PathBuf);

impl StopMark {
    pub(crate) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Refuses to go on if the node had stopped.
    pub(crate) fn check(&self) -> Result<(), RecoveryError> {
        let mut reason = Vec::new();
        let read = File::open(&self.0).and_then(|file| file.take(REASON_BYTES_MAX).read_to_end(&mut reason));
        match read {
            Ok(_) => {
                let reason = String::from_utf8_lossy(&reason).lines().next().unwrap_or_default().to_owned();
                Err(RecoveryError::Stopped { reason, mark: self.0.clone() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => Err(RecoveryError::StopMark { mark: self.0.clone(), source }),
        }
    }

    /// Writes the reason, on disk before it returns. What the file says already stays: the first reason counts.
    pub(crate) fn set(&self, reason: &str) -> io::Result<()> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0) {
            Ok(mut file) => {
                file.write_all(format!("{reason}\n").as_bytes())?;
                file.sync_all()?;
                let dir = self.0.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                File::open(dir)?.sync_all()
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_of_a_stop_stays_until_it_is_removed() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("STOPPED");
        let mark = StopMark::at(path.clone());
        assert!(mark.check().is_ok());
        mark.set("two certificates exclude each other").unwrap();
        mark.set("something else").unwrap();
        let Err(RecoveryError::Stopped { reason, mark: told }) = mark.check() else { panic!("a stop is remembered") };
        assert_eq!((reason.as_str(), told), ("two certificates exclude each other", path.clone()));
        // An empty or strange file is a stop too: whoever put it there meant it.
        std::fs::write(&path, [0xff; 9000]).unwrap();
        assert!(matches!(mark.check(), Err(RecoveryError::Stopped { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(mark.check().is_ok());
    }
}
