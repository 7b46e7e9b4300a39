//! A whole new network: a home for each hospital, with its own keys and nobody else's, and one genesis for all.
//!
//! Cut off anywhere, the next call finishes what was begun; once all is there, a call changes nothing. What makes that
//! safe is one file: as soon as a genesis stands in one of the homes, no key is ever made again, because a fresh key in
//! the place of a registered one would be a key that nobody knows.

use super::api_key::ApiKey;
use super::create::{config_of, make_dirs, make_keys};
use super::follower::make_home;
use super::given::{complete, put_network};
use super::keys::Keys;
use super::{FORMAT, FollowerPlan, HomeError, HospitalPlan, init_follower, io, read_genesis};
use crate::config::{ClientConfig, ConfigFile as _, FollowerKeyConfig};
use amanah_ledger::codec::{BoundedString, BoundedVec};
use amanah_ledger::committee::VALIDATORS_MAX;
use amanah_ledger::genesis::{Cover, DefaultPolicy, Founder, Genesis, GenesisError, Parameters, PurposeLimit};
use amanah_ledger::member::MemberKeys;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::time::UnixMs;
use std::fs;
use std::path::{Path, PathBuf};

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

/// What [`found`] has come to.
#[derive(Debug, Clone)]
pub struct Founded {
    /// The network's first page.
    pub genesis: Genesis,
    /// Whether anything was made; if not, all was there.
    pub is_new: bool,
}

/// Parameters of a demo: anchors every two seconds, nothing written while nothing happens.
///
/// # Panics
/// Never: the one purpose limit fits its bound.
pub fn demo_parameters() -> Parameters {
    Parameters { anchor_grid_ms: 2000, cover: Cover::Off, ..default_parameters() }
}

/// Parameters of a network that states none: an anchor of each hospital every minute, whether or not it was busy.
///
/// # Panics
/// Never: the one purpose limit fits its bound.
pub fn default_parameters() -> Parameters {
    let purpose = BoundedString::try_from("TREAT").expect("five bytes of sixteen");
    Parameters {
        anchor_grid_ms: 60_000,
        cover: Cover::On,
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
    Ok(found(plan, &[], &[])?.genesis)
}

/// Makes what is missing of the network of `plan`, and nothing else. A hospital whose keys the plan gives gets all but
/// keys and the mark of a complete home: those it has made itself. `followers` get homes, too, and their members know
/// them from the start. The genesis and the network file also go into each directory of `public`.
///
/// # Errors
/// When what is there belongs to another network or lacks a registered key, when something cannot be written, or the
/// plan makes no network.
pub fn found(plan: &NetworkPlan, followers: &[FollowerPlan], public: &[PathBuf]) -> Result<Founded, HomeError> {
    let homes = plan.hospitals.iter().map(|hospital| &hospital.dir);
    let dirs: Vec<&PathBuf> = public.iter().chain(homes).collect();
    let agreed = agreed_genesis(&dirs)?;
    let mut is_new = agreed.is_none();
    let genesis = match agreed {
        Some((genesis, path)) => {
            check_agreed(plan, &genesis, &path)?;
            genesis
        }
        None => new_genesis(plan)?,
    };
    let urls = plan.hospitals.iter().map(HospitalPlan::api_url);
    let network = NetworkFile::new(&genesis, urls);
    for dir in dirs {
        make_public_dir(dir)?;
        is_new |= put_network(dir, &network)?;
    }
    let mut known = Vec::new();
    for follower in followers {
        is_new |= !follower.dir.join("FORMAT").exists();
        make_home(&follower.dir)?;
        is_new |= put_network(&follower.dir, &network)?;
        known.push((follower, init_follower(follower)?));
    }
    for hospital in &plan.hospitals {
        let own = known.iter().filter(|(follower, _)| follower.member == hospital.name);
        let own =
            own.map(|(follower, key_hash)| FollowerKeyConfig { name: follower.name.clone(), key_hash: *key_hash });
        is_new |= configure(hospital, &plan.hospitals, own.collect())?;
        if hospital.keys.is_none() {
            // Last: only a complete home has a format.
            is_new |= complete(&hospital.dir.join("FORMAT"), format!("{FORMAT}\n").as_bytes())?;
        }
    }
    Ok(Founded { genesis, is_new })
}

/// The genesis that an earlier call has put into one of `dirs`, and where.
fn agreed_genesis(dirs: &[&PathBuf]) -> Result<Option<(Genesis, PathBuf)>, HomeError> {
    let mut agreed: Option<(Genesis, PathBuf)> = None;
    for path in dirs.iter().map(|dir| dir.join("genesis.bin")).filter(|path| path.exists()) {
        let genesis = read_genesis(&path)?;
        match &agreed {
            Some((other, _)) if *other != genesis => {
                return Err(HomeError::OtherNetwork { path, what: "another chain id" });
            }
            Some(_same) => {}
            None => agreed = Some((genesis, path)),
        }
    }
    Ok(agreed)
}

/// Whether `genesis` is the one of `plan`, and every home still has the keys registered in it.
fn check_agreed(plan: &NetworkPlan, genesis: &Genesis, path: &Path) -> Result<(), HomeError> {
    let refuse = |what| Err(HomeError::OtherNetwork { path: path.to_owned(), what });
    if genesis.network.as_str() != plan.network {
        return refuse("another name");
    }
    if genesis.parameters != plan.parameters {
        return refuse("other parameters");
    }
    let named = |hospital: &HospitalPlan, founder: &Founder| {
        founder.name.as_str() == hospital.name && founder.display.as_str() == hospital.display
    };
    let same_names = plan.hospitals.iter().zip(&genesis.founders).all(|(hospital, founder)| named(hospital, founder));
    if plan.hospitals.len() != genesis.founders.len() || !same_names {
        return refuse("other members");
    }
    for (hospital, founder) in plan.hospitals.iter().zip(&genesis.founders) {
        match &hospital.keys {
            Some(keys) if *keys != founder.keys => return refuse("other keys of a member"),
            Some(_registered) => {}
            None => drop(Keys::load(&hospital.dir.join("keys"), founder)?),
        }
    }
    Ok(())
}

/// A first page with the keys that the plan gives, and fresh ones of the others in their homes.
fn new_genesis(plan: &NetworkPlan) -> Result<Genesis, HomeError> {
    let mut founders = Vec::new();
    for hospital in &plan.hospitals {
        let keys = match &hospital.keys {
            Some(keys) => keys.clone(),
            None => {
                make_dirs(&hospital.dir)?;
                make_keys(&hospital.dir.join("keys"))?
            }
        };
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
    Ok(genesis)
}

fn founder(hospital: &HospitalPlan, keys: MemberKeys) -> Result<Founder, HomeError> {
    let too_long = |_too_long| HomeError::Genesis(GenesisError::Name);
    Ok(Founder {
        name: BoundedString::try_from(hospital.name.as_str()).map_err(too_long)?,
        display: BoundedString::try_from(hospital.display.as_str()).map_err(too_long)?,
        keys,
    })
}

/// Writes the configuration unless it is there, with the keys of the systems it names; whether it was written.
fn configure(
    hospital: &HospitalPlan,
    members: &[HospitalPlan],
    followers: Vec<FollowerKeyConfig>,
) -> Result<bool, HomeError> {
    let path = hospital.dir.join("config.toml");
    if path.exists() {
        return Ok(false);
    }
    let mut config = config_of(hospital, members);
    config.followers = followers;
    for name in &hospital.new_clients {
        let key = ApiKey::read_or_make(&hospital.dir.join("keys").join("clients").join(format!("{name}.key")))?;
        config.clients.push(ClientConfig { name: name.clone(), key_hash: key.hash() });
    }
    complete(&path, config.to_toml().as_bytes())
}

fn make_public_dir(dir: &Path) -> Result<(), HomeError> {
    fs::create_dir_all(dir).map_err(|e| io(dir, e))
}
