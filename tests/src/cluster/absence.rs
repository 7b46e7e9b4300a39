//! A hospital that was away while the others went on, and how long it takes to agree with them again.

use super::checker::{Excused, Verdict, check};
use super::load::Load;
use super::watch::Watch;
use super::{Cluster, Setup};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// The others must have made so many blocks by then; a busy machine is slow, not wrong.
const ABSENCE_MAX: Duration = Duration::from_secs(1800);
/// After its return it must agree with the others by then.
const RETURN_MAX: Duration = Duration::from_secs(60);
/// After the load, everything must hold by then.
const CHECK_MAX: Duration = Duration::from_secs(120);

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its height when it was killed.
    pub left_at: u64,
    /// The height of the others when it was started again.
    pub returned_at: u64,
    /// From its start until it shows the block and state that the others show at one height.
    pub agreed_after: Option<Duration>,
    /// That height.
    pub agreed_at: u64,
    /// What the checker found.
    pub verdict: Verdict,
    /// Everything that must not be.
    pub complaints: Vec<String>,
}

/// Kills the last hospital, lets the others make `blocks` blocks under load, and starts it again. The load goes on
/// meanwhile: it agrees when it shows a head that the others have shown, no older than theirs at its return.
///
/// # Panics
/// When the cluster does not even start, or the others do not go on.
pub fn run(seed: u64, blocks: u64, node: &[OsString], patients: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let cluster = Cluster::up(&Setup::plain(node.iter().cloned()));
    let load = Load::begin(&cluster, patients, seed);
    let watch = Watch::begin(&cluster);
    let (away, other) = (&cluster.hospitals[3], &cluster.hospitals[0]);
    std::thread::sleep(Duration::from_secs(2));
    outcome.left_at = away.status().expect("it runs").height;
    away.kill();
    let began = Instant::now();
    while other.status().is_none_or(|status| status.height < outcome.left_at + blocks) {
        assert!(began.elapsed() < ABSENCE_MAX, "the others make too few blocks");
        std::thread::sleep(Duration::from_millis(50));
    }
    outcome.returned_at = other.status().expect("it runs").height;
    away.start();
    let returned = Instant::now();
    while outcome.agreed_after.is_none() && returned.elapsed() < 2 * RETURN_MAX {
        if let Some(status) = away.status()
            && status.height >= outcome.returned_at
            && status.caught_up
        {
            (outcome.agreed_after, outcome.agreed_at) = (Some(returned.elapsed()), status.height);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if outcome.agreed_after.is_none_or(|after| after > RETURN_MAX) {
        outcome.complaints.push(format!("it agrees after {:?} only: {:?}", outcome.agreed_after, away.status()));
    }
    let mut rested = load.end();
    outcome.verdict = check(&cluster, &mut rested, &Excused::default(), CHECK_MAX);
    // Equal blocks and states at equal heights, on the way too.
    outcome.complaints.extend(watch.end().complaints);
    outcome.complaints.append(&mut outcome.verdict.complaints);
    outcome
}
