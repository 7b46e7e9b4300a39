//! The attacker's process: every kind of garbage, flood and lie in turn, at one hospital, for some time.

use super::line::Call;
use super::share::Share;
use super::trial::{LIAR, VICTIM};
use super::{http, member, stranger};
use crate::cluster::NAMES;
use amanah_ledger::codec;
use amanah_ledger::crypto::Keypair;
use amanah_ledger::genesis::{GENESIS_BYTES_MAX, Genesis};
use amanah_node::config::{Config, ConfigFile as _};
use libp2p::Multiaddr;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// Strangers call from here: an address of this machine that is nobody else's.
pub(super) const STRANGE_ADDRESS: [u8; 4] = [127, 0, 0, 2];

/// What the attacker knows of its victim, and the keys of the member that lies.
pub(super) struct Target {
    pub(super) genesis: Genesis,
    pub(super) api: SocketAddr,
    pub(super) ops: SocketAddr,
    pub(super) p2p: Multiaddr,
    /// Node, gateway and consensus key of the lying member.
    pub(super) node_seed: [u8; 32],
    pub(super) gateway: Keypair,
    pub(super) consensus: Keypair,
    pub(super) liar: usize,
}

/// What was done, by kind.
#[derive(Clone, Default)]
pub(super) struct Deeds(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Deeds {
    pub(super) fn count(&self, kind: &'static str) {
        *self.0.lock().unwrap().entry(kind).or_default() += 1;
    }

    fn json(&self) -> Value {
        json!(*self.0.lock().unwrap())
    }
}

impl Target {
    /// Reads the homes in `root`: the first hospital is attacked, the last one lies.
    fn read(root: &Path) -> Self {
        let (victim, liar) = (root.join(NAMES[VICTIM]), root.join(NAMES[LIAR]));
        let config = Config::load(&victim.join("config.toml")).unwrap();
        let bytes = std::fs::read(victim.join("genesis.bin")).unwrap();
        let seed = |name: &str| {
            let text = std::fs::read_to_string(liar.join("keys").join(name)).unwrap();
            let mut seed = [0; 32];
            hex::decode_to_slice(text.trim(), &mut seed).unwrap();
            seed
        };
        Self {
            genesis: codec::decode(&bytes, GENESIS_BYTES_MAX).unwrap(),
            api: *config.api.listen.get_ref(),
            ops: *config.ops.listen.get_ref(),
            p2p: config.p2p.listen,
            node_seed: seed("node.key"),
            gateway: Keypair::from_seed(&seed("gateway.key")),
            consensus: Keypair::from_seed(&seed("consensus.key")),
            liar: LIAR,
        }
    }
}

impl Target {
    /// The liar calls its victim.
    pub(super) fn call(&self) -> Call {
        Call {
            chain: self.genesis.chain(),
            node_seed: self.node_seed,
            callee: self.genesis.founders[VICTIM].keys.node,
            address: self.p2p.clone(),
        }
    }
}

/// Attacks the first hospital in `root` with `part` of one core, and says what was done as one line of JSON.
pub fn attack(root: &Path, seconds: u64, part: f64) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (target, share, deeds) =
            (Arc::new(Target::read(root)), Arc::new(Share::of_one_core(part)), Deeds::default());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(http::attack(target.api, http::Port::Api, Arc::clone(&share), deeds.clone()));
        tasks.spawn(http::attack(target.ops, http::Port::Ops, Arc::clone(&share), deeds.clone()));
        tasks.spawn(stranger::attack(Arc::clone(&target), Arc::clone(&share), deeds.clone()));
        tasks.spawn(member::attack(target, Arc::clone(&share), deeds.clone()));
        // Attacks never end by themselves; one that does has failed and says so.
        if let Ok(Some(ended)) = timeout(Duration::from_secs(seconds), tasks.join_next()).await {
            ended.unwrap();
            panic!("an attack ended early");
        }
        json!({ "deeds": deeds.json(), "share_of_one_core": share.measured() })
    })
}
