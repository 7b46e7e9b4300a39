//! Four hospitals as processes of this program, on free ports, that end with this command and leave nothing behind.

use super::resources::{self, Usage};
use crate::args::Life;
use crate::commands::demo::process::{Hospital, wait_for};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::network::{FILE_BYTES_MAX, Member, Network};
use crate::private_file::{self, Existing};
use amanah_ledger::crypto::Digest;
use amanah_ledger::genesis::Parameters;
use amanah_node::config::{ClientConfig, Config, ConfigFile as _};
use amanah_node::home::{HospitalPlan, NetworkPlan, create_network, demo_parameters};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;
use tokio::time::Instant;
use zeroize::Zeroizing;

const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];
/// How long all four may take to start.
const START_MAX: Duration = Duration::from_secs(60);
/// The load comes from one address, and enrols as fast as it can.
const PER_MINUTE: u32 = 100_000_000;
/// The first port is looked for from here on, in so many places, so often.
const PORT_MIN: u16 = 10_000;
const PORTS_TRIED: u16 = 9_900;
const PORT_TRIES: u32 = 100;
/// A day of the fastest load.
const LEAVES_PER_DAY: u32 = 1_000_000_000;

/// The running hospitals. Dropped, they are killed and their directory is removed.
pub(super) struct ThrowAway {
    hospitals: Vec<Hospital>,
    network: Network,
    api_key: Zeroizing<String>,
    /// Killed before the directory goes.
    children: Vec<Child>,
    dir: Directory,
}

/// A directory that goes with its owner, and the lock that says that somebody uses it.
struct Directory {
    path: PathBuf,
    _lock: File,
}

impl ThrowAway {
    /// Makes a network with fresh keys and starts it.
    pub(super) async fn start(home: &Home) -> Fallible<Self> {
        let dir = Directory::claim(home)?;
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(Failure::no_randomness)?;
        let api_key = Zeroizing::new(hex::encode(random));
        let plan = plan(&dir.path, &api_key)?;
        create_network(&plan).map_err(|why| cannot(&why))?;
        let hospitals: Vec<Hospital> = plan.hospitals.iter().map(|hospital| process(&dir.path, hospital)).collect();
        hospitals.iter().try_for_each(|hospital| raise_limits(&hospital.dir.join("config.toml")))?;
        let file = dir.path.join(NAMES[0]).join("network.json");
        let network = Network::parse(&private_file::read(&file, FILE_BYTES_MAX)?).map_err(|why| cannot(&why))?;
        let mut town = Self { hospitals, network, api_key, children: Vec::new(), dir };
        let deadline = Instant::now() + START_MAX;
        for hospital in &town.hospitals {
            town.children.push(hospital.start(Life::Starters)?);
        }
        for (hospital, child) in town.hospitals.iter().zip(&mut town.children) {
            wait_for(hospital, Some(child), "/readyz", deadline).await?;
        }
        Ok(town)
    }

    /// The hospitals.
    pub(super) fn members(&self) -> &[Member] {
        &self.network.members
    }

    /// What a wallet would be given.
    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// The key of every hospital's desk.
    pub(super) fn api_key(&self) -> &Zeroizing<String> {
        &self.api_key
    }

    /// What each hospital has used so far.
    pub(super) fn usage(&self) -> Fallible<Vec<Usage>> {
        let named = self.hospitals.iter().zip(&self.children);
        named.map(|(hospital, child)| resources::of(child.id(), &hospital.dir)).collect()
    }
}

impl Drop for ThrowAway {
    fn drop(&mut self) {
        for child in &mut self.children {
            // One that has ended already needs no killing.
            child.kill().ok();
            child.wait().ok();
        }
        self.dir.clear();
    }
}

impl Directory {
    /// Takes the place of benchmarks in this home; what an interrupted one has left goes.
    fn claim(home: &Home) -> Fallible<Self> {
        let path = home.root().join("bench");
        std::fs::create_dir_all(&path).map_err(|e| Failure::io("make", &path, &e))?;
        let lock = path.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(|e| Failure::io("open", &lock, &e))?;
        if file.try_lock().is_err() {
            let detail = "another benchmark is at work here";
            return Err(Failure::new(Exit::Conflict, 610, detail, "wait until it has ended"));
        }
        let dir = Self { path, _lock: file };
        dir.clear();
        Ok(dir)
    }

    fn clear(&self) {
        for name in NAMES.iter().copied().chain(["logs"]) {
            // What cannot be removed is in the way of the next start, which says so.
            std::fs::remove_dir_all(self.path.join(name)).ok();
        }
    }
}

fn cannot(why: &dyn std::fmt::Display) -> Box<Failure> {
    Failure::new(Exit::Failed, 611, format!("no network can be made to measure: {why}"), "run it again")
}

fn plan(dir: &Path, api_key: &str) -> Fallible<NetworkPlan> {
    let key_hash = Digest(*blake3::hash(api_key.as_bytes()).as_bytes());
    let ports = free_ports()?;
    let hospitals = NAMES.iter().zip(ports).map(|(name, addresses)| HospitalPlan {
        clients: vec![ClientConfig { name: "bench".to_owned(), key_hash }],
        ..HospitalPlan::new(dir.join(name), name, &format!("Hospital {name}"), addresses)
    });
    Ok(NetworkPlan {
        network: "amanah-bench".to_owned(),
        time: crate::duration::now(),
        parameters: Parameters { new_leaves_per_day_max: LEAVES_PER_DAY, ..demo_parameters() },
        hospitals: hospitals.collect(),
    })
}

/// Ports that nobody uses at this moment, below those that systems give to outgoing connections: one of these could be
/// taken by somebody's connection before its hospital has started.
fn free_ports() -> Fallible<[[SocketAddr; 3]; 4]> {
    for _ in 0..PORT_TRIES {
        let mut random = [0; 2];
        getrandom::fill(&mut random).map_err(Failure::no_randomness)?;
        let base = PORT_MIN + u16::from_le_bytes(random) % PORTS_TRIED;
        let at = |hospital: u16, port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, base + 3 * hospital + port));
        let ports = [0, 1, 2, 3].map(|hospital| [0, 1, 2].map(|port| at(hospital, port)));
        if ports.iter().flatten().all(|address| TcpListener::bind(address).is_ok()) {
            return Ok(ports);
        }
    }
    Err(cannot(&"no twelve ports in a row are free"))
}

fn process(dir: &Path, plan: &HospitalPlan) -> Hospital {
    Hospital {
        name: plan.name.clone(),
        dir: plan.dir.clone(),
        log: dir.join("logs").join(format!("{}.log", plan.name)),
        api: format!("http://{}", plan.api),
        ops: format!("http://{}", plan.ops),
        p2p: plan.p2p.to_string(),
    }
}

/// What protects a hospital from one strange address would only slow this one.
fn raise_limits(path: &Path) -> Fallible<()> {
    let mut config = Config::load(path).map_err(|why| cannot(&why))?;
    config.api.address_requests_per_minute = PER_MINUTE;
    config.api.address_enrolments_per_minute = PER_MINUTE;
    config.api.address_connections = amanah_node::api::CONNECTIONS_MAX;
    private_file::write(path, config.to_toml().as_bytes(), Existing::Replace)
}
