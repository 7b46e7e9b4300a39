//! `amanah revoke --slip`: twelve words on paper end every consent that stands under them. No wallet, no passphrase.
//!
//! Locks are derived here and looked up by their first 12 bits; a secret leaves this machine only for a consent found.

use crate::client::{Body, Method, Node, PATIENCE};
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::network::{FILE_BYTES_MAX, Network};
use crate::output::Report;
use crate::revocation::{self, Accepted};
use crate::settings::Settings;
use crate::slip;
use crate::terminal;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::derive::{MISSES_MAX, Slip, SlipItem};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{Leaf, LeafKey};
use amanah_ledger::position::Height;
use amanah_ledger::transaction::RevokeProof;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Most locks that a node lists under one prefix.
const LOCKS_MAX: usize = 65_536;
/// Locks that are looked up at once.
const AT_ONCE: usize = 32;
/// The search ends after so many locks in a row that no consent in force has. Ended consents are not listed and look
/// like misses, so the twenty of a wallet's own search would stop too early for somebody who has ended twenty before.
const MISSES: u32 = MISSES_MAX + 256;
/// Bytes of one listed lock: consent key and lock.
const LOCK_BYTES: usize = 64;

type Locks = BoundedVec<(PublicKey, Digest), LOCKS_MAX>;

/// A consent that stands under the slip.
struct Found {
    consent: PublicKey,
    item: SlipItem,
}

pub(crate) async fn run(path: &Path, url: Option<&str>, settings: &Settings) -> Fallible<Report> {
    let slip = slip::read(path)?;
    let (network, mut nodes) = network_and_nodes(url, settings).await?;
    revocation::shuffle(&mut nodes)?;
    let nodes = reachable(nodes).await?;
    let found = search(&slip, &network, &nodes).await?;
    if found.is_empty() {
        return Ok(Report::ok(json!({ "consents": [] }), "No consent stands under this slip."));
    }
    let question = format!("This ends {} consent(s). Stop them?  [y] yes  [n] no: ", found.len());
    // Away from a terminal nobody is asked: holding the slip is the confirmation, and ending access must stay easy.
    if !settings.yes && settings.may_ask() && !terminal::confirm(&question)? {
        return Err(Failure::cancelled());
    }
    let ending = found.into_iter().map(|one| end(one, &network, &nodes, settings.timeout));
    conclude(futures::future::join_all(ending).await)
}

/// The network of the home, or the one that the named node tells where the home has none.
async fn network_and_nodes(url: Option<&str>, settings: &Settings) -> Fallible<(Network, Vec<Node>)> {
    let Some(url) = url else {
        let network = Network::of_home(&settings.home)?;
        let nodes = network.nodes()?;
        return Ok((network, nodes));
    };
    let node = Node::new(url, url)?;
    if settings.home.network_file().exists() {
        return Ok((Network::of_home(&settings.home)?, vec![node]));
    }
    let limit = usize::try_from(FILE_BYTES_MAX).unwrap_or(usize::MAX);
    let bytes = node.exchange(Method::Get, "/v1/network", Body::Empty, limit, PATIENCE).await?;
    let network = Network::parse(&bytes).map_err(|why| finality::not_verified(&node, why))?;
    settings
        .note(&format!("No network is known here; taking the word of {url} that it is {}.", network.genesis.network));
    Ok((network, vec![node]))
}

/// The nodes that answer; at least one.
async fn reachable(nodes: Vec<Node>) -> Fallible<Vec<Node>> {
    let asked = nodes.iter().map(|node| node.json::<Value>(Method::Get, "/v1/status", Body::Empty));
    let (mut answering, mut failure) = (Vec::new(), None);
    for (node, answer) in nodes.iter().zip(futures::future::join_all(asked).await) {
        match answer {
            Ok(_status) => answering.push(node.clone()),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if answering.is_empty() => Err(<Box<Failure>>::from(error).state("nothing was sent")),
        Some(_) | None => Ok(answering),
    }
}

/// Every consent in force under the slip, found by its lock.
async fn search(slip: &Slip, network: &Network, nodes: &[Node]) -> Fallible<Vec<Found>> {
    let (mut found, mut misses) = (Vec::new(), 0);
    for first in (0u32..).step_by(AT_ONCE) {
        let items: Vec<SlipItem> = (first..).take(AT_ONCE).map(|index| slip.item(index)).collect();
        let locks: Vec<Digest> = items.iter().map(|item| item.lock(&network.chain)).collect();
        let asked = futures::future::join_all(locks.iter().map(|lock| consents_with(lock, nodes))).await;
        for (item, with_lock) in items.into_iter().zip(asked) {
            let with_lock = with_lock?;
            misses = if with_lock.is_empty() { misses + 1 } else { 0 };
            found.extend(with_lock.into_iter().map(|consent| Found { consent, item: item.clone() }));
        }
        if misses >= MISSES {
            break;
        }
    }
    Ok(found)
}

/// What any node lists under this lock: a node that hides one is made up for by the others.
async fn consents_with(lock: &Digest, nodes: &[Node]) -> Fallible<BTreeSet<PublicKey>> {
    let path = format!("/v1/locks/{:02x}{:x}", lock.0[0], lock.0[1] >> 4);
    let limit = LOCKS_MAX * LOCK_BYTES + 16;
    let asked = nodes.iter().map(|node| node.canonical::<Locks>(Method::Get, &path, Body::Empty, limit, PATIENCE));
    let (mut consents, mut failure, mut answered) = (BTreeSet::new(), None, false);
    for answer in futures::future::join_all(asked).await {
        match answer {
            Ok(locks) => {
                answered = true;
                consents.extend(locks.iter().filter(|(_, held)| held == lock).map(|(consent, _)| *consent));
            }
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if !answered => Err(<Box<Failure>>::from(error).state("nothing was sent")),
        Some(_) | None => Ok(consents),
    }
}

/// What became of one consent.
struct Ended {
    consent: PublicKey,
    custodian: Option<String>,
    elapsed_ms: u64,
    outcome: Fallible<Height>,
}

async fn end(found: Found, network: &Network, nodes: &[Node], timeout: Duration) -> Ended {
    let started = Instant::now();
    let mut custodian = None;
    let outcome = end_and_wait(&found, network, nodes, started + timeout, timeout, &mut custodian).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ended { consent: found.consent, custodian, elapsed_ms, outcome }
}

async fn end_and_wait(
    found: &Found,
    network: &Network,
    nodes: &[Node],
    deadline: Instant,
    timeout: Duration,
    custodian: &mut Option<String>,
) -> Fallible<Height> {
    let proof = RevokeProof::Slip(*found.item.expose());
    let (one, others) = nodes.split_at(nodes.len().min(1));
    let accepted: Accepted = revocation::send(network, found.consent, proof, one, others).await?;
    let keys = [LeafKey::Consent(found.consent)];
    let ended = revocation::wait(network, &accepted, found.consent, &keys, deadline).await?;
    let (state, height) = ended.ok_or_else(|| revocation::not_in_time(timeout))?;
    if let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(found.consent)) {
        *custodian = Some(network.name_of(&leaf.custodian));
    }
    Ok(height)
}

fn conclude(ended: Vec<Ended>) -> Fallible<Report> {
    let (mut consents, mut lines, mut failed): (Vec<Value>, Vec<String>, Option<Box<Failure>>) = Default::default();
    for Ended { consent, custodian, elapsed_ms, outcome } in ended {
        let label = Label::consent(&consent).to_string();
        let height = outcome.as_ref().ok().copied();
        consents.push(json!({ "consent": label, "custodian": custodian, "height": height,
            "final": height.is_some(), "elapsed_ms": elapsed_ms }));
        match outcome {
            Ok(height) => lines.push(format!("✓ {label} has ended: final (block {height}).")),
            Err(failure) => {
                failed.get_or_insert(failure);
            }
        }
    }
    match failed {
        None => Ok(Report::ok(json!({ "consents": consents }), lines.join("\n"))),
        Some(failure) => Err(failure.field("consents", consents)),
    }
}
