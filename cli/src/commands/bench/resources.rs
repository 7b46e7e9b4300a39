//! What processes use, as the system counts it in `/proc`.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// Bytes of a block in [`MetadataExt::blocks`].
const BLOCK_BYTES: u64 = 512;

/// What one hospital has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Usage {
    /// Processor time, in user and system.
    pub(super) cpu: Duration,
    /// Bytes on disk.
    pub(super) disk_bytes: u64,
    /// Memory that is resident.
    pub(super) rss_bytes: u64,
}

impl Usage {
    /// What was used since `earlier`; memory as it is now.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(earlier.cpu),
            disk_bytes: self.disk_bytes.saturating_sub(earlier.disk_bytes),
            rss_bytes: self.rss_bytes,
        }
    }
}

/// What the process and the directory of a hospital come to.
pub(super) fn of(pid: u32, dir: &Path) -> Fallible<Usage> {
    let rss_bytes = rss(&read(&format!("/proc/{pid}/statm"))?).ok_or_else(|| unknown("statm"))?;
    Ok(Usage { cpu: cpu_of(&pid.to_string())?, disk_bytes: bytes_below(dir), rss_bytes })
}

/// Processor time of this process.
pub(super) fn own_cpu() -> Fallible<Duration> {
    cpu_of("self")
}

fn cpu_of(process: &str) -> Fallible<Duration> {
    let stat = read(&format!("/proc/{process}/stat"))?;
    cpu(&stat, rustix::param::clock_ticks_per_second()).ok_or_else(|| unknown("stat"))
}

/// User and system time: fields 14 and 15, the name in field 2 may hold anything.
fn cpu(stat: &str, ticks_per_s: u64) -> Option<Duration> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let micros = (user + system).checked_mul(1_000_000)?.checked_div(ticks_per_s)?;
    Some(Duration::from_micros(micros))
}

/// The second field, in pages.
fn rss(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(rustix::param::page_size() as u64)
}

/// Bytes that the files below `dir` take. Files come and go meanwhile.
fn bytes_below(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let taken = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.blocks() * BLOCK_BYTES,
        Err(_gone) => 0,
    });
    taken.sum()
}

fn read(path: &str) -> Fallible<String> {
    std::fs::read_to_string(path).map_err(|e| Failure::io("read", Path::new(path), &e))
}

fn unknown(file: &str) -> Box<Failure> {
    let detail = format!("/proc/…/{file} does not look as on Linux");
    Failure::new(Exit::Failed, 614, detail, "measure on a Linux machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_a_name_that_holds_anything() {
        let stat = "77 (a) b) R 1 77 77 0 -1 4194560 900 0 0 0 250 50 0 0 20 0 9 0 1000 1 2";
        assert_eq!(cpu(stat, 100), Some(Duration::from_secs(3)));
        assert_eq!(cpu("77 (amanah) R", 100), None);
    }

    #[test]
    fn a_process_that_works_has_used_time_and_memory() {
        let before = own_cpu().unwrap();
        let mut hash = blake3::hash(b"work");
        while own_cpu().unwrap() == before {
            hash = blake3::hash(hash.as_bytes());
        }
        let usage = of(std::process::id(), Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(usage.cpu > before && usage.rss_bytes > 1 << 20 && usage.disk_bytes > 100_000, "{usage:?} {hash}");
    }
}
