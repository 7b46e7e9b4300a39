//! The directory that makes a process this hospital's node.
//!
//! ```text
//! H/FORMAT         version of the layout and of the data below it
//! H/LOCK           held by the process that runs here
//! H/STARTED        a node ran here: without its vote log its key must not vote again
//! H/STOPPED        why the node stopped signing; while it is there the node does not start
//! H/config.toml    what the operator decides
//! H/genesis.bin    canonical bytes of the network's first page
//! H/network.json   what a wallet is given
//! H/keys/*.key     seeds in hex, readable by their owner only
//! H/keys/clients/  API keys of the hospital's own systems, where they were made with the home
//! H/keys/private/  the key to the custodian's records, replaced at every change
//! H/votes/         the vote log           H/ledger/  the database of blocks and state
//! H/private/       the custodian's records
//! ```
//! Nothing here is ever overwritten: a key, a genesis or a configuration that exists stays.

mod api_key;
mod create;
mod follower;
mod found;
mod given;
mod keys;
mod lock;
mod new_file;
mod plan_file;
mod problems;

use crate::config::{Config, ConfigError, ConfigFile as _};
use crate::exit::{Exit, Failure};
use crate::vote_log::KeyHistory;
use amanah_ledger::codec::{self, DecodeError};
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::genesis::{Founder, GENESIS_BYTES_MAX, Genesis, GenesisError};
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use std::path::{Path, PathBuf};

pub(crate) use api_key::ApiKey;
pub use create::{HospitalPlan, Initialised, Reached, init};
pub use follower::{FollowerHome, FollowerPlan, init_follower};
pub use found::{Founded, NetworkPlan, create_network, default_parameters, demo_parameters, found};
pub use given::take_network;
pub use keys::{Keys, Role, Seed};
use lock::Lock;
pub use lock::is_running;
use new_file::Readers;
pub use plan_file::{PlanError, read_plan};
pub(crate) use problems::{Looked, look};

/// Version of the layout and of the data that this program writes.
pub const FORMAT: u32 = 1;

/// A home that this process alone holds.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    config: Config,
    genesis: Genesis,
    chain: Digest,
    me: usize,
    keys: Keys,
    lock: Lock,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no home here.
    #[error("{0} is no node's home")]
    NoHome(PathBuf),
    /// Another process runs here.
    #[error("another process already runs on {0}")]
    Locked(PathBuf),
    /// The file exists and says something else.
    #[error("{0} exists already and stays as it is")]
    Exists(PathBuf),
    /// Written by a newer program.
    #[error("{path} holds data of format {found}; this program knows format {FORMAT}")]
    Newer {
        /// The home.
        path: PathBuf,
        /// Its format.
        found: String,
    },
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The genesis is no canonical genesis.
    #[error("{path}: {source}")]
    GenesisBytes {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: DecodeError,
    },
    /// The network file is none, or of another network.
    #[error("{path}: {reason}")]
    NetworkFile {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No network can begin with this genesis.
    #[error("genesis: {0}")]
    Genesis(#[from] GenesisError),
    /// The configured name is not in the genesis.
    #[error("{0:?} is not a member in the genesis")]
    UnknownMember(String),
    /// A key file is no seed.
    #[error("{0}: not a key of 64 hex digits")]
    KeyFile(PathBuf),
    /// Others may read a key.
    #[error("{0} can be read by others")]
    KeyExposed(PathBuf),
    /// A key is not the one in the genesis.
    #[error("{path}: not the {role} key registered for {member}")]
    KeyNotRegistered {
        /// The file.
        path: PathBuf,
        /// Which key.
        role: Role,
        /// Whose.
        member: String,
    },
    /// A registered key is gone.
    #[error("{path}: the {role} key registered for {member} is not there")]
    KeyMissing {
        /// The file.
        path: PathBuf,
        /// Which key.
        role: Role,
        /// Whose.
        member: String,
    },
    /// What is there is of another network.
    #[error("{path} is of another network: {what}")]
    OtherNetwork {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// A member that a follower cannot ask.
    #[error("{member}: {reason}")]
    MemberAddress {
        /// Its name.
        member: String,
        /// Why not.
        reason: &'static str,
    },
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(String),
}

impl Home {
    /// Takes the home at `dir` for this process, and checks that it belongs together.
    ///
    /// # Errors
    /// When another process holds it, its data is newer than this program, or configuration, genesis and keys do not
    /// belong together.
    pub fn open(dir: &Path) -> Result<Self, HomeError> {
        Self::read(dir, Lock::take(dir)?)
    }

    /// The same home as it is now, which this process held all the time.
    ///
    /// # Errors
    /// As [`Home::open`].
    pub fn again(&self) -> Result<Self, HomeError> {
        Self::read(&self.dir, self.lock.clone())
    }

    fn read(dir: &Path, lock: Lock) -> Result<Self, HomeError> {
        check_format(dir)?;
        let config = Config::load(&dir.join("config.toml"))?;
        let genesis = read_genesis(&dir.join("genesis.bin"))?;
        let me = position(&genesis, &config.node.name)?;
        if let Some(stranger) = config.p2p.peers.keys().find_map(|name| position(&genesis, name).err()) {
            return Err(stranger);
        }
        let keys = Keys::load(&dir.join("keys"), &genesis.founders[me])?;
        let chain = genesis.chain();
        Ok(Self { dir: dir.to_owned(), config, genesis, chain, me, keys, lock })
    }

    /// What the operator decides.
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The network's first page.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }
    /// The network's name.
    pub fn chain(&self) -> Digest {
        self.chain
    }
    /// This hospital, as the genesis knows it.
    pub fn founder(&self) -> &Founder {
        &self.genesis.founders[self.me]
    }
    /// This hospital's identity.
    pub fn member(&self) -> MemberId {
        self.founder().id()
    }
    /// Its secret keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
    /// Where everything lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
    /// What a wallet is given, if the operator put it here.
    ///
    /// # Errors
    /// When it cannot be read, or is of another network.
    pub fn network_file(&self) -> Result<NetworkFile, HomeError> {
        read_network_file(&self.dir.join("network.json"), self.chain)
    }
    /// Whether a node ever started here. From then on its key may have voted.
    pub fn key_history(&self) -> KeyHistory {
        if self.dir.join("STARTED").exists() { KeyHistory::HasVoted } else { KeyHistory::Unused }
    }
    /// Remembers that a node starts here. To be called once there is a vote log, before it is written to.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remember_start(&self) -> Result<(), HomeError> {
        match new_file::write_new(&self.dir.join("STARTED"), b"", Readers::All) {
            Ok(()) | Err(HomeError::Exists(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }
    /// Where the reason stands, if this node found the world in contradiction and stopped signing.
    pub fn stop_mark(&self) -> PathBuf {
        self.dir.join("STOPPED")
    }
    /// Where the vote log lies.
    pub fn votes_dir(&self) -> PathBuf {
        self.dir.join("votes")
    }
    /// Where the database of blocks and state lies.
    pub fn ledger_dir(&self) -> PathBuf {
        self.dir.join("ledger")
    }
    /// Where the key to the custodian's records lies: a directory of its own, in which old keys are destroyed.
    pub fn private_keys_dir(&self) -> PathBuf {
        self.dir.join("keys").join("private")
    }
    /// Where the custodian's records lie.
    pub fn private_dir(&self) -> PathBuf {
        self.dir.join("private")
    }
}

/// Which founder has this name.
fn position(genesis: &Genesis, name: &str) -> Result<usize, HomeError> {
    let found = genesis.founders.iter().position(|founder| founder.name.as_str() == name);
    found.ok_or_else(|| HomeError::UnknownMember(name.to_owned()))
}

/// Reads a canonical, consistent genesis.
///
/// # Errors
/// When the file is none.
pub fn read_genesis(path: &Path) -> Result<Genesis, HomeError> {
    let bytes = std::fs::read(path).map_err(|source| io(path, source))?;
    let genesis: Genesis = codec::decode(&bytes, GENESIS_BYTES_MAX)
        .map_err(|source| HomeError::GenesisBytes { path: path.to_owned(), source })?;
    genesis.check()?;
    Ok(genesis)
}

/// Reads a network file of this chain.
///
/// # Errors
/// When it cannot be read, or is of another network.
fn read_network_file(path: &Path, chain: Digest) -> Result<NetworkFile, HomeError> {
    let wrong = |reason: &dyn ToString| HomeError::NetworkFile { path: path.to_owned(), reason: reason.to_string() };
    let text = std::fs::read(path).map_err(|e| io(path, e))?;
    let file: NetworkFile = serde_json::from_slice(&text).map_err(|error| wrong(&error))?;
    let network = file.clone().check().map_err(|error| wrong(&error))?;
    if network.chain() != chain {
        return Err(wrong(&"of another chain than genesis.bin"));
    }
    Ok(file)
}

fn check_format(dir: &Path) -> Result<(), HomeError> {
    let path = dir.join("FORMAT");
    let found = std::fs::read_to_string(&path).map_err(|e| io(&path, e))?.trim().to_owned();
    // Formats are counted up from 1; what is not 1 comes from a program that does not exist yet.
    if found != FORMAT.to_string() {
        return Err(HomeError::Newer { path: dir.to_owned(), found });
    }
    Ok(())
}

fn io(path: &Path, source: std::io::Error) -> HomeError {
    HomeError::Io { path: path.to_owned(), source }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let (exit, code, fix) = match &error {
            HomeError::Io { .. } => (Exit::Failed, "AMN-0101", "check the path, its owner and the disk"),
            HomeError::Randomness(_) => (Exit::Failed, "AMN-0103", "check the system's random source"),
            HomeError::NoHome(_) => (Exit::Config, "AMN-1002", "amanahd init --home DIR --name NAME"),
            HomeError::Locked(_) => (Exit::Refused, "AMN-0901", "stop the other process first"),
            HomeError::Exists(_) => (Exit::Refused, "AMN-0902", "choose another directory, or move the old file away"),
            HomeError::KeyExposed(_) => {
                (Exit::Refused, "AMN-0903", "chmod 600 the file; if others read it, replace the key")
            }
            HomeError::Newer { .. } => (Exit::DataNewer, "AMN-1201", "start the newer program on this home"),
            HomeError::Config(_) => (Exit::Config, "AMN-1001", "correct config.toml"),
            HomeError::MemberAddress { .. } => (Exit::Config, "AMN-1010", "correct [follow] in config.toml"),
            HomeError::GenesisBytes { .. } | HomeError::Genesis(_) | HomeError::NetworkFile { .. } => (
                Exit::Config,
                "AMN-1003",
                "get genesis.bin and network.json from another member and compare the chain id",
            ),
            HomeError::UnknownMember(_) => (Exit::Config, "AMN-1004", "use the names in the genesis"),
            HomeError::KeyFile(_) => (Exit::Key, "AMN-1102", "restore the key from its backup"),
            HomeError::KeyNotRegistered { .. } => (Exit::Key, "AMN-1101", "restore the registered key from its backup"),
            HomeError::KeyMissing { .. } => {
                (Exit::Key, "AMN-1105", "restore the key from its backup; a new one cannot take its place")
            }
            HomeError::OtherNetwork { .. } => {
                (Exit::Refused, "AMN-0905", "choose another directory, or the plan that this network was made from")
            }
        };
        Self::new(exit, code, error, fix)
    }
}

#[cfg(test)]
mod tests;
