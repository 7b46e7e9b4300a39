//! One loaded hospital, killed again and again: every start must be clean, and nothing acknowledged may be gone.

use super::checker::{Excused, Verdict, check};
use super::load::Load;
use super::watch::Watch;
use super::{Cluster, Setup};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A node must live this soon after its start.
const START_MAX: Duration = Duration::from_secs(120);
/// It lives at most this long before it is killed, and at least not at all.
const LIFE_MS_MAX: u64 = 2000;
/// Now and then it must be seen to take part: so many kills apart.
const TAKES_PART_EVERY: u32 = 10;
/// By then it must take part.
const PROGRESS_MAX: Duration = Duration::from_secs(60);
/// After the load, everything must hold by then.
const CHECK_MAX: Duration = Duration::from_secs(300);

/// What came of a round.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Kills that took place.
    pub kills: u32,
    /// Milliseconds from each start until the node answered its operator.
    pub boot_ms: Vec<u64>,
    /// The most memory any process of the killed hospital ever held, in KiB.
    pub rss_max_kib: u64,
    /// What the checker found.
    pub verdict: Verdict,
    /// Everything that must not be.
    pub complaints: Vec<String>,
    /// Where homes and logs were kept after a failure.
    pub kept: Option<PathBuf>,
    /// Seconds it took to make the homes.
    pub built_s: u64,
}

/// Kills the first hospital `kills` times on a ledger of `consents` consents.
///
/// # Panics
/// When the cluster does not even start.
pub fn run(seed: u64, consents: usize, kills: u32, node: &[OsString], patients: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut random = StdRng::seed_from_u64(seed);
    let began = Instant::now();
    let mut cluster = Cluster::create(&Setup::plain(node.iter().cloned()));
    cluster.fill(consents);
    outcome.built_s = began.elapsed().as_secs();
    cluster.start();
    let load = Load::begin(&cluster, patients, seed);
    let watch = Watch::begin(&cluster);
    while outcome.kills < kills && outcome.complaints.is_empty() {
        std::thread::sleep(Duration::from_millis(random.random_range(0..LIFE_MS_MAX)));
        kill_once(&cluster, &load, &mut outcome);
    }
    let mut rested = load.end();
    if outcome.complaints.is_empty() {
        outcome.verdict = check(&cluster, &mut rested, &Excused::default(), CHECK_MAX);
    }
    outcome.complaints.extend(watch.end().complaints);
    outcome.complaints.append(&mut outcome.verdict.complaints);
    if !outcome.complaints.is_empty() {
        outcome.kept = Some(cluster.keep());
    }
    outcome
}

fn kill_once(cluster: &Cluster, load: &Load, outcome: &mut Outcome) {
    let victim = &cluster.hospitals[0];
    outcome.rss_max_kib = outcome.rss_max_kib.max(victim.rss_max_kib().unwrap_or(0));
    if let Some(ended) = victim.ended() {
        outcome.complaints.push(format!("{} ended {ended:?} by itself: {}", victim.name, victim.last_words()));
        return;
    }
    victim.kill();
    outcome.kills += 1;
    victim.start();
    let started = Instant::now();
    match victim.wait_until_live(started + START_MAX) {
        Ok(took) => outcome.boot_ms.push(u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        Err(why) => outcome.complaints.push(format!("after kill {}: {why}", outcome.kills)),
    }
    if victim.metric("amanah_store_rebuilds_total") != Some(0.0) {
        outcome.complaints.push(format!("after kill {} the database was not whole", outcome.kills));
    }
    if !outcome.kills.is_multiple_of(TAKES_PART_EVERY) {
        return;
    }
    while load.first_final_after(started, Some(0)).is_none() {
        if started.elapsed() > PROGRESS_MAX {
            outcome.complaints.push(format!("after kill {} it takes no part for {PROGRESS_MAX:?}", outcome.kills));
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
