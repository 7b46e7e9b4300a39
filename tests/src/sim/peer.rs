//! One process of the simulated network: a validator while it runs, and its disk always.

use super::disk::Disk;
use super::members::{self, BEGIN_MS};
use super::plan::Plan;
use amanah_consensus::{Config, Record, StartError, Timing};
use amanah_ledger::chain::{FinalBlock, Tip};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_node::validator::{Action, Start, Validator, final_point};
use amanah_node::vote_log::{Identity, Position, VoteLogError};
use std::sync::Arc;

/// A process.
pub(super) struct Process {
    /// The member it acts for.
    pub(super) member: usize,
    pub(super) validator: Option<Validator>,
    pub(super) disk: Disk,
    /// Its clock's error.
    pub(super) skew_ms: i64,
    /// Counts its wishes to be woken; only the last one counts.
    pub(super) wish: u64,
    /// When the last wish comes due, on its own clock.
    pub(super) wished_ms: Option<u64>,
    /// Stops in the middle of what it does next.
    pub(super) is_doomed: bool,
}

/// What every start of a run shares.
pub(super) struct World {
    /// Block 0.
    pub(super) genesis: Tip,
    pub(super) committee: Committee,
    pub(super) verifier: Arc<dyn Verifier>,
}

/// A start that went well.
pub(super) struct Started {
    pub(super) actions: Vec<Action>,
    /// What the vote log held.
    pub(super) records: Vec<Record>,
}

/// Why a process does not start from its own disk.
#[derive(Debug, thiserror::Error)]
pub(super) enum CannotStart {
    /// Its vote log does not open.
    #[error(transparent)]
    Log(#[from] VoteLogError),
    /// Its validator does not start.
    #[error(transparent)]
    Validator(#[from] StartError),
}

impl Process {
    pub(super) fn new(member: usize, skew_ms: i64, chain: Digest) -> Self {
        let identity = Identity { chain, epoch: Epoch(0), key: members::consensus(member).public };
        let disk = Disk::new(identity);
        Self { member, validator: None, disk, skew_ms, wish: 0, wished_ms: None, is_doomed: false }
    }

    /// Stores final blocks, then forgets what they replace in the vote log, as a node does.
    pub(super) fn commit(&mut self, blocks: &[FinalBlock]) {
        let newest = self.disk.commit(blocks);
        let Some(newest) = newest.filter(|newest| self.disk.is_prunable(*newest)) else { return };
        let (now, records) = (self.position(), self.validator.as_mut().map(Validator::take_unwritten));
        self.disk.append(&records.unwrap_or_default(), now);
        self.disk.prune(newest);
    }

    /// Where its vote log's next records stand.
    pub(super) fn position(&self) -> Position {
        let start = Position { height: Height(0), view: View(0) };
        self.validator.as_ref().map_or(start, Validator::position)
    }

    pub(super) fn index(&self) -> ValidatorIndex {
        ValidatorIndex(u8::try_from(self.member).expect("at most ten members"))
    }

    /// What its clock shows.
    pub(super) fn clock_ms(&self, now_us: u64) -> u64 {
        (BEGIN_MS + now_us / 1000).saturating_add_signed(self.skew_ms)
    }

    /// When its clock will show `ms`, as microseconds from `now_us`.
    pub(super) fn until_us(&self, ms: u64, now_us: u64) -> u64 {
        let at_us = ms.saturating_add_signed(-self.skew_ms).saturating_sub(BEGIN_MS).saturating_mul(1000);
        at_us.saturating_sub(now_us)
    }

    /// Starts from the disk, the same way as a node. Returns what its vote log held, too.
    pub(super) fn start(&mut self, plan: &Plan, world: &World, now_us: u64) -> Result<Started, CannotStart> {
        let records = self.disk.records(plan.memory)?;
        let (head, finalization) = self.disk.load(&world.genesis);
        let me = self.index();
        let chain = *world.genesis.chain();
        let jitter_seed = plan.seed.wrapping_mul(31).wrapping_add(self.member as u64);
        let mut config = Config::new(chain, Epoch(0), world.committee.clone(), me, Timing::default(), jitter_seed);
        config.mutant = plan.mutant;
        let start = Start {
            config,
            signer: Some(plan.scheme.signer(&members::consensus(self.member).seed)),
            verifier: Arc::clone(&world.verifier),
            epoch_start: final_point(&world.genesis),
            head,
            finalization,
            records: records.clone(),
        };
        let (validator, actions) = Validator::start(start, self.clock_ms(now_us))?;
        self.validator = Some(validator);
        Ok(Started { actions, records })
    }
}
