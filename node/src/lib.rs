//! How a hospital runs the ledger: the library of `amanahd`.

pub mod api;
mod block_run;
pub mod clock;
mod commands;
pub mod config;
pub mod custodian;
pub mod db_check;
pub mod exit;
pub mod health;
pub mod home;
pub mod http;
pub mod limits;
pub mod log;
pub mod mempool;
pub mod metrics;
pub mod network;
pub mod node;
pub mod ops;
pub mod peer_message;
pub mod runtime;
pub mod scrub;
mod token_bucket;
mod two_slots;
pub mod validator;
pub mod vote_log;

use clap::Parser as _;
use std::ffi::OsString;
use std::process::ExitCode;

/// Does what the command line of `amanahd` asks, and tells how to exit. Ends the process itself where the command line
/// is not understood, or asks for help.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    commands::Arguments::parse_from(arguments).run().into()
}
