//! Four real hospitals, each a process with a home of its own, under load and under attack.
//!
//! Reading order: one process ([`hospital`]), what lies between processes ([`wire`]), what their clocks and disks can be
//! made to do ([`clock`], [`disk`]); a patient who signs, asks and reads the log ([`patient`], [`access_log`], [`api`]),
//! many of them ([`load`]), consents that were there before them ([`prebuilt`]), what they were promised ([`journal`]), whether it holds at the end ([`checker`]) and on the
//! way ([`watch`]); a plan of faults ([`plan`]) and its execution ([`campaign`]);
//! one hospital killed many times ([`kills`]), away for long ([`absence`]) or run twice ([`twin`]). Everything but the faults goes through public interfaces.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a harness that cannot go on fails, with the place and the answer"
)]

pub mod absence;
pub mod access_log;
pub mod api;
pub mod campaign;
pub mod checker;
pub mod clock;
pub mod damage;
pub mod disk;
pub mod hospital;
pub mod journal;
pub mod kills;
pub mod load;
pub mod patient;
pub mod plan;
pub mod prebuilt;
pub mod surroundings;
pub mod twin;
pub mod watch;
pub mod wire;

use amanah_ledger::crypto::Digest;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::network_file::{Network, NetworkFile};
use amanah_node::config::{ClientConfig, StaffConfig};
use amanah_node::home::{HospitalPlan, NetworkPlan, create_network, demo_parameters};
use clock::Clock;
use disk::Disk;
use hospital::Hospital;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use wire::Wires;

/// Names of the hospitals.
pub const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];

/// How a cluster is made.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The command that runs the node of the home which follows it, for example `siege node`.
    pub node: Vec<OsString>,
    /// What lies between the hospitals.
    pub wiring: Wiring,
    /// Whether clocks can be shifted.
    pub clocks: Clocks,
    /// Where data lies.
    pub disks: Disks,
}

/// What lies between the hospitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// This machine's loopback: nothing can be cut.
    Loopback,
    /// A network namespace for each, joined by a bridge.
    Namespaces,
}

/// Which clocks processes see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clocks {
    /// The system's.
    System,
    /// One that can be moved while the process runs.
    Movable,
}

/// Where data lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disks {
    /// In a directory.
    Shared,
    /// Each on a small file system of its own.
    Small {
        /// Its size.
        size_mib: u64,
    },
}

impl Setup {
    /// On loopback, with the system's clock, in a directory.
    pub fn plain(node: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let node = node.into_iter().map(Into::into).collect();
        Self { node, wiring: Wiring::Loopback, clocks: Clocks::System, disks: Disks::Shared }
    }
}

/// The hospitals; stopped and removed when dropped.
#[derive(Debug)]
pub struct Cluster {
    /// In the order of the committee.
    pub hospitals: Vec<Hospital>,
    /// Where the network began.
    pub genesis: Genesis,
    /// As wallets get it.
    pub network: Network,
    /// Consents that were on the ledger before anybody ran.
    pub prebuilt: prebuilt::Prebuilt,
    wires: Wires,
    // Behind the hospitals: they stop first. Behind the disks: those are taken off first.
    disks: Vec<Disk>,
    dir: tempfile::TempDir,
}

impl Cluster {
    /// Makes the homes of a fresh network. Nothing runs yet.
    ///
    /// # Panics
    /// When the machine does not allow what `setup` asks for.
    pub fn create(setup: &Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let wires = match setup.wiring {
            Wiring::Loopback => Wires::loopback(),
            Wiring::Namespaces => Wires::namespaces(NAMES.len()),
        };
        let disks = match setup.disks {
            Disks::Shared => Vec::new(),
            Disks::Small { size_mib } => NAMES.map(|name| Disk::mount(dir.path(), name, size_mib)).into(),
        };
        let home = |i: usize| match disks.get(i) {
            Some(disk) => disk.path().join("home"),
            None => dir.path().join(NAMES[i]),
        };
        let ports = wires.ports();
        let mut plans = Vec::new();
        let mut hospitals = Vec::new();
        for (i, name) in NAMES.into_iter().enumerate() {
            let [api, ops, p2p] = ports[i];
            let key = format!("key of {name}");
            plans.push(plan_of(name, home(i), [api, ops, p2p], &key));
            let clock = match setup.clocks {
                Clocks::System => Clock::system(),
                Clocks::Movable => Clock::movable(&dir.path().join(format!("{name}.clock"))),
            };
            let command = wires.command(i, &setup.node);
            let log = dir.path().join(format!("{name}.log"));
            hospitals.push(Hospital::new(name, home(i), log, [api, ops, p2p], key, command, clock));
        }
        let plan = NetworkPlan {
            network: "siege".to_owned(),
            time: patient::now(),
            parameters: demo_parameters(),
            hospitals: plans,
        };
        let genesis = create_network(&plan).unwrap();
        for (i, hospital) in hospitals.iter().enumerate() {
            limit_storage(&hospital.dir, setup.disks, i);
        }
        let file = std::fs::read(hospitals[0].dir.join("network.json")).unwrap();
        let network = serde_json::from_slice::<NetworkFile>(&file).unwrap().check().unwrap();
        let prebuilt = prebuilt::Prebuilt::new();
        Self { hospitals, genesis, network, prebuilt, wires, disks, dir }
    }

    /// Starts everybody and waits until all answer.
    ///
    /// # Panics
    /// When one does not within a minute, and one more for each hundred thousand consents.
    pub fn start(&self) {
        self.hospitals.iter().for_each(Hospital::start);
        let minutes = 1 + self.prebuilt.len() as u64 / 100_000;
        let deadline = Instant::now() + Duration::from_secs(60 * minutes);
        for hospital in &self.hospitals {
            hospital.wait_until_live(deadline).unwrap_or_else(|why| panic!("{}: {why}", hospital.name));
        }
        while !self.hospitals.iter().all(|hospital| hospital.status().is_some_and(|status| status.caught_up)) {
            assert!(Instant::now() < deadline, "not all hospitals answer decisions");
            std::thread::sleep(hospital::LOOK);
        }
    }

    /// A fresh cluster that runs.
    pub fn up(setup: &Setup) -> Self {
        let cluster = Self::create(setup);
        cluster.start();
        cluster
    }

    /// The network's name.
    pub fn chain(&self) -> Digest {
        self.network.chain()
    }

    /// What lies between the hospitals.
    pub fn wires(&self) -> &Wires {
        &self.wires
    }

    /// The small disk of a hospital, if it has one.
    pub fn disk(&self, hospital: usize) -> Option<&Disk> {
        self.disks.get(hospital)
    }

    /// Where everything of this cluster lies.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Keeps everything on disk, for somebody to look at, and says where it is.
    pub fn keep(self) -> PathBuf {
        for hospital in &self.hospitals {
            hospital.kill();
        }
        let Self { dir, disks, wires, hospitals, .. } = self;
        let path = dir.keep();
        for (disk, hospital) in disks.iter().zip(&hospitals) {
            copy_dir(disk.path(), &path.join(hospital.name));
        }
        drop((hospitals, disks, wires));
        path
    }

    /// All four, once they run, show one height, block and state root; `except` are left out.
    ///
    /// # Errors
    /// Says what each shows when they do not agree in time.
    pub fn agree_within(&self, limit: Duration, except: &[usize]) -> Result<api::Status, String> {
        let deadline = Instant::now() + limit;
        let asked: Vec<&Hospital> =
            self.hospitals.iter().enumerate().filter(|(i, _)| !except.contains(i)).map(|(_, h)| h).collect();
        loop {
            let shown: Vec<Option<api::Status>> = asked.iter().map(|hospital| hospital.status()).collect();
            if let Some(first) = shown[0].clone()
                && shown.iter().flatten().all(|one| one.same_head(&first))
                && shown.iter().all(Option::is_some)
            {
                return Ok(first);
            }
            if Instant::now() >= deadline {
                return Err(format!("they do not agree within {limit:?}: {shown:?}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn plan_of(name: &str, dir: PathBuf, addresses: [SocketAddr; 3], key: &str) -> HospitalPlan {
    let staff = |handle: &str| StaffConfig {
        handle: handle.to_owned(),
        display: format!("The {handle}"),
        role: handle.to_owned(),
    };
    HospitalPlan {
        staff: vec![staff("clinician"), staff("researcher")],
        clients: vec![ClientConfig {
            name: "desk".to_owned(),
            key_hash: Digest(*blake3::hash(key.as_bytes()).as_bytes()),
        }],
        ..HospitalPlan::new(dir, name, &format!("Hospital {name}"), addresses)
    }
}

/// On a small disk every second hospital stops by itself before it is full; the others meet the full disk in a write.
fn limit_storage(home: &Path, disks: Disks, hospital: usize) {
    if matches!(disks, Disks::Small { .. }) && hospital % 2 == 1 {
        let path = home.join("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("vote_free_mib = 512"), "the limit has another name: {text}");
        std::fs::write(&path, text.replace("vote_free_mib = 512", "vote_free_mib = 0")).unwrap();
    }
}

/// Copies a directory with everything in it.
///
/// # Panics
/// When a file cannot be read or written.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Whether this process may do everything on this machine.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An address and a port.
fn at(ip: impl Into<IpAddr>, port: u16) -> SocketAddr {
    SocketAddr::new(ip.into(), port)
}
