//! One process of the simulated network: a validator while it runs, and its disk always.

use super::disk::Disk;
use super::members::{self, BEGIN_MS};
use super::plan::Plan;
use amanah_consensus::{Config, StartError, Timing};
use amanah_ledger::chain::Tip;
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::Verifier;
use amanah_ledger::position::Epoch;
use amanah_node::validator::{Action, Start, Validator, final_point};
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

impl Process {
    pub(super) fn new(member: usize, skew_ms: i64) -> Self {
        Self { member, validator: None, disk: Disk::default(), skew_ms, wish: 0, wished_ms: None, is_doomed: false }
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

    /// Starts from the disk, the same way as a node.
    pub(super) fn start(&mut self, plan: &Plan, world: &World, now_us: u64) -> Result<Vec<Action>, StartError> {
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
            records: self.disk.records(plan.memory),
        };
        let (validator, actions) = Validator::start(start, self.clock_ms(now_us))?;
        self.validator = Some(validator);
        Ok(actions)
    }
}
