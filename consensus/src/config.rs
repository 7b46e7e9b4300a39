//! What a machine is told once: who it is, among whom, and how patient it is.

use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::Epoch;

/// Everything fixed for one epoch.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network.
    pub chain: Digest,
    /// The epoch; votes of any other are not counted.
    pub epoch: Epoch,
    /// Who votes in it.
    pub committee: Committee,
    /// Our own place among them.
    pub me: ValidatorIndex,
    /// How patient we are.
    pub timing: Timing,
    /// Spreads retries: each machine should have its own.
    pub jitter_seed: u64,
    /// A rule that is left out, for the simulator to notice.
    #[cfg(feature = "mutants")]
    pub mutant: Option<Mutant>,
}

/// The rule left out, if any. Without the feature `mutants` there is none, and nothing that could say otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Omission {
    #[cfg(feature = "mutants")]
    mutant: Option<Mutant>,
}

impl Omission {
    /// Whether it is this rule.
    #[cfg(feature = "mutants")]
    pub(crate) fn is(self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Whether it is this rule: no rule is left out.
    #[cfg(not(feature = "mutants"))]
    #[expect(clippy::unused_self, reason = "the same call as with the feature `mutants`")]
    pub(crate) const fn is(self, _mutant: Mutant) -> bool {
        false
    }
}

impl Config {
    /// A validator at place `me` that keeps every rule.
    pub fn new(
        chain: Digest,
        epoch: Epoch,
        committee: Committee,
        me: ValidatorIndex,
        timing: Timing,
        jitter_seed: u64,
    ) -> Self {
        Self {
            chain,
            epoch,
            committee,
            me,
            timing,
            jitter_seed,
            #[cfg(feature = "mutants")]
            mutant: None,
        }
    }

    /// The rule left out, if any.
    pub(crate) const fn omission(&self) -> Omission {
        Omission {
            #[cfg(feature = "mutants")]
            mutant: self.mutant,
        }
    }
}

/// The assumed network and what follows from it. All waits are multiples of [`Timing::delta_ms`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Δ: a message arrives within this time when all is well, execution and disk included.
    pub delta_ms: u64,
    /// How long a transaction may need to spread before its absence from a proposal counts against a leader.
    pub gossip_grace_ms: u64,
    /// A block's time may be this far from ours (T2, T3).
    pub clock_tolerance_ms: u64,
    /// A clock offset beyond this (and half a round trip) raises an alarm.
    pub clock_alarm_ms: u64,
    /// Distance of status messages.
    pub status_ms: u64,
    /// A validator that said nothing for this long does not lead (Silent leader).
    pub silence_ms: u64,
    /// Longest distance of retries.
    pub retry_max_ms: u64,
}

impl Default for Timing {
    /// One country, one second of slack.
    fn default() -> Self {
        Self {
            delta_ms: 500,
            gossip_grace_ms: 50,
            clock_tolerance_ms: 500,
            clock_alarm_ms: 250,
            status_ms: 5_000,
            silence_ms: 15_000,
            retry_max_ms: 10_000,
        }
    }
}
