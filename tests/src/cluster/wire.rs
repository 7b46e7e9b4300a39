//! What lies between hospitals: loopback, or a network namespace for each, joined by a bridge, so that a cut is a cut.
//! Delay and random loss are not among the faults: not every kernel has them.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports inside a namespace.
const PORTS: [u16; 3] = [7400, 7401, 7402];

/// The links of one cluster; taken down when dropped.
#[derive(Debug)]
pub struct Wires {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Loopback,
    Namespaces { number: u8, hospitals: usize },
}

impl Wires {
    /// Nothing of its own.
    pub(super) fn loopback() -> Self {
        Self { kind: Kind::Loopback }
    }

    /// Whether this machine lets us make namespaces.
    pub fn can_be_cut() -> bool {
        if !super::is_root() {
            return false;
        }
        let name = format!("amanah-look-{}", std::process::id());
        let made = run(&["netns", "add", &name]).is_ok();
        made && run(&["netns", "del", &name]).is_ok()
    }

    /// A namespace for each hospital and a bridge between them.
    ///
    /// # Panics
    /// When the system refuses.
    pub(super) fn namespaces(hospitals: usize) -> Self {
        let first = u8::try_from(std::process::id() % 200).unwrap();
        // Whoever makes the bridge has the number.
        let number = (0..250u8)
            .map(|step| 1 + (first + step % 50) % 250)
            .find(|number| run(&["link", "add", &bridge(*number), "type", "bridge"]).is_ok())
            .expect("at most fifty clusters at a time on one machine, and the right to make a bridge");
        let wires = Self { kind: Kind::Namespaces { number, hospitals } };
        let bridge = bridge(number);
        must(&["addr", "add", &format!("{}/24", address(number, 254)), "dev", &bridge]);
        must(&["link", "set", &bridge, "up"]);
        for i in 0..hospitals {
            let (space, end) = (namespace(number, i), host_end(number, i));
            must(&["netns", "add", &space]);
            must(&["link", "add", &end, "type", "veth", "peer", "name", "eth0", "netns", &space]);
            must(&["link", "set", &end, "master", &bridge, "up"]);
            let here = format!("{}/24", address(number, host_of(i)));
            must(&["-n", &space, "addr", "add", &here, "dev", "eth0"]);
            must(&["-n", &space, "link", "set", "eth0", "up"]);
            must(&["-n", &space, "link", "set", "lo", "up"]);
        }
        wires
    }

    /// API, operator's and peer port of each hospital.
    pub(super) fn ports(&self) -> Vec<[SocketAddr; 3]> {
        match self.kind {
            Kind::Loopback => free_ports(),
            Kind::Namespaces { number, hospitals } => (0..hospitals)
                .map(|i| {
                    let here = address(number, host_of(i));
                    [super::at(here, PORTS[0]), super::at(Ipv4Addr::LOCALHOST, PORTS[1]), super::at(here, PORTS[2])]
                })
                .collect(),
        }
    }

    /// `command`, run where this hospital lives.
    pub(super) fn command(&self, hospital: usize, command: &[OsString]) -> Vec<OsString> {
        match self.kind {
            Kind::Loopback => command.to_vec(),
            Kind::Namespaces { number, .. } => {
                let enter = ["ip", "netns", "exec", &namespace(number, hospital)].map(OsString::from);
                enter.into_iter().chain(command.iter().cloned()).collect()
            }
        }
    }

    /// Takes the hospital's cable out: nobody reaches it, it reaches nobody.
    pub fn cut(&self, hospital: usize) {
        if let Kind::Namespaces { number, .. } = self.kind {
            must(&["link", "set", &host_end(number, hospital), "down"]);
        }
    }

    /// Puts the cable back.
    pub fn join(&self, hospital: usize) {
        if let Kind::Namespaces { number, .. } = self.kind {
            must(&["link", "set", &host_end(number, hospital), "up"]);
        }
    }

    /// What the hospital sends to the other hospitals gets lost; what they send arrives, and clients are served.
    pub fn mute(&self, hospital: usize) {
        if let Kind::Namespaces { number, .. } = self.kind {
            for peer in self.peers(hospital) {
                // A hardware address that nobody has.
                must(
                    &["-n", &namespace(number, hospital), "neigh", "replace", &peer, "lladdr", "02:00:00:00:00:99"]
                        .into_iter()
                        .chain(["dev", "eth0", "nud", "permanent"])
                        .collect::<Vec<_>>(),
                );
            }
        }
    }

    /// The others hear it again.
    pub fn unmute(&self, hospital: usize) {
        if let Kind::Namespaces { number, .. } = self.kind {
            for peer in self.peers(hospital) {
                must(&["-n", &namespace(number, hospital), "neigh", "del", &peer, "dev", "eth0"]);
            }
        }
    }

    fn peers(&self, hospital: usize) -> Vec<String> {
        match self.kind {
            Kind::Loopback => Vec::new(),
            Kind::Namespaces { number, hospitals } => (0..hospitals)
                .filter(|other| *other != hospital)
                .map(|other| address(number, host_of(other)).to_string())
                .collect(),
        }
    }
}

impl Drop for Wires {
    fn drop(&mut self) {
        if let Kind::Namespaces { number, hospitals } = self.kind {
            for i in 0..hospitals {
                // What a start that was cut short did not make cannot be removed.
                run(&["link", "del", &host_end(number, i)]).ok();
                run(&["netns", "del", &namespace(number, i)]).ok();
            }
            run(&["link", "del", &bridge(number)]).ok();
        }
    }
}

fn bridge(number: u8) -> String {
    format!("amn{number}")
}

fn namespace(number: u8, hospital: usize) -> String {
    format!("amn{number}-{hospital}")
}

fn host_end(number: u8, hospital: usize) -> String {
    format!("amn{number}v{hospital}")
}

fn host_of(hospital: usize) -> u8 {
    u8::try_from(hospital + 1).expect("a handful of hospitals")
}

fn address(number: u8, host: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 88, number, host)
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn must(arguments: &[&str]) {
    run(arguments).unwrap_or_else(|why| panic!("ip {}: {why}", arguments.join(" ")));
}

/// Three free ports for each of four, far from those that the system gives out, each given out once by this process.
pub(super) fn free_ports() -> Vec<[SocketAddr; 3]> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 400).unwrap() * 20;
    let mut found = Vec::new();
    let mut free = std::iter::repeat_with(|| 21_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 11_000)
        .take(11_000)
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .map(|port| super::at(Ipv4Addr::LOCALHOST, port));
    while found.len() < super::NAMES.len() {
        let mut next = || free.next().expect("twelve free ports on this machine");
        found.push([next(), next(), next()]);
    }
    found
}
