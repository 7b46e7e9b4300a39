//! The key that a system shows to a node's API. The node that is asked knows only its hash.

use super::HomeError;
use super::io;
use super::keys::Seed;
use super::new_file::{Readers, write_new};
use amanah_ledger::crypto::Digest;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use zeroize::Zeroizing;

/// A key of 64 hex digits, shown as it stands. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// Reads the key at `path`, which only its owner may read; a fresh one is put there first if there is none.
    ///
    /// # Errors
    /// When it cannot be read or written, is no key, or is open to others.
    pub(crate) fn read_or_make(path: &Path) -> Result<Self, HomeError> {
        if !path.exists() {
            let dir = path.parent().unwrap_or(path);
            fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| io(dir, e))?;
            Self(text(&Seed::random()?)).write_new(path)?;
        }
        Self::read(path)
    }

    /// Reads a key that only its owner may read.
    ///
    /// # Errors
    /// When it cannot be read, is no key, or is open to others.
    pub(crate) fn read(path: &Path) -> Result<Self, HomeError> {
        Ok(Self(text(&Seed::read(path)?)))
    }

    /// What is shown to the node that is asked.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// What the node that is asked has in its configuration.
    pub(crate) fn hash(&self) -> Digest {
        Digest(*blake3::hash(self.0.as_bytes()).as_bytes())
    }

    fn write_new(&self, path: &Path) -> Result<(), HomeError> {
        write_new(path, Zeroizing::new(format!("{}\n", *self.0)).as_bytes(), Readers::Owner)
    }
}

fn text(seed: &Seed) -> Zeroizing<String> {
    Zeroizing::new(hex::encode(*seed.bytes()))
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_known_by_the_hash_of_its_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clients").join("desk.key");
        let key = ApiKey::read_or_make(&path).unwrap();
        assert_eq!(ApiKey::read_or_make(&path).unwrap().hash(), key.hash());
        let shown = fs::read_to_string(&path).unwrap();
        assert_eq!(key.hash(), Digest(*blake3::hash(shown.trim_end().as_bytes()).as_bytes()));
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }
}
