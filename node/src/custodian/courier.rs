//! Carries what the custodian sends to the validator, and wakes the custodian for each new head.

use super::owner::Custodian;
use crate::mempool::Refusal;
use crate::runtime::{LedgerHandle, SubmitError};
use amanah_ledger::transaction::SignedTransaction;
use tokio::sync::mpsc;

/// Transactions that may wait to be carried; what finds no place is sent again by the custodian.
pub const OUTBOX_MAX: usize = 1024;

/// Runs until the custodian or the runtime has ended.
pub async fn carry(ledger: LedgerHandle, custodian: Custodian, mut outbox: mpsc::Receiver<SignedTransaction>) {
    let mut heads = ledger.watch();
    loop {
        tokio::select! {
            transaction = outbox.recv() => match transaction {
                Some(transaction) => submit(&ledger, transaction).await,
                None => return,
            },
            changed = heads.changed() => match changed {
                Ok(()) => custodian.wake(),
                Err(_runtime_is_gone) => return,
            },
            () = custodian.ended() => return,
        }
    }
}

/// What is not taken is not lost: the custodian sends it again until it is final.
async fn submit(ledger: &LedgerHandle, transaction: SignedTransaction) {
    match ledger.submit(transaction).await {
        Ok(_) | Err(SubmitError::Busy | SubmitError::Stopping) => {}
        Err(SubmitError::Refused(refusal)) => log_refusal(refusal),
        Err(SubmitError::Invalid(error)) => tracing::error!(%error, "this hospital's own transaction is not valid"),
    }
}

fn log_refusal(refusal: Refusal) {
    tracing::debug!(%refusal, "the mempool refuses a transaction for now");
}
