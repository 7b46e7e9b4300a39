//! The commands of `amanahd`. With `--json`, stdout holds exactly one object, and stderr never holds JSON of ours.

mod config;
mod db;
mod healthcheck;
mod init;
mod network;
mod ops_client;
mod run;
mod status;

use crate::exit::{Exit, Failure};
use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// Runs a hospital's node on a network of health-data consent.
#[derive(Parser)]
#[command(name = "amanahd", version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a home: keys and configuration. What exists stays as it is.
    Init(init::Init),
    /// New networks.
    #[command(subcommand)]
    Network(network::Network),
    /// Runs the node until it is told to stop.
    Run(run::Run),
    /// Tells where the running node stands.
    Status(status::Status),
    /// Exits 0 if the running node is fit to serve.
    Healthcheck(healthcheck::Healthcheck),
    /// What the operator decides.
    #[command(subcommand)]
    Config(config::Config),
    /// Looks at what is stored, while the node does not run.
    #[command(subcommand)]
    Db(db::Db),
}

/// Which node.
#[derive(Args)]
struct At {
    /// Home of the node.
    #[arg(long, env = "AMANAH_NODE_HOME", value_name = "DIR")]
    home: PathBuf,
}

impl Arguments {
    pub(crate) fn run(self) -> Exit {
        match self.command {
            Command::Init(init) => init.run(),
            Command::Network(network::Network::Create(create)) => create.run(),
            Command::Run(run) => run.run(),
            Command::Status(status) => status.run(),
            Command::Healthcheck(healthcheck) => healthcheck.run(),
            Command::Config(config) => config.run(),
            Command::Db(db::Db::Check(check)) => check.run(),
        }
    }
}

/// How a command answers.
#[derive(Clone, Copy, Args)]
struct Answer {
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

impl Answer {
    /// Gives the outcome of `command` to the caller: `text` for people, `fields` for programs.
    fn give(self, command: &str, outcome: Result<(Map<String, Value>, String), Failure>) -> Exit {
        match outcome {
            Ok((fields, text)) => self.give_known(command, fields, &text, None),
            Err(failure) => self.give_known(command, Map::new(), "", Some(failure)),
        }
    }

    /// Gives what is known, whether or not the command has failed.
    fn give_known(self, command: &str, fields: Map<String, Value>, text: &str, failure: Option<Failure>) -> Exit {
        let mut object = Map::from_iter([("schema".to_owned(), json!(format!("amanahd.{command}/1")))]);
        object.extend(fields);
        if !self.json {
            print!("{text}");
        }
        let exit = match failure {
            None => Exit::Ok,
            Some(failure) => {
                let error = json!({"code": failure.code, "detail": failure.detail, "fix": failure.fix});
                object.insert("error".to_owned(), error);
                eprintln!("{failure}");
                failure.exit
            }
        };
        if self.json {
            println!("{}", Value::Object(object));
        }
        exit
    }
}
