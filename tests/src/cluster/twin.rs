//! A wrong hand copies a stopped hospital's home and runs both, with the same keys. That is a liar among four, and the
//! hospital's own mistake: the others must stay in agreement, go on, and lose nothing.

use super::checker::{Excused, Verdict, check};
use super::load::Load;
use super::watch::Watch;
use super::{Cluster, Setup, api, copy_dir, wire};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// How long both run.
const BOTH: Duration = Duration::from_secs(15);
/// A node that is told to stop must be gone by then.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Everybody takes part again by then.
const PROGRESS_MAX: Duration = Duration::from_secs(60);
/// After the load, everything must hold by then.
const CHECK_MAX: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Height of the original when it was copied.
    pub copied_at: u64,
    /// Heights of the copy and of another hospital when the copy was killed.
    pub heights: (Option<u64>, Option<u64>),
    /// Grants proven final while both ran, at the copied hospital and at all others.
    pub finals: (usize, usize),
    /// Lines in logs that name a lie.
    pub lies_noticed: usize,
    /// What the checker found.
    pub verdict: Verdict,
    /// Everything that must not be.
    pub complaints: Vec<String>,
}

/// Copies the first hospital's home and runs both.
///
/// # Panics
/// When the cluster does not even start.
pub fn run(seed: u64, node: &[OsString], patients: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let cluster = Cluster::up(&Setup::plain(node.iter().cloned()));
    let load = Load::begin(&cluster, patients, seed);
    let watch = Watch::begin(&cluster);
    std::thread::sleep(Duration::from_secs(3));
    let original = &cluster.hospitals[0];
    outcome.copied_at = original.status().expect("it runs").height;
    original.stop(STOP_MAX);
    let home = cluster.dir().join("twin");
    copy_dir(&original.dir, &home);
    let addresses = wire::free_ports()[0];
    let config = std::fs::read_to_string(home.join("config.toml")).unwrap();
    let config = [original.api, original.ops].iter().zip(addresses).fold(config, |text, (old, new)| {
        assert!(text.contains(&old.to_string()), "{old} is not in {text}");
        text.replace(&old.to_string(), &new.to_string())
    });
    let port = |port: u16| format!("/tcp/{port}");
    std::fs::write(home.join("config.toml"), config.replace(&port(original.p2p.port()), &port(addresses[2].port())))
        .unwrap();
    let mut twin = original.command_on(&home, &original.log.with_extension("twin.log")).spawn().unwrap();
    original.start();
    let both = Instant::now();
    std::thread::sleep(BOTH);
    let height_at = |address| {
        let answer = api::get(address, "/v1/status").ok()?;
        Some(serde_json::from_str::<api::Status>(&answer).ok()?.height)
    };
    outcome.heights = (height_at(addresses[0]), height_at(cluster.hospitals[1].api));
    twin.kill().ok();
    twin.wait().ok();
    let parted = Instant::now();
    outcome.finals = finals_since(&load, both);
    while load.first_final_after(parted, None).is_none() {
        if parted.elapsed() > PROGRESS_MAX {
            outcome.complaints.push("nobody goes on after the twin".to_owned());
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut rested = load.end();
    // Its own log keeping may have come apart: two of them wrote under one name.
    let excused = Excused { lost: Vec::new(), records: vec![0] };
    outcome.verdict = check(&cluster, &mut rested, &excused, CHECK_MAX);
    outcome.complaints.extend(watch.end().complaints);
    outcome.complaints.append(&mut outcome.verdict.complaints);
    let lies = |hospital: &super::hospital::Hospital| {
        let text = std::fs::read_to_string(&hospital.log).unwrap_or_default();
        text.lines().filter(|line| line.contains("lied")).count()
    };
    outcome.lies_noticed = cluster.hospitals.iter().map(lies).sum();
    outcome
}

/// Grants that were taken since `moment` and are proven final: at the first hospital, and at all others.
fn finals_since(load: &Load, moment: Instant) -> (usize, usize) {
    let finals = load.around.finals.lock().unwrap();
    let since = || finals.iter().filter(|(_, accepted, _)| *accepted >= moment);
    let own = since().filter(|(custodian, ..)| *custodian == 0).count();
    (own, since().count() - own)
}
