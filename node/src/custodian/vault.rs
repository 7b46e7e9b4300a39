//! The vault: sealed records under random ids, in a sled database of its own.
//!
//! A record's address is folder ‖ kind ‖ number; nothing in the database says whose folder it is or opens a record.
//! sled alone does not survive a power cut: [`Vault::sync`] flushes and then syncs sled's own file, and a snapshot
//! that a crash left half written is removed before sled would trip over it. It takes damage for the end of its log and
//! opens at an earlier moment without a word, so writes are counted and the count is recorded beside it, in `reached`:
//! a vault that comes back with fewer has lost some. And damage may show as a panic, which is caught.

use super::sealing::{DoesNotOpen, NoRandomness, OVERHEAD_BYTES, SecretKey, random};
use crate::two_slots::{self, TwoSlots};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use zeroize::Zeroizing;

/// Longest piece of a record: sled writes longer values to files that it never syncs.
const PIECE_BYTES_MAX: usize = 32 * 1024 - OVERHEAD_BYTES - 1;
/// Most pieces of a record.
const PIECES_MAX: usize = 5;
/// Longest record.
pub(crate) const RECORD_BYTES_MAX: usize = PIECE_BYTES_MAX * PIECES_MAX;
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
const ADDRESS_BYTES: usize = 16 + 1 + 8 + 1;
/// Where the number of writes stands: shorter than any address.
const COUNT: &[u8] = b"#";
/// The file beside sled that says how many writes were synced.
const REACHED: &str = "reached";

/// Names a folder of records: random, so that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, bincode::Encode, bincode::Decode)]
pub(crate) struct FolderId([u8; 16]);

impl FolderId {
    /// A fresh one.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        random().map(Self)
    }
}

/// What a record is. The number of a kind never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// An entry of the access log, under its number in the log.
    Entry = 1,
    /// One version of a consent as the ledger knows it.
    Consent = 2,
    /// Document, salt and certificate of the consent version with the same number.
    Document = 3,
    /// House: a grant that is not final yet.
    PendingGrant = 4,
    /// House: a revocation that is not final yet.
    PendingRevocation = 5,
    /// The wallet's acceptance of its enrolment.
    Acceptance = 6,
    /// House: number of the last anchor whose leaves are on disk.
    AnchorMark = 7,
    /// A consent that this hospital asks for.
    Request = 8,
    /// The ledger's leaf that the consent version with the same number replaces; none for a first version.
    Replaced = 9,
}

/// Folder, kind and number of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) folder: FolderId,
    pub(crate) kind: Kind,
    pub(crate) number: u64,
}

impl Address {
    fn piece(&self, piece: u8) -> [u8; ADDRESS_BYTES] {
        let mut bytes = [0; ADDRESS_BYTES];
        bytes[..16].copy_from_slice(&self.folder.0);
        bytes[16] = self.kind as u8;
        // Big-endian, so that numbers sort.
        bytes[17..25].copy_from_slice(&self.number.to_be_bytes());
        bytes[25] = piece;
        bytes
    }
}

/// Why the vault cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The disk refused.
    #[error("private store: {0}")]
    Io(#[from] std::io::Error),
    /// sled refused.
    #[error("private store: {0}")]
    Sled(sled::Error),
    /// sled cannot read what it wrote.
    #[error("the vault is damaged")]
    Damaged,
    /// sled came back at an earlier moment.
    #[error("the vault has lost writes that were on disk: {found} of {known} are left")]
    LostWrites {
        /// How many were synced.
        known: u64,
        /// How many it has.
        found: u64,
    },
    /// A record is longer than sled keeps safely.
    #[error("a record of {bytes} bytes, at most {RECORD_BYTES_MAX} are kept")]
    RecordTooLong {
        /// Its length.
        bytes: usize,
    },
    /// A record does not open.
    #[error(transparent)]
    DoesNotOpen(#[from] DoesNotOpen),
    /// No randomness for a nonce.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl From<sled::Error> for VaultError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) => Self::Damaged,
            sled::Error::Io(error) => Self::Io(error),
            other => Self::Sled(other),
        }
    }
}

/// Runs `work`; a panic inside sled, which is how it reports some damage, becomes an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(VaultError::Damaged))
}

/// What [`Vault::read_behind`] has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRecords {
    /// The last address.
    pub last: Vec<u8>,
    /// How many records.
    pub records: u64,
    /// How many bytes, addresses included.
    pub bytes: u64,
}

/// Records that are written together or not at all.
#[derive(Debug, Default)]
pub(crate) struct Writes(sled::Batch);

impl Writes {
    /// Adds a record.
    pub(crate) fn put(&mut self, at: Address, key: &SecretKey, plain: &[u8]) -> Result<(), VaultError> {
        if plain.len() > RECORD_BYTES_MAX {
            return Err(VaultError::RecordTooLong { bytes: plain.len() });
        }
        let mut rest = plain;
        for number in 0..PIECES_MAX as u8 {
            let (piece, more) = rest.split_at(rest.len().min(PIECE_BYTES_MAX));
            rest = more;
            // Each piece begins with whether another follows.
            let marked = Zeroizing::new([&[u8::from(!rest.is_empty())], piece].concat());
            let address = at.piece(number);
            self.0.insert(&address, key.seal(&address, &marked)?);
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Removes a record.
    pub(crate) fn remove(&mut self, at: Address) {
        for number in 0..PIECES_MAX as u8 {
            self.0.remove(&at.piece(number));
        }
    }
}

/// The open vault.
#[derive(Debug)]
pub(crate) struct Vault {
    db: sled::Db,
    /// sled's own file: what `flush` wrote is durable only after this is synced.
    file: File,
    /// Writes so far, and how many of them are synced.
    written: Cell<u64>,
    synced: Cell<u64>,
    /// How many are recorded beside it.
    recorded: Cell<u64>,
    reached: RefCell<TwoSlots<8>>,
}

impl Vault {
    /// Opens or makes the vault in `dir`.
    pub(crate) fn open(dir: &Path) -> Result<Self, VaultError> {
        std::fs::create_dir_all(dir)?;
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("snap.") && name.ends_with(".generating") {
                std::fs::remove_file(&path)?;
            }
        }
        let slots = two_slots::read::<8>(&dir.join(REACHED))?;
        let newest = slots.into_iter().map(|(count, slot)| (u64::from_le_bytes(count), slot)).max();
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = guarded(|| config.open().map_err(at_open))?;
        let count = guarded(|| Ok(db.get(COUNT)?))?;
        let count = match count.map(|bytes| <[u8; 8]>::try_from(bytes.as_ref())) {
            Some(Ok(bytes)) => u64::from_le_bytes(bytes),
            Some(Err(_other_length)) => return Err(VaultError::Damaged),
            None => 0,
        };
        let known = newest.map_or(0, |(known, _)| known);
        if count < known {
            return Err(VaultError::LostWrites { known, found: count });
        }
        let reached = RefCell::new(TwoSlots::open(&dir.join(REACHED), newest.map(|(_, slot)| slot))?);
        let file = File::open(dir.join("db"))?;
        let (written, synced) = (Cell::new(count), Cell::new(count));
        let vault = Self { db, file, written, synced, recorded: Cell::new(known), reached };
        vault.sync()?;
        super::durable::sync_parent(&dir.join("db"))?;
        vault.record_reach()?;
        Ok(vault)
    }

    /// Records beside sled how many writes are synced, if there are more than at the last time. One sync, which no
    /// answer waits for.
    pub(crate) fn record_reach(&self) -> Result<(), VaultError> {
        let synced = self.synced.get();
        if self.recorded.get() < synced {
            self.reached.borrow_mut().write(&synced.to_le_bytes())?;
            self.recorded.set(synced);
        }
        Ok(())
    }

    /// Reads up to `limit` records behind an address, as sled finds them; `None` behind the last.
    pub(crate) fn read_behind(&self, after: Option<&[u8]>, limit: usize) -> Result<Option<ReadRecords>, VaultError> {
        let from = after.map_or_else(Vec::new, |last| [last, &[0]].concat());
        guarded(|| {
            let mut read = ReadRecords { last: Vec::new(), records: 0, bytes: 0 };
            for entry in self.db.range(from..).take(limit) {
                let (address, value) = entry?;
                read.last = address.to_vec();
                read.records += 1;
                read.bytes += (address.len() + value.len()) as u64;
            }
            Ok((read.records > 0).then_some(read))
        })
    }

    /// Writes; durable after the next [`Vault::sync`].
    pub(crate) fn write(&self, writes: Writes) -> Result<(), VaultError> {
        let (mut batch, count) = (writes.0, self.written.get() + 1);
        batch.insert(COUNT, &count.to_le_bytes());
        guarded(|| Ok(self.db.apply_batch(batch)?))?;
        self.written.set(count);
        Ok(())
    }

    /// Makes everything written so far durable.
    pub(crate) fn sync(&self) -> Result<(), VaultError> {
        let written = self.written.get();
        guarded(|| Ok(self.db.flush()?))?;
        self.file.sync_all()?;
        self.synced.set(written);
        Ok(())
    }

    /// The record at `at`.
    pub(crate) fn get(&self, at: Address, key: &SecretKey) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let mut plain = Zeroizing::new(Vec::new());
        for number in 0..PIECES_MAX as u8 {
            let address = at.piece(number);
            let Some(sealed) = guarded(|| Ok(self.db.get(address)?))? else {
                return if number == 0 { Ok(None) } else { Err(DoesNotOpen.into()) };
            };
            let piece = key.open(&address, &sealed)?;
            let (more, piece) = piece.split_first().ok_or(DoesNotOpen)?;
            plain.extend_from_slice(piece);
            if *more == 0 {
                return Ok(Some(plain));
            }
        }
        Err(DoesNotOpen.into())
    }

    /// The highest number of a kind in a folder.
    pub(crate) fn last(&self, folder: FolderId, kind: Kind) -> Result<Option<u64>, VaultError> {
        let (from, to) = range(folder, kind, 0);
        guarded(|| match self.db.range(from..=to).next_back() {
            Some(record) => Ok(Some(number_of(&record?.0))),
            None => Ok(None),
        })
    }

    /// The numbers of up to `limit` records of a kind in a folder, from number `from` on.
    pub(crate) fn numbers(
        &self,
        folder: FolderId,
        kind: Kind,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u64>, VaultError> {
        let (from, to) = range(folder, kind, from);
        guarded(|| {
            let mut numbers = Vec::new();
            for address in self.db.range(from..=to).keys() {
                let address = address?;
                if address.last() != Some(&0) {
                    continue;
                }
                if numbers.len() == limit {
                    break;
                }
                numbers.push(number_of(&address));
            }
            Ok(numbers)
        })
    }
}

/// An error of `open`, where sled reports some damage as i/o errors.
fn at_open(error: sled::Error) -> VaultError {
    match VaultError::from(error) {
        VaultError::Io(error) => match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput => VaultError::Damaged,
            _ => VaultError::Io(error),
        },
        VaultError::Sled(_) => VaultError::Damaged,
        other => other,
    }
}

fn range(folder: FolderId, kind: Kind, from: u64) -> ([u8; ADDRESS_BYTES], [u8; ADDRESS_BYTES]) {
    let last = Address { folder, kind, number: u64::MAX };
    (Address { folder, kind, number: from }.piece(0), last.piece(u8::MAX))
}

fn number_of(address: &[u8]) -> u64 {
    let number = address.get(17..25).and_then(|bytes| bytes.first_chunk::<8>());
    u64::from_be_bytes(*number.expect("every address of the vault holds its number"))
}

#[cfg(test)]
mod tests;
