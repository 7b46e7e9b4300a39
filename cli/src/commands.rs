//! The commands, one file each.

mod wallet;

use crate::args::Command;
use crate::failure::Fallible;
use crate::output::Report;
use crate::settings::Settings;

/// Runs one command to its answer.
pub(crate) async fn run(command: Command, settings: Settings) -> Fallible<Report> {
    match command {
        Command::Wallet(command) => wallet::run(command, &settings).await,
        _ => std::future::pending().await,
    }
}
