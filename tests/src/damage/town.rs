//! Four hospitals in this process, with patients at the first, until everything they did is final and anchored. Then
//! the first stops, and its home is what is damaged.

use super::served::{Served, gather};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::compose::{Wish, compose};
use amanah_ledger::crypto::{Digest, PublicKey, Signer as _};
use amanah_ledger::derive::{RelationshipSecret, WalletSeed};
use amanah_ledger::document::party::Actor;
use amanah_ledger::document::{Action, MemberRef};
use amanah_ledger::engine::Requester;
use amanah_ledger::exchange::{Certify, Enrolment, GrantRequest};
use amanah_ledger::genesis::{Founder, Genesis};
use amanah_ledger::preset::Selection;
use amanah_ledger::proof::Trust;
use amanah_ledger::time::{DAY_MS, HOUR_MS, UnixMs};
use amanah_ledger::transaction::{GrantItem, RevokeProof, SignedTransaction, revoke_signing_bytes};
use amanah_node::config::{Config, ConfigFile as _};
use amanah_node::custodian::{Ask, Mrn};
use amanah_node::home::{Home, HospitalPlan, NetworkPlan, create_network, demo_parameters};
use amanah_node::node::Node;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];
const PATIENTS: u8 = 4;
const CONSENTS: u32 = 5;
/// Anchors twice a second.
const GRID_MS: u64 = 500;
/// Fast enough to see everything within a trial.
const SCRUB_MIB_PER_HOUR: u64 = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);
/// After this long without a block everything is anchored.
const QUIET: Duration = Duration::from_secs(3);

/// The three hospitals that go on, and what the first one knew.
pub struct Town {
    /// The home of the stopped hospital, as it stopped.
    pub home: PathBuf,
    /// What it served before.
    pub truth: Served,
    /// Its patients.
    pub relationships: Vec<PublicKey>,
    peers: Vec<Node>,
}

impl Town {
    /// Founds a town in `dir`.
    pub async fn found(dir: &Path) -> Self {
        let genesis = create_network(&plan(dir)).expect("a network on free ports");
        let mut nodes = Vec::new();
        for name in NAMES {
            let home = dir.join(name);
            scrub_fast(&home);
            nodes.push(Node::start(Home::open(&home).expect("a new home")).await.expect("a node starts"));
        }
        let victim = nodes.remove(0);
        let relationships = live(&victim, &genesis).await;
        agree(&victim, &nodes).await;
        let trust = Trust::from_genesis(&genesis).expect("a network's genesis");
        let truth = gather(&victim, &trust, &relationships).await.expect("an undamaged node serves everything");
        victim.stop().await.expect("it stops in order");
        Self { home: dir.join(NAMES[0]), truth, relationships, peers: nodes }
    }

    /// The height of the hospitals that run: a trial must not make a block.
    pub fn height(&self) -> u64 {
        self.peers.iter().map(|peer| peer.ledger().view().height().0).max().unwrap_or(0)
    }
}

fn plan(dir: &Path) -> NetworkPlan {
    let mut ports = free_ports(3 * NAMES.len()).into_iter();
    let mut address = || SocketAddr::from(([127, 0, 0, 1], ports.next().expect("three each")));
    let hospitals = NAMES.map(|name| {
        HospitalPlan::new(dir.join(name), name, &format!("{name} Hospital"), [address(), address(), address()])
    });
    let mut parameters = demo_parameters();
    parameters.anchor_grid_ms = GRID_MS;
    NetworkPlan { network: "damage".to_owned(), time: now(), parameters, hospitals: hospitals.into() }
}

fn scrub_fast(home: &Path) {
    let path = home.join("config.toml");
    let mut config = Config::load(&path).expect("just written");
    config.storage.scrub_mib_per_hour = SCRUB_MIB_PER_HOUR;
    std::fs::write(path, config.to_toml()).expect("a home can be written");
}

fn free_ports(count: usize) -> Vec<u16> {
    let held: Vec<_> = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0)).expect("a free port")).collect();
    held.iter().map(|listener| listener.local_addr().expect("it is bound").port()).collect()
}

fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Enrols patients; each grants, revokes one consent, and is asked about.
async fn live(node: &Node, genesis: &Genesis) -> Vec<PublicKey> {
    let custodian = reference(&genesis.founders[0]);
    let mut relationships = Vec::new();
    for number in 1..=PATIENTS {
        let secret = WalletSeed::new([number; 32]).relationship(&genesis.chain(), &custodian.id, 0);
        let relationship = secret.key().public_key();
        let log_key = *secret.log_key().expose();
        let enrolment = Enrolment { custodian: custodian.id, relationship, generation: 0, log_key };
        let linked = node.custodian().act(move |desk, clock, head| {
            let (code, _) = desk.enrol(clock, enrolment).expect("a new patient");
            let mrn = Mrn::parse(&format!("MRN-{number:05}")).expect("a number");
            Ok(desk.link(clock, head, mrn, code)?.expect("a free number"))
        });
        linked.await.expect("the custodian answers");
        for index in 0..CONSENTS {
            let request = grant(genesis, &custodian, &secret, index);
            let consent = request.item.consent;
            let granted = node.custodian().act(move |desk, clock, head| desk.grant(clock, head, request));
            granted.await.expect("the custodian answers").expect("a first version");
            until(node, |state| state.consent(&consent).is_some()).await;
        }
        let key = secret.consent_key(0);
        let consent = key.public_key();
        let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&genesis.chain(), &consent)));
        let revoke = SignedTransaction::Revoke { consent, proof, relay: None };
        node.ledger().submit(revoke).await.expect("there is room");
        until(node, |state| state.consent(&consent).is_some_and(|leaf| !leaf.is_active())).await;
        ask(node, relationship, genesis).await;
        relationships.push(relationship);
    }
    relationships
}

fn reference(founder: &Founder) -> MemberRef {
    MemberRef { id: founder.id(), name: founder.name.clone(), display: founder.display.clone() }
}

fn grant(genesis: &Genesis, custodian: &MemberRef, secret: &RelationshipSecret, index: u32) -> GrantRequest {
    let (key, salt, chain) = (secret.consent_key(index), secret.salt(index, 1), genesis.chain());
    let now = now();
    let from = UnixMs(now.0 / 1000 * 1000);
    let document = compose(Wish {
        chain,
        custodian: custodian.clone(),
        relationship: secret.key().public_key(),
        consent: key.public_key(),
        version: 1,
        who: vec![Actor::Member(reference(&genesis.founders[1]))],
        what: "labs".parse().expect("a preset"),
        actions: vec![Action::Access],
        purpose: "TREAT".try_into().expect("a code"),
        from,
        until: UnixMs(from.0 + 30 * DAY_MS),
        supersedes: Vec::new(),
    });
    let document = document.expect("a consent that can be said in full");
    let certificate = Certify::of(&document, &salt).sign(&chain, &secret.key());
    let item = GrantItem {
        custodian: custodian.id,
        consent: key.public_key(),
        version: 1,
        prev: Digest::ZERO,
        commitment: certificate.certify.commitment,
        lock: secret.lock(&chain, index),
        submit_by: UnixMs((now.0 / HOUR_MS + 24) * HOUR_MS),
    };
    let item_signature = key.sign(&item.signing_bytes(&chain));
    GrantRequest { item, item_signature, document, salt, certificate }
}

async fn ask(node: &Node, relationship: PublicKey, genesis: &Genesis) {
    let requester = Requester { member: genesis.founders[1].id(), practitioner: None };
    let items = "labs".parse::<Selection>().expect("a preset").items();
    let items = BoundedVec::try_from(items).expect("few items");
    let purpose = "TREAT".try_into().expect("a code");
    let ask = Ask { relationship, requester, purpose, action: Action::Access, items };
    let decided = node.custodian().act(move |desk, clock, head| desk.decide(clock, head, ask));
    decided.await.expect("the custodian answers").expect("a known patient");
}

async fn until(node: &Node, mut holds: impl FnMut(&amanah_ledger::state::State) -> bool) {
    let mut heads = node.ledger().watch();
    let waited = tokio::time::timeout(PATIENCE, heads.wait_for(|view| holds(view.tip.state()))).await;
    waited.expect("it becomes final in time").map(drop).expect("the node runs");
}

/// Waits until nothing becomes final any more and all have the same height.
async fn agree(victim: &Node, peers: &[Node]) {
    let mut heads = victim.ledger().watch();
    while tokio::time::timeout(QUIET, heads.changed()).await.is_ok() {}
    let height = victim.ledger().view().height();
    for peer in peers {
        let mut heads = peer.ledger().watch();
        let reached = tokio::time::timeout(PATIENCE, heads.wait_for(|view| view.height() >= height)).await;
        reached.expect("all agree in time").map(drop).expect("the node runs");
    }
}
