//! One change to one file of a home.

use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Share of changes that go where a file is not zero: sled's file is mostly empty.
const USED_PERCENT: u32 = 80;
/// Share of changes that touch several bytes in a row.
const BURST_PERCENT: u32 = 10;
const BURST_BYTES: usize = 16;

/// Bytes to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// The file, relative to the home.
    pub file: PathBuf,
    /// What kind of file it is.
    pub kind: &'static str,
    /// The first byte.
    pub offset: usize,
    /// What each byte is combined with: never zero.
    pub xor: Vec<u8>,
}

/// The kind of a home's file, by which they are drawn; `None` for those that carry nothing.
fn kind_of(file: &Path) -> Option<&'static str> {
    let name = file.file_name()?.to_str()?;
    let path = file.to_str()?;
    let kind = match () {
        () if name == "LOCK" || name == "lock" => return None,
        () if name == "acknowledged" => "acknowledged",
        () if path.starts_with("ledger/") => "ledger (sled)",
        () if path == "private/vault/reached" || path == "private/days/reached" => "private: reached",
        () if path.starts_with("private/vault/") => "private: vault (sled)",
        () if path.starts_with("private/days/") => "private: day files",
        () if path == "private/keys.table" => "private: key table",
        () if path.starts_with("keys/private/") => "keys: table key",
        () if path.starts_with("keys/") => "keys: seeds",
        () if path.starts_with("votes/") => "vote log",
        () if name == "votes.reached" => "vote log: reached",
        () if name == "FORMAT" || name == "STARTED" => "FORMAT, STARTED",
        () if name == "genesis.bin" => "genesis.bin",
        () if name == "network.json" => "network.json",
        () if name == "config.toml" => "config.toml",
        () => "other",
    };
    Some(kind)
}

/// The files of the home by kind, without empty ones.
///
/// # Errors
/// When the disk fails.
pub fn files(home: &Path) -> io::Result<BTreeMap<&'static str, Vec<PathBuf>>> {
    let (mut found, mut dirs) = (BTreeMap::<_, Vec<PathBuf>>::new(), vec![PathBuf::new()]);
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(home.join(&dir))? {
            let entry = entry?;
            let file = dir.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                dirs.push(file);
            } else if entry.metadata()?.len() > 0
                && let Some(kind) = kind_of(&file)
            {
                found.entry(kind).or_default().push(file);
            }
        }
    }
    found.values_mut().for_each(|files| files.sort());
    Ok(found)
}

impl Flip {
    /// Draws a kind of file, one of its files, a place in it and other bytes.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn draw(random: &mut StdRng, home: &Path) -> io::Result<Self> {
        let files = files(home)?;
        let at = random.random_range(0..files.len());
        let (kind, files) = files.into_iter().nth(at).expect("drawn among them");
        let file = files[random.random_range(0..files.len())].clone();
        let bytes = fs::read(home.join(&file))?;
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let offset = if !used.is_empty() && random.random_range(0..100) < USED_PERCENT {
            used[random.random_range(0..used.len())]
        } else {
            random.random_range(0..bytes.len())
        };
        let len = if random.random_range(0..100) < BURST_PERCENT { BURST_BYTES } else { 1 };
        let len = len.min(bytes.len() - offset);
        let xor = (0..len).map(|_| random.random_range(1..=255)).collect();
        Ok(Self { file, kind, offset, xor })
    }

    /// Changes the file in `home`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn apply(&self, home: &Path) -> io::Result<()> {
        let path = home.join(&self.file);
        let mut bytes = fs::read(&path)?;
        for (byte, xor) in bytes.iter_mut().skip(self.offset).zip(&self.xor) {
            *byte ^= xor;
        }
        // In place: mode and name stay.
        fs::write(path, bytes)
    }

    /// For the results.
    pub fn to_json(&self) -> Value {
        json!({"file": self.file, "kind": self.kind, "offset": self.offset, "xor": hex::encode(&self.xor)})
    }
}
