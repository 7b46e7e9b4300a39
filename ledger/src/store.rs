//! The ledger on disk: blocks, certificates, leaves and indices in one sled tree, one atomic batch per commit.
//!
//! Promises: what [`Store::commit`] has acknowledged is there after a crash; a commit is there whole or not at all; what
//! is damaged is reported as [`StoreError::Damaged`] and never answered wrongly. The state is rebuilt from its leaves at
//! start and checked against the root in a header that a certificate makes final ([`Reader::load_state`]); what nobody
//! asks for is checked by [`Reader::check_block`], block by block, and executed again by [`Walk`].
//!
//! sled 0.34 needs help with five things, all done here. It takes damage for the end of its log and comes back at an
//! earlier commit without a word, so the acknowledged height is kept beside it ([`mark`]). Its `flush` does not fsync,
//! so every commit ends with `sync_all` on sled's own file. A snapshot it was killed in the middle of writing (`snap.*.generating`) makes every
//! later open fail, so it is deleted first; nothing depends on it. Values beyond a page are written without any fsync,
//! so none is longer than 32 KiB. And damage may show as a panic, which is caught and reported as damage.
//!
//! Keys are sequential wherever they can be; only leaves and the index of acts are not, and a commit of several blocks
//! writes each changed leaf once. sled applies a batch in an order of its own, so sorting it further has no effect.

mod check;
mod copy;
mod error;
mod layout;
mod mark;
mod quarantine;
mod reader;
mod walk;

pub use check::StoredLeaf;
pub use copy::Copied;
pub use error::StoreError;
pub use quarantine::{QUARANTINED_MAX, quarantine};
pub use reader::{Reader, StoredBlock};
pub use walk::{Fault, Step, Walk};

use crate::chain::FinalBlock;
use crate::codec;
use crate::genesis::Genesis;
use crate::leaf::{Leaf, LeafKey};
use crate::transaction::Outcome;
use error::guarded;
use layout::{Head, Key};
use mark::Mark;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Deref;
use std::path::Path;

/// The number of this layout.
const FORMAT: u16 = 1;
/// Memory for sled's page cache; under load it takes a multiple of this.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// The one writer of a ledger on disk. Reads go through its [`Reader`], of which anyone may have a clone.
pub struct Store {
    reader: Reader,
    /// A second handle on sled's own file, for the fsync that sled leaves out.
    file: File,
    /// The acknowledged height, beside sled.
    mark: Mark,
    head: Option<Head>,
    /// A commit has failed: what is on disk is unknown until the next start.
    failed: bool,
}

impl Deref for Store {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Store {
    /// Opens the ledger of this network in `dir`, which is created if it is not there.
    ///
    /// # Errors
    /// When it is in use, damaged, of another network or format, or the disk fails.
    pub fn open(dir: &Path, genesis: &Genesis) -> Result<Self, StoreError> {
        fs::create_dir_all(dir)?;
        let lock = lock(dir)?;
        delete_unfinished_snapshots(dir)?;
        let mark = Mark::open(dir)?;
        let config = sled::Config::new()
            .path(dir)
            .mode(sled::Mode::HighThroughput)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        let db = guarded(|| config.open().map_err(StoreError::at_open))?;
        let file = File::open(dir.join("db"))?;
        let reader = Reader::new(db, genesis, lock)?;
        let mut store = Self { reader, file, mark, head: None, failed: false };
        store.check_or_begin(genesis)?;
        store.head = store.reader.head_position()?;
        if store.reader.height()? < store.mark.height() {
            return Err(StoreError::Damaged("sled has lost acknowledged commits"));
        }
        Ok(store)
    }

    /// A handle for reading, from any thread.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Writes final blocks, in height order, the last of them certified; on disk when this returns.
    ///
    /// # Errors
    /// When they do not follow the head, the last is not certified, or the disk fails. After a failure of the disk the
    /// store refuses every further commit: nobody knows what it holds.
    pub fn commit(&mut self, blocks: &[FinalBlock]) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        let Some(last) = blocks.last() else { return Ok(()) };
        if last.finalization().is_none() {
            return Err(StoreError::NotCertified(last.header().height));
        }
        self.check_order(blocks)?;
        let mut batch = sled::Batch::default();
        let mut leaves: BTreeMap<LeafKey, &Leaf> = BTreeMap::new();
        for block in blocks {
            write_block(&mut batch, block);
            leaves.extend(block.changes().iter().map(|leaf| (leaf.key(), &**leaf)));
        }
        for (key, leaf) in leaves {
            batch.insert(Key::Leaf(key.tree_key()).bytes(), codec::encode(leaf));
        }
        let head = Head { height: last.header().height, digest: *last.digest() };
        batch.insert(Key::Head.bytes(), codec::encode(&head));
        self.failed = true;
        self.write(batch)?;
        self.mark.write(head.height)?;
        self.failed = false;
        self.head = Some(head);
        Ok(())
    }

    /// Compares the meta records with the genesis; writes them into a new database.
    fn check_or_begin(&self, genesis: &Genesis) -> Result<(), StoreError> {
        if self.reader.is_empty() {
            let mut batch = sled::Batch::default();
            batch.insert(Key::Format.bytes(), codec::encode(&FORMAT));
            batch.insert(Key::Genesis.bytes(), codec::encode(genesis));
            for complete in crate::chain::genesis_history(genesis)? {
                batch.insert(Key::History(complete.level, complete.number).bytes(), codec::encode(&complete.root));
            }
            return self.write(batch);
        }
        let format: u16 = self.reader.value(Key::Format)?.ok_or(StoreError::Damaged("no format number"))?;
        if format != FORMAT {
            return Err(StoreError::Format(format));
        }
        let found: Genesis = self.reader.value(Key::Genesis)?.ok_or(StoreError::Damaged("no genesis"))?;
        if found != *genesis {
            return Err(StoreError::OtherNetwork(found.chain()));
        }
        Ok(())
    }

    fn check_order(&self, blocks: &[FinalBlock]) -> Result<(), StoreError> {
        let mut head = match &self.head {
            Some(head) => head.clone(),
            None => self.reader.genesis_head()?,
        };
        for block in blocks {
            let header = block.header();
            if header.height != head.height.next() || header.parent != head.digest {
                return Err(StoreError::NotNext { height: header.height, head: head.height });
            }
            head = Head { height: header.height, digest: *block.digest() };
        }
        Ok(())
    }

    /// One atomic batch, on disk when this returns.
    fn write(&self, batch: sled::Batch) -> Result<(), StoreError> {
        guarded(|| {
            self.reader.db().apply_batch(batch)?;
            self.reader.db().flush()?;
            Ok(())
        })?;
        self.file.sync_all()?;
        Ok(())
    }
}

fn write_block(batch: &mut sled::Batch, block: &FinalBlock) {
    let height = block.header().height;
    for (number, chunk) in layout::chunks(&codec::encode(block.block())) {
        batch.insert(Key::Block(height, number).bytes(), chunk);
    }
    if let Some(finalization) = block.finalization() {
        batch.insert(Key::Certificate(height).bytes(), codec::encode(finalization));
    }
    for complete in block.complete() {
        batch.insert(Key::History(complete.level, complete.number).bytes(), codec::encode(&complete.root));
    }
    for (index, (act, _, outcomes)) in block.transactions().enumerate() {
        if outcomes.contains(&Outcome::Applied) {
            let index = u32::try_from(index).expect("a block has at most 4096 transactions");
            batch.insert(Key::Act(act, height).bytes(), codec::encode(&index));
        }
    }
}

/// Locks the directory until the last handle on it is gone. sled's own lock is asked for too: sled reports it as an
/// i/o error of no certain kind, which must not pass for damage.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let lock = File::create(dir.join("lock"))?;
    if lock.try_lock().is_err() {
        return Err(StoreError::InUse);
    }
    let db = dir.join("db");
    if db.exists() && File::open(db)?.try_lock().is_err() {
        return Err(StoreError::InUse);
    }
    Ok(lock)
}

/// See the module's head: a half-written snapshot would make every open fail.
fn delete_unfinished_snapshots(dir: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
