//! What `amanahd run` would refuse in a home, all of it, without taking the home: the node may run meanwhile.

use super::api_key::ApiKey;
use super::follower::{key_path, members};
use super::keys::Role;
use super::{HomeError, check_format, position, read_genesis, read_network_file};
use crate::config::{AnyConfig, Config, FollowerConfig};
use amanah_ledger::genesis::Genesis;
use std::path::Path;

/// A home that was looked at.
#[derive(Debug)]
pub(crate) struct Looked {
    /// Its configuration, if it can be read.
    pub(crate) config: Option<AnyConfig>,
    /// What is wrong with it, in the order in which a start would meet it.
    pub(crate) problems: Vec<HomeError>,
}

/// Looks at the home at `dir`. Where something cannot be read, what depends on it is not looked at.
pub(crate) fn look(dir: &Path) -> Looked {
    if !dir.join("FORMAT").is_file() {
        return Looked { config: None, problems: vec![HomeError::NoHome(dir.to_owned())] };
    }
    let mut problems: Vec<HomeError> = check_format(dir).err().into_iter().collect();
    let config = keep(AnyConfig::load(&dir.join("config.toml")).map_err(HomeError::from), &mut problems);
    let genesis = keep(read_genesis(&dir.join("genesis.bin")), &mut problems);
    if let (Some(config), Some(genesis)) = (&config, &genesis) {
        match config {
            AnyConfig::Validator(config) => hospital(dir, config, genesis, &mut problems),
            AnyConfig::Follower(config) => follower(dir, config, genesis, &mut problems),
        }
    }
    Looked { config, problems }
}

fn hospital(dir: &Path, config: &Config, genesis: &Genesis, problems: &mut Vec<HomeError>) {
    let me = keep(position(genesis, &config.node.name), problems);
    problems.extend(config.p2p.peers.keys().filter_map(|name| position(genesis, name).err()));
    if let Some(me) = me.and_then(|me| genesis.founders.get(me)) {
        let keys = dir.join("keys");
        problems.extend(Role::RUNNING.into_iter().filter_map(|role| role.load(&keys, me).err()));
    }
    problems.extend(read_network_file(&dir.join("network.json"), genesis.chain()).err());
}

fn follower(dir: &Path, config: &FollowerConfig, genesis: &Genesis, problems: &mut Vec<HomeError>) {
    problems.extend(position(genesis, &config.follow.member).err());
    if let Some(network) = keep(read_network_file(&dir.join("network.json"), genesis.chain()), problems) {
        let members = keep(members(&config.follow, &network), problems).unwrap_or_default();
        problems.extend(members.iter().filter_map(|(name, _)| position(genesis, name).err()));
    }
    problems.extend(ApiKey::read(&key_path(dir)).err());
}

/// What was read; what was wrong instead goes to the others.
fn keep<T>(read: Result<T, HomeError>, problems: &mut Vec<HomeError>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}
