//! Garbage and hostile peers at every port of one hospital of four, with honest clients beside it.
//!
//! `garbage --seconds 600 --results FILE` runs a trial; `--attack` is how it calls itself as the attacker.

use amanah_tests::hostile::{Trial, attack, run};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// Attacks one hospital of a network of its own and measures what honest clients notice.
#[derive(Parser)]
struct Arguments {
    /// How long the attack lasts.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// The attacker's part of one core.
    #[arg(long, default_value_t = 0.2)]
    share: f64,
    /// Where to write what came of it.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Attack the network in this directory.
    #[arg(long, value_name = "DIR", hide = true)]
    attack: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(root) = &arguments.attack {
        println!("{}", attack::attack(root, arguments.seconds, arguments.share));
        return ExitCode::SUCCESS;
    }
    match trial(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn trial(arguments: &Arguments) -> std::io::Result<()> {
    let attacker = std::env::current_exe()?;
    let node = attacker.with_file_name("amanah-under-test");
    if !node.exists() {
        let missing = format!("{} is missing: cargo build -p amanah-tests --bins", node.display());
        return Err(std::io::Error::other(missing));
    }
    let trial = Trial { seconds: arguments.seconds, share: arguments.share, node, attacker };
    let outcome = run(&trial);
    let text = serde_json::to_string_pretty(&outcome)?;
    println!("{text}");
    if let Some(file) = &arguments.results {
        std::fs::write(file, text + "\n")?;
    }
    let ms = |phase: &str, through: &str, which: &str| outcome[phase][through][which].as_u64().unwrap_or_default();
    let mib = |what: &str| outcome["memory"][what].as_u64().unwrap_or_default() / (1024 * 1024);
    println!(
        "garbage held off: {} s at {:.0} % of a core; p50/p99 through the attacked hospital {}/{} ms, with one down {}/{} ms, \
         undisturbed {}/{} ms; {} MiB of {} resident; all four at height {}",
        arguments.seconds,
        outcome["attack"]["share_of_one_core"].as_f64().unwrap_or_default() * 100.0,
        ms("attacked", "through_attacked", "p50_ms"),
        ms("attacked", "through_attacked", "p99_ms"),
        ms("one_down", "through_attacked", "p50_ms"),
        ms("one_down", "through_attacked", "p99_ms"),
        ms("quiet", "through_attacked", "p50_ms"),
        ms("quiet", "through_attacked", "p99_ms"),
        mib("most_bytes"),
        mib("bound_bytes"),
        outcome["height_agreed"],
    );
    Ok(())
}
