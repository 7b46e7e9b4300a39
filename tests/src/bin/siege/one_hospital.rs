//! `siege kills` and `siege absence`: one hospital, killed many times or away for long.

use crate::results::{commit, machine, percentile};
use amanah_tests::cluster::{absence, kills, twin};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Args)]
pub(crate) struct Kills {
    /// How often it is killed, in all.
    #[arg(long, default_value_t = 100)]
    kills: u32,
    /// Kills on one network; then comes a fresh one.
    #[arg(long, default_value_t = 25)]
    round: u32,
    /// Consents on the ledger before it begins.
    #[arg(long, default_value_t = 10_000)]
    consents: usize,
    /// Patients at each hospital.
    #[arg(long, default_value_t = 4)]
    patients: usize,
    /// Where a line is added for each round; what stands there for as many consents counts.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
}

/// One round of kills.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Round {
    seed: u64,
    commit: String,
    machine: String,
    consents: usize,
    kills: u32,
    acknowledged: u64,
    lost: u64,
    height: u64,
    built_s: u64,
    boot_ms: Vec<u64>,
    rss_max_kib: u64,
    complaints: Vec<String>,
}

impl Kills {
    pub(crate) fn run(self) -> ExitCode {
        let mut rounds = self.results.as_deref().map(read).unwrap_or_default();
        rounds.retain(|round| round.consents == self.consents);
        loop {
            let done: u32 = rounds.iter().map(|round| round.kills).sum();
            let failed = rounds.iter().any(|round| !round.complaints.is_empty() || round.lost > 0);
            if done >= self.kills || failed {
                println!("{}", figures(&rounds));
                return if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
            }
            let (seed, kills) = (rounds.len() as u64, self.round.min(self.kills - done));
            let outcome = kills::run(seed, self.consents, kills, &crate::node(), self.patients);
            let round = Round {
                seed,
                commit: commit(),
                machine: machine(),
                consents: self.consents,
                kills: outcome.kills,
                acknowledged: outcome.verdict.acknowledged,
                lost: outcome.verdict.lost,
                height: outcome.verdict.height,
                built_s: outcome.built_s,
                boot_ms: outcome.boot_ms,
                rss_max_kib: outcome.rss_max_kib,
                complaints: outcome.complaints,
            };
            println!("round {seed}: {}", figures(std::slice::from_ref(&round)));
            round.complaints.iter().take(20).for_each(|complaint| println!("    {complaint}"));
            if let Some(kept) = outcome.kept {
                println!("    homes and logs are in {}", kept.display());
            }
            if let Some(path) = &self.results {
                let line = serde_json::to_string(&round).expect("plain fields have a JSON form") + "\n";
                File::options().create(true).append(true).open(path).unwrap().write_all(line.as_bytes()).unwrap();
            }
            rounds.push(round);
        }
    }
}

fn read(path: &Path) -> Vec<Round> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line that this program wrote")).collect()
}

fn figures(rounds: &[Round]) -> String {
    let mut boots: Vec<u64> = rounds.iter().flat_map(|round| round.boot_ms.iter().copied()).collect();
    boots.sort_unstable();
    let sum = |of: fn(&Round) -> u64| rounds.iter().map(of).sum::<u64>();
    format!(
        "{} kills at {} consents, {} clean starts, acknowledged {}, lost {}; boot p50 {} ms, p99 {} ms, most {} ms; \
         memory at most {} MiB; homes made in {} s",
        sum(|round| u64::from(round.kills)),
        rounds.first().map_or(0, |round| round.consents),
        boots.len(),
        sum(|round| round.acknowledged),
        sum(|round| round.lost),
        percentile(&boots, 50),
        percentile(&boots, 99),
        boots.last().copied().unwrap_or(0),
        rounds.iter().map(|round| round.rss_max_kib).max().unwrap_or(0) / 1024,
        rounds.iter().map(|round| round.built_s).max().unwrap_or(0),
    )
}

#[derive(Args)]
pub(crate) struct Absence {
    /// Blocks that the others make meanwhile.
    #[arg(long, default_value_t = 1000)]
    blocks: u64,
    /// Patients at each hospital.
    #[arg(long, default_value_t = 2)]
    patients: usize,
}

impl Absence {
    pub(crate) fn run(&self) -> ExitCode {
        let outcome = absence::run(1, self.blocks, &crate::node(), self.patients);
        println!(
            "left at height {}, returned at {}: {} blocks missed; agreed at height {} after {:.1} s; acknowledged {}, lost {}",
            outcome.left_at,
            outcome.returned_at,
            outcome.returned_at - outcome.left_at,
            outcome.agreed_at,
            outcome.agreed_after.unwrap_or_default().as_secs_f64(),
            outcome.verdict.acknowledged,
            outcome.verdict.lost
        );
        println!("commit {}, {}", commit(), machine());
        outcome.complaints.iter().for_each(|complaint| println!("    {complaint}"));
        if outcome.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

pub(crate) fn twin() -> ExitCode {
    let outcome = twin::run(1, &crate::node(), 4);
    let (of_the_copied, of_the_others) = outcome.finals;
    println!(
        "copied at height {}; when the copy was killed it showed {:?}, another {:?}; final meanwhile: {of_the_copied} \
         grants at the copied hospital, {of_the_others} at the others; lies noticed {}; acknowledged {}, lost {}",
        outcome.copied_at,
        outcome.heights.0,
        outcome.heights.1,
        outcome.lies_noticed,
        outcome.verdict.acknowledged,
        outcome.verdict.lost
    );
    outcome.complaints.iter().for_each(|complaint| println!("    {complaint}"));
    if outcome.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
