//! What the operator of a node decides, as a typed value; TOML in, once, at the start.
//!
//! A key that nobody knows is an error, and an error names the key and the line. What members agree on together is
//! in the genesis and on the ledger, never here.

mod changes;
mod file;
mod follower;
mod reference;

pub(crate) use changes::{Change, Changes};
pub use file::{AnyConfig, ConfigFile};
pub use follower::{FollowConfig, FollowerConfig};
pub use reference::{Default as KeyDefault, KEYS, Key, reference};

use amanah_ledger::crypto::Digest;
use amanah_ledger::member::is_member_name;
use libp2p::Multiaddr;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::Spanned;

/// Longest configuration.
pub const CONFIG_BYTES_MAX: u64 = 1024 * 1024;

/// `H/config.toml` of a member's node.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who we are.
    pub node: NodeConfig,
    /// How validators reach each other.
    pub p2p: P2pConfig,
    /// How wallets and hospital systems reach us.
    pub api: ApiConfig,
    /// Metrics and health.
    pub ops: OpsConfig,
    /// When the disk is too full.
    #[serde(default)]
    pub storage: StorageConfig,
    /// What is written to stderr.
    #[serde(default)]
    pub log: LogConfig,
    /// Practitioners that this hospital vouches for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<StaffConfig>,
    /// Systems of this hospital that may use its API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientConfig>,
    /// Followers of this hospital, which get the blocks from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<FollowerKeyConfig>,
}

/// `[node]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// The member's name in the genesis; of a follower, its own name.
    #[serde(deserialize_with = "member_name")]
    pub name: String,
    /// What the node does.
    pub role: Role,
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Takes part in agreement, and is a hospital's custodian.
    Validator,
    /// Replicates the ledger and serves reads.
    Follower,
}

/// `[p2p]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct P2pConfig {
    /// Where other validators call, for example `/ip4/0.0.0.0/tcp/7402`.
    pub listen: Multiaddr,
    /// Member name → where it listens. A member without an address has to call us.
    #[serde(default)]
    pub peers: BTreeMap<String, Multiaddr>,
}

/// `[api]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Where the API answers.
    #[serde(serialize_with = "unspanned")]
    pub listen: Spanned<SocketAddr>,
    /// Allows plain HTTP beyond this machine, for networks that bring their own encryption.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure_http: bool,
    /// Connections that one address may hold at once; a proxy is one address for all who come through it.
    #[serde(default = "address_connections")]
    pub address_connections: usize,
    /// Requests that one address may make in a minute.
    #[serde(default = "address_requests_per_minute")]
    pub address_requests_per_minute: u32,
    /// Enrolments that one address may begin in a minute; a hospital that enrols at its own desks is one address.
    #[serde(default = "address_enrolments_per_minute")]
    pub address_enrolments_per_minute: u32,
}

const fn address_connections() -> usize {
    crate::api::ADDRESS_CONNECTIONS
}

const fn address_requests_per_minute() -> u32 {
    crate::api::ADDRESS_REQUESTS_PER_MINUTE
}

const fn address_enrolments_per_minute() -> u32 {
    crate::api::ADDRESS_ENROLMENTS_PER_MINUTE
}

impl ApiConfig {
    /// At this address, with the defaults of everything else.
    pub fn at(listen: SocketAddr, insecure_http: bool) -> Self {
        Self {
            listen: Spanned::new(0..0, listen),
            insecure_http,
            address_connections: address_connections(),
            address_requests_per_minute: address_requests_per_minute(),
            address_enrolments_per_minute: address_enrolments_per_minute(),
        }
    }
}

/// `[ops]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OpsConfig {
    /// Where metrics and health answer.
    #[serde(serialize_with = "unspanned")]
    pub listen: Spanned<SocketAddr>,
    /// Allows metrics and health beyond this machine, for a network that only monitors are on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure_http: bool,
}

impl OpsConfig {
    /// At this address.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen: Spanned::new(0..0, listen), insecure_http: !listen.ip().is_loopback() }
    }
}

/// `[storage]`
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageConfig {
    /// Below this much free disk, or below a tenth of it if that is less, the node says that it is not ready and takes
    /// only revocations and requests for decisions.
    pub write_free_mib: u64,
    /// Below this much, or below three hundredths if that is less, it stops.
    pub vote_free_mib: u64,
    /// What is stored is read again and checked at this rate, in MiB per hour; 0 switches it off.
    pub scrub_mib_per_hour: u64,
}

/// `[log]`
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// Level, or a filter such as `info,amanah_node::network=debug`; `info` if empty.
    pub level: String,
    /// Text or JSON.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text.
    Text,
    /// One JSON object.
    Json,
}

/// `[[staff]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StaffConfig {
    /// Name before the `@`.
    #[serde(deserialize_with = "member_name")]
    pub handle: String,
    /// Name for people.
    pub display: String,
    /// What they are, for example `clinician`.
    pub role: String,
}

/// `[[clients]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// Which system.
    pub name: String,
    /// BLAKE3 of its API key, in hex. The key itself is not kept here.
    pub key_hash: Digest,
}

/// `[[followers]]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FollowerKeyConfig {
    /// Which follower.
    pub name: String,
    /// BLAKE3 of its key, in hex, as `amanahd init --follow` prints it. The key itself is not kept here.
    pub key_hash: Digest,
}

/// A configuration that no node can start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than a configuration.
    #[error("{path}: longer than {CONFIG_BYTES_MAX} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Not TOML, a key nobody knows, or a value that is none.
    #[error("{path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, key and reason.
        source: Box<toml::de::Error>,
    },
    /// Of a node with another role.
    #[error("{path}: node.role is {is:?}, which is another kind of home")]
    Role {
        /// The file.
        path: PathBuf,
        /// The role it states.
        is: Role,
    },
    /// A value that must not be.
    #[error("{path}: line {line}: {key}: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// Its line.
        line: usize,
        /// The key.
        key: &'static str,
        /// Why not.
        reason: &'static str,
    },
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self { write_free_mib: 2048, vote_free_mib: 512, scrub_mib_per_hour: 1024 }
    }
}

fn member_name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if !is_member_name(&name) {
        return Err(serde::de::Error::custom("lower-case letters, digits and `-`, starting with a letter"));
    }
    Ok(name)
}

fn unspanned<S: serde::Serializer, T: Serialize>(value: &Spanned<T>, serializer: S) -> Result<S::Ok, S::Error> {
    value.get_ref().serialize(serializer)
}

#[cfg(test)]
mod tests;
