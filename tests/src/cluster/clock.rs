//! A clock that jumps while the process runs: libfaketime, told by a file how far to go.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where distributions put the library.
const PLACES: [&str; 4] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
    "/usr/lib64/faketime/libfaketime.so.1",
];

/// The clock of one hospital.
#[derive(Debug)]
pub struct Clock {
    offset_file: Option<PathBuf>,
}

impl Clock {
    /// The system's.
    pub(super) fn system() -> Self {
        Self { offset_file: None }
    }

    /// One that can be moved.
    pub(super) fn movable(file: &Path) -> Self {
        let clock = Self { offset_file: Some(file.to_owned()) };
        clock.move_by_s(0);
        clock
    }

    /// Whether this machine has the library.
    pub fn can_be_moved() -> bool {
        library().is_some()
    }

    /// From now on the hospital's time is this far from the true one. It notices within a second. Clocks that only
    /// count up (for time-outs) stay as they are.
    ///
    /// # Panics
    /// When the disk fails.
    pub fn move_by_s(&self, offset_s: i64) {
        if let Some(file) = &self.offset_file {
            let new = file.with_extension("new");
            std::fs::write(&new, format!("{offset_s:+}\n")).unwrap();
            std::fs::rename(&new, file).unwrap();
        }
    }

    /// What the process must be started with.
    pub(super) fn environment(&self) -> Vec<(OsString, OsString)> {
        let (Some(file), Some(library)) = (&self.offset_file, library()) else { return Vec::new() };
        let set = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        vec![
            set("LD_PRELOAD", library),
            (OsString::from("FAKETIME_TIMESTAMP_FILE"), file.clone().into_os_string()),
            set("FAKETIME_CACHE_DURATION", "1"),
            set("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            set("DONT_FAKE_MONOTONIC", "1"),
            // Files keep the true times.
            set("NO_FAKE_STAT", "1"),
        ]
    }
}

fn library() -> Option<&'static str> {
    PLACES.into_iter().find(|place| Path::new(place).exists())
}
