//! The commands, one file each.

mod approve;
#[cfg(feature = "demo")]
mod bench;
mod can;
mod consent;
#[cfg(feature = "demo")]
pub(crate) mod demo;
mod deny;
pub(crate) mod enrol;
mod explain;
pub(crate) mod grant;
pub(crate) mod help;
pub(crate) mod hospital;
mod inbox;
#[cfg(feature = "store")]
mod ledger;
mod list;
pub(crate) mod log;
mod network;
mod officer;
mod policy;
mod profile;
mod receipt;
pub(crate) mod revoke;
mod revoke_slip;
pub(crate) mod wallet;
mod why;

use crate::args::{Command, NetworkCommand, ProfileCommand, RevokeArgs};
use crate::failure::Fallible;
use crate::output::Report;
use crate::settings::Settings;

/// Runs one command to its answer.
pub(crate) async fn run(command: Command, settings: Settings) -> Fallible<Report> {
    match command {
        Command::Wallet(command) => wallet::run(command, &settings).await,
        Command::Enrol(arguments) => enrol::run(arguments, &settings).await,
        Command::Inbox => inbox::run(&settings).await,
        Command::Approve(arguments) => approve::run(arguments, &settings).await,
        Command::Deny { request } => deny::run(&request, &settings).await,
        Command::Grant(arguments) => grant::run(arguments, &settings).await,
        Command::Revoke(RevokeArgs { slip: Some(slip), node, .. }) => {
            revoke_slip::run(&slip, node.as_deref(), &settings).await
        }
        Command::Revoke(RevokeArgs { consent, .. }) => revoke::run(&consent.unwrap_or_default(), &settings).await,
        Command::Consent(command) => consent::run(command, &settings).await,
        Command::List => list::run(&settings).await,
        Command::Log => log::run(&settings).await,
        Command::Can(arguments) => can::run(&arguments, &settings).await,
        Command::Why { code } => why::run(&code, &settings).await,
        Command::Receipt(command) => receipt::run(command, &settings).await,
        Command::Profile(ProfileCommand::Add(arguments)) => profile::add(&arguments, &settings),
        Command::Hospital(command) => hospital::run(command, &settings).await,
        Command::Officer(command) => officer::run(command, &settings).await,
        Command::Policy(command) => policy::run(command),
        #[cfg(feature = "store")]
        Command::Ledger(command) => ledger::run(command, settings.reader).await,
        Command::Network(NetworkCommand::Status) => network::status(&settings).await,
        Command::Network(NetworkCommand::Why) => network::why::run(&settings).await,
        Command::Explain { code } => explain::run(&code),
        Command::Help { topic } => help::help(&topic),
        Command::Completion { shell } => Ok(help::completion(shell)),
        Command::Man { out } => help::man(out.as_deref()),
        #[cfg(feature = "demo")]
        Command::Bench(command) => bench::run(command, &settings).await,
        #[cfg(feature = "demo")]
        Command::Demo(command) => demo::run(command, &settings).await,
        #[cfg(feature = "demo")]
        Command::DemoNode { home, .. } => demo::node_process::refuse(&home),
    }
}
