//! A fault plan: which hospital meets which faults, when and for how long, all from one seed.
//!
//! One hospital at a time, which is what four hospitals are to withstand; or all four killed at once, where only what
//! was acknowledged is promised to stay.

use super::clock::Clock;
use super::disk::Disk;
use super::wire::Wires;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::time::Duration;

/// A fault that a hospital meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Another process is started on the same home.
    SecondStart,
    /// Its clock is this many seconds off.
    Clock(i64),
    /// Its cable is out.
    Cut,
    /// What it sends to the others is lost.
    Mute,
    /// Its disk is full.
    DiskFull,
    /// Its process is frozen.
    Pause,
    /// Its process is told to stop, and started again.
    Restart,
    /// Its process is killed.
    Kill,
    /// Killed, and a file of its ledger lacks its end.
    TruncatedLedger,
    /// Killed, and its ledger is gone.
    WipedLedger,
    /// Killed, and a day's access tree lacks its end.
    TruncatedDays,
    /// Killed, and its vote log lacks its end.
    TruncatedVotes,
    /// Killed, and its vote log is gone.
    WipedVotes,
    /// All four are killed.
    KillAll,
}

/// What this machine allows.
#[derive(Debug, Clone, Copy)]
pub struct Abilities {
    /// Cables can be taken out.
    pub wires: bool,
    /// Clocks can be moved.
    pub clocks: bool,
    /// Disks can be small.
    pub disks: bool,
}

/// Faults that one hospital, or all, meet at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Not before this much of the plan has passed.
    pub at: Duration,
    /// How long they last.
    pub lasts: Duration,
    /// Number of the hospital.
    pub hospital: usize,
    /// In the order in which they come.
    pub faults: Vec<Fault>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// All of it follows from this.
    pub seed: u64,
    /// In order; no two at once.
    pub steps: Vec<Step>,
}

/// Around the process: something else than its own end.
const AROUND: [Fault; 5] = [Fault::SecondStart, Fault::Clock(0), Fault::Cut, Fault::Mute, Fault::DiskFull];
/// What ends or freezes the process; the hospital comes back.
const PROCESS: [Fault; 6] =
    [Fault::Kill, Fault::Pause, Fault::Restart, Fault::TruncatedLedger, Fault::WipedLedger, Fault::KillAll];
/// After these the hospital may be out for good: only at the end of a plan.
const LAST: [Fault; 3] = [Fault::TruncatedDays, Fault::TruncatedVotes, Fault::WipedVotes];
/// How far clocks go.
const OFFSETS_S: [i64; 8] = [-86_400, -3600, -30, -2, 2, 30, 3600, 86_400];
/// Before the first fault, so that something is acknowledged.
const CALM: Duration = Duration::from_secs(3);

impl Fault {
    /// As results name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondStart => "second-start",
            Self::Clock(_) => "clock",
            Self::Cut => "cut",
            Self::Mute => "mute",
            Self::DiskFull => "disk-full",
            Self::Pause => "pause",
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::TruncatedLedger => "truncated-ledger",
            Self::WipedLedger => "wiped-ledger",
            Self::TruncatedDays => "truncated-days",
            Self::TruncatedVotes => "truncated-votes",
            Self::WipedVotes => "wiped-votes",
            Self::KillAll => "kill-all",
        }
    }

    /// Whether the process is gone when it has come.
    pub fn ends_the_process(self) -> bool {
        self >= Self::Kill
    }

    /// Whether nothing is expected of this hospital afterwards.
    pub fn may_be_for_good(self) -> bool {
        LAST.contains(&self)
    }
}

impl Abilities {
    /// Those of this machine.
    pub fn of_this_machine() -> Self {
        Self { wires: Wires::can_be_cut(), clocks: Clock::can_be_moved(), disks: Disk::can_be_small() }
    }

    fn allow(self, fault: Fault) -> bool {
        match fault {
            Fault::Cut | Fault::Mute => self.wires,
            Fault::Clock(_) => self.clocks,
            Fault::DiskFull => self.disks,
            Fault::SecondStart
            | Fault::Pause
            | Fault::Restart
            | Fault::Kill
            | Fault::TruncatedLedger
            | Fault::WipedLedger
            | Fault::TruncatedDays
            | Fault::TruncatedVotes
            | Fault::WipedVotes
            | Fault::KillAll => true,
        }
    }
}

impl Plan {
    /// The plan of this seed, of about this length. Seeds with the same remainder by the number of kinds begin with the
    /// same kind, so that a run of seeds has all of them; every other seed has faults in pairs.
    pub fn of(seed: u64, length: Duration, abilities: Abilities) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let around: Vec<Fault> = AROUND.into_iter().filter(|fault| abilities.allow(*fault)).collect();
        let first: Vec<Fault> = around.iter().copied().chain(PROCESS).chain(LAST).collect();
        let first = first[usize::try_from(seed).unwrap_or(0) % first.len()];
        let in_pairs = random.random_bool(0.5);
        let mut plan = Self { seed, steps: Vec::new() };
        let (mut at, mut next) = (CALM, Some(first).filter(|fault| !fault.may_be_for_good()));
        loop {
            let lasts = Duration::from_millis(random.random_range(1000..10_000));
            if at + lasts + CALM > length && !plan.steps.is_empty() {
                break;
            }
            let one =
                next.take().unwrap_or_else(|| *[PROCESS.as_slice(), &around].concat().choose(&mut random).unwrap());
            let mut faults = vec![one];
            if in_pairs {
                faults.extend(partner(one, &around, &mut random));
            }
            plan.steps.push(Step { at, lasts, hospital: random.random_range(0..4), faults });
            at += lasts + Duration::from_millis(random.random_range(2000..6000));
        }
        if first.may_be_for_good() {
            let last = plan.steps.last_mut().expect("at least one step");
            last.faults = vec![first];
        }
        for step in &mut plan.steps {
            step.faults.iter_mut().for_each(|fault| fault.draw(&mut random));
            step.faults.sort();
        }
        plan
    }

    /// Whether some step has this kind of fault.
    pub fn has(&self, kind: &str) -> bool {
        self.steps.iter().flat_map(|step| &step.faults).any(|fault| fault.name() == kind)
    }
}

impl Fault {
    fn draw(&mut self, random: &mut StdRng) {
        if let Self::Clock(offset_s) = self {
            *offset_s = *OFFSETS_S.choose(random).expect("there are some");
        }
    }
}

/// A second fault that can be there at the same time.
fn partner(one: Fault, around: &[Fault], random: &mut StdRng) -> Option<Fault> {
    if one == Fault::KillAll {
        return None;
    }
    let others: Vec<Fault> = match one {
        Fault::Kill | Fault::Pause | Fault::Restart | Fault::TruncatedLedger | Fault::WipedLedger => around.to_vec(),
        _ => [PROCESS[..5].to_vec(), around.to_vec()].concat(),
    };
    let fits: Vec<Fault> = others.into_iter().filter(|other| other.name() != one.name()).collect();
    fits.choose(random).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Abilities = Abilities { wires: true, clocks: true, disks: true };

    #[test]
    fn a_run_of_plans_has_every_kind_alone_and_in_pairs() {
        let plans: Vec<Plan> = (0..100).map(|seed| Plan::of(seed, Duration::from_secs(60), ALL)).collect();
        for kind in AROUND.into_iter().chain(PROCESS).chain(LAST) {
            let with = plans.iter().filter(|plan| plan.has(kind.name())).count();
            assert!(with >= 5, "{} is in {with} plans", kind.name());
        }
        let pairs = plans.iter().flat_map(|plan| &plan.steps).filter(|step| step.faults.len() == 2).count();
        assert!(pairs >= 50, "{pairs} pairs");
        assert!(plans.iter().all(|plan| plan.steps.len() >= 2), "a plan is more than one fault");
    }

    #[test]
    fn what_is_for_good_comes_last_and_alone() {
        for seed in 0..500 {
            let plan = Plan::of(seed, Duration::from_secs(60), ALL);
            for (i, step) in plan.steps.iter().enumerate() {
                let for_good = step.faults.iter().any(|fault| fault.may_be_for_good());
                assert!(!for_good || (i + 1 == plan.steps.len() && step.faults.len() == 1), "{plan:?}");
            }
        }
    }

    #[test]
    fn a_machine_is_not_asked_for_what_it_cannot_do() {
        let none = Abilities { wires: false, clocks: false, disks: false };
        for seed in 0..100 {
            let plan = Plan::of(seed, Duration::from_secs(60), none);
            assert!(["cut", "mute", "clock", "disk-full"].iter().all(|kind| !plan.has(kind)), "{plan:?}");
        }
    }
}
