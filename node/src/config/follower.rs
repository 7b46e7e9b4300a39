//! What the operator of a follower decides.

use super::{ApiConfig, LogConfig, NodeConfig, OpsConfig, StorageConfig, member_name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `H/config.toml` of a follower.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FollowerConfig {
    /// Who we are.
    pub node: NodeConfig,
    /// Whom we follow.
    pub follow: FollowConfig,
    /// How wallets reach us.
    pub api: ApiConfig,
    /// Metrics and health.
    pub ops: OpsConfig,
    /// When the disk is too full.
    #[serde(default)]
    pub storage: StorageConfig,
    /// What is written to stderr.
    #[serde(default)]
    pub log: LogConfig,
}

/// `[follow]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FollowConfig {
    /// The member that this follower belongs to: its node knows the follower's key, and gives it the blocks.
    #[serde(deserialize_with = "member_name")]
    pub member: String,
    /// Allows plain HTTP to members beyond this machine, for networks that bring their own encryption.
    #[serde(default)]
    pub insecure_http: bool,
    /// Member name → where its API answers, as this machine reaches it. All of them, by `network.json`, if empty.
    #[serde(default)]
    pub members: BTreeMap<String, String>,
}
