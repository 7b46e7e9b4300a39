//! `amanahd init`

use super::{Answer, At};
use amanah_ledger::member::is_member_name;
use amanah_node::exit::{Exit, Failure};
use amanah_node::home::{HospitalPlan, Initialised, init};
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Args)]
pub(super) struct Init {
    #[command(flatten)]
    at: At,
    /// Name of the hospital on the network, for example `qamar`.
    #[arg(long)]
    name: String,
    /// Its name for people; the name itself if not given.
    #[arg(long)]
    display: Option<String>,
    /// Where its API answers.
    #[arg(long, default_value = "127.0.0.1:7400")]
    api: SocketAddr,
    /// Where its metrics and health answer.
    #[arg(long, default_value = "127.0.0.1:7401")]
    ops: SocketAddr,
    /// Where other validators call.
    #[arg(long, default_value = "0.0.0.0:7402")]
    p2p: SocketAddr,
    /// The network's first page, once its members have agreed on it.
    #[arg(long, value_name = "FILE")]
    genesis: Option<PathBuf>,
    #[command(flatten)]
    answer: Answer,
}

impl Init {
    pub(super) fn run(self) -> Exit {
        let outcome = self.initialise();
        self.answer.give("init", outcome)
    }

    fn initialise(&self) -> Result<(Map<String, Value>, String), Failure> {
        if !is_member_name(&self.name) {
            let detail = format!("{:?} is no name of a hospital", self.name);
            return Err(Failure::new(Exit::Config, "AMN-1004", detail, "lower-case letters, digits and `-`"));
        }
        let hospital = HospitalPlan {
            dir: self.at.home.clone(),
            name: self.name.clone(),
            display: self.display.clone().unwrap_or_else(|| self.name.clone()),
            api: self.api,
            ops: self.ops,
            p2p: self.p2p,
            staff: Vec::new(),
            clients: Vec::new(),
        };
        let Initialised { keys, genesis } = init(&hospital, self.genesis.as_deref())?;
        let chain = genesis.map(|genesis| genesis.chain().to_string());
        let mut text = String::new();
        let lines = [("root", &keys.root), ("gateway", &keys.gateway), ("node", &keys.node)];
        for (role, key) in lines.into_iter().chain([("consensus", &keys.consensus)]) {
            writeln!(text, "{role:<10}{key}").expect("writing to a string does not fail");
        }
        text += match &chain {
            Some(_there) => "ready: amanahd run\n",
            None => "next: agree on a genesis with the other members, then init again with --genesis FILE\n",
        };
        let keys = json!({"root": keys.root, "gateway": keys.gateway, "node": keys.node, "consensus": keys.consensus});
        let fields =
            [("home", json!(self.at.home)), ("name", json!(self.name)), ("keys", keys), ("chain", json!(chain))];
        Ok((fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), text))
    }
}
