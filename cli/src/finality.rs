//! Waiting until the ledger says so: leaves of the state under a header that a quorum has certified.

use crate::client::{Body, Method, Node};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::position::Height;
use amanah_ledger::proof::{ENTRIES_MAX, STATE_PROOF_BYTES_MAX, Shown, StateProof, Trust, VerifiedState};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Longest that one request asks a node to wait: no node waits longer.
const POLL_MS_MAX: u64 = 8_000;
/// After an answer that cannot be waited on, the next is asked for no sooner.
const PAUSE: Duration = Duration::from_millis(100);

/// What one node shows about `keys` under its newest certified header of at least `min_height`, waiting up to `wait`.
/// `None` while the node has no such header.
pub(crate) async fn state(
    node: &Node,
    trust: &Trust,
    keys: &[LeafKey],
    min_height: Height,
    wait: Duration,
) -> Fallible<Option<VerifiedState>> {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(POLL_MS_MAX).min(POLL_MS_MAX);
    let path = format!("/v1/proofs?min_height={min_height}&wait_ms={wait_ms}");
    let patience = Duration::from_millis(wait_ms) + crate::client::PATIENCE;
    let asked = BoundedVec::<LeafKey, ENTRIES_MAX>::try_from(keys.to_vec()).unwrap_or_default();
    let body = Body::Canonical(codec::encode(&asked));
    let shown = node.canonical::<StateProof>(Method::Post, &path, body, STATE_PROOF_BYTES_MAX, patience).await;
    let proof = match shown {
        Ok(proof) => proof,
        Err(error) if error.is_code("AMN-0301") || error.is_code("AMN-0303") => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let verified = proof.verify(trust, &Ed25519).map_err(|why| not_verified(node, why))?;
    if verified.height() < min_height {
        let shown = verified.height();
        return Err(not_verified(node, format!("it shows block {shown}, asked for {min_height} or later")));
    }
    let complete = keys.iter().all(|key| verified.shown(key) != Shown::NotAsked);
    if complete { Ok(Some(verified)) } else { Err(not_verified(node, "it leaves out what was asked for")) }
}

/// The newest height that any of `nodes` shows certified; those that do not answer, or lie, are passed over.
pub(crate) async fn newest_height(nodes: &[Node], trust: &Trust) -> Height {
    let asking = nodes.iter().map(|node| state(node, trust, &[], Height(0), Duration::ZERO));
    let answers = futures::future::join_all(asking).await;
    answers.into_iter().filter_map(|answer| Some(answer.ok()??.height())).max().unwrap_or(Height(0))
}

/// Waits until some node shows a state in which `holds`, asking the nodes in turn. `None` when `deadline` has passed.
/// A node that shows what does not hold is asked no more; it is told only if no other is left.
pub(crate) async fn wait_until(
    nodes: &[Node],
    trust: &Trust,
    keys: &[LeafKey],
    deadline: Instant,
    holds: impl Fn(&VerifiedState) -> bool,
) -> Fallible<Option<VerifiedState>> {
    let mut min_height = Height(0);
    let (mut queue, mut lie): (VecDeque<&Node>, _) = (nodes.iter().collect(), None);
    while let Some(node) = queue.pop_front() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        match tokio::time::timeout_at(deadline, state(node, trust, keys, min_height, left)).await {
            Err(_elapsed) => return Ok(None),
            Ok(Ok(Some(state))) if holds(&state) => return Ok(Some(state)),
            Ok(Ok(Some(state))) => min_height = min_height.max(state.height().next()),
            // The node has waited as long as it could, or has nothing certified yet.
            Ok(Ok(None)) => tokio::time::sleep_until(deadline.min(Instant::now() + PAUSE)).await,
            Ok(Err(failure)) if failure.exit == Exit::NotFinal => {
                tokio::time::sleep_until(deadline.min(Instant::now() + PAUSE)).await;
            }
            Ok(Err(failure)) => {
                lie = Some(failure);
                continue;
            }
        }
        queue.push_back(node);
    }
    lie.map_or(Ok(None), Err)
}

/// Something a node showed does not hold.
pub(crate) fn not_verified(node: &Node, why: impl std::fmt::Display) -> Box<Failure> {
    let detail = format!("what {} shows does not verify: {why}", node.name());
    let fix = "do not rely on this node; tell the hospital's compliance officer";
    Failure::new(Exit::NotVerified, 802, detail, fix)
}

/// A node does not show a state as new as others do: what it holds back is not known.
pub(crate) fn behind(node: &Node, newest: Height) -> Box<Failure> {
    let detail = format!("{} does not show the ledger as of block {newest}, which others show", node.name());
    Failure::new(Exit::NotFinal, 309, detail, "try again; if it stays so, tell the hospital")
}

/// The time is up; what was sent is not lost.
pub(crate) fn not_in_time(timeout: Duration) -> Box<Failure> {
    let detail = format!("sent, but not final after {:.1} s", timeout.as_secs_f64());
    Failure::new(Exit::NotFinal, 301, detail, "amanah list   later")
        .state("it becomes final by itself, exactly once; do not send it twice")
        .field("final", false)
}
