//! Sending a revocation where it binds, and waiting until the ledger shows it.
//!
//! It goes to the custodian and to one member drawn at random from all, never to "my other hospital": who relays says
//! nothing about whose patient it is. Where neither answers, the others are asked in random order.

use crate::client::{Body, Method, Node, PATIENCE};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::finality;
use crate::network::Network;
use amanah_ledger::codec;
use amanah_ledger::crypto::{Ed25519, PublicKey};
use amanah_ledger::exchange::{MESSAGE_BYTES_MAX, RevocationAccepted};
use amanah_ledger::leaf::{ConsentStatus, Leaf, LeafKey};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::proof::VerifiedState;
use amanah_ledger::transaction::{RevokeProof, SignedTransaction};
use tokio::time::Instant;

/// A revocation that at least one node has on disk.
pub(crate) struct Accepted {
    /// The nodes that signed for it.
    pub(crate) nodes: Vec<Node>,
}

/// Sends to `first` all at once; where none of them answers, to `others` one by one.
pub(crate) async fn send(
    network: &Network,
    consent: PublicKey,
    proof: RevokeProof,
    first: &[Node],
    others: &[Node],
) -> Fallible<Accepted> {
    let transaction = SignedTransaction::Revoke { consent, proof, relay: None };
    let mut failure: Option<Box<Failure>> = None;
    let answers =
        futures::future::join_all(first.iter().map(|node| send_to(network, node, consent, &transaction))).await;
    let mut nodes = Vec::new();
    for (node, answer) in first.iter().zip(answers) {
        match answer {
            Ok(()) => nodes.push(node.clone()),
            Err(why) => failure = Some(why),
        }
    }
    for node in others {
        if !nodes.is_empty() {
            break;
        }
        match send_to(network, node, consent, &transaction).await {
            Ok(()) => nodes.push(node.clone()),
            Err(why) => failure = Some(why),
        }
    }
    match failure {
        Some(why) if nodes.is_empty() => {
            Err(why.state("no hospital has taken the revocation; the consent still stands"))
        }
        Some(_) | None => Ok(Accepted { nodes }),
    }
}

async fn send_to(network: &Network, node: &Node, consent: PublicKey, transaction: &SignedTransaction) -> Fallible<()> {
    let body = Body::Canonical(codec::encode(transaction));
    let accepted: RevocationAccepted =
        node.canonical(Method::Post, "/v1/tx", body, MESSAGE_BYTES_MAX, PATIENCE).await?;
    let member = network.member_by_id(&accepted.member)?;
    accepted.verify(&network.chain, &Ed25519).map_err(|why| finality::not_verified(node, why))?;
    let ours = accepted.consent == consent
        && accepted.wire_id == transaction.wire_id()
        && accepted.gateway.key == member.gateway;
    if ours { Ok(()) } else { Err(finality::not_verified(node, "it accepts something else than was sent")) }
}

/// The custodian's node and one drawn from all, then the rest in random order.
pub(crate) fn route(network: &Network, custodian: &MemberId) -> Fallible<(Vec<Node>, Vec<Node>)> {
    let mut shuffled: Vec<&crate::network::Member> = network.members.iter().collect();
    shuffle(&mut shuffled)?;
    let drawn = shuffled.first().map(|member| member.id);
    let is_first = |id: &MemberId| id == custodian || Some(*id) == drawn;
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for member in shuffled {
        if is_first(&member.id) { first.push(member.node()?) } else { others.push(member.node()?) }
    }
    Ok((first, others))
}

/// Fisher–Yates with the system's randomness.
pub(crate) fn shuffle<T>(items: &mut [T]) -> Fallible<()> {
    for last in (1..items.len()).rev() {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(Failure::no_randomness)?;
        // The bias of the remainder is below 2⁻⁵⁰ for lists this short.
        let at = u64::from_le_bytes(random) % (last as u64 + 1);
        items.swap(last, usize::try_from(at).unwrap_or(last));
    }
    Ok(())
}

/// Waits until a node shows the consent revoked; the state shown holds `keys`.
pub(crate) async fn wait(
    network: &Network,
    accepted: &Accepted,
    consent: PublicKey,
    keys: &[LeafKey],
    deadline: Instant,
) -> Fallible<Option<(VerifiedState, Height)>> {
    let ended = |state: &VerifiedState| revoked_at(state, &consent).is_some();
    let state = finality::wait_until(&accepted.nodes, &network.trust, keys, deadline, ended).await?;
    Ok(state.and_then(|state| revoked_at(&state, &consent).map(|height| (state, height))))
}

/// The height at which a state says that the consent ended.
pub(crate) fn revoked_at(state: &VerifiedState, consent: &PublicKey) -> Option<Height> {
    let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(*consent)) else { return None };
    match leaf.status {
        ConsentStatus::Revoked { height, .. } => Some(height),
        ConsentStatus::Active => None,
    }
}

/// Said where a revocation has been taken but is not final yet.
pub(crate) fn not_in_time(timeout: std::time::Duration) -> Box<Failure> {
    let mut failure = finality::not_in_time(timeout);
    failure.exit = Exit::NotFinal;
    failure.state = Some("the hospitals that took it enforce it already; it becomes final by itself".to_owned());
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_everything_and_reaches_every_order() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let mut items = [1, 2, 3];
            shuffle(&mut items).unwrap();
            assert_eq!(items.iter().sum::<i32>(), 6);
            seen.insert(items);
        }
        assert_eq!(seen.len(), 6);
    }
}
