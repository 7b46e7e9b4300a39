//! Memory and disk of a hospital, read from outside.

use crate::cluster::hospital::Hospital;
use std::path::Path;

/// Memory of the process that is resident now, bytes.
pub(super) fn resident_bytes(hospital: &Hospital) -> u64 {
    let Some(pid) = hospital.pid() else { return 0 };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Bytes of all files below `dir`.
pub(super) fn disk_bytes(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => disk_bytes(&entry.path()),
        Ok(found) => found.len(),
        Err(_gone) => 0,
    });
    sizes.sum()
}

/// Bytes of everything that the hospital said on stderr.
pub(super) fn log_bytes(hospital: &Hospital) -> u64 {
    std::fs::metadata(&hospital.log).map_or(0, |log| log.len())
}
