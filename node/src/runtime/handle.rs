//! What the rest of the node holds: the newest final state, and a way to submit.

use super::damage::Damage;
use crate::health::Pulse;
use crate::mempool::{Admission, Refusal};
use amanah_consensus::Standing;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::position::Height;
use amanah_ledger::proof::CertifiedHeader;
use amanah_ledger::store::{Reader, StoreError, StoredBlock};
use amanah_ledger::transaction::{SignedTransaction, TransactionError, VerifiedTransaction, WireId};
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// The newest final head. It is in the store, and never undone.
#[derive(Debug, Clone)]
pub struct LedgerView {
    /// The head with its state.
    pub tip: Tip,
    /// Its own Finalization; `None` while the head is genesis.
    pub finalization: Option<Certificate>,
}

/// Where consensus stands, and how much waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsensusStatus {
    /// View, leader, what each validator reported since the start, who is connected.
    pub standing: Standing,
    /// Transactions that wait.
    pub waiting: usize,
    /// Their bytes.
    pub waiting_bytes: usize,
    /// Bytes of the vote log, at most.
    pub vote_log_bytes: u64,
}

/// Why a transaction was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Its form or a signature is bad.
    #[error(transparent)]
    Invalid(#[from] TransactionError),
    /// The mempool has no place for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many wait already.
    #[error("too many transactions wait; try again")]
    Busy,
    /// The node stops.
    #[error("the node is stopping")]
    Stopping,
}

/// A transaction on its way to the thread.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) transaction: Arc<VerifiedTransaction>,
    pub(super) answer: oneshot::Sender<Result<Admission, Refusal>>,
}

/// What readers of the ledger hold, be it of a validator or of a follower. Cloning costs a few pointers.
#[derive(Clone)]
pub struct LedgerReads {
    view: watch::Receiver<Arc<LedgerView>>,
    reader: Reader,
    pulse: Pulse,
    damage: Damage,
}

/// What the parts of a validator use. Cloning costs a few pointers.
#[derive(Clone)]
pub struct LedgerHandle {
    reads: LedgerReads,
    status: watch::Receiver<ConsensusStatus>,
    submissions: mpsc::Sender<Submission>,
    verifier: Arc<dyn Verifier>,
}

impl Deref for LedgerHandle {
    type Target = LedgerReads;
    fn deref(&self) -> &LedgerReads {
        &self.reads
    }
}

impl LedgerView {
    /// The network.
    pub fn chain(&self) -> &Digest {
        self.tip.chain()
    }

    /// Height of the head.
    pub fn height(&self) -> Height {
        self.tip.header().height
    }

    /// The head with what makes it final: what every proof starts from. `None` while the head is genesis.
    pub fn certified(&self) -> Option<CertifiedHeader> {
        let finalization = self.finalization.clone()?;
        Some(CertifiedHeader { header: self.tip.header().clone(), finalization })
    }
}

impl LedgerReads {
    /// Reads what `view` publishes of the store behind `reader`.
    pub(crate) fn new(view: watch::Receiver<Arc<LedgerView>>, reader: Reader) -> Self {
        Self { view, reader, pulse: Pulse::new(), damage: Damage::default() }
    }

    /// The newest final head.
    pub fn view(&self) -> Arc<LedgerView> {
        Arc::clone(&self.view.borrow())
    }

    /// Every new head, the newest only; its sender is gone once the ledger is closed.
    pub fn watch(&self) -> watch::Receiver<Arc<LedgerView>> {
        self.view.clone()
    }

    /// The newest head once it has reached `height`; `None` if the ledger is closed first.
    pub(crate) async fn at_least(&self, height: Height) -> Option<Arc<LedgerView>> {
        let mut views = self.view.clone();
        let head = views.wait_for(|view| view.height() >= height).await.ok()?;
        Some(Arc::clone(&head))
    }

    /// The sign of life of whoever writes the ledger.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Whether the database was found damaged in use.
    pub fn damage(&self) -> &Damage {
        &self.damage
    }

    /// The store, for reading blocks and receipts.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The final block at `height`, `None` beyond the head and for genesis.
    ///
    /// # Errors
    /// When the store is damaged or the disk fails.
    pub fn block(&self, height: Height) -> Result<Option<StoredBlock>, StoreError> {
        self.reader.block(height)
    }
}

impl LedgerHandle {
    pub(super) fn new(
        reads: LedgerReads,
        status: watch::Receiver<ConsensusStatus>,
        submissions: mpsc::Sender<Submission>,
        verifier: Arc<dyn Verifier>,
    ) -> Self {
        Self { reads, status, submissions, verifier }
    }

    /// What only readers need.
    pub fn reads(&self) -> &LedgerReads {
        &self.reads
    }

    /// Where consensus stands.
    pub fn status(&self) -> ConsensusStatus {
        self.status.borrow().clone()
    }

    /// Every change of [`LedgerHandle::status`].
    pub fn watch_status(&self) -> watch::Receiver<ConsensusStatus> {
        self.status.clone()
    }

    /// Checks a transaction's signatures and hands it to the validator. `Ok` means that it is held and on its way to
    /// the others, or that it is final; it may still be lost if this process ends before it is final.
    ///
    /// # Errors
    /// When it is bad, refused, or there is no room.
    pub async fn submit(&self, transaction: SignedTransaction) -> Result<WireId, SubmitError> {
        // A full batch has 251 signatures: milliseconds that must not hold up other requests.
        let (chain, verifier) = (*self.view().chain(), Arc::clone(&self.verifier));
        let verified = tokio::task::spawn_blocking(move || transaction.verify(&chain, &*verifier)).await;
        let transaction = match verified {
            Ok(verified) => Arc::new(verified?),
            Err(_cancelled) => return Err(SubmitError::Stopping),
        };
        let id = transaction.wire_id();
        let (answer, answered) = oneshot::channel();
        match self.submissions.try_send(Submission { transaction, answer }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(SubmitError::Busy),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(SubmitError::Stopping),
        }
        match answered.await {
            Ok(outcome) => Ok(outcome.map(|_admission| id)?),
            Err(_stopped) => Err(SubmitError::Stopping),
        }
    }
}
