//! Carries a plan out on a fresh cluster under load, and says what came of it.

use super::checker::{Excused, Verdict, check};
use super::hospital::{Ended, Hospital};
use super::load::Load;
use super::plan::{Fault, Plan, Step};
use super::watch::Watch;
use super::{Clocks, Cluster, Disks, Setup, Wiring, damage};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A node must live this soon after its start.
const START_MAX: Duration = Duration::from_secs(60);
/// A node that is told to stop must be gone by then.
const STOP_MAX: Duration = Duration::from_secs(30);
/// After a fault has gone, the hospital must take part again by then.
const PROGRESS_MAX: Duration = Duration::from_secs(60);
/// After the load, everything must hold by then.
const CHECK_MAX: Duration = Duration::from_secs(120);
/// Where a plan fills disks, they have this size.
const SMALL_DISK_MIB: u64 = 256;
/// Exit codes by which a node refuses a damaged or missing vote log, or private records.
const REFUSALS: [i32; 2] = [13, 14];

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The steps, as they went.
    pub steps: Vec<StepOutcome>,
    /// What the checker found.
    pub verdict: Verdict,
    /// Everything that must not be.
    pub complaints: Vec<String>,
    /// Where homes and logs of a failed plan were kept.
    pub kept: Option<PathBuf>,
    /// Heads of hospitals that were compared while it went on.
    pub looks: u64,
    /// Databases that nodes replaced at their starts, as their metric says.
    pub rebuilds: u64,
}

/// How a step went.
#[derive(Debug, Clone, Default)]
pub struct StepOutcome {
    /// Names of its faults.
    pub faults: Vec<&'static str>,
    /// Whom they met.
    pub hospital: &'static str,
    /// Milliseconds they lasted.
    pub lasted_ms: u64,
    /// Milliseconds from their end until a grant that the hospital took after it was proven final.
    pub progress_ms: Option<u64>,
    /// What is worth a word: exit codes, lengths, offsets.
    pub notes: Vec<String>,
}

struct Campaign {
    cluster: Cluster,
    load: Load,
    watch: Watch,
    random: StdRng,
    excused: Excused,
    outcome: Outcome,
}

/// Carries `plan` out. `node` is the command that runs a node; `patients` are those at each hospital.
///
/// # Panics
/// When the machine does not allow what the plan needs, or the cluster does not even start.
pub fn run(plan: &Plan, node: &[OsString], patients: usize) -> Outcome {
    let choose = |kind: &str| plan.has(kind);
    let setup = Setup {
        wiring: if choose("cut") || choose("mute") { Wiring::Namespaces } else { Wiring::Loopback },
        clocks: if choose("clock") { Clocks::Movable } else { Clocks::System },
        disks: if choose("disk-full") { Disks::Small { size_mib: SMALL_DISK_MIB } } else { Disks::Shared },
        ..Setup::plain(node.iter().cloned())
    };
    let cluster = Cluster::up(&setup);
    let load = Load::begin(&cluster, patients, plan.seed);
    let watch = Watch::begin(&cluster);
    let random = StdRng::seed_from_u64(plan.seed ^ 0x5eed);
    let (excused, outcome) = (Excused::default(), Outcome::default());
    let mut campaign = Campaign { cluster, load, watch, random, excused, outcome };
    let began = Instant::now();
    for step in &plan.steps {
        std::thread::sleep(step.at.saturating_sub(began.elapsed()));
        campaign.carry_out(step);
        if !campaign.outcome.complaints.is_empty() {
            break;
        }
    }
    campaign.finish()
}

impl Campaign {
    fn carry_out(&mut self, step: &Step) {
        let hospital = &self.cluster.hospitals[step.hospital];
        let mut went = StepOutcome {
            faults: step.faults.iter().map(|fault| fault.name()).collect(),
            hospital: hospital.name,
            ..StepOutcome::default()
        };
        let began = Instant::now();
        for fault in &step.faults {
            self.inflict(step.hospital, *fault, &mut went.notes);
        }
        std::thread::sleep(step.lasts);
        went.lasted_ms = ms(began.elapsed());
        self.heal(step, &mut went.notes);
        let healed = Instant::now();
        let mut whom: Vec<usize> = if step.faults == [Fault::KillAll] { (0..4).collect() } else { vec![step.hospital] };
        whom.retain(|hospital| !self.excused.lost.contains(hospital));
        for hospital in whom {
            match self.wait_for_return(healed, hospital, step, &mut went.notes) {
                Some(progress) => went.progress_ms = went.progress_ms.max(Some(ms(progress))),
                None => self.complain(format!(
                    "after {:?} {} takes no part for {PROGRESS_MAX:?}",
                    step.faults,
                    self.name(hospital)
                )),
            }
        }
        // Where a hospital is out for good, the others go on.
        if self.excused.lost.contains(&step.hospital) {
            match self.wait_for_progress(healed) {
                Some(progress) => went.progress_ms = Some(ms(progress)),
                None => self.complain(format!("without {} nobody goes on", self.name(step.hospital))),
            }
        }
        self.nobody_else_ended();
        self.outcome.steps.push(went);
    }

    fn name(&self, hospital: usize) -> &'static str {
        self.cluster.hospitals[hospital].name
    }

    fn complain(&mut self, what: String) {
        self.outcome.complaints.push(what);
    }

    /// Waits until anybody goes on.
    fn wait_for_progress(&self, since: Instant) -> Option<Duration> {
        let deadline = since + PROGRESS_MAX;
        while Instant::now() < deadline {
            if let Some(proven) = self.load.first_final_after(since, None) {
                return Some(proven.duration_since(since));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// Waits until this hospital takes part again.
    fn wait_for_return(&mut self, since: Instant, i: usize, step: &Step, notes: &mut Vec<String>) -> Option<Duration> {
        let deadline = since + PROGRESS_MAX;
        while Instant::now() < deadline {
            if let Some(proven) = self.load.first_final_after(since, Some(i)) {
                return Some(proven.duration_since(since));
            }
            // It may have noticed the full disk just before that was cleared, and be at its end only now.
            if step.faults.contains(&Fault::DiskFull) && self.cluster.hospitals[i].pid().is_none() {
                self.excuse_end(i, step, notes);
                self.cluster.hospitals[i].start();
                self.wait_for_start(i, step, notes);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    fn inflict(&mut self, i: usize, fault: Fault, notes: &mut Vec<String>) {
        let hospital = &self.cluster.hospitals[i];
        match fault {
            Fault::SecondStart => self.start_twice(i, notes),
            Fault::Clock(offset_s) => {
                notes.push(format!("{offset_s:+} s"));
                hospital.clock.move_by_s(offset_s);
            }
            Fault::Cut => self.cluster.wires().cut(i),
            Fault::Mute => self.cluster.wires().mute(i),
            Fault::DiskFull => self.cluster.disk(i).unwrap().fill(),
            Fault::Pause => hospital.pause(),
            Fault::Restart => {
                match hospital.stop(STOP_MAX) {
                    Some(Ended::Code(0)) => {}
                    // A full disk may have ended it before.
                    Some(other) if self.cluster.disk(i).is_some() => notes.push(format!("ended {other:?}")),
                    other => self.complain(format!("{} ended {other:?} when told to stop", self.name(i))),
                }
                self.cluster.hospitals[i].start();
            }
            Fault::Kill
            | Fault::TruncatedLedger
            | Fault::WipedLedger
            | Fault::TruncatedDays
            | Fault::TruncatedVotes
            | Fault::WipedVotes => {
                hospital.kill();
                self.damage(i, fault, notes);
            }
            Fault::KillAll => self.cluster.hospitals.iter().for_each(|hospital| hospital.signal(Signal::KILL)),
        }
    }

    /// A second process on the home must be turned away, and disturb nobody.
    fn start_twice(&mut self, i: usize, notes: &mut Vec<String>) {
        let hospital = &self.cluster.hospitals[i];
        let log = hospital.log.with_extension("second.log");
        let mut second = hospital.command_on(&hospital.dir, &log).spawn().unwrap();
        let deadline = Instant::now() + START_MAX;
        let ended = loop {
            match second.try_wait().unwrap() {
                Some(status) => break Some(Ended::from(status)),
                None if Instant::now() >= deadline => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        notes.push(format!("second process ended {ended:?}"));
        if ended != Some(Ended::Code(9)) {
            second.kill().ok();
            second.wait().ok();
            self.complain(format!("a second process on the home of {} ended {ended:?}", self.name(i)));
        }
    }

    fn damage(&mut self, i: usize, fault: Fault, notes: &mut Vec<String>) {
        let home = self.cluster.hospitals[i].dir.clone();
        let mut cut = |below: &str| {
            let (off, of) = damage::cut_longest(&home.join(below), &mut self.random);
            notes.push(format!("{off} of {of} bytes off {below}"));
        };
        match fault {
            Fault::TruncatedLedger => cut("ledger"),
            Fault::TruncatedDays => cut("private/days"),
            Fault::TruncatedVotes => cut("votes"),
            Fault::WipedLedger => damage::wipe(&home.join("ledger")),
            Fault::WipedVotes => damage::wipe(&home.join("votes")),
            Fault::SecondStart
            | Fault::Clock(_)
            | Fault::Cut
            | Fault::Mute
            | Fault::DiskFull
            | Fault::Pause
            | Fault::Restart
            | Fault::Kill
            | Fault::KillAll => {}
        }
        if matches!(fault, Fault::TruncatedLedger | Fault::WipedLedger) {
            self.watch.forgive(i);
        }
    }

    /// Takes everything back that can be, and starts who does not run.
    fn heal(&mut self, step: &Step, notes: &mut Vec<String>) {
        for fault in step.faults.iter().rev() {
            match fault {
                Fault::Clock(_) => self.cluster.hospitals[step.hospital].clock.move_by_s(0),
                Fault::Cut => self.cluster.wires().join(step.hospital),
                Fault::Mute => self.cluster.wires().unmute(step.hospital),
                Fault::DiskFull => self.cluster.disk(step.hospital).unwrap().clear(),
                Fault::Pause => self.cluster.hospitals[step.hospital].resume(),
                Fault::SecondStart
                | Fault::Restart
                | Fault::Kill
                | Fault::TruncatedLedger
                | Fault::WipedLedger
                | Fault::TruncatedDays
                | Fault::TruncatedVotes
                | Fault::WipedVotes
                | Fault::KillAll => {}
            }
        }
        let all = step.faults.contains(&Fault::KillAll);
        let down = |(i, hospital): &(usize, &Hospital)| (all || *i == step.hospital) && hospital.pid().is_none();
        let down: Vec<usize> = self.cluster.hospitals.iter().enumerate().filter(down).map(|(i, _)| i).collect();
        for i in &down {
            self.excuse_end(*i, step, notes);
            self.cluster.hospitals[*i].start();
        }
        for i in down {
            self.wait_for_start(i, step, notes);
        }
    }

    /// A process may have ended for a reason that the step gives, and for no other.
    fn excuse_end(&mut self, i: usize, step: &Step, notes: &mut Vec<String>) {
        let ended = self.cluster.hospitals[i].ended();
        let killed = step.faults.iter().any(|fault| fault.ends_the_process());
        if !killed && step.faults.contains(&Fault::DiskFull) {
            notes.push(format!("the full disk ended it with {ended:?}"));
        } else if !killed {
            let words = self.cluster.hospitals[i].last_words();
            self.complain(format!("{} ended {ended:?} under {:?}: {words}", self.name(i), step.faults));
        }
    }

    fn wait_for_start(&mut self, i: usize, step: &Step, notes: &mut Vec<String>) {
        let started = self.cluster.hospitals[i].wait_until_live(Instant::now() + START_MAX);
        let last = step.faults.iter().copied().find(|fault| fault.may_be_for_good());
        let ended = self.cluster.hospitals[i].ended();
        let refused = matches!(ended, Some(Ended::Code(code)) if REFUSALS.contains(&code));
        match (last, started) {
            (Some(Fault::WipedVotes), Ok(_)) => self.complain(format!("{} votes without its vote log", self.name(i))),
            (Some(Fault::TruncatedDays), Ok(took)) => {
                notes.push(format!("lives after {} ms", ms(took)));
                self.excused.records.push(i);
            }
            // What was cut off may have been the unfinished end of the last write: then nothing is missing.
            (None | Some(_), Ok(took)) => notes.push(format!("lives after {} ms", ms(took))),
            (Some(_), Err(_)) if refused => {
                notes.push(format!("refuses to start: {ended:?}"));
                self.excused.lost.push(i);
            }
            (None | Some(_), Err(why)) => self.complain(format!("{} does not start: {why}", self.name(i))),
        }
    }

    /// Everybody who is not out for good runs.
    fn nobody_else_ended(&mut self) {
        for i in (0..self.cluster.hospitals.len()).filter(|i| !self.excused.lost.contains(i)).collect::<Vec<_>>() {
            if let Some(ended) = self.cluster.hospitals[i].ended() {
                let words = self.cluster.hospitals[i].last_words();
                self.complain(format!("{} ended {ended:?} by itself: {words}", self.name(i)));
            }
        }
    }

    fn finish(mut self) -> Outcome {
        let mut rested = self.load.end();
        if self.outcome.complaints.is_empty() {
            self.outcome.verdict = check(&self.cluster, &mut rested, &self.excused, CHECK_MAX);
        }
        let seen = self.watch.end();
        self.outcome.looks = seen.looks;
        self.outcome.complaints.extend(seen.complaints);
        self.outcome.complaints.append(&mut self.outcome.verdict.complaints);
        let rebuilds = self.cluster.hospitals.iter().filter_map(|h| h.metric("amanah_store_rebuilds_total"));
        self.outcome.rebuilds = rebuilds.map(|count| count as u64).sum();
        if !self.outcome.complaints.is_empty() {
            self.outcome.kept = Some(self.cluster.keep());
        }
        self.outcome
    }
}

impl Outcome {
    /// Faults by kind.
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        let mut faults = BTreeMap::new();
        for fault in self.steps.iter().flat_map(|step| &step.faults) {
            *faults.entry(*fault).or_default() += 1;
        }
        faults
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
