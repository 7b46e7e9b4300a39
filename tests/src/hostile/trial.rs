//! One trial: quiet, then one hospital down, then that hospital's keys in the hands of the attacker. Three phases, so
//! that what the attack costs is told from what an absent hospital costs.

use super::load::{Clients, Latencies};
use super::outcome::circumstances;
use super::watch::{disk_bytes, log_bytes, resident_bytes};
use crate::cluster::surroundings::Surroundings;
use crate::cluster::{Cluster, NAMES, Setup};
use amanah_node::limits::resident_bytes_max;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// The hospital under attack, one that is not, and the one whose keys the attacker has.
pub(super) const VICTIM: usize = 0;
const OTHER: usize = 1;
pub(super) const LIAR: usize = 3;
/// Consents that the stated bound of memory is for; a trial makes fewer.
const CONSENTS_MAX: u64 = 10_000;
/// The attacked hospital's disk grows by no more than twice what another's does, and this.
const DISK_SLACK_BYTES: u64 = 64 * 1024 * 1024;
/// What is said about attackers on stderr, for each second of an attack.
const LOG_BYTES_PER_SECOND: u64 = 4 * 1024;
/// The attacker asks before each act, so one act more may be under way when its part is used up.
const SHARE_SLACK: f64 = 0.05;
/// All four agree this long after the liar's hospital is itself again.
const AGREE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);

/// What to run.
#[derive(Debug, Clone)]
pub struct Trial {
    /// How long the attack lasts.
    pub seconds: u64,
    /// The attacker's part of one core.
    pub share: f64,
    /// The program that knows how to be a hospital's node.
    pub node: PathBuf,
    /// The program that knows how to be the attacker.
    pub attacker: PathBuf,
}

/// What honest clients met, and what the attacked hospital's process took at most.
struct Phase {
    victim: Latencies,
    other: Latencies,
    height: u64,
    resident_bytes: u64,
}

/// Where the attacked hospital's disk and words stand, and another's disk.
#[derive(Clone, Copy)]
struct Written {
    victim: u64,
    other: u64,
    log: u64,
}

/// Runs a trial and says what came of it.
///
/// # Panics
/// When a promise is broken, with the figures.
pub fn run(trial: &Trial) -> Value {
    let cluster = Cluster::up(&Setup::plain([trial.node.as_os_str(), "demo-node".as_ref()]));
    let begun = cluster.agree_within(AGREE, &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let around = Surroundings::of(&cluster);
    let clients = runtime.block_on(async { [Clients::of(&around, VICTIM).await, Clients::of(&around, OTHER).await] });
    let before = Duration::from_secs((trial.seconds / 3).clamp(10, 120));

    let (clients, quiet) = phase(&cluster, &runtime, clients, before);
    cluster.hospitals[LIAR].kill();
    let (clients, one_down) = phase(&cluster, &runtime, clients, before);
    let written = Written::at(&cluster);
    let attacker = attacker(trial, &cluster);
    let (_, attacked) = phase(&cluster, &runtime, clients, Duration::from_secs(trial.seconds));
    let said = attacker.wait_with_output().unwrap();
    assert!(said.status.success(), "the attacker failed");
    let attack: Value = serde_json::from_slice(&said.stdout).unwrap();
    let grown = Written::at(&cluster).since(written);
    cluster.hospitals[LIAR].start();
    let agreed = cluster.agree_within(AGREE, &[]).unwrap();

    let heights = [begun.height, quiet.height, one_down.height, attacked.height, agreed.height];
    let outcome = json!({
        "schema": "amanah.garbage/1",
        "circumstances": circumstances(),
        "attack": { "seconds": trial.seconds, "share_of_one_core": attack["share_of_one_core"], "deeds": attack["deeds"] },
        "quiet": quiet.json(), "one_down": one_down.json(), "attacked": attacked.json(), "height_agreed": agreed.height,
        "memory": {
            "before_bytes": one_down.resident_bytes, "most_bytes": attacked.resident_bytes,
            "bound_bytes": resident_bytes_max(NAMES.len() as u64, CONSENTS_MAX),
        },
        "disk": { "attacked_grew_bytes": grown.victim, "other_grew_bytes": grown.other, "log_grew_bytes": grown.log },
    });
    assert!(heights.is_sorted() && heights[1..4].is_sorted_by(|a, b| a < b), "{heights:?}: {outcome:#}");
    for phase in [&quiet, &one_down, &attacked] {
        for latencies in [&phase.victim, &phase.other] {
            assert!(latencies.count() > 0 && latencies.lost == 0, "consents were lost: {outcome:#}");
        }
    }
    check_bounds(trial, &outcome, grown);
    outcome
}

fn check_bounds(trial: &Trial, outcome: &Value, grown: Written) {
    let bytes = |name: &str| outcome["memory"][name].as_u64().unwrap();
    assert!(bytes("most_bytes") > 0 && bytes("most_bytes") <= bytes("bound_bytes"), "too much memory: {outcome:#}");
    assert!(grown.victim <= 2 * grown.other + DISK_SLACK_BYTES, "too much disk: {outcome:#}");
    assert!(grown.log <= (trial.seconds + 10) * LOG_BYTES_PER_SECOND, "too many words: {outcome:#}");
    let share = outcome["attack"]["share_of_one_core"].as_f64().unwrap();
    assert!(share > 0.0 && share <= trial.share + SHARE_SLACK, "the attacker took more than its part: {outcome:#}");
    let kinds = outcome["attack"]["deeds"].as_object().unwrap().len();
    assert!(kinds >= 20, "only {kinds} kinds of attack took place: {outcome:#}");
}

fn attacker(trial: &Trial, cluster: &Cluster) -> Child {
    let mut command = Command::new(&trial.attacker);
    command.arg("--attack").arg(cluster.dir()).args(["--seconds", &trial.seconds.to_string()]);
    command.args(["--share", &trial.share.to_string()]).stdout(Stdio::piped()).spawn().unwrap()
}

/// Both hospitals' clients work for so long; heights never fall on the way.
fn phase(
    cluster: &Cluster,
    runtime: &tokio::runtime::Runtime,
    [victim, other]: [Clients; 2],
    length: Duration,
) -> ([Clients; 2], Phase) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let (mut height, mut most) = (0, 0);
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(LOOK);
                most = most.max(resident_bytes(&cluster.hospitals[VICTIM]));
                if let Some(status) = cluster.hospitals[OTHER].status() {
                    assert!(status.height >= height, "the height fell from {height} to {}", status.height);
                    height = status.height;
                }
            }
            (height, most)
        });
        let ((victim, at_victim), (other, at_other)) = runtime.block_on(async {
            let until = Instant::now() + length;
            tokio::join!(victim.work(until), other.work(until))
        });
        is_over.store(true, Ordering::Relaxed);
        let (height, resident_bytes) = watching.join().unwrap();
        ([victim, other], Phase { victim: at_victim, other: at_other, height, resident_bytes })
    })
}

impl Written {
    fn at(cluster: &Cluster) -> Self {
        let [victim, other] = [VICTIM, OTHER].map(|at| disk_bytes(&cluster.hospitals[at].dir));
        Self { victim, other, log: log_bytes(&cluster.hospitals[VICTIM]) }
    }

    fn since(self, before: Self) -> Self {
        Self {
            victim: self.victim.saturating_sub(before.victim),
            other: self.other.saturating_sub(before.other),
            log: self.log.saturating_sub(before.log),
        }
    }
}

impl Phase {
    fn json(&self) -> Value {
        json!({ "through_attacked": self.victim.json(), "through_other": self.other.json(), "height": self.height })
    }
}
