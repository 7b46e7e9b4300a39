//! A disk small enough to be filled: a file system in a file, mounted for one hospital.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const MIB: usize = 1024 * 1024;

/// One hospital's disk; taken off when dropped.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
}

impl Disk {
    /// Whether this machine lets us mount.
    pub fn can_be_small() -> bool {
        let Ok(dir) = tempfile::tempdir() else { return false };
        super::is_root() && try_mount(dir.path(), "look", 16).is_ok_and(|disk| disk.path.exists())
    }

    /// Makes a file system of this size below `dir` and mounts it.
    ///
    /// # Panics
    /// When the system refuses.
    pub(super) fn mount(dir: &Path, name: &str, size_mib: u64) -> Self {
        try_mount(dir, name, size_mib).unwrap_or_else(|why| panic!("a disk for {name}: {why}"))
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills it to the last block.
    ///
    /// # Panics
    /// When the disk fails in another way than by being full.
    pub fn fill(&self) {
        let mut file = File::create(self.path.join("filler")).unwrap();
        let mut portion = MIB;
        while portion > 0 {
            match file.write(&vec![0x5a; portion]) {
                Ok(written) if written > 0 => {}
                Ok(_) | Err(_) => portion /= 2,
            }
        }
        file.sync_all().ok();
    }

    /// Gives the room back.
    pub fn clear(&self) {
        // It may never have been filled.
        std::fs::remove_file(self.path.join("filler")).ok();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        for _ in 0..50 {
            if run("umount", &[&self.path.to_string_lossy()]).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        run("umount", &["-l", &self.path.to_string_lossy()]).ok();
    }
}

fn try_mount(dir: &Path, name: &str, size_mib: u64) -> Result<Disk, String> {
    let image = dir.join(format!("{name}.img"));
    let file = File::create(&image).map_err(|error| error.to_string())?;
    file.set_len(size_mib * MIB as u64).map_err(|error| error.to_string())?;
    run("mkfs.ext4", &["-q", "-F", "-m", "0", &image.to_string_lossy()])?;
    let path = dir.join(format!("{name}.disk"));
    std::fs::create_dir(&path).map_err(|error| error.to_string())?;
    run("mount", &["-o", "loop", &image.to_string_lossy(), &path.to_string_lossy()])?;
    Ok(Disk { path })
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
