//! `cargo sim`: runs seeds of the simulator and says what came of each.

use amanah_consensus::Mutant;
use amanah_tests::sim::{Adversary, Deeds, Faults, Fixed, Fork, Liar, Memory, Plan, Scheme, run};
use clap::Parser;
use std::collections::BTreeMap;
use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

/// Simulates a network of validators under faults.
#[derive(Parser)]
struct Arguments {
    /// One seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Seeds from A to before B.
    #[arg(long, value_name = "A..B", value_parser = range, default_value = "0..100")]
    seeds: Range<u64>,
    /// Views to go through, at least.
    #[arg(long, default_value_t = 100)]
    views: u64,
    /// Members, from 4 to 10; the seed decides if no number is named.
    #[arg(long, value_parser = clap::value_parser!(u8).range(4..=10))]
    members: Option<u8>,
    /// Signatures; the seed decides if none is named.
    #[arg(long)]
    scheme: Option<Scheme>,
    /// What a restart finds in its vote log.
    #[arg(long, default_value = "whole")]
    memory: Memory,
    /// Who lies, by name: f members in turn; the seed decides if none is named.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    adversary: Vec<Adversary>,
    /// More than f liars, from f+1 to 2f: what is checked is that every fork names the guilty and nobody else.
    #[arg(long, conflicts_with = "adversary")]
    over_limit: bool,
    /// Leaves a rule out; an unknown name lists them all.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parse = |number: &str| number.parse::<u64>().map_err(|error| error.to_string());
    let (from, to) = text.split_once("..").ok_or("write A..B")?;
    Ok(parse(from)?..parse(to)?)
}

fn mutant(name: &str) -> Result<Mutant, String> {
    let names = || Mutant::ALL.iter().map(|mutant| mutant.name()).collect::<Vec<_>>().join(", ");
    let found = Mutant::ALL.iter().find(|mutant| mutant.name() == name).copied();
    found.ok_or_else(|| format!("none is called {name}; there are {}", names()))
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seeds = arguments.seed.map_or(arguments.seeds, |seed| seed..seed + 1);
    let (mut faults, mut broken, count, begin) = (Faults::default(), 0, seeds.end - seeds.start, Instant::now());
    let fixed = Fixed { members: arguments.members.map(usize::from), scheme: arguments.scheme };
    let (mut deeds, mut worlds) = (Deeds::default(), BTreeMap::<Adversary, u64>::new());
    let mut forks = 0;
    for seed in seeds {
        let mut plan = Plan::of(seed, arguments.views, fixed).with_memory(arguments.memory);
        plan.mutant = arguments.mutant;
        if !arguments.adversary.is_empty() {
            plan = plan.with_adversaries(&arguments.adversary);
        }
        if arguments.over_limit {
            plan = plan.over_limit();
        }
        for lie in plan.liars.iter().flat_map(|liar| &liar.lies) {
            *worlds.entry(*lie).or_default() += 1;
        }
        let report = run(&plan);
        let lies = match Liar::names(&plan.liars) {
            names if names.is_empty() => names,
            names => format!(", {} lie: {names}", plan.liars.len()),
        };
        faults.add(&report.faults);
        deeds.add(&report.deeds);
        match report.verdict {
            Ok(summary) => {
                println!(
                    "seed {seed}: {} members{lies}, {} views, {} blocks, {} transactions, {} simulated ms, trace {}",
                    plan.members, summary.views, summary.height, summary.transactions, summary.time_ms, report.trace
                );
                if let Some(Fork { height, guilty, kinds }) = summary.fork {
                    forks += 1;
                    println!(
                        "  a fork at height {height}, guilty {guilty:?} of {} liars by {kinds:?}",
                        plan.liars.len()
                    );
                }
            }
            Err(violation) => {
                broken += 1;
                println!("seed {seed}: {violation}\n  repeat: {}", plan.replay());
            }
        }
    }
    for (name, times) in faults.counts() {
        println!("{name:>14} {times}");
    }
    for adversary in Adversary::all() {
        let worlds = worlds.get(adversary).copied().unwrap_or(0);
        println!("{:>20} {worlds} worlds, {} deeds", adversary.name(), deeds.of(*adversary));
    }
    if arguments.over_limit {
        println!("{forks} forks, each attributed");
    }
    println!("{count} seeds, {broken} broken, {:.1} s", begin.elapsed().as_secs_f64());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
