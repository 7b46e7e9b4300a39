//! The key file: everything that links a person to the private store, or opens what the store holds, in one file.
//!
//! The file is sealed under a table key K_t that lies in a file of its own. Each change writes the whole file under a
//! fresh K_{t+1} and then destroys K_t, so that what was removed cannot be read from an older version of the file
//! either. A crash at any step leaves one readable pair:
//! 1. K_{t+1} is on disk · 2. the new file replaces the old one · 3. K_t is overwritten and unlinked.
//!
//! On flash memory overwriting destroys only as well as the disk does; a key management service would hold K_t better.

use super::durable;
use super::sealing::{DoesNotOpen, NoRandomness, SecretKey};
use super::vault::FolderId;
use amanah_ledger::codec;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::derive::LogKey;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const MAGIC: &[u8; 8] = b"AMNKEYS1";
const HEADER_BYTES: usize = MAGIC.len() + 8;
const ENTRY_BYTES_MAX: usize = 1024;
/// How the file of a table key is called, before its generation.
const TABLE_KEY: &str = "table-key.";
/// Longest medical record number, in bytes.
pub const MRN_BYTES_MAX: usize = 64;
/// Most relationships of one custodian.
pub(crate) const RELATIONSHIPS_MAX: usize = 4_000_000;

/// A hospital's own number of a patient: 1 to [`MRN_BYTES_MAX`] printable bytes. Prints nothing; zeroed when dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop, bincode::Encode, bincode::Decode)]
pub struct Mrn(String);

/// Not a medical record number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a medical record number has 1 to {MRN_BYTES_MAX} printable characters")]
pub struct NotAnMrn;

impl Mrn {
    /// Checks what staff typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has control characters.
    pub fn parse(text: &str) -> Result<Self, NotAnMrn> {
        let text = text.trim();
        if text.is_empty() || text.len() > MRN_BYTES_MAX || text.chars().any(char::is_control) {
            return Err(NotAnMrn);
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Mrn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mrn")
    }
}

/// What the custodian keeps secret about one relationship.
#[derive(Debug, Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub(crate) struct RelationshipKeys {
    /// The patient's key here; only the custodian knows that it belongs to `mrn`.
    pub(crate) relationship: PublicKey,
    /// How many times the relationship's keys were replaced.
    pub(crate) generation: u32,
    /// Whose records.
    pub(crate) mrn: Mrn,
    /// Where its records lie in the private store.
    pub(crate) folder: FolderId,
    /// Opens its consent documents; `None` once they are erased.
    pub(crate) documents: Option<SecretKey>,
    /// Opens its access log and the list of its consents.
    pub(crate) receipts: SecretKey,
    /// Hides it in the access trees; made by the wallet.
    pub(crate) log: SecretKey,
}

impl RelationshipKeys {
    /// Finds the relationship's leaf in the access trees.
    pub(crate) fn log_key(&self) -> LogKey {
        LogKey::new(*self.log.as_bytes())
    }
}

/// The custodian's own folder: what concerns no single relationship.
#[derive(Debug, Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub(crate) struct HouseKeys {
    pub(crate) folder: FolderId,
    pub(crate) key: SecretKey,
}

/// Where the two files lie. Different directories on purpose: a backup of one is worth nothing without the other.
#[derive(Debug, Clone)]
pub struct KeyFilePaths {
    /// The sealed table.
    pub table: PathBuf,
    /// Directory of the table key.
    pub table_key_dir: PathBuf,
}

/// Why the key file cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The disk refused.
    #[error("key file: {0}")]
    Io(#[from] std::io::Error),
    /// The table is there, its key is not.
    #[error("the table key of generation {0} is missing: the key file cannot be opened")]
    TableKeyMissing(u64),
    /// The table does not open or is not a table.
    #[error("the key file is damaged")]
    Damaged,
    /// No randomness for a new key.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl From<DoesNotOpen> for KeyFileError {
    fn from(_: DoesNotOpen) -> Self {
        Self::Damaged
    }
}

/// The open key file. Changes are in memory until [`KeyFile::write`].
#[derive(Debug)]
pub(crate) struct KeyFile {
    paths: KeyFilePaths,
    generation: u64,
    house: HouseKeys,
    entries: BTreeMap<PublicKey, RelationshipKeys>,
    by_mrn: BTreeMap<Mrn, PublicKey>,
}

impl KeyFile {
    /// Whether a table is there.
    pub(crate) fn exists(paths: &KeyFilePaths) -> bool {
        paths.table.exists()
    }

    /// Makes a new, empty key file.
    pub(crate) fn create(paths: KeyFilePaths) -> Result<Self, KeyFileError> {
        let house = HouseKeys { folder: FolderId::generate()?, key: SecretKey::generate()? };
        let mut file = Self { paths, generation: 0, house, entries: BTreeMap::new(), by_mrn: BTreeMap::new() };
        file.write()?;
        Ok(file)
    }

    /// Opens the key file and destroys table keys that a crash left behind.
    pub(crate) fn open(paths: KeyFilePaths) -> Result<Self, KeyFileError> {
        let file = Self::read(paths)?;
        file.destroy_other_table_keys()?;
        Ok(file)
    }

    /// Opens the key file and changes nothing.
    pub(crate) fn read(paths: KeyFilePaths) -> Result<Self, KeyFileError> {
        let bytes = std::fs::read(&paths.table)?;
        let (header, sealed) = bytes.split_at_checked(HEADER_BYTES).ok_or(KeyFileError::Damaged)?;
        let generation = match header.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk::<8>()) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => return Err(KeyFileError::Damaged),
        };
        let key = read_table_key(&table_key_path(&paths.table_key_dir, generation), generation)?;
        let plain = key.open(header, sealed)?;
        let mut parts = Parts(&plain);
        let house = parts.next().ok_or(KeyFileError::Damaged)??;
        let (mut entries, mut by_mrn) = (BTreeMap::new(), BTreeMap::new());
        while let Some(part) = parts.next::<RelationshipKeys>() {
            let keys = part?;
            by_mrn.insert(keys.mrn.clone(), keys.relationship);
            entries.insert(keys.relationship, keys);
        }
        Ok(Self { paths, generation, house, entries, by_mrn })
    }

    /// The custodian's own folder.
    pub(crate) fn house(&self) -> &HouseKeys {
        &self.house
    }

    /// The keys of a relationship.
    pub(crate) fn get(&self, relationship: &PublicKey) -> Option<&RelationshipKeys> {
        self.entries.get(relationship)
    }

    /// Whose relationship this number is.
    pub(crate) fn of_mrn(&self, mrn: &Mrn) -> Option<&PublicKey> {
        self.by_mrn.get(mrn)
    }

    /// All relationships.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &RelationshipKeys> {
        self.entries.values()
    }

    /// How many relationships.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Adds a relationship; the caller has checked that key and number are new.
    pub(crate) fn insert(&mut self, keys: RelationshipKeys) {
        self.by_mrn.insert(keys.mrn.clone(), keys.relationship);
        self.entries.insert(keys.relationship, keys);
    }

    /// Forgets a relationship. Whether there was one.
    pub(crate) fn remove(&mut self, relationship: &PublicKey) -> bool {
        let Some(keys) = self.entries.remove(relationship) else { return false };
        self.by_mrn.remove(&keys.mrn);
        true
    }

    /// Forgets the documents key of a relationship. Whether there was one.
    pub(crate) fn remove_documents_key(&mut self, relationship: &PublicKey) -> bool {
        self.entries.get_mut(relationship).and_then(|keys| keys.documents.take()).is_some()
    }

    /// Writes the whole table under a fresh key and destroys the old one.
    pub(crate) fn write(&mut self) -> Result<(), KeyFileError> {
        let next = self.generation + 1;
        let key = SecretKey::generate()?;
        std::fs::create_dir_all(&self.paths.table_key_dir)?;
        durable::write_private(&table_key_path(&self.paths.table_key_dir, next), key.as_bytes())?;
        let mut plain = Zeroizing::new(Vec::new());
        push_part(&mut plain, &self.house);
        for keys in self.entries.values() {
            push_part(&mut plain, keys);
        }
        let header = [MAGIC.as_slice(), &next.to_le_bytes()].concat();
        let sealed = key.seal(&header, &plain)?;
        durable::write_private(&self.paths.table, &[header, sealed].concat())?;
        self.generation = next;
        self.destroy_other_table_keys()
    }

    /// Destroys earlier table keys, and nothing else: the directory may hold other keys of the node.
    fn destroy_other_table_keys(&self) -> Result<(), KeyFileError> {
        let current = table_key_path(&self.paths.table_key_dir, self.generation);
        for file in std::fs::read_dir(&self.paths.table_key_dir)? {
            let path = file?.path();
            let is_table_key = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TABLE_KEY));
            if is_table_key && path != current && path.is_file() {
                durable::destroy(&path)?;
            }
        }
        Ok(())
    }
}

fn table_key_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("{TABLE_KEY}{generation}"))
}

fn read_table_key(path: &Path, generation: u64) -> Result<SecretKey, KeyFileError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(KeyFileError::TableKeyMissing(generation)),
        Err(e) => return Err(e.into()),
    };
    let mut key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_other_length| KeyFileError::Damaged)?;
    let secret = SecretKey::from_bytes(key);
    key.zeroize();
    Ok(secret)
}

fn push_part<T: bincode::Encode>(plain: &mut Zeroizing<Vec<u8>>, part: &T) {
    let bytes = Zeroizing::new(codec::encode(part));
    let len = u32::try_from(bytes.len()).expect("an entry is at most ENTRY_BYTES_MAX long");
    plain.extend_from_slice(&len.to_le_bytes());
    plain.extend_from_slice(&bytes);
}

/// The length-prefixed parts of the opened table.
struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn next<T: bincode::Encode + bincode::Decode<()>>(&mut self) -> Option<Result<T, KeyFileError>> {
        if self.0.is_empty() {
            return None;
        }
        let Some((len, rest)) = self.0.split_first_chunk::<4>() else { return Some(Err(KeyFileError::Damaged)) };
        let Some((part, rest)) = rest.split_at_checked(u32::from_le_bytes(*len) as usize) else {
            return Some(Err(KeyFileError::Damaged));
        };
        self.0 = rest;
        Some(codec::decode(part, ENTRY_BYTES_MAX).map_err(|_not_canonical| KeyFileError::Damaged))
    }
}

#[cfg(test)]
mod tests;
