//! Reading the ledger on disk. Whatever is missing or does not fit is damage, never an answer.

use super::error::{StoreError, guarded};
use super::layout::{self, Head, Key};
use crate::block::OpenBlock;
use crate::certificate::Certificate;
use crate::chain::{Tip, check_finalization};
use crate::codec;
use crate::committee::Committee;
use crate::crypto::{Digest, Verifier};
use crate::genesis::Genesis;
use crate::history::{self, History};
use crate::leaf::{LEAF_BYTES_MAX, Leaf};
use crate::merkle::{self, Headers};
use crate::position::Height;
use crate::proof::{CertifiedHeader, TransactionReceipt};
use crate::state::State;
use crate::transaction::{Outcome, TxId};
use bincode::{Decode, Encode};
use std::fs::File;
use std::sync::Arc;

/// A handle for reading. Cloning costs a few pointers.
#[derive(Clone)]
pub struct Reader {
    db: sled::Db,
    genesis: Arc<Genesis>,
    _lock: Arc<File>,
}

/// A block as it is stored.
#[derive(Debug, Clone)]
pub struct StoredBlock {
    /// The block.
    pub block: OpenBlock,
    /// Its own finalization, unless it is final through a descendant.
    pub finalization: Option<Certificate>,
}

impl Reader {
    pub(super) fn new(db: sled::Db, genesis: &Genesis, lock: File) -> Result<Self, StoreError> {
        genesis.check()?;
        Ok(Self { db, genesis: Arc::new(genesis.clone()), _lock: Arc::new(lock) })
    }

    pub(super) fn db(&self) -> &sled::Db {
        &self.db
    }

    pub(super) fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    pub(super) fn committee(&self) -> Result<Committee, StoreError> {
        Ok(self.genesis.committee().map_err(crate::genesis::GenesisError::from)?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.db.is_empty()
    }

    pub(super) fn value<T: Encode + Decode<()>>(&self, key: Key) -> Result<Option<T>, StoreError> {
        guarded(|| {
            let Some(bytes) = self.db.get(key.bytes())? else { return Ok(None) };
            match codec::decode(&bytes, codec::BYTES_MAX) {
                Ok(value) => Ok(Some(value)),
                Err(_not_canonical) => Err(StoreError::Damaged("a record does not decode")),
            }
        })
    }

    pub(super) fn head_position(&self) -> Result<Option<Head>, StoreError> {
        self.value(Key::Head)
    }

    pub(super) fn genesis_head(&self) -> Result<Head, StoreError> {
        Ok(Head { height: Height(0), digest: *Tip::genesis(&self.genesis)?.digest() })
    }

    /// Height of the newest block; 0 while there is none but genesis.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn height(&self) -> Result<Height, StoreError> {
        Ok(self.head_position()?.map_or(Height(0), |head| head.height))
    }

    /// The newest block's header and what makes it final; `None` while there is none but genesis.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn head(&self) -> Result<Option<CertifiedHeader>, StoreError> {
        let Some(head) = self.head_position()? else { return Ok(None) };
        let certified = self.certified(head.height)?.ok_or(StoreError::Damaged("the head has no certificate"))?;
        if certified.header.digest() != head.digest {
            return Err(StoreError::Damaged("the head is another block than recorded"));
        }
        Ok(Some(certified))
    }

    /// The block at `height`; `None` for genesis, which has no body, and above the head.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn block(&self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        if height == Height(0) || height > self.height()? {
            return Ok(None);
        }
        let block = match OpenBlock::decode(&self.block_bytes(height)?) {
            Ok(block) if block.header().height == height => block,
            Ok(_) | Err(_) => return Err(StoreError::Damaged("a block does not decode")),
        };
        if self.complete(0, height.0)? != history::leaf(block.digest()) {
            return Err(StoreError::Damaged("a block is not the one in the history"));
        }
        Ok(Some(StoredBlock { block, finalization: self.value(Key::Certificate(height))? }))
    }

    /// Height of the first block at or above `height` that has a certificate of its own.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn certified_from(&self, height: Height) -> Result<Option<Height>, StoreError> {
        let (from, to) = (Key::Certificate(height).bytes(), Key::Certificate(Height(u64::MAX)).bytes());
        guarded(|| {
            let Some(found) = self.db.range(from..=to).next() else { return Ok(None) };
            let (key, _) = found?;
            Ok(layout::height_of(&key))
        })
    }

    /// The header at `height` with its own certificate; `None` if it has none.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn certified(&self, height: Height) -> Result<Option<CertifiedHeader>, StoreError> {
        let Some(stored) = self.block(height)? else { return Ok(None) };
        let header = stored.block.header().clone();
        Ok(stored.finalization.map(|finalization| CertifiedHeader { header, finalization }))
    }

    /// Heights and positions at which this act was applied, oldest first.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn applied(&self, act: &TxId) -> Result<Vec<(Height, u32)>, StoreError> {
        guarded(|| {
            let mut found = Vec::new();
            for entry in self.db.scan_prefix(layout::act_prefix(act)) {
                let (key, value) = entry?;
                let (Some(height), Ok(index)) = (layout::height_of(&key), codec::decode(&value, 4)) else {
                    return Err(StoreError::Damaged("an act's position does not decode"));
                };
                found.push((height, index));
            }
            Ok(found)
        })
    }

    /// The receipt of an act where it was first applied; `None` if it never was.
    ///
    /// # Errors
    /// When the database is damaged or the disk fails.
    pub fn receipt(&self, act: &TxId) -> Result<Option<TransactionReceipt>, StoreError> {
        let Some((height, index)) = self.applied(act)?.first().copied() else { return Ok(None) };
        let missing = StoreError::Damaged("an indexed act is not where the index says");
        let Some(StoredBlock { block, .. }) = self.block(height)? else { return Err(missing) };
        let last = self.certified_from(height)?.ok_or(StoreError::Damaged("no certified block"))?;
        let certified = self.certified(last)?.ok_or(StoreError::Damaged("no certified block"))?;
        let history = if last == height { None } else { Some(self.history_path(height, last)?) };
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let (Some((found, bytes)), Some(entry), Some(path)) =
            (block.names().get(at), block.block().body.get(at), block.path(at))
        else {
            return Err(missing);
        };
        // An index that points at another act must not make that one's receipt the answer.
        if found != act || !entry.outcomes.contains(&Outcome::Applied) {
            return Err(missing);
        }
        let header = block.header().clone();
        let (act, bytes, outcomes) = (*act, *bytes, entry.outcomes.clone());
        Ok(Some(TransactionReceipt { act, bytes, outcomes, index, path, header, history, certified }))
    }

    /// The way from the header at `height` to the `history_root` of the header at `last`.
    ///
    /// # Errors
    /// When there is no such way, the database is damaged or the disk fails.
    pub fn history_path(&self, height: Height, last: Height) -> Result<merkle::Path, StoreError> {
        merkle::path::<Headers>(last.0, height.0, &mut |level, number| self.complete(level, number).ok())
            .ok_or(StoreError::Damaged("a part of the history is missing"))
    }

    /// The newest tip: its certificate checked, its state and history rebuilt and compared with its header.
    ///
    /// # Errors
    /// When anything does not fit, which is damage, or the disk fails.
    pub fn load_state(&self, verifier: &dyn Verifier) -> Result<Tip, StoreError> {
        let Some(CertifiedHeader { header, finalization }) = self.head()? else {
            return Ok(Tip::genesis(&self.genesis)?);
        };
        let committee = self.committee()?;
        if header.chain != self.genesis.chain()
            || check_finalization(&header, &header.digest(), &finalization, &committee, verifier).is_err()
        {
            return Err(StoreError::Damaged("the head's certificate does not finalize it"));
        }
        let (first, _) = State::genesis(&self.genesis)?;
        let state = first.with(self.leaves()?.into_iter().map(Arc::new));
        if state.root() != header.state_root {
            return Err(StoreError::Damaged("the leaves are not those of the head's state"));
        }
        let history = History::rebuild(header.height.0, &mut |level, number| self.complete(level, number).ok());
        match history {
            Some(history) if history.root() == header.history_root => {
                Ok(Tip::new(header, state, history, Arc::new(committee)).0)
            }
            Some(_) | None => Err(StoreError::Damaged("the history is not the head's")),
        }
    }

    /// The leaves that blocks have written; those of genesis stand in the genesis.
    fn leaves(&self) -> Result<Vec<Leaf>, StoreError> {
        guarded(|| {
            let mut leaves = Vec::new();
            for entry in self.db.scan_prefix([layout::LEAF]) {
                let (_, value) = entry?;
                match codec::decode(&value, LEAF_BYTES_MAX) {
                    Ok(leaf) => leaves.push(leaf),
                    Err(_not_canonical) => return Err(StoreError::Damaged("a leaf does not decode")),
                }
            }
            Ok(leaves)
        })
    }

    fn block_bytes(&self, height: Height) -> Result<Vec<u8>, StoreError> {
        guarded(|| {
            let mut bytes = Vec::new();
            for entry in self.db.scan_prefix(layout::block_prefix(height)) {
                bytes.extend_from_slice(&entry?.1);
            }
            Ok(bytes)
        })
    }

    pub(super) fn complete(&self, level: u32, number: u64) -> Result<Digest, StoreError> {
        self.value(Key::History(level, number))?.ok_or(StoreError::Damaged("a part of the history is missing"))
    }
}
