//! `amanah network status`: what each hospital's node says about itself, and what the ledger proves against any of them.

pub(crate) mod why;

use crate::client::{Body, Method, Node};
use crate::failure::Fallible;
use crate::finality;
use crate::network::Network;
use crate::output::Report;
use crate::settings::Settings;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::evidence::EvidenceKind;
use amanah_ledger::leaf::{EvidenceLeaf, LeafKey};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::{Epoch, Height};
use amanah_ledger::proof::ENTRIES_MAX;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The epoch of this version: committees are fixed.
const EPOCH: Epoch = Epoch(0);

/// A member and how its validator contradicted itself.
type Accusation = (MemberId, EvidenceKind);

pub(crate) async fn status(settings: &Settings) -> Fallible<Report> {
    let network = Network::of_home(&settings.home)?;
    let nodes = network.nodes()?;
    let validators = futures::future::join_all(nodes.iter().map(validator)).await;
    let proven = contradictions(&network, &nodes).await;
    let text = validators.iter().map(line).chain(proven.values().map(|leaf| accusation(&network, leaf)));
    let text = text.collect::<String>();
    let fields = json!({
        "network": network.genesis.network.as_str(),
        "chain_id": network.chain,
        "validators": validators,
        "contradictions": proven.values().map(|leaf| contradiction(&network, leaf)).collect::<Vec<_>>(),
    });
    Ok(Report::ok(fields, text))
}

/// One node's own words; `reachable: false` where it has none.
pub(crate) async fn validator(node: &Node) -> Value {
    let answer = node.json::<Value>(Method::Get, "/v1/status", Body::Empty).await.ok();
    let field = |name: &str| answer.as_ref().map_or(Value::Null, |status| status[name].clone());
    json!({
        "name": node.name(),
        "reachable": answer.is_some(),
        "height": field("height"),
        "block": field("block"),
        "state_root": field("state_root"),
        "view": field("view"),
    })
}

fn line(validator: &Value) -> String {
    let name = validator["name"].as_str().unwrap_or_default();
    if validator["reachable"] == true {
        format!("{name:<12} up     height {}, view {}\n", validator["height"], validator["view"])
    } else {
        format!("{name:<12} does not answer\n")
    }
}

/// What the ledger proves against validators. One node that shows it is enough, and no node is believed: each leaf is
/// checked down to the two signatures.
async fn contradictions(network: &Network, nodes: &[Node]) -> BTreeMap<Accusation, EvidenceLeaf> {
    let ids = network.members.iter().map(|member| member.id);
    let accusations: Vec<Accusation> = ids.flat_map(|id| EvidenceKind::ALL.map(|kind| (id, kind))).collect();
    let asking = nodes.iter().map(|node| proven_by(node, network, &accusations));
    futures::future::join_all(asking).await.into_iter().flatten().collect()
}

/// What one node proves; nothing if it does not answer.
async fn proven_by(node: &Node, network: &Network, accusations: &[Accusation]) -> Vec<(Accusation, EvidenceLeaf)> {
    let mut proven = Vec::new();
    for some in accusations.chunks(ENTRIES_MAX) {
        let keys: Vec<LeafKey> = some.iter().map(|(id, kind)| LeafKey::Evidence(*id, EPOCH, *kind)).collect();
        let shown = finality::state(node, &network.trust, &keys, Height(0), Duration::ZERO).await;
        let Ok(Some(state)) = shown else { break };
        for (id, kind) in some {
            if let Ok(Some(leaf)) = state.contradiction((*id, EPOCH, *kind), &network.trust, &Ed25519) {
                proven.push(((*id, *kind), leaf.clone()));
            }
        }
    }
    proven
}

fn contradiction(network: &Network, leaf: &EvidenceLeaf) -> Value {
    json!({
        "member": network.name_of(&leaf.member),
        "kind": leaf.proof.kind().name(),
        "epoch": leaf.proof.epoch(),
        "view": leaf.proof.view(),
        "height": leaf.height,
    })
}

fn accusation(network: &Network, leaf: &EvidenceLeaf) -> String {
    let (kind, view) = (leaf.proof.kind().name(), leaf.proof.view());
    let name = network.name_of(&leaf.member);
    format!("{name} contradicted itself: {kind} in view {view}, proven at height {}\n", leaf.height)
}
