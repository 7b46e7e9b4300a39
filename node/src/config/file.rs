//! A configuration as a file: read and checked whole, written as it is read.

use super::{ApiConfig, CONFIG_BYTES_MAX, Config, ConfigError, FollowerConfig, LogConfig, NodeConfig, OpsConfig, Role};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::Path;

/// What the files of both kinds of node have in common.
pub trait ConfigFile: DeserializeOwned + Serialize {
    /// The role that such a file states.
    const ROLE: Role;

    /// `[node]`
    fn node(&self) -> &NodeConfig;
    /// `[api]`
    fn api(&self) -> &ApiConfig;
    /// `[ops]`
    fn ops(&self) -> &OpsConfig;

    /// Reads and checks `path`.
    ///
    /// # Errors
    /// Names the key and the line.
    fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&read(path)?, path)
    }

    /// Reads and checks `text`; `path` is for errors.
    ///
    /// # Errors
    /// Names the key and the line.
    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        if config.node().role != Self::ROLE {
            return Err(ConfigError::Role { path: path.to_owned(), is: config.node().role });
        }
        check_listen(config.api(), config.ops(), text, path)?;
        Ok(config)
    }

    /// The file's text.
    fn to_toml(&self) -> String {
        toml::to_string(self).expect("every field of a configuration has a TOML form")
    }
}

/// The part that tells which kind of configuration a file is.
#[derive(Deserialize)]
struct Peek {
    node: PeekNode,
}

#[derive(Deserialize)]
struct PeekNode {
    role: Role,
}

/// The configuration of any node.
#[derive(Debug, Clone)]
pub enum AnyConfig {
    /// Of a member's node.
    Validator(Box<Config>),
    /// Of a follower.
    Follower(Box<FollowerConfig>),
}

impl AnyConfig {
    /// Reads and checks `path`, whatever role it states.
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
        // A file that does not say is told so by the full reading.
        let role = toml::from_str(text).map_or(Role::Validator, |peek: Peek| peek.node.role);
        match role {
            Role::Validator => Config::parse(text, path).map(|config| Self::Validator(Box::new(config))),
            Role::Follower => FollowerConfig::parse(text, path).map(|config| Self::Follower(Box::new(config))),
        }
    }

    /// What is written to stderr.
    pub fn log(&self) -> &LogConfig {
        match self {
            Self::Validator(config) => &config.log,
            Self::Follower(config) => &config.log,
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        match self {
            Self::Validator(config) => config.to_toml(),
            Self::Follower(config) => config.to_toml(),
        }
    }

    /// Where metrics and health answer.
    pub fn ops(&self) -> SocketAddr {
        match self {
            Self::Validator(config) => *config.ops.listen.get_ref(),
            Self::Follower(config) => *config.ops.listen.get_ref(),
        }
    }
}

impl ConfigFile for Config {
    const ROLE: Role = Role::Validator;
    fn node(&self) -> &NodeConfig {
        &self.node
    }
    fn api(&self) -> &ApiConfig {
        &self.api
    }
    fn ops(&self) -> &OpsConfig {
        &self.ops
    }
}

impl ConfigFile for FollowerConfig {
    const ROLE: Role = Role::Follower;
    fn node(&self) -> &NodeConfig {
        &self.node
    }
    fn api(&self) -> &ApiConfig {
        &self.api
    }
    fn ops(&self) -> &OpsConfig {
        &self.ops
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    let read = |source| ConfigError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(read)?.len() > CONFIG_BYTES_MAX {
        return Err(ConfigError::TooLong { path: path.to_owned() });
    }
    std::fs::read_to_string(path).map_err(read)
}

/// Refuses plain HTTP beyond this machine that nobody asked for.
fn check_listen(api: &ApiConfig, ops: &OpsConfig, text: &str, path: &Path) -> Result<(), ConfigError> {
    let ports = [
        (
            &api.listen,
            api.insecure_http,
            "api.listen",
            "plain HTTP is for this machine only; put TLS in front, or say insecure_http = true",
        ),
        (
            &ops.listen,
            ops.insecure_http,
            "ops.listen",
            "metrics and health are for this machine only; or say insecure_http = true",
        ),
    ];
    for (at, is_asked_for, key, reason) in ports {
        if !is_asked_for && !at.get_ref().ip().is_loopback() {
            let line = text[..at.span().start.min(text.len())].matches('\n').count() + 1;
            return Err(ConfigError::Value { path: path.to_owned(), line, key, reason });
        }
    }
    Ok(())
}
