//! Which four hospitals, on which ports, and how their network is made.

use super::process::Hospital;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::private_file::{self, Existing};
use crate::profile::{self, Role};
use amanah_ledger::crypto::Digest;
use amanah_node::config::{ClientConfig, StaffConfig};
use amanah_node::home::{HospitalPlan, NetworkPlan, create_network, demo_parameters};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

const SCHEMA: &str = "amanah.demo/1";
/// Name and name for people.
const HOSPITALS: [(&str, &str); 4] = [
    ("cedar", "Cedar General Hospital"),
    ("qamar", "Qamar Hospital"),
    ("rawda", "Rawda Children's Hospital"),
    ("zaytun", "Zaytun Medical Center"),
];
/// Handle, name for people, role: at every hospital.
const STAFF: [(&str, &str, &str); 2] =
    [("clinician", "Demo Clinician", "clinician"), ("researcher", "Demo Researcher", "researcher")];
/// Ports from one hospital to the next.
const STEP: u16 = 10;
const FILE_BYTES_MAX: u64 = 4096;

/// A demo that has been made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    schema: String,
    base_port: u16,
    /// Whether patients, consents and accesses are there.
    pub(super) seeded: bool,
}

impl Plan {
    /// The demo of this home, if there is one.
    pub(super) fn read(home: &Home) -> Fallible<Option<Self>> {
        let path = file(home);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = private_file::read(&path, FILE_BYTES_MAX)?;
        let plan: Self = serde_json::from_slice(&bytes).map_err(|e| Failure::damaged(&path, e))?;
        if plan.schema == SCHEMA { Ok(Some(plan)) } else { Err(Failure::damaged(&path, "another format")) }
    }

    /// Writes it down.
    pub(super) fn write(&self, home: &Home) -> Fallible<()> {
        let path = file(home);
        let text = serde_json::to_vec_pretty(self).map_err(|e| Failure::damaged(&path, e))?;
        private_file::write(&path, &text, Existing::Replace)
    }

    /// The four hospitals.
    pub(super) fn hospitals(&self, home: &Home) -> Vec<Hospital> {
        let named = HOSPITALS.iter().zip(ports(self.base_port));
        named
            .map(|((name, _), [api, ops, p2p])| Hospital {
                name: (*name).to_owned(),
                dir: home.demo().join(name),
                log: home.demo().join("logs").join(format!("{name}.log")),
                api: format!("http://127.0.0.1:{api}"),
                ops: format!("http://127.0.0.1:{ops}"),
                p2p: format!("/ip4/127.0.0.1/tcp/{p2p}"),
            })
            .collect()
    }
}

/// Names of the four.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    HOSPITALS.iter().map(|(name, _)| *name)
}

fn file(home: &Home) -> PathBuf {
    home.demo().join("demo.json")
}

/// API, ops and peer port of each hospital.
fn ports(base: u16) -> impl Iterator<Item = [u16; 3]> {
    (0..4u16).map(move |i| base + i * STEP).map(|first| [first, first + 1, first + 2])
}

/// Makes a fresh network: random keys, hence another chain each time.
pub(super) fn create(home: &Home, base_port: u16) -> Fallible<Plan> {
    if home.network_file().exists() {
        let detail = format!("{} belongs to another network", home.root().display());
        return Err(Failure::new(Exit::Unsafe, 914, detail, "give the demo its own home: export AMANAH_HOME=DIR"));
    }
    ports(base_port).flatten().try_for_each(check_port)?;
    let (mut hospitals, mut keys) = (Vec::new(), Vec::new());
    for ((name, display), ports) in HOSPITALS.iter().zip(ports(base_port)) {
        let dir = home.demo().join(name);
        // Left by a start that was cut short: without the plan's file nothing has run on it.
        if dir.exists() {
            std::fs::remove_dir_all(&dir).map_err(|e| Failure::io("remove", &dir, &e))?;
        }
        let key = api_key()?;
        let addresses = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let key_hash = Digest(*blake3::hash(key.as_bytes()).as_bytes());
        hospitals.push(HospitalPlan {
            staff: STAFF.iter().map(staff).collect(),
            clients: vec![ClientConfig { name: "desk".to_owned(), key_hash }],
            ..HospitalPlan::new(dir, name, display, addresses)
        });
        keys.push(((*name).to_owned(), key));
    }
    let network = NetworkPlan {
        network: "amanah-demo".to_owned(),
        time: crate::duration::now(),
        parameters: demo_parameters(),
        hospitals,
    };
    create_network(&network).map_err(|why| {
        Failure::new(
            Exit::Failed,
            604,
            format!("the demo cannot be made: {why}"),
            "amanah demo down --purge   and try again",
        )
    })?;
    for (member, api_key) in keys {
        profile::create(home, &member.clone(), Role::Hospital { member, api_key }, Existing::Replace)?;
    }
    let plan = Plan { schema: SCHEMA.to_owned(), base_port, seeded: false };
    plan.write(home)?;
    let given = home.demo().join(HOSPITALS[0].0).join("network.json");
    let bytes = private_file::read(&given, crate::network::FILE_BYTES_MAX)?;
    private_file::write(&home.network_file(), &bytes, Existing::Keep)?;
    Ok(plan)
}

fn staff((handle, display, role): &(&str, &str, &str)) -> StaffConfig {
    StaffConfig { handle: (*handle).to_owned(), display: (*display).to_owned(), role: (*role).to_owned() }
}

fn api_key() -> Fallible<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(Failure::no_randomness)?;
    Ok(hex::encode(key))
}

fn check_port(port: u16) -> Fallible<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_free) => Ok(()),
        Err(error) => {
            let detail = format!("port {port} of this machine cannot be used: {error}");
            Err(Failure::new(Exit::Conflict, 605, detail, "amanah demo up --base-port N   with other ports")
                .state("nothing was started"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hospital_has_three_ports_of_its_own() {
        let all: Vec<u16> = ports(7400).flatten().collect();
        assert_eq!(all, [7400, 7401, 7402, 7410, 7411, 7412, 7420, 7421, 7422, 7430, 7431, 7432]);
    }

    #[test]
    fn a_home_of_another_network_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::find(|name| (name == "AMANAH_HOME").then(|| dir.path().as_os_str().to_owned())).unwrap();
        std::fs::write(home.network_file(), "{}").unwrap();
        assert_eq!(create(&home, 27_400).unwrap_err().exit, Exit::Unsafe);
        assert_eq!(std::fs::read(home.network_file()).unwrap(), b"{}");
    }

    #[test]
    fn a_taken_port_is_said_before_anything_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::find(|name| (name == "AMANAH_HOME").then(|| dir.path().as_os_str().to_owned())).unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(check_port(port).unwrap_err().code, "AMN-0605");
        assert_eq!(create(&home, port).unwrap_err().exit, Exit::Conflict);
        assert!(!home.demo().join("cedar").exists());
    }
}
