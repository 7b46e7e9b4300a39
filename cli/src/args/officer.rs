//! `amanah officer`: whoever answers at a hospital for its decisions.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum OfficerCommand {
    /// Work an old decision out again: do the rules give the answer that was recorded?
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The access, A-…, whole
    pub(crate) access: String,
    /// Only in this patient's log: P-…, or any unique part from its start (else all logs are looked through)
    #[arg(long, value_name = "P-…")]
    pub(crate) patient: Option<String>,
}
