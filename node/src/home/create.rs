//! The home of one hospital: its keys and its configuration.

use super::keys::{Keys, Role, Seed};
use super::new_file::{Readers, write_new};
use super::{FORMAT, HomeError, Signer, io, read_genesis};
use crate::config::{
    ApiConfig, ClientConfig, Config, ConfigFile as _, LogConfig, NodeConfig, OpsConfig, P2pConfig, Role as NodeRole,
    StaffConfig, StorageConfig,
};
use amanah_ledger::codec;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::member::MemberKeys;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// A hospital, and the node it is to run.
#[derive(Debug, Clone)]
pub struct HospitalPlan {
    /// Its home.
    pub dir: PathBuf,
    /// Its name, for example `qamar`.
    pub name: String,
    /// Its name for people.
    pub display: String,
    /// Where its API answers.
    pub api: SocketAddr,
    /// Where its metrics and health answer.
    pub ops: SocketAddr,
    /// Where its node listens for other validators.
    pub p2p: SocketAddr,
    /// How others reach it, where that is not where it listens.
    pub reached: Option<Reached>,
    /// Its practitioners.
    pub staff: Vec<StaffConfig>,
    /// Systems that may use its API.
    pub clients: Vec<ClientConfig>,
    /// Systems that may use it, too, each with a key of its own that is made with the home: `keys/clients/NAME.key`.
    pub new_clients: Vec<String>,
    /// Its keys, if it has made them itself.
    pub keys: Option<MemberKeys>,
}

/// How a hospital is reached from outside, for example through a port that its container publishes.
#[derive(Debug, Clone)]
pub struct Reached {
    /// URL at which wallets find its API.
    pub api: String,
    /// Address at which other validators call.
    pub p2p: Multiaddr,
}

impl HospitalPlan {
    /// A hospital whose node listens at these addresses for its API, its operator and other validators, and is reached
    /// there; without staff and clients, and with keys to be made.
    pub fn new(dir: PathBuf, name: &str, display: &str, [api, ops, p2p]: [SocketAddr; 3]) -> Self {
        let (name, display) = (name.to_owned(), display.to_owned());
        let (staff, clients, new_clients) = (Vec::new(), Vec::new(), Vec::new());
        Self { dir, name, display, api, ops, p2p, reached: None, staff, clients, new_clients, keys: None }
    }

    /// Where wallets find its API.
    pub(super) fn api_url(&self) -> String {
        self.reached.as_ref().map_or_else(|| format!("http://{}", self.api), |reached| reached.api.clone())
    }

    /// Where other validators call.
    fn p2p_address(&self) -> Multiaddr {
        self.reached.as_ref().map_or_else(|| multiaddr(self.p2p), |reached| reached.p2p.clone())
    }
}

/// A hospital's keys after `init`, to be put into a genesis.
#[derive(Debug, Clone)]
pub struct Initialised {
    /// The public keys.
    pub keys: MemberKeys,
    /// Whether there is a genesis, so that the node can start.
    pub genesis: Option<Genesis>,
}

/// Makes one hospital's home: keys and configuration, and the genesis if there is one already. What exists stays, so
/// that a second call finishes what the first began. Once there is a genesis, no key is made any more.
///
/// # Errors
/// When something cannot be written, another genesis is there already, or a key is not the one registered in it.
pub fn init(hospital: &HospitalPlan, genesis: Option<&Path>) -> Result<Initialised, HomeError> {
    make_dirs(&hospital.dir)?;
    let path = hospital.dir.join("genesis.bin");
    if let Some(given) = genesis {
        let bytes = codec::encode(&read_genesis(given)?);
        match fs::read(&path) {
            Ok(present) if present == bytes => {}
            Ok(_other) => return Err(HomeError::Exists(path)),
            Err(_missing) => write_new(&path, &bytes, Readers::All)?,
        }
    }
    let genesis = if path.exists() { Some(read_genesis(&path)?) } else { None };
    let keys_dir = hospital.dir.join("keys");
    let keys = match &genesis {
        Some(genesis) => registered_keys(hospital, genesis, &keys_dir)?,
        None => make_keys(&keys_dir)?,
    };
    let config = hospital.dir.join("config.toml");
    if !config.exists() {
        write_new(&config, config_of(hospital, &[]).to_toml().as_bytes(), Readers::All)?;
    }
    let format = hospital.dir.join("FORMAT");
    if !format.exists() {
        write_new(&format, format!("{FORMAT}\n").as_bytes(), Readers::All)?;
    }
    Ok(Initialised { keys, genesis })
}

/// The keys that `genesis` names for `hospital`, if those that a node needs are in its home.
fn registered_keys(hospital: &HospitalPlan, genesis: &Genesis, dir: &Path) -> Result<MemberKeys, HomeError> {
    let founder = genesis.founders.iter().find(|founder| founder.name.as_str() == hospital.name);
    let founder = founder.ok_or_else(|| HomeError::UnknownMember(hospital.name.clone()))?;
    Keys::load(dir, founder)?;
    Ok(founder.keys.clone())
}

pub(super) fn make_dirs(home: &Path) -> Result<(), HomeError> {
    for dir in ["", "keys", "keys/private", "votes", "ledger", "private"].map(|dir| home.join(dir)) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| io(&dir, e))?;
    }
    Ok(())
}

pub(super) fn make_keys(dir: &Path) -> Result<MemberKeys, HomeError> {
    let key = |role: Role| -> Result<PublicKey, HomeError> {
        let path = role.path(dir);
        if path.exists() {
            return Ok(Seed::read(&path)?.keypair().public_key());
        }
        let seed = Seed::random()?;
        seed.write_new(&path)?;
        Ok(seed.keypair().public_key())
    };
    Ok(MemberKeys {
        root: key(Role::Root)?,
        gateway: key(Role::Gateway)?,
        node: key(Role::Node)?,
        consensus: key(Role::Consensus)?,
    })
}

/// The configuration of `hospital` among `members`, itself included or not.
pub(super) fn config_of(hospital: &HospitalPlan, members: &[HospitalPlan]) -> Config {
    let others = members.iter().filter(|other| other.name != hospital.name);
    let insecure_http = !hospital.api.ip().is_loopback();
    Config {
        node: NodeConfig { name: hospital.name.clone(), role: NodeRole::Validator },
        p2p: P2pConfig {
            listen: multiaddr(hospital.p2p),
            peers: others.map(|other| (other.name.clone(), other.p2p_address())).collect(),
        },
        api: ApiConfig::at(hospital.api, insecure_http),
        ops: OpsConfig::at(hospital.ops),
        storage: StorageConfig::default(),
        log: LogConfig::default(),
        staff: hospital.staff.clone(),
        clients: hospital.clients.clone(),
        followers: Vec::new(),
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()))
}
