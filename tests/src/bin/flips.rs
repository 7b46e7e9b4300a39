//! `flips`: changed bytes, and what becomes of them.
//!
//! `flips bytes` changes every byte of encoded blocks and of a vote log. `flips files` changes random bytes in the
//! files of a stopped hospital and starts its node on them.

use amanah_tests::damage::campaign::{self, Campaign, Tally, Witnesses};
use amanah_tests::damage::{bytes, trial};
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Changes bytes of what is stored and looks what a node makes of it.
#[derive(Parser)]
enum Arguments {
    /// Every byte of encoded blocks and of a vote log, through decoding and checking.
    Bytes {
        /// Blocks.
        #[arg(long, default_value_t = 1000)]
        blocks: u64,
        /// Where the random numbers begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Random bytes of the files of a stopped hospital, through a real start beside three others.
    Files {
        /// Trials.
        #[arg(long, default_value_t = 500)]
        count: u64,
        /// Where the random numbers begin.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Trials at a time, each in a town of its own.
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Keeps one line of JSON for each trial here, and goes on from what is there.
        #[arg(long, value_name = "FILE")]
        results: Option<PathBuf>,
        /// Removes what says how far each store reached: to see that this campaign would notice what then goes wrong.
        #[arg(long)]
        blind: bool,
        /// Names the commit in the results.
        #[arg(long, default_value = "")]
        commit: String,
        /// Names the machine in the results.
        #[arg(long, default_value = "")]
        machine: String,
        /// Where the homes lie; a place in memory is fastest.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// One trial, started by `files`.
    #[command(hide = true)]
    Trial {
        /// What to do.
        task: PathBuf,
        /// Where the outcome goes.
        outcome: PathBuf,
    },
}

fn main() -> ExitCode {
    let began = Instant::now();
    let done = match Arguments::parse() {
        Arguments::Bytes { blocks, seed } => flip_bytes(blocks, seed),
        Arguments::Files { count, seed, jobs, results, blind, commit, machine, dir } => {
            let witnesses = if blind { Witnesses::Removed } else { Witnesses::Kept };
            let about = json!({"commit": commit, "machine": machine});
            flip_files(&Campaign { witnesses, count, seed, jobs, results, about }, dir)
        }
        Arguments::Trial { task, outcome } => trial::process(&task, &outcome).map(|()| true),
    };
    match done {
        Ok(is_good) => {
            println!("{:.1} s", began.elapsed().as_secs_f64());
            if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("flips: {error}");
            ExitCode::FAILURE
        }
    }
}

fn flip_bytes(count: u64, seed: u64) -> std::io::Result<bool> {
    let blocks = bytes::blocks(count, seed);
    println!("blocks:   {} of them, {} bytes changed, {} not found", blocks.things, blocks.flips, blocks.missed);
    let dir = tempfile::tempdir()?;
    let votes = bytes::vote_log(dir.path(), seed).map_err(std::io::Error::other)?;
    println!("vote log: {} records, {} bytes changed, {} not found", votes.things, votes.flips, votes.missed);
    Ok(blocks.missed + votes.missed == 0 && blocks.flips > 0 && votes.flips > 0)
}

fn flip_files(campaign: &Campaign, dir: Option<PathBuf>) -> std::io::Result<bool> {
    let memory = PathBuf::from("/dev/shm");
    let root = dir.or_else(|| memory.is_dir().then_some(memory)).unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::tempdir_in(root)?;
    let (tally, wrong) = campaign::run(campaign, dir.path())?;
    for ((kind, outcome), count) in &tally {
        println!("{kind:<22} {outcome:<9} {count}");
    }
    wrong.iter().for_each(|line| println!("WRONG: {line}"));
    let of = |wanted: &str| sum(&tally, wanted);
    println!(
        "{} flips: {} refused, {} rebuilt at the start, {} by the scrub, {} told, {} harmless, {} served wrong",
        tally.values().sum::<u64>(),
        of("refused"),
        of("rebuilt"),
        of("scrubbed"),
        of("told"),
        of("harmless"),
        of("WRONG"),
    );
    Ok(wrong.is_empty() && of("refused") > 0 && of("rebuilt") > 0)
}

fn sum(tally: &Tally, wanted: &str) -> u64 {
    tally.iter().filter(|((_, outcome), _)| *outcome == wanted).map(|(_, count)| count).sum()
}
