//! The one thread that owns validator, vote log and store, and performs what the validator decides, in order.
//!
//! What must not be forgotten is on disk before it is sent; what is final is in the store before a reader sees it. A
//! write that fails ends the process at once ([`Fatal`]): nothing further is said, and the next start goes from what is
//! on disk. Consensus messages overtake transactions in every queue.

mod accused;
mod damage;
mod database;
mod fatal;
mod handle;
mod inbox;
mod named;
mod recovery;
mod stop_mark;
mod thread;

pub use damage::Damage;
pub use database::Rebuilt;
pub(crate) use database::{Database, moment};
pub use fatal::Fatal;
pub use handle::{ConsensusStatus, LedgerHandle, LedgerReads, LedgerView, SubmitError};
pub use recovery::RecoveryError;
pub(crate) use stop_mark::StopMark;

use crate::metrics::Metrics;
use crate::network::{NetworkEvent, NetworkHandle};
use crate::vote_log::KeyHistory;
use amanah_consensus::Timing;
use amanah_ledger::crypto::{Signer, Verifier};
use amanah_ledger::genesis::Genesis;
use amanah_ledger::member::MemberId;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// Submissions that wait for the thread; behind them [`LedgerHandle::submit`] answers [`SubmitError::Busy`].
pub const SUBMISSIONS_MAX: usize = 1024;

/// What a runtime needs to know.
pub struct RuntimeConfig {
    /// The network.
    pub genesis: Genesis,
    /// Whose node this is.
    pub member: MemberId,
    /// Its consensus key.
    pub signer: Box<dyn Signer>,
    /// How signatures are checked.
    pub verifier: Arc<dyn Verifier>,
    /// How patient consensus is.
    pub timing: Timing,
    /// Spreads this node's retries.
    pub jitter_seed: u64,
    /// Whether a node ever ran here: then an empty vote log is a lost one, even if the ledger holds nothing.
    pub history: KeyHistory,
    /// Directory of the vote log.
    pub votes_dir: PathBuf,
    /// Directory of the ledger.
    pub ledger_dir: PathBuf,
    /// The file that remembers a stop (R8): while it is there, the node does not start.
    pub stop_mark: PathBuf,
    /// Where contradictions of validators are counted.
    pub metrics: Arc<Metrics>,
}

/// A ledger that is open and recovered, and does nothing yet.
pub struct Runtime {
    recovered: recovery::Recovered,
    handle: LedgerHandle,
    submissions: mpsc::Receiver<handle::Submission>,
    publish: thread::Publish,
}

/// The running thread.
pub struct Running {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Runtime {
    /// Opens store and vote log and brings them together. Blocks while it reads the ledger.
    ///
    /// # Errors
    /// When they are in use, damaged, missing, or do not belong together.
    pub fn open(config: RuntimeConfig) -> Result<Self, RecoveryError> {
        let verifier = Arc::clone(&config.verifier);
        let recovered = recovery::recover(config)?;
        let (to_thread, submissions) = mpsc::channel(SUBMISSIONS_MAX);
        let (view, view_receiver) = watch::channel(Arc::new(recovered.view()));
        let (status, status_receiver) = watch::channel(recovered.status());
        let reader = recovered.store.reader();
        let reads = LedgerReads::new(view_receiver, reader);
        let handle = LedgerHandle::new(reads, status_receiver, to_thread, verifier);
        let (pulse, damage) = (handle.pulse().clone(), handle.damage().clone());
        let publish = thread::Publish { view, status, pulse, damage };
        Ok(Self { recovered, handle, submissions, publish })
    }

    /// For the rest of the node.
    pub fn handle(&self) -> LedgerHandle {
        self.handle.clone()
    }

    /// Whether the ledger's database was damaged and is being filled again.
    pub fn rebuilt(&self) -> Option<&Rebuilt> {
        self.recovered.rebuilt.as_ref()
    }

    /// Starts the thread between these two ends of the network.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(self, network: NetworkHandle, events: mpsc::Receiver<NetworkEvent>) -> std::io::Result<Running> {
        let (stop, stopped) = oneshot::channel();
        let Self { recovered, handle: _, submissions, publish } = self;
        let inbox = inbox::Inbox::new(events, submissions, stopped);
        let thread = std::thread::Builder::new()
            .name("consensus".to_owned())
            .spawn(move || thread::run(recovered, inbox, network, publish))?;
        Ok(Running { stop, thread })
    }
}

impl Running {
    /// Finishes the step under way, closes vote log and store, and returns. Blocks for that long.
    pub fn stop(self) {
        // A thread that is gone already needs no word.
        self.stop.send(()).unwrap_or_default();
        if self.thread.join().is_err() {
            tracing::error!("the consensus thread had panicked");
        }
    }

    /// Whether the thread still runs.
    pub fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }
}

#[cfg(test)]
mod tests;
