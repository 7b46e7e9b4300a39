//! `amanahd network`

use super::Answer;
use crate::exit::{Exit, Failure};
use crate::home::{FollowerPlan, Founded, HomeError, NetworkPlan, found, read_plan};
use amanah_ledger::time::UnixMs;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Subcommand)]
pub(super) enum Network {
    /// Makes a whole new network from a plan: its genesis, and a home for each member. What exists stays.
    Create(Create),
}

#[derive(Args)]
pub(super) struct Create {
    /// Who is in it, and how each is reached.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// Where to put it: genesis.bin and network.json, which are for everybody, and a home for each member.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    answer: Answer,
}

impl Create {
    pub(super) fn run(self) -> Exit {
        let outcome = self.create();
        self.answer.give("network.create", outcome)
    }

    fn create(&self) -> Result<(Map<String, Value>, String), Failure> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = UnixMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let (plan, followers) = read_plan(&self.plan, &self.out, now)?;
        let founded = found(&plan, &followers, std::slice::from_ref(&self.out)).map_err(|error| match error {
            HomeError::Genesis(why) => Failure::new(Exit::Config, "AMN-1009", why, "correct the plan"),
            other => other.into(),
        })?;
        Ok((fields(&plan, &followers, &founded), text(&plan, &followers, &founded)))
    }
}

fn fields(plan: &NetworkPlan, followers: &[FollowerPlan], Founded { genesis, is_new }: &Founded) -> Map<String, Value> {
    let members = plan.hospitals.iter().map(|hospital| json!({"name": hospital.name, "home": hospital.dir}));
    let followers = followers
        .iter()
        .map(|follower| json!({"name": follower.name, "member": follower.member, "home": follower.dir}));
    Map::from_iter([
        ("network".to_owned(), json!(plan.network)),
        ("chain".to_owned(), json!(genesis.chain())),
        ("new".to_owned(), json!(is_new)),
        ("members".to_owned(), members.collect()),
        ("followers".to_owned(), followers.collect()),
    ])
}

fn text(plan: &NetworkPlan, followers: &[FollowerPlan], Founded { genesis, is_new }: &Founded) -> String {
    let state = if *is_new { "made" } else { "was there already; nothing was changed" };
    let mut text = format!("{} {state}\nchain {}\n", plan.network, genesis.chain());
    let members = plan.hospitals.iter().map(|hospital| (&hospital.name, &hospital.dir));
    for (name, dir) in members.chain(followers.iter().map(|follower| (&follower.name, &follower.dir))) {
        writeln!(text, "  {name:<12} {}", dir.display()).expect("writing to a string does not fail");
    }
    text
}
