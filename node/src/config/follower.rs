//! What the operator of a follower decides.

use super::{
    ApiConfig, ConfigError, LogConfig, NodeConfig, OpsConfig, Role, StorageConfig, check_listen, member_name, read,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

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

impl FollowerConfig {
    /// Reads and checks `path`.
    ///
    /// # Errors
    /// Names the key and the line.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&read(path)?, path)
    }

    /// Reads and checks `text`; `path` is for errors.
    ///
    /// # Errors
    /// Names the key and the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        if config.node.role != Role::Follower {
            return Err(ConfigError::Role { path: path.to_owned(), is: config.node.role });
        }
        check_listen(&config.api, &config.ops, text, path)?;
        Ok(config)
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every field of a configuration has a TOML form")
    }
}
