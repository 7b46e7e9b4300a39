//! From what the disk holds to a validator that goes on where it stopped.
//!
//! A damaged database is moved aside and filled again, from the vote log's blocks and from peers: everything in it was
//! certified, so nothing is lost while others hold it. A damaged or missing vote log has no such second copy: this key
//! must not vote again, and the node does not start.

use super::RuntimeConfig;
use super::accused::Accused;
use super::database::{Database, Rebuilt};
use super::handle::{ConsensusStatus, LedgerView};
use super::stop_mark::StopMark;
use crate::validator::{Action, Start, UnknownRecord, Validator, decode_record, final_point};
use crate::vote_log::{Identity, KeyHistory, Records, VoteLog, VoteLogError};
use amanah_consensus::{Config, Record, StartError};
use amanah_ledger::chain::Tip;
use amanah_ledger::genesis::GenesisError;
use amanah_ledger::position::{Epoch, Height};
use amanah_ledger::store::{Store, StoreError};
use std::path::PathBuf;
use std::sync::Arc;

/// The epoch of this version: committees are fixed.
const EPOCH: Epoch = Epoch(0);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The vote log cannot be used.
    #[error(transparent)]
    VoteLog(#[from] VoteLogError),
    /// The database cannot be used, and moving it aside would not help.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record of the vote log is whole and says nothing that this version knows.
    #[error(transparent)]
    UnknownRecord(#[from] UnknownRecord),
    /// Key, vote log and ledger do not belong together.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The genesis makes no network.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// This node had found the world in contradiction and stopped signing (R8). Nobody has looked since.
    #[error("this node had stopped: {reason} ({mark} says so)", mark = mark.display())]
    Stopped {
        /// Why it stopped.
        reason: String,
        /// The file that remembers it.
        mark: PathBuf,
    },
    /// Whether this node had stopped cannot be told.
    #[error("{mark}: {source}", mark = mark.display())]
    StopMark {
        /// The file that would remember it.
        mark: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The member is not in the committee.
    #[error("this member is not a validator of the network")]
    NotAValidator,
}

/// Everything the thread owns.
pub(super) struct Recovered {
    pub(super) validator: Validator,
    pub(super) actions: Vec<Action>,
    pub(super) vote_log: VoteLog,
    pub(super) store: Store,
    pub(super) stop_mark: StopMark,
    pub(super) accused: Accused,
    pub(super) rebuilt: Option<Rebuilt>,
    view: LedgerView,
}

impl Recovered {
    /// The head in the store.
    pub(super) fn view(&self) -> LedgerView {
        self.view.clone()
    }

    pub(super) fn status(&self) -> ConsensusStatus {
        status(&self.validator, &self.vote_log)
    }
}

pub(super) fn status(validator: &Validator, vote_log: &VoteLog) -> ConsensusStatus {
    ConsensusStatus {
        standing: validator.standing(),
        waiting: validator.mempool().len(),
        waiting_bytes: validator.mempool().bytes(),
        vote_log_bytes: vote_log.bytes(),
    }
}

pub(super) fn recover(config: RuntimeConfig) -> Result<Recovered, RecoveryError> {
    let stop_mark = StopMark::at(config.stop_mark);
    stop_mark.check()?;
    let accused = Accused::new(&config.genesis, config.metrics);
    let committee = config.genesis.committee().map_err(GenesisError::from)?;
    let me = committee.index_of(&config.member).ok_or(RecoveryError::NotAValidator)?;
    let Database { store, head, rebuilt } = Database::open(&config.ledger_dir, &config.genesis, &*config.verifier)?;
    let key = config.signer.public_key();
    let identity = Identity { chain: config.genesis.chain(), epoch: EPOCH, key };
    let is_new = head.header().height == Height(0) && rebuilt.is_none();
    let history = if is_new { config.history } else { KeyHistory::HasVoted };
    let (vote_log, records) = VoteLog::open(&config.votes_dir, identity, history)?;
    let mut recalled = Recalled { records, at: 0, failed: None };
    let finalization = store.head()?.map(|certified| certified.finalization);
    let view = LedgerView { tip: head.clone(), finalization: finalization.clone() };
    let start = Start {
        config: Config::new(identity.chain, EPOCH, committee, me, config.timing, config.jitter_seed),
        signer: Some(config.signer),
        verifier: Arc::clone(&config.verifier),
        epoch_start: final_point(&Tip::genesis(&config.genesis)?),
        head,
        finalization,
        records: &mut recalled,
    };
    let started = Validator::start(start, super::thread::now());
    // What could not be read comes first: a validator that started without it has forgotten something.
    if let Some(error) = recalled.failed {
        return Err(error);
    }
    let (validator, actions) = started?;
    Ok(Recovered { validator, actions, vote_log, store, stop_mark, accused, rebuilt, view })
}

/// The records of the vote log, decoded one by one; ends at the first that cannot be read, and keeps why.
struct Recalled {
    records: Records,
    at: usize,
    failed: Option<RecoveryError>,
}

impl Iterator for Recalled {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let decoded = match self.records.next()? {
            Ok(bytes) => decode_record(self.at, &bytes).map_err(RecoveryError::from),
            Err(error) => Err(error.into()),
        };
        self.at += 1;
        decoded.map_err(|error| self.failed = Some(error)).ok()
    }
}
