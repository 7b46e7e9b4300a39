//! The ledger's database, opened and checked. One that is damaged is moved aside, and an empty one takes its place:
//! everything in it was certified, so nothing is lost while others hold it.

use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::Verifier;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::store::{Store, StoreError, quarantine};
use std::path::{Path, PathBuf};

/// An open database and the newest tip in it.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) head: Tip,
    pub(crate) rebuilt: Option<Rebuilt>,
}

/// A database that was damaged.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// Where the damaged one is now.
    pub aside: PathBuf,
    /// What was wrong with it.
    pub why: &'static str,
}

impl Database {
    /// Opens the database in `dir`, and reads its whole state.
    ///
    /// # Errors
    /// When it cannot be used, and moving it aside would not help.
    pub(crate) fn open(dir: &Path, genesis: &Genesis, verifier: &dyn Verifier) -> Result<Self, StoreError> {
        let open = || -> Result<(Store, Tip), StoreError> {
            let store = Store::open(dir, genesis)?;
            let tip = store.load_state(verifier)?;
            Ok((store, tip))
        };
        match open() {
            Ok((store, head)) => Ok(Self { store, head, rebuilt: None }),
            Err(StoreError::Damaged(why)) => {
                let aside = quarantine(dir, &moment())?;
                let (store, head) = open()?;
                Ok(Self { store, head, rebuilt: Some(Rebuilt { aside, why }) })
            }
            Err(other) => Err(other),
        }
    }
}

/// When a database was moved aside, as its name says it: names sort by age.
pub(crate) fn moment() -> String {
    jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string()
}
