//! `amanah revoke --slip`: twelve words on paper end every consent that stands under them. No wallet, no passphrase.
//!
//! Locks are derived here and looked up by their first 12 bits, ended consents among them, so that the search knows
//! where the used locks stop. A secret leaves this machine only for a consent that nobody proves to have ended.

use crate::client::{Body, Method, Node, PATIENCE};
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::network::{FILE_BYTES_MAX, Network};
use crate::output::Report;
use crate::progress::Progress;
use crate::revocation::{self, Accepted};
use crate::settings::Settings;
use crate::slip;
use crate::terminal;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::derive::{MISSES_MAX, Slip, SlipItem};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, Leaf, LeafKey};
use amanah_ledger::position::Height;
use amanah_ledger::proof::ENTRIES_MAX;
use amanah_ledger::transaction::RevokeProof;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// Most locks that a node lists under one prefix.
const LOCKS_MAX: usize = 65_536;
/// Locks that are looked up at once; the search ends after [`MISSES_MAX`] in a row that no consent has.
const AT_ONCE: usize = 5;
/// Bytes of one listed lock: consent key and lock.
const LOCK_BYTES: usize = 64;
/// A node that is asked for the ledger's state gets this long to reach the newest block that any shows.
const CATCH_UP: Duration = Duration::from_secs(2);

type Locks = BoundedVec<(PublicKey, Digest), LOCKS_MAX>;

/// A consent under the slip.
struct Found {
    consent: PublicKey,
    item: SlipItem,
    /// Name of the hospital that keeps the records, where the ledger has been shown.
    custodian: Option<String>,
}

pub(crate) async fn run(path: &Path, url: Option<&str>, settings: &Settings) -> Fallible<Report> {
    let slip = slip::read(path)?;
    let (network, mut nodes) = network_and_nodes(url, settings).await?;
    revocation::shuffle(&mut nodes)?;
    let nodes = reachable(nodes).await?;
    let found = search(&slip, &network, &nodes).await?;
    let found_count = found.len();
    let standing = in_force(found, &network, &nodes).await;
    if standing.is_empty() {
        let text = match found_count {
            0 => "No consent stands under this slip.".to_owned(),
            ended => format!("No consent stands under this slip any more: {ended} ended before."),
        };
        return Ok(Report::ok(json!({ "consents": [] }), text));
    }
    let question = match standing.len() {
        1 => "This ends one consent. Stop it?  [y] yes  [n] no: ".to_owned(),
        several => format!("This ends {several} consents. Stop them?  [y] yes  [n] no: "),
    };
    // Away from a terminal nobody is asked: holding the slip is the confirmation, and ending access must stay easy.
    if !settings.yes && settings.may_ask() && !terminal::confirm(&question)? {
        return Err(Failure::cancelled());
    }
    let progress = Progress::waiting(settings.reader, "ending them; waiting until that is final");
    let ending = standing.into_iter().map(|one| end(one, &network, &nodes, settings.timeout));
    let ended = futures::future::join_all(ending).await;
    drop(progress);
    conclude(ended)
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

/// Every consent under the slip, in force or ended, found by its lock.
async fn search(slip: &Slip, network: &Network, nodes: &[Node]) -> Fallible<Vec<Found>> {
    let (mut found, mut misses) = (Vec::new(), 0);
    for first in (0u32..).step_by(AT_ONCE) {
        let items: Vec<SlipItem> = (first..).take(AT_ONCE).map(|index| slip.item(index)).collect();
        let locks: Vec<Digest> = items.iter().map(|item| item.lock(&network.chain)).collect();
        let asked = futures::future::join_all(locks.iter().map(|lock| consents_with(lock, nodes))).await;
        for (item, with_lock) in items.into_iter().zip(asked) {
            let with_lock = with_lock?;
            misses = if with_lock.is_empty() { misses + 1 } else { 0 };
            let found_here = with_lock.into_iter();
            found.extend(found_here.map(|consent| Found { consent, item: item.clone(), custodian: None }));
        }
        if misses >= MISSES_MAX {
            break;
        }
    }
    Ok(found)
}

/// Those of `found` that no hospital proves to have ended: where nobody shows the ledger's state, all of them, since
/// ending a consent twice does no harm and leaving one in force does.
async fn in_force(found: Vec<Found>, network: &Network, nodes: &[Node]) -> Vec<Found> {
    let keys: Vec<LeafKey> = found.iter().map(|one| LeafKey::Consent(one.consent)).collect();
    // A node that is a block behind may still show as in force what others show as ended.
    let newest = finality::newest_height(nodes, &network.trust).await;
    let mut states = Vec::new();
    for portion in keys.chunks(ENTRIES_MAX) {
        for node in nodes {
            if let Ok(Some(state)) = finality::state(node, &network.trust, portion, newest, CATCH_UP).await {
                states.push(state);
                break;
            }
        }
    }
    let leaf_of = |consent: &PublicKey| {
        let leaf = states.iter().find_map(|state| state.get(&LeafKey::Consent(*consent)));
        match leaf {
            Some(Leaf::Consent(leaf)) => Some(leaf),
            Some(_) | None => None,
        }
    };
    let located = found.into_iter().map(|one| {
        let custodian = leaf_of(&one.consent).map(|leaf| network.name_of(&leaf.custodian));
        Found { custodian, ..one }
    });
    located.filter(|one| leaf_of(&one.consent).is_none_or(ConsentLeaf::is_active)).collect()
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
    let outcome = end_and_wait(&found, network, nodes, started + timeout, timeout).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ended { consent: found.consent, custodian: found.custodian, elapsed_ms, outcome }
}

async fn end_and_wait(
    found: &Found,
    network: &Network,
    nodes: &[Node],
    deadline: Instant,
    timeout: Duration,
) -> Fallible<Height> {
    let proof = RevokeProof::Slip(*found.item.expose());
    let (one, others) = nodes.split_at(nodes.len().min(1));
    let accepted: Accepted = revocation::send(network, found.consent, proof, one, others).await?;
    let keys = [LeafKey::Consent(found.consent)];
    let ended = revocation::wait(network, &accepted, found.consent, &keys, deadline).await?;
    ended.map(|(_, height)| height).ok_or_else(|| revocation::not_in_time(timeout))
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
