//! New homes: one hospital's, or those of a whole new network.

use super::keys::{Role, Seed};
use super::{FORMAT, HomeError, Signer, io, read_genesis};
use crate::config::{
    ApiConfig, ClientConfig, Config, LogConfig, NodeConfig, OpsConfig, P2pConfig, Role as NodeRole, StaffConfig,
    StorageConfig,
};
use amanah_ledger::codec::{self, BoundedString, BoundedVec};
use amanah_ledger::committee::VALIDATORS_MAX;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, GenesisError, Parameters, PurposeLimit};
use amanah_ledger::member::MemberKeys;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::time::UnixMs;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use std::fs::{self, File};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A hospital of a new network.
#[derive(Debug, Clone)]
pub struct HospitalPlan {
    /// Its home; must not exist yet.
    pub dir: PathBuf,
    /// Its name, for example `qamar`.
    pub name: String,
    /// Its name for people.
    pub display: String,
    /// Where its API answers.
    pub api: SocketAddr,
    /// Where its metrics and health answer.
    pub ops: SocketAddr,
    /// Where other validators call.
    pub p2p: SocketAddr,
    /// Its practitioners.
    pub staff: Vec<StaffConfig>,
    /// Systems that may use its API.
    pub clients: Vec<ClientConfig>,
}

/// A new network.
#[derive(Debug, Clone)]
pub struct NetworkPlan {
    /// Its name.
    pub network: String,
    /// When it begins.
    pub time: UnixMs,
    /// What its members agree on.
    pub parameters: Parameters,
    /// Its members, in the order of the first committee.
    pub hospitals: Vec<HospitalPlan>,
}

/// A hospital's keys after `init`, to be put into a genesis.
#[derive(Debug, Clone)]
pub struct Initialised {
    /// The public keys.
    pub keys: MemberKeys,
    /// Whether there is a genesis, so that the node can start.
    pub genesis: Option<Genesis>,
}

/// Parameters of a demo: anchors every two seconds, nothing written while nothing happens.
///
/// # Panics
/// Never: the one purpose limit fits its bound.
pub fn demo_parameters() -> Parameters {
    let purpose = BoundedString::try_from("TREAT").expect("five bytes of sixteen");
    Parameters {
        anchor_grid_ms: 2000,
        cover: Cover::Off,
        new_leaves_per_day_max: 1_000_000,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: BoundedVec::try_from(vec![PurposeLimit { purpose, days_max: 366 }]).expect("one of 32"),
    }
}

/// Makes the homes of a whole new network, with fresh random keys, and returns its genesis.
///
/// # Errors
/// When a home exists already, cannot be written, or the plan makes no network.
pub fn create_network(plan: &NetworkPlan) -> Result<Genesis, HomeError> {
    if let Some(taken) = plan.hospitals.iter().find(|h| h.dir.exists()) {
        return Err(HomeError::Exists(taken.dir.clone()));
    }
    let mut founders = Vec::new();
    for hospital in &plan.hospitals {
        make_dirs(&hospital.dir)?;
        let keys = make_keys(&hospital.dir.join("keys"))?;
        founders.push(founder(hospital, keys)?);
    }
    let too_many = |_too_many| HomeError::Genesis(GenesisError::Name);
    let genesis = Genesis {
        version: 1,
        network: BoundedString::try_from(plan.network.as_str()).map_err(too_many)?,
        time: plan.time,
        founders: BoundedVec::<_, VALIDATORS_MAX>::try_from(founders).map_err(too_many)?,
        parameters: plan.parameters.clone(),
    };
    genesis.check()?;
    let urls = plan.hospitals.iter().map(|hospital| format!("http://{}", hospital.api));
    let network = serde_json::to_vec_pretty(&NetworkFile::new(&genesis, urls)).expect("plain fields have a JSON form");
    for hospital in &plan.hospitals {
        write_new(&hospital.dir.join("network.json"), &network)?;
        write_new(&hospital.dir.join("genesis.bin"), &codec::encode(&genesis))?;
        write_new(&hospital.dir.join("config.toml"), config_of(hospital, plan).to_toml().as_bytes())?;
        // Last: only a complete home has a format.
        write_new(&hospital.dir.join("FORMAT"), format!("{FORMAT}\n").as_bytes())?;
    }
    Ok(genesis)
}

/// Makes one hospital's home: keys and configuration, and the genesis if there is one already. What exists stays, so
/// that a second call finishes what the first began.
///
/// # Errors
/// When something cannot be written, or another genesis is there already.
pub fn init(hospital: &HospitalPlan, genesis: Option<&Path>) -> Result<Initialised, HomeError> {
    make_dirs(&hospital.dir)?;
    let keys = make_keys(&hospital.dir.join("keys"))?;
    let path = hospital.dir.join("genesis.bin");
    if let Some(given) = genesis {
        let bytes = codec::encode(&read_genesis(given)?);
        match fs::read(&path) {
            Ok(present) if present == bytes => {}
            Ok(_other) => return Err(HomeError::Exists(path)),
            Err(_missing) => write_new(&path, &bytes)?,
        }
    }
    let plan = NetworkPlan {
        network: String::new(),
        time: UnixMs(0),
        parameters: demo_parameters(),
        hospitals: vec![hospital.clone()],
    };
    let config = hospital.dir.join("config.toml");
    if !config.exists() {
        write_new(&config, config_of(hospital, &plan).to_toml().as_bytes())?;
    }
    let format = hospital.dir.join("FORMAT");
    if !format.exists() {
        write_new(&format, format!("{FORMAT}\n").as_bytes())?;
    }
    let genesis = if path.exists() { Some(read_genesis(&path)?) } else { None };
    Ok(Initialised { keys, genesis })
}

fn make_dirs(home: &Path) -> Result<(), HomeError> {
    for dir in ["", "keys", "keys/private", "votes", "ledger", "private"].map(|dir| home.join(dir)) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| io(&dir, e))?;
    }
    Ok(())
}

fn make_keys(dir: &Path) -> Result<MemberKeys, HomeError> {
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

fn founder(hospital: &HospitalPlan, keys: MemberKeys) -> Result<Founder, HomeError> {
    let too_long = |_too_long| HomeError::Genesis(GenesisError::Name);
    Ok(Founder {
        name: BoundedString::try_from(hospital.name.as_str()).map_err(too_long)?,
        display: BoundedString::try_from(hospital.display.as_str()).map_err(too_long)?,
        keys,
    })
}

fn config_of(hospital: &HospitalPlan, plan: &NetworkPlan) -> Config {
    let others = plan.hospitals.iter().filter(|other| other.name != hospital.name);
    let insecure_http = !hospital.api.ip().is_loopback();
    Config {
        node: NodeConfig { name: hospital.name.clone(), role: NodeRole::Validator },
        p2p: P2pConfig {
            listen: multiaddr(hospital.p2p),
            peers: others.map(|other| (other.name.clone(), multiaddr(other.p2p))).collect(),
        },
        api: ApiConfig::at(hospital.api, insecure_http),
        ops: OpsConfig { listen: Spanned::new(0..0, hospital.ops) },
        storage: StorageConfig::default(),
        log: LogConfig::default(),
        staff: hospital.staff.clone(),
        clients: hospital.clients.clone(),
    }
}

fn multiaddr(address: SocketAddr) -> Multiaddr {
    Multiaddr::from(address.ip()).with(Protocol::Tcp(address.port()))
}

/// Writes a file that must not exist, and makes it last.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), HomeError> {
    let mut file = match File::create_new(path) {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(HomeError::Exists(path.to_owned())),
        other => other.map_err(|e| io(path, e))?,
    };
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|e| io(path, e))?;
    let parent = path.parent().unwrap_or(path);
    File::open(parent).and_then(|dir| dir.sync_all()).map_err(|e| io(parent, e))
}
