//! Real hospitals under attack: random fault plans, and figures of what came of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a harness that cannot go on fails, with the place and the answer"
)]

mod one_hospital;
mod plans;
mod results;

use amanah_tests::cluster::api;
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Real hospitals under attack.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Random fault plans under load.
    Plans(plans::Plans),
    /// One loaded hospital, killed again and again.
    Kills(one_hospital::Kills),
    /// One hospital, away while the others go on.
    Absence(one_hospital::Absence),
    /// One hospital's home copied, and both run.
    Twin,
    /// Figures of a results file of plans.
    Summary {
        /// The file.
        results: PathBuf,
    },
    /// Runs the node of a home, as `amanahd run` does.
    Node {
        /// The home.
        home: PathBuf,
    },
    /// One plain HTTP request: for ports that answer their own network namespace only.
    Get {
        /// Whom.
        address: SocketAddr,
        /// What.
        path: String,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Plans(plans) => plans.run(),
        Command::Kills(kills) => kills.run(),
        Command::Absence(absence) => absence.run(),
        Command::Twin => one_hospital::twin(),
        Command::Summary { results } => results::summarise(&results),
        Command::Node { home } => run_node(&home),
        Command::Get { address, path } => match api::get(address, &path) {
            Ok(body) => {
                print!("{body}");
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        },
    }
}

/// Ends with the thread that started it: nothing is left behind by an attack that is broken off.
fn run_node(home: &std::path::Path) -> ExitCode {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).unwrap();
    amanah_node::node::run(home).into()
}

/// The command that runs a node: this program.
fn node() -> Vec<OsString> {
    vec![std::env::current_exe().expect("a program knows where it is").into_os_string(), "node".into()]
}
