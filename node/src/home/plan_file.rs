//! The plan of a new network as people write it: TOML, one table for each member.
//!
//! It holds public things only. A member that has made its own keys states their public halves; for one that has not,
//! they are made with its home.

use super::{FollowerPlan, HospitalPlan, NetworkPlan, Reached, default_parameters};
use crate::config::StaffConfig;
use crate::exit::{Exit, Failure};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::genesis::{Cover, Parameters, PurposeLimit};
use amanah_ledger::member::{MemberKeys, is_member_name};
use amanah_ledger::time::UnixMs;
use axum::http::Uri;
use libp2p::Multiaddr;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Longest plan.
const PLAN_BYTES_MAX: u64 = 1024 * 1024;

/// A plan that no network can be made from.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than a plan.
    #[error("{0}: longer than {PLAN_BYTES_MAX} bytes")]
    TooLong(PathBuf),
    /// Not TOML, a key nobody knows, or a value that is none.
    #[error("{path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, key and reason.
        source: Box<toml::de::Error>,
    },
    /// A member that cannot be.
    #[error("{path}: {member}: {reason}")]
    Member {
        /// The file.
        path: PathBuf,
        /// As it is named.
        member: String,
        /// Why not.
        reason: String,
    },
    /// Parameters that cannot be.
    #[error("{path}: parameters: {reason}")]
    Parameters {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    network: String,
    time: Option<jiff::Timestamp>,
    #[serde(default)]
    parameters: ParametersFile,
    members: Vec<MemberFile>,
    #[serde(default)]
    followers: Vec<FollowerFile>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ParametersFile {
    anchor_grid_ms: Option<u64>,
    cover: Option<bool>,
    new_leaves_per_day_max: Option<u32>,
    emergency_hours: Option<u32>,
    review_hours: Option<u32>,
    purpose_limits: Option<Vec<PurposeLimitFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeLimitFile {
    purpose: String,
    days_max: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberFile {
    name: String,
    display: String,
    api: String,
    p2p: Multiaddr,
    #[serde(default)]
    listen: ListenFile,
    #[serde(default)]
    staff: Vec<StaffConfig>,
    #[serde(default)]
    clients: Vec<String>,
    keys: Option<KeysFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FollowerFile {
    name: String,
    member: String,
    #[serde(default)]
    listen: FollowerListenFile,
    #[serde(default)]
    members: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FollowerListenFile {
    api: SocketAddr,
    ops: SocketAddr,
}

impl Default for FollowerListenFile {
    fn default() -> Self {
        let ListenFile { api, ops, p2p: _ } = ListenFile::default();
        Self { api, ops }
    }
}

/// Where a node listens; by default as `amanahd init` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ListenFile {
    api: SocketAddr,
    ops: SocketAddr,
    p2p: SocketAddr,
}

impl Default for ListenFile {
    fn default() -> Self {
        Self {
            api: (Ipv4Addr::LOCALHOST, 7400).into(),
            ops: (Ipv4Addr::LOCALHOST, 7401).into(),
            p2p: (Ipv4Addr::UNSPECIFIED, 7402).into(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    root: PublicKey,
    gateway: PublicKey,
    node: PublicKey,
    consensus: PublicKey,
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::new(Exit::Config, "AMN-1009", error, "correct the plan; docs/operations.md shows one")
    }
}

/// Reads the plan at `path` of a network whose homes are to lie below `out`, each under its node's name: the members and
/// the followers. A plan that states no time begins at `now`.
///
/// # Errors
/// Names what cannot be.
pub fn read_plan(path: &Path, out: &Path, now: UnixMs) -> Result<(NetworkPlan, Vec<FollowerPlan>), PlanError> {
    let read = |source| PlanError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(read)?.len() > PLAN_BYTES_MAX {
        return Err(PlanError::TooLong(path.to_owned()));
    }
    parse_plan(&std::fs::read_to_string(path).map_err(read)?, path, out, now)
}

fn parse_plan(text: &str, path: &Path, out: &Path, now: UnixMs) -> Result<(NetworkPlan, Vec<FollowerPlan>), PlanError> {
    let file: PlanFile =
        toml::from_str(text).map_err(|source| PlanError::Parse { path: path.to_owned(), source: Box::new(source) })?;
    let checked = check_members(&file.members).and_then(|()| check_followers(&file.followers, &file.members));
    checked.map_err(|(member, reason)| PlanError::Member { path: path.to_owned(), member, reason })?;
    let parameters =
        file.parameters.complete().map_err(|reason| PlanError::Parameters { path: path.to_owned(), reason })?;
    let stated = file.time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    let followers = file.followers.into_iter().map(|follower| follower.plan(out)).collect();
    let network = NetworkPlan {
        network: file.network,
        time: stated.map_or(now, UnixMs),
        parameters,
        hospitals: file.members.into_iter().map(|member| member.hospital(out)).collect(),
    };
    Ok((network, followers))
}

/// The member and what cannot be about it.
fn check_members(members: &[MemberFile]) -> Result<(), (String, String)> {
    let mut seen = BTreeSet::new();
    for member in members {
        let refuse = |reason: &dyn ToString| Err((member.name.clone(), reason.to_string()));
        if !is_member_name(&member.name) {
            return refuse(&"a name has lower-case letters, digits and `-`, a letter first");
        }
        let url: Option<Uri> = member.api.parse().ok();
        let is_url = url.is_some_and(|url| url.host().is_some() && matches!(url.scheme_str(), Some("http" | "https")));
        if !is_url {
            return refuse(&"api is a URL such as http://127.0.0.1:7400");
        }
        for taken in [&member.name, &member.api, &member.p2p.to_string()] {
            if !seen.insert(taken.clone()) {
                return refuse(&format!("{taken} stands twice"));
            }
        }
        if let Some(client) = member.clients.iter().find(|client| !is_member_name(client)) {
            return refuse(&format!("client {client:?}: lower-case letters, digits and `-`, a letter first"));
        }
        if member.keys.is_some() && !member.clients.is_empty() {
            return refuse(&"a hospital that has made its own keys makes those of its clients, too");
        }
    }
    Ok(())
}

/// The follower and what cannot be about it.
fn check_followers(followers: &[FollowerFile], members: &[MemberFile]) -> Result<(), (String, String)> {
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    for (at, follower) in followers.iter().enumerate() {
        let refuse = |reason: &str| Err((follower.name.clone(), reason.to_owned()));
        if !is_member_name(&follower.name) {
            return refuse("a name has lower-case letters, digits and `-`, a letter first");
        }
        if is_member(&follower.name) || followers[..at].iter().any(|other| other.name == follower.name) {
            return refuse("the name stands twice");
        }
        if !is_member(&follower.member) || follower.members.keys().any(|name| !is_member(name)) {
            return refuse("it names somebody who is no member");
        }
    }
    Ok(())
}

impl FollowerFile {
    fn plan(self, out: &Path) -> FollowerPlan {
        let Self { name, member, listen: FollowerListenFile { api, ops }, members } = self;
        FollowerPlan { dir: out.join(&name), name, member, api, ops, members }
    }
}

impl ParametersFile {
    fn complete(self) -> Result<Parameters, &'static str> {
        let usual = default_parameters();
        let purpose_limits = match self.purpose_limits {
            Some(limits) => purpose_limits(limits)?,
            None => usual.purpose_limits,
        };
        let cover = match self.cover {
            Some(true) => Cover::On,
            Some(false) => Cover::Off,
            None => usual.cover,
        };
        Ok(Parameters {
            anchor_grid_ms: self.anchor_grid_ms.unwrap_or(usual.anchor_grid_ms),
            cover,
            new_leaves_per_day_max: self.new_leaves_per_day_max.unwrap_or(usual.new_leaves_per_day_max),
            emergency_hours: self.emergency_hours.unwrap_or(usual.emergency_hours),
            review_hours: self.review_hours.unwrap_or(usual.review_hours),
            default_policy: usual.default_policy,
            purpose_limits,
        })
    }
}

fn purpose_limits(limits: Vec<PurposeLimitFile>) -> Result<BoundedVec<PurposeLimit, 32>, &'static str> {
    let mut bounded = Vec::new();
    for PurposeLimitFile { purpose, days_max } in limits {
        let purpose = purpose.as_str().try_into().map_err(|_too_long| "a purpose code has at most 16 bytes")?;
        bounded.push(PurposeLimit { purpose, days_max });
    }
    BoundedVec::try_from(bounded).map_err(|_too_many| "at most 32 purposes have a limit")
}

impl MemberFile {
    fn hospital(self, out: &Path) -> HospitalPlan {
        let addresses = [self.listen.api, self.listen.ops, self.listen.p2p];
        HospitalPlan {
            reached: Some(Reached { api: self.api, p2p: self.p2p }),
            staff: self.staff,
            new_clients: self.clients,
            keys: self.keys.map(|keys| MemberKeys {
                root: keys.root,
                gateway: keys.gateway,
                node: keys.node,
                consensus: keys.consensus,
            }),
            ..HospitalPlan::new(out.join(&self.name), &self.name, &self.display, addresses)
        }
    }
}

#[cfg(test)]
mod tests;
