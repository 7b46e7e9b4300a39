//! `amanahd`: runs a hospital's node.

mod commands;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    commands::Arguments::parse().run().into()
}
