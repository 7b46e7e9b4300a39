//! The directory that makes a process a follower: a copy of the ledger, and one key, which opens a member's blocks.
//!
//! ```text
//! H/FORMAT, LOCK, STOPPED, genesis.bin, network.json, ledger/   as in a member's home
//! H/config.toml        what the operator decides; role = "follower"
//! H/keys/follower.key  shown to the member's node, which knows its hash
//! ```

use super::api_key::ApiKey;
use super::new_file::{Readers, write_new};
use super::{FORMAT, HomeError, Lock, check_format, io, read_genesis, read_network_file};
use crate::config::{
    ApiConfig, ConfigFile as _, FollowConfig, FollowerConfig, LogConfig, NodeConfig, OpsConfig, Role, StorageConfig,
};
use amanah_ledger::crypto::Digest;
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use reqwest::Url;
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A follower to be.
#[derive(Debug, Clone)]
pub struct FollowerPlan {
    /// Its home.
    pub dir: PathBuf,
    /// Its own name, for logs and status.
    pub name: String,
    /// The member that it belongs to.
    pub member: String,
    /// Where its API listens.
    pub api: SocketAddr,
    /// Where its metrics and health listen.
    pub ops: SocketAddr,
    /// Member name → where its API answers; if empty, as the network file says.
    pub members: BTreeMap<String, String>,
}

/// A follower's home that this process alone holds.
#[derive(Debug)]
pub struct FollowerHome {
    dir: PathBuf,
    config: FollowerConfig,
    genesis: Genesis,
    network: NetworkFile,
    member: Founder,
    members: Vec<(String, Url)>,
    key: ApiKey,
    lock: Lock,
}

impl FollowerHome {
    /// Takes the home at `dir` for this process, and checks that it belongs together.
    ///
    /// # Errors
    /// When another process holds it, its data is newer than this program, or configuration, genesis and network file do
    /// not belong together.
    pub fn open(dir: &Path) -> Result<Self, HomeError> {
        Self::read(dir, Lock::take(dir)?)
    }

    /// The same home as it is now, which this process held all the time.
    ///
    /// # Errors
    /// As [`FollowerHome::open`].
    pub fn again(&self) -> Result<Self, HomeError> {
        Self::read(&self.dir, self.lock.clone())
    }

    fn read(dir: &Path, lock: Lock) -> Result<Self, HomeError> {
        check_format(dir)?;
        let config = FollowerConfig::load(&dir.join("config.toml"))?;
        let genesis = read_genesis(&dir.join("genesis.bin"))?;
        let network = read_network_file(&dir.join("network.json"), genesis.chain())?;
        let founder = |name: &str| genesis.founders.iter().find(|founder| founder.name.as_str() == name);
        let unknown = |name: &str| HomeError::UnknownMember(name.to_owned());
        let member = founder(&config.follow.member).ok_or_else(|| unknown(&config.follow.member))?.clone();
        let members = members(&config.follow, &network)?;
        if let Some((stranger, _)) = members.iter().find(|(name, _)| founder(name).is_none()) {
            return Err(unknown(stranger));
        }
        let key = ApiKey::read(&key_path(dir))?;
        Ok(Self { dir: dir.to_owned(), config, genesis, network, member, members, key, lock })
    }

    /// What the operator decides.
    pub fn config(&self) -> &FollowerConfig {
        &self.config
    }
    /// The network's first page.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }
    /// What a wallet is given.
    pub fn network_file(&self) -> &NetworkFile {
        &self.network
    }
    /// The member that it belongs to.
    pub fn member(&self) -> MemberId {
        self.member.id()
    }
    /// Where the APIs of the members answer, its own member's among them.
    pub fn members(&self) -> &[(String, Url)] {
        &self.members
    }
    /// Opens the member's blocks.
    pub(crate) fn key(&self) -> &ApiKey {
        &self.key
    }
    /// Where everything lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    /// Where the reason stands, if this node found the world in contradiction and stopped.
    pub fn stop_mark(&self) -> PathBuf {
        self.dir.join("STOPPED")
    }
    /// Where the database of blocks and state lies.
    pub fn ledger_dir(&self) -> PathBuf {
        self.dir.join("ledger")
    }
}

/// Makes a follower's home, and returns the hash of its key, which the member puts into its configuration. What exists
/// stays, so that a second call finishes what the first began.
///
/// # Errors
/// When something cannot be written.
pub fn init_follower(plan: &FollowerPlan) -> Result<Digest, HomeError> {
    make_home(&plan.dir)?;
    let key = ApiKey::read_or_make(&key_path(&plan.dir))?;
    for (name, text) in [("config.toml", config_of(plan).to_toml()), ("FORMAT", format!("{FORMAT}\n"))] {
        match write_new(&plan.dir.join(name), text.as_bytes(), Readers::All) {
            Ok(()) | Err(HomeError::Exists(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(key.hash())
}

/// A directory for its owner alone.
pub(super) fn make_home(dir: &Path) -> Result<(), HomeError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| io(dir, e))
}

pub(super) fn key_path(home: &Path) -> PathBuf {
    home.join("keys").join("follower.key")
}

fn config_of(plan: &FollowerPlan) -> FollowerConfig {
    let is_plain = |url: &String| url.parse::<Url>().is_ok_and(|url| !is_loopback(&url));
    FollowerConfig {
        node: NodeConfig { name: plan.name.clone(), role: Role::Follower },
        follow: FollowConfig {
            member: plan.member.clone(),
            insecure_http: plan.members.values().any(is_plain),
            members: plan.members.clone(),
        },
        api: ApiConfig::at(plan.api, !plan.api.ip().is_loopback()),
        ops: OpsConfig::at(plan.ops),
        storage: StorageConfig::default(),
        log: LogConfig::default(),
    }
}

/// The members to ask, with URLs that can be asked.
pub(super) fn members(config: &FollowConfig, network: &NetworkFile) -> Result<Vec<(String, Url)>, HomeError> {
    let mut named: BTreeMap<String, String> = config.members.clone();
    if named.is_empty() {
        named = network.members.iter().map(|member| (member.name.clone(), member.api.clone())).collect();
    }
    if !named.contains_key(&config.member) {
        let reason = "is followed, and has no address in follow.members";
        return Err(HomeError::MemberAddress { member: config.member.clone(), reason });
    }
    let mut members = Vec::new();
    for (member, address) in named {
        let refuse = |reason| HomeError::MemberAddress { member: member.clone(), reason };
        let url: Url =
            address.parse().map_err(|_no_url| refuse("its address is no URL such as http://127.0.0.1:7400"))?;
        if url.scheme() != "http" {
            return Err(refuse("this program asks over plain HTTP only: put a TLS tunnel before the member's address"));
        }
        if !is_loopback(&url) && !config.insecure_http {
            return Err(refuse(
                "plain HTTP beyond this machine can be read on the way; say follow.insecure_http = true",
            ));
        }
        members.push((member, url));
    }
    Ok(members)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
