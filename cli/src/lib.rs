//! How people use the ledger: the wallet, the hospital desk, the demo.
//!
//! Reading order: what can be typed ([`args`]), how answers and failures look ([`output`], [`failure`], [`exit`]),
//! where things lie ([`home`], [`private_file`], [`profile`]), then `commands`, one file each.

mod access_log;
mod args;
mod asked;
mod audit;
mod client;
mod commands;
mod consent_text;
mod duration;
mod exit;
mod failure;
mod finality;
mod giving;
mod grant_request;
mod home;
mod json_file;
mod kept_fhir;
mod keystore;
mod nearest;
mod network;
mod output;
mod passphrase;
mod private_file;
mod profile;
mod progress;
mod receipts;
mod recovery;
mod revocation;
mod ruling;
mod ruling_text;
mod sealed_file;
mod session;
mod settings;
mod slip;
mod terminal;
mod topics;
mod wallet;
mod wallet_state;
mod who;
mod words;

use args::CommandLine;
use clap::error::ErrorKind;
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
    if let args::Command::DemoNode { home, life } = &line.command {
        return commands::demo::node_process::run(home, *life);
    }
    let command = line.command.name();
    let reader = if line.globals.json { Reader::Script } else { Reader::Person };
    output::print(command, reader, &answer(line)).into()
}

/// What `--help` prints for every command, as a page of the reference.
pub fn reference() -> String {
    commands::help::reference()
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

pub(crate) fn bug(broken: &dyn std::error::Error) -> Box<Failure> {
    Failure::new(Exit::Failed, 1, format!("this is a fault of the program: {broken}"), "please report it")
}

/// A command line that makes no sense, or a question for help.
fn not_understood(arguments: &[OsString], error: &clap::Error) -> Exit {
    let wants_json = arguments.iter().skip(1).take_while(|a| *a != "--").any(|a| a == "--json");
    let reader = if wants_json { Reader::Script } else { Reader::Person };
    let shows_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    match reader {
        // Help and version are answers; a closed pipe has read enough of them.
        Reader::Person if shows_help || !error.use_stderr() => {
            error.print().ok();
            if shows_help { Exit::Usage } else { Exit::Ok }
        }
        Reader::Script if !error.use_stderr() => {
            let text = error.render().to_string();
            output::print("help", reader, &Ok(Report::ok(serde_json::json!({ "text": text }), "")))
        }
        Reader::Person | Reader::Script => {
            let names = named_command(arguments);
            let command = if names.is_empty() { "usage".to_owned() } else { names.join(".") };
            output::print(&command, reader, &Err(usage(&names, &error.render().to_string(), shows_help)))
        }
    }
}

/// What the parser says, as this program says it.
fn usage(names: &[String], rendered: &str, is_incomplete: bool) -> Box<Failure> {
    // What is wrong, with the names it lists; hints and usage stand behind an empty line.
    let said = rendered.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let detail = if is_incomplete {
        "a command is missing".to_owned()
    } else {
        said.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
    };
    let tip = rendered.lines().find_map(|line| line.trim().strip_prefix("tip: ")).map(|tip| format!("{tip};  "));
    let help = ["amanah"].into_iter().chain(names.iter().map(String::as_str)).chain(["--help"]);
    let fix = tip.unwrap_or_default() + &help.collect::<Vec<_>>().join(" ");
    Failure::new(Exit::Usage, 201, detail, fix)
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

    #[test]
    fn a_usage_error_keeps_the_hint_and_says_where_help_is() {
        let error = CommandLine::try_parse_from(["amanah", "grnat", "cedar"]).unwrap_err();
        let failure = usage(&[], &error.render().to_string(), false);
        assert_eq!((failure.exit, failure.code.as_str()), (Exit::Usage, "AMN-0201"));
        assert_eq!(failure.detail, "unrecognized subcommand 'grnat'");
        assert!(failure.fix.contains("'grant'") && failure.fix.ends_with("amanah --help"), "{}", failure.fix);
    }
}
