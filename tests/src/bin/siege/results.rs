//! Results as lines of JSON, and the figures of many.

use amanah_tests::cluster::campaign::Outcome;
use amanah_tests::cluster::plan::{Abilities, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

/// One plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PlanResult {
    pub(crate) plan: u64,
    seconds: u64,
    took_s: u64,
    commit: String,
    machine: String,
    faults: BTreeMap<String, u64>,
    steps: Vec<StepResult>,
    acknowledged: u64,
    lost: u64,
    settled_later: u64,
    height: u64,
    looks: u64,
    rebuilds: u64,
    pub(crate) complaints: Vec<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StepResult {
    faults: Vec<String>,
    hospital: String,
    lasted_ms: u64,
    progress_ms: Option<u64>,
    notes: Vec<String>,
}

impl PlanResult {
    pub(crate) fn of(plan: &Plan, seconds: u64, took: Duration, outcome: &Outcome) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let steps = outcome.steps.iter().map(|step| StepResult {
            faults: owned(&step.faults),
            hospital: step.hospital.to_owned(),
            lasted_ms: step.lasted_ms,
            progress_ms: step.progress_ms,
            notes: step.notes.clone(),
        });
        Self {
            plan: plan.seed,
            seconds,
            took_s: took.as_secs(),
            commit: commit(),
            machine: machine(),
            faults: outcome.faults().into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            steps: steps.collect(),
            acknowledged: outcome.verdict.acknowledged,
            lost: outcome.verdict.lost,
            settled_later: outcome.verdict.settled_later,
            height: outcome.verdict.height,
            looks: outcome.looks,
            rebuilds: outcome.rebuilds,
            complaints: outcome.complaints.clone(),
        }
    }

    /// For people.
    pub(crate) fn line(&self) -> String {
        let steps: Vec<String> = self.steps.iter().map(|step| step.faults.join("+")).collect();
        format!(
            "plan {}: {} | {} acknowledged, {} lost, height {}, {} s{}",
            self.plan,
            steps.join(", "),
            self.acknowledged,
            self.lost,
            self.height,
            self.took_s,
            if self.complaints.is_empty() { "" } else { " FAILED" }
        )
    }
}

/// Kinds of faults that this machine cannot do.
pub(crate) fn missing(abilities: Abilities) -> Vec<&'static str> {
    let wires = "cut, mute (need root and ip netns)";
    let clocks = "clock (needs libfaketime: apt-get install faketime)";
    let disks = "disk-full (needs root, mkfs.ext4 and mount -o loop)";
    let all = [(abilities.wires, wires), (abilities.clocks, clocks), (abilities.disks, disks)];
    all.into_iter().filter(|(able, _)| !able).map(|(_, kinds)| kinds).collect()
}

/// Every result in the file; none if there is no file.
pub(crate) fn read(path: &Path) -> Vec<PlanResult> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line that this program wrote")).collect()
}

/// Adds a line.
pub(crate) fn add(path: &Path, result: &PlanResult) {
    let line = serde_json::to_string(result).expect("plain fields have a JSON form") + "\n";
    let mut file = File::options().create(true).append(true).open(path).unwrap();
    file.write_all(line.as_bytes()).unwrap();
}

/// `siege summary`
pub(crate) fn summarise(path: &Path) -> ExitCode {
    let results = read(path);
    println!("{}", figures(&results));
    let clean = !results.is_empty() && results.iter().all(|result| result.complaints.is_empty() && result.lost == 0);
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What many results say together.
pub(crate) fn figures(results: &[PlanResult]) -> String {
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in results.iter().flat_map(|result| &result.faults) {
        *faults.entry(name).or_default() += count;
    }
    let steps = || results.iter().flat_map(|result| &result.steps);
    let mut progress: Vec<u64> = steps().filter_map(|step| step.progress_ms).collect();
    progress.sort_unstable();
    let failed: Vec<u64> =
        results.iter().filter(|result| !result.complaints.is_empty()).map(|result| result.plan).collect();
    let sum = |of: fn(&PlanResult) -> u64| results.iter().map(of).sum::<u64>();
    let kinds: Vec<String> = faults.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!(
        "{} plans, {} failed {failed:?}; faults {} ({} in pairs): {}\n\
         acknowledged {}, lost {}; heads compared {}; databases rebuilt {}\n\
         from heal to the first new final grant: p50 {} ms, p99 {} ms, most {} ms, of {}",
        results.len(),
        failed.len(),
        faults.values().sum::<u64>(),
        2 * steps().filter(|step| step.faults.len() == 2).count(),
        kinds.join(", "),
        sum(|result| result.acknowledged),
        sum(|result| result.lost),
        sum(|result| result.looks),
        sum(|result| result.rebuilds),
        percentile(&progress, 50),
        percentile(&progress, 99),
        progress.last().copied().unwrap_or(0),
        progress.len()
    )
}

/// The smallest value that so many per cent do not exceed; 0 of none.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).copied().unwrap_or(0)
}

/// The commit this was built from, as far as the working directory tells.
pub(crate) fn commit() -> String {
    let output = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

/// Processor, cores and kernel.
pub(crate) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    let model = model.trim_start_matches(['\t', ' ', ':']);
    format!("{model}, {cores} cores, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}
