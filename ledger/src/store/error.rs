//! Why the store cannot do what it is asked, and how sled's ways of failing are told apart.

use crate::crypto::Digest;
use crate::genesis::GenesisError;
use crate::position::Height;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why the store cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it open.
    #[error("the ledger's database is in use by another process")]
    InUse,
    /// It contradicts itself, or sled cannot read it. Move it aside ([`super::quarantine()`]) and fill a new one.
    #[error("the ledger's database is damaged: {0}")]
    Damaged(&'static str),
    /// It belongs to another network.
    #[error("the database belongs to the network {0}")]
    OtherNetwork(Digest),
    /// Another layout.
    #[error("database format {0} is not known")]
    Format(u16),
    /// No network can begin with the genesis.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A block that does not follow the head.
    #[error("block {height} does not follow block {head}")]
    NotNext {
        /// The block's height.
        height: Height,
        /// What it should follow.
        head: Height,
    },
    /// A commit must end with a certified block.
    #[error("block {0} has no certificate of its own")]
    NotCertified(Height),
    /// An earlier commit failed.
    #[error("an earlier write failed; what is on disk is known only after a restart")]
    Failed,
    /// The disk or the file system.
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
}

impl StoreError {
    /// An error of `open`, where sled reports some damage as i/o errors.
    pub(super) fn at_open(error: sled::Error) -> Self {
        match Self::from(error) {
            Self::Io(error) => match error.kind() {
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
                    Self::Damaged("sled cannot open it")
                }
                _ => Self::Io(error),
            },
            other => other,
        }
    }
}

impl From<sled::Error> for StoreError {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Io(error) => Self::Io(error),
            sled::Error::Corruption { .. } => Self::Damaged("a checksum does not match"),
            sled::Error::ReportableBug(_) | sled::Error::Unsupported(_) | sled::Error::CollectionNotFound(_) => {
                Self::Damaged("sled cannot read it")
            }
        }
    }
}

/// Runs `work`; a panic inside sled, which is how it reports some damage, becomes an error.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(StoreError::Damaged("sled stopped in the middle of it")))
}
