//! What ends the process at once, and with which code.

use crate::exit::Exit;
use crate::vote_log::VoteLogError;
use amanah_ledger::chain::NotFinal;
use amanah_ledger::store::StoreError;

/// What ends the process at once: the disk or the ledger broke its promise, and nothing may be said after that.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The vote log cannot remember.
    #[error(transparent)]
    VoteLog(#[from] VoteLogError),
    /// The store cannot keep a final block.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A Finalization that the ledger does not accept.
    #[error("a certificate contradicts the ledger: {0}")]
    Contradiction(#[from] NotFinal),
    /// The operating system gave no timer.
    #[error("no timer: {0}")]
    Timer(std::io::Error),
}

impl Fatal {
    /// How the process ends.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Contradiction(_) => Exit::Diverged,
            Self::VoteLog(_) | Self::Store(_) | Self::Timer(_) => Exit::Failed,
        }
    }
}
