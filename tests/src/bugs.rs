//! Bugs put back on purpose: every protective rule left out once, and what notices it.
//!
//! A rule of the protocol is noticed by worlds of the simulator, in which its absence breaks a promise within some
//! seeds while the same seeds keep every promise with the rule in place; or by a test of its own, which runs both sides
//! itself. A catch counts only if it is the one named here.

mod decisions;
mod table;

use crate::sim::{Adversary, Fixed, Memory, Plan, Violation, run};
use amanah_consensus::Mutant;

/// Every rule that can be left out, once: those of the protocol, and those by which consents are decided.
pub fn bugs() -> impl Iterator<Item = &'static Bug> {
    table::BUGS.iter().chain(decisions::DECISIONS)
}

/// Views of every world.
const VIEWS: u64 = 60;

/// A rule left out.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Which.
    pub mutant: Mutant,
    /// The rule of the protocol page, or the fault met elsewhere, that it stands for.
    pub stands_for: &'static str,
    /// What notices.
    pub noticed_by: &'static [Notice],
}

/// One way to notice a bug.
#[derive(Debug, Clone, Copy)]
pub enum Notice {
    /// Worlds of the simulator.
    Worlds(Worlds),
    /// A test that runs with all rules and without this one.
    Test(&'static str),
}

/// Worlds in which a bug shows.
#[derive(Debug, Clone, Copy)]
pub struct Worlds {
    /// How many members.
    pub members: usize,
    /// Who lies; the seed decides if nobody is named.
    pub liar: Option<Adversary>,
    /// What restarts find in their vote log.
    pub memory: Memory,
    /// Seeds within which it must show.
    pub seeds_max: u64,
    /// The promise it breaks.
    pub breaks: Promised,
}

/// What the simulator's oracles watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promised {
    /// One chain, and certificates that the ledger accepts.
    Agreement,
    /// No honest validator contradicts itself.
    Word,
    /// The network goes on after the faults.
    Progress,
    /// An idle network is silent.
    Silence,
}

/// How a bug was noticed in worlds.
#[derive(Debug, Clone)]
pub struct Catch {
    /// The first seed that shows it.
    pub seed: u64,
    /// What was seen.
    pub violation: Violation,
}

/// Why worlds do not count as noticing a bug.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Miss {
    /// Every seed kept every promise.
    #[error("not noticed within {0} seeds")]
    Unnoticed(u64),
    /// Another promise was broken than the one named.
    #[error("seed {seed} broke another promise: {violation}")]
    Other {
        /// Which seed.
        seed: u64,
        /// What was seen.
        violation: Violation,
    },
    /// A world with all rules broke a promise: nothing can be said about the bug.
    #[error("with all rules, seed {seed}: {violation}")]
    Control {
        /// Which seed.
        seed: u64,
        /// What was seen.
        violation: Violation,
    },
}

impl Promised {
    /// Its word in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Word => "word",
            Self::Progress => "progress",
            Self::Silence => "silence",
        }
    }

    fn is_broken_by(self, violation: &Violation) -> bool {
        match self {
            Self::Agreement => {
                matches!(violation, Violation::Fork { .. } | Violation::Refused { .. } | Violation::Proof { .. })
            }
            Self::Word => matches!(violation, Violation::Equivocation { .. } | Violation::FalseEvidence { .. }),
            Self::Progress => matches!(violation, Violation::Dead { .. } | Violation::Starved { .. }),
            Self::Silence => matches!(violation, Violation::NotIdle(_)),
        }
    }
}

impl Worlds {
    fn plan(&self, seed: u64) -> Plan {
        let fixed = Fixed { members: Some(self.members), ..Fixed::default() };
        let plan = Plan::of(seed, VIEWS, fixed).with_memory(self.memory);
        match self.liar {
            Some(liar) => plan.with_adversaries(&[liar]),
            None => plan,
        }
    }

    /// Leaves the rule out until a world breaks the promise; then the same seeds with all rules, which must keep every
    /// promise.
    ///
    /// # Errors
    /// When no world shows the bug, or shows it otherwise, or the control fails.
    pub fn hunt(&self, mutant: Mutant) -> Result<Catch, Miss> {
        let broken = |seed: u64| {
            let violation = run(&self.plan(seed).with_mutant(mutant)).verdict.err()?;
            (!self.allows(&violation)).then_some((seed, violation))
        };
        let (seed, violation) = (0..self.seeds_max).find_map(broken).ok_or(Miss::Unnoticed(self.seeds_max))?;
        if !self.breaks.is_broken_by(&violation) {
            return Err(Miss::Other { seed, violation });
        }
        for seed in 0..=seed {
            if let Some(violation) = run(&self.plan(seed)).verdict.err().filter(|violation| !self.allows(violation)) {
                return Err(Miss::Control { seed, violation });
            }
        }
        Ok(Catch { seed, violation })
    }

    /// Without certificates in its log a validator may wait for ever; it must still keep its word.
    fn allows(&self, violation: &Violation) -> bool {
        self.memory == Memory::Votes && matches!(violation, Violation::Dead { .. })
    }
}
