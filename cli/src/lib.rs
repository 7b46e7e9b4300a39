//! How people use the ledger: the wallet, the hospital desk, the demo.
//!
//! Reading order: what can be typed ([`args`]), how answers and failures look ([`output`], [`failure`], [`exit`]),
//! where things lie ([`home`], [`private_file`], [`profile`]), then `commands`, one file each.

mod access_log;
mod args;
mod audit;
mod client;
mod commands;
mod consent_text;
mod duration;
mod exit;
mod failure;
mod finality;
mod home;
mod keystore;
mod nearest;
mod network;
mod output;
mod passphrase;
mod private_file;
mod profile;
mod receipts;
mod recovery;
mod revocation;
mod session;
mod settings;
mod slip;
mod terminal;
mod wallet;
mod wallet_state;
mod who;
mod words;

use args::CommandLine;
use clap::{CommandFactory, Parser};
use exit::Exit;
use failure::{Failure, Fallible};
use output::{Reader, Report};
use settings::Settings;
use std::ffi::OsString;
use std::process::ExitCode;

/// Does what the command line asks, prints the answer, and tells how to exit.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let line = match CommandLine::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(error) => return not_understood(&arguments, &error).into(),
    };
    #[cfg(feature = "demo")]
    if let args::Command::DemoNode { home } = &line.command {
        return commands::demo::node_process::run(home);
    }
    let command = line.command.name();
    let reader = if line.globals.json { Reader::Script } else { Reader::Person };
    output::print(command, reader, &answer(line)).into()
}

fn answer(line: CommandLine) -> Fallible<Report> {
    let settings = Settings::from_globals(&line.globals)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime
        .map_err(|e| Failure::new(Exit::Failed, 17, format!("the system gives no threads: {e}"), "try again later"))?;
    let answer = runtime.block_on(async {
        // On its own task: a prompt that waits for the keyboard must not keep the interrupt from being seen.
        let command = tokio::spawn(commands::run(line.command, settings));
        tokio::select! {
            done = command => done.unwrap_or_else(|broken| Err(bug(&broken))),
            _signal = tokio::signal::ctrl_c() => Err(interrupted()),
        }
    });
    runtime.shutdown_background();
    terminal::restore();
    answer
}

fn interrupted() -> Box<Failure> {
    let fix = "amanah list   shows what has become final";
    Failure::new(Exit::Interrupted, 130, "interrupted", fix).state("what was already sent stays sent")
}

fn bug(broken: &tokio::task::JoinError) -> Box<Failure> {
    Failure::new(Exit::Failed, 1, format!("this is a fault of the program: {broken}"), "please report it")
}

/// A command line that makes no sense, or a question for help.
fn not_understood(arguments: &[OsString], error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        // Help and version are answers; a closed pipe has read enough of them.
        error.print().ok();
        return Exit::Ok;
    }
    let wants_json = arguments.iter().skip(1).take_while(|a| *a != "--").any(|a| a == "--json");
    if !wants_json {
        error.print().ok();
        return Exit::Usage;
    }
    let text = error.render().to_string();
    // What is wrong, with the names it lists; usage and hints stand behind an empty line.
    let said: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let detail = said.join(" ").trim_start_matches("error: ").to_owned();
    let names = named_command(arguments);
    let command = if names.is_empty() { "usage".to_owned() } else { names.join(".") };
    let fix =
        ["amanah"].into_iter().chain(names.iter().map(String::as_str)).chain(["--help"]).collect::<Vec<_>>().join(" ");
    output::print(&command, Reader::Script, &Err(Failure::new(Exit::Usage, 201, detail, fix)))
}

/// The command that `arguments` seem to name, as far as it exists.
fn named_command(arguments: &[OsString]) -> Vec<String> {
    let mut at = &CommandLine::command();
    let mut names = Vec::new();
    for word in arguments.iter().skip(1).filter_map(|a| a.to_str()).filter(|a| !a.starts_with('-')) {
        if let Some(next) = at.find_subcommand(word) {
            names.push(next.get_name().to_owned());
            at = next;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_names_the_command_it_was_about() {
        let named = |line: &str| named_command(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(named("amanah --json hospital patient link"), ["hospital", "patient", "link"]);
        assert_eq!(named("amanah grant cedar --json"), ["grant"]);
        assert!(named("amanah nonsense --json").is_empty());
    }
}
