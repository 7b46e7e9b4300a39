//! `amanahd init`

use super::{Answer, At};
use crate::exit::{Exit, Failure};
use crate::home::{FollowerPlan, HospitalPlan, Initialised, init, init_follower, take_network};
use amanah_ledger::member::is_member_name;
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
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
    /// The network's file, which holds its first page, too.
    #[arg(long, value_name = "FILE", conflicts_with = "genesis")]
    network: Option<PathBuf>,
    /// Make a follower of this member instead of a member's node.
    #[arg(long, value_name = "MEMBER", conflicts_with_all = ["genesis", "display", "p2p"])]
    follow: Option<String>,
    #[command(flatten)]
    answer: Answer,
}

impl Init {
    pub(super) fn run(self) -> Exit {
        let outcome = self.initialise();
        self.answer.give("init", outcome)
    }

    fn initialise(&self) -> Result<(Map<String, Value>, String), Failure> {
        for name in [Some(&self.name), self.follow.as_ref()].into_iter().flatten() {
            if !is_member_name(name) {
                let detail = format!("{name:?} is no name of a node");
                return Err(Failure::new(Exit::Config, "AMN-1004", detail, "lower-case letters, digits and `-`"));
            }
        }
        match &self.follow {
            None => self.hospital(),
            Some(member) => self.follower(member),
        }
    }

    fn hospital(&self) -> Result<(Map<String, Value>, String), Failure> {
        let display = self.display.as_ref().unwrap_or(&self.name);
        let addresses = [self.api, self.ops, self.p2p];
        let hospital = HospitalPlan::new(self.at.home.clone(), &self.name, display, addresses);
        if let Some(network) = &self.network {
            take_network(&self.at.home, network)?;
        }
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

    fn follower(&self, member: &str) -> Result<(Map<String, Value>, String), Failure> {
        if let Some(network) = &self.network {
            take_network(&self.at.home, network)?;
        }
        let key_hash = init_follower(&FollowerPlan {
            dir: self.at.home.clone(),
            name: self.name.clone(),
            member: member.to_owned(),
            api: self.api,
            ops: self.ops,
            members: BTreeMap::new(),
        })?;
        let entry = format!("[[followers]]\nname = \"{}\"\nkey_hash = \"{key_hash}\"\n", self.name);
        let next = match self.network {
            Some(_) => "amanahd run",
            None => "init again with --network FILE, then amanahd run",
        };
        let text = format!("{member} adds this to its config.toml and starts its node again:\n{entry}then: {next}\n");
        let fields = [
            ("home", json!(self.at.home)),
            ("name", json!(self.name)),
            ("follows", json!(member)),
            ("key_hash", json!(key_hash)),
        ];
        Ok((fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), text))
    }
}
