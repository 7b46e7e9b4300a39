//! The formats that never change: bytes and digests of everything this crate signs or hashes, compared with the files
//! beside this one. A difference is a new format, and needs a new version number, not a new file.
//! `AMANAH_BLESS=1 cargo test -p amanah-ledger --test golden` writes the files.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod blocks;
mod leaves;
mod sample;
mod signed;
mod transactions;
mod trees;

use amanah_ledger::codec;
use bincode::{Decode, Encode};
use std::path::PathBuf;

/// Lines of one file.
pub(crate) struct Golden(String);

impl Golden {
    pub(crate) fn new(what: &str) -> Self {
        Self(format!("# {what}\n"))
    }

    pub(crate) fn line(&mut self, name: &str, bytes: &[u8]) {
        self.0.push_str(&format!("{name} = {}\n", hex::encode(bytes)));
    }

    /// The encoding of a value, which also decodes to it and to nothing when anything is missing or added.
    pub(crate) fn value<T: Encode + Decode<()> + PartialEq + std::fmt::Debug>(&mut self, name: &str, value: &T) {
        let mut bytes = codec::encode(value);
        assert_eq!(codec::decode::<T>(&bytes, bytes.len()).unwrap(), *value, "{name}");
        assert!(codec::decode::<T>(&bytes[..bytes.len() - 1], bytes.len()).is_err(), "{name}");
        self.line(name, &bytes);
        bytes.push(0);
        assert!(codec::decode::<T>(&bytes, bytes.len()).is_err(), "{name}");
    }

    pub(crate) fn compare(self, file: &str) {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        if std::env::var_os("AMANAH_BLESS").is_some() {
            std::fs::write(&path, &self.0).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap();
        for (got, expected) in self.0.lines().zip(written.lines()) {
            assert_eq!(got, expected, "{file}");
        }
        assert_eq!(self.0, written, "{file}");
    }
}
