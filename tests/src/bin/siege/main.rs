//! Real hospitals under attack: random fault plans, and figures of what came of them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a harness that cannot go on fails, with the place and the answer"
)]

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
    /// Figures of a results file.
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
        Command::Summary { results } => results::summarise(&results),
        Command::Node { home } => amanah_node::node::run(&home).into(),
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

/// The command that runs a node: this program.
fn node() -> Vec<OsString> {
    vec![std::env::current_exe().expect("a program knows where it is").into_os_string(), "node".into()]
}
