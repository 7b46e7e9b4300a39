//! Granted, revoked, never existed, in force as of a height, contradicted itself: each as the state says, and nothing
//! beyond.

use super::*;
use crate::chain::{ExecutedBlock, Tip};
use crate::crypto::Ed25519;
use crate::evidence::{Contradiction, EvidenceKind, Statement};
use crate::fixture::{Network, Patient, digest, network, patient};
use crate::position::View;
use crate::proof::{CertifiedHeader, StateProof};
use crate::transaction::{GrantItem, SignedTransaction};

fn verified(network: &Network, block: &ExecutedBlock, keys: &[LeafKey]) -> VerifiedState {
    let certified = CertifiedHeader { header: block.header().clone(), finalization: network.finalization(block) };
    StateProof::of(certified, block.state(), keys).unwrap().verify(&network.trust, &Ed25519).unwrap()
}

fn leaf(tip: &Tip, patient: &Patient) -> ConsentLeaf {
    *tip.state().consent(&patient.id()).unwrap()
}

fn amend(network: &Network, tip: &Tip, patient: &Patient) -> ExecutedBlock {
    let present = leaf(tip, patient);
    let version = present.version + 1;
    let commitment = digest(&format!("version {version}"));
    let item = GrantItem { version, prev: present.hash(), commitment, ..network.item(0, patient) };
    network.next(tip, &[network.grants(0, &[(item, patient)])])
}

#[test]
fn the_state_says_granted_revoked_or_never_existed() {
    let network = network();
    let keys: Vec<_> = (1..=3).map(|n| LeafKey::Consent(patient(n).id())).collect();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1)), network.grant(0, &patient(2))]);
    let block = network.next(&tip, &[network.revoke_by_slip(&patient(2))]);
    let state = verified(&network, &block, &keys);
    assert_eq!(state.consent(&patient(1).id()), Ok(ConsentClaim::Granted(&leaf(&block, &patient(1)))));
    let ended = leaf(&block, &patient(2));
    let revoked = ConsentClaim::Revoked { leaf: &ended, height: Height(2), by: RevokedBy::Slip };
    assert_eq!(state.consent(&patient(2).id()), Ok(revoked));
    assert_eq!(state.consent(&patient(3).id()), Ok(ConsentClaim::NeverExisted));
    assert_eq!(state.consent(&patient(4).id()), Err(ClaimError::NotShown), "silence is no absence");
}

#[test]
fn in_force_as_of_a_height_follows_the_versions_back() {
    let network = network();
    let one = patient(1);
    let empty = network.next(&network.tip, &[network.grant(1, &patient(9))]);
    let first = network.next(&empty, &[network.grant(0, &one)]);
    let second = amend(&network, &first, &one);
    let third = amend(&network, &second, &one);
    let last = network.next(&third, &[network.revoke(&one)]);
    let state = verified(&network, &last, &[LeafKey::Consent(one.id())]);
    let shown = [leaf(&first, &one), leaf(&second, &one)];
    let at = |height| state.in_force_as_of(&one.id(), Height(height), &shown).map(|leaf| leaf.map(|leaf| leaf.version));
    assert_eq!(at(0), Ok(None));
    assert_eq!(at(1), Ok(None));
    assert_eq!(at(2), Ok(Some(1)));
    assert_eq!(at(3), Ok(Some(2)));
    assert_eq!(at(4), Ok(Some(3)));
    assert_eq!(at(5), Ok(None), "revoked in block 5");
    assert_eq!(at(6), Err(ClaimError::AboveTheProof { asked: Height(6), shown: Height(5) }));
    let missing = state.in_force_as_of(&one.id(), Height(2), &shown[1..]);
    assert_eq!(missing, Err(ClaimError::VersionMissing(1)));
    let forged = [ConsentLeaf { commitment: digest("wider"), ..shown[0] }, shown[1]];
    assert_eq!(state.in_force_as_of(&one.id(), Height(2), &forged), Err(ClaimError::VersionMissing(1)));
}

#[test]
fn what_was_revoked_before_it_was_granted_was_never_in_force() {
    let network = network();
    let block = network.next(&network.tip, &[network.revoke_unknown(0, &patient(1))]);
    let block = network.next(&block, &[network.grant(0, &patient(2))]);
    let state = verified(&network, &block, &[LeafKey::Consent(patient(1).id())]);
    assert_eq!(state.in_force_as_of(&patient(1).id(), Height(0), &[]), Ok(None));
    assert_eq!(state.in_force_as_of(&patient(1).id(), Height(2), &[]), Ok(None));
}

#[test]
fn a_claim_is_read_with_the_custodians_standing() {
    let network = network();
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let consent = leaf(&block, &patient(1));
    let state = verified(&network, &block, &[LeafKey::Member(network.members[0].id)]);
    assert_eq!(state.custodian_status(&consent), Ok(MemberStatus::Active));
    let silent = verified(&network, &block, &[LeafKey::Consent(patient(1).id())]);
    assert_eq!(silent.custodian_status(&consent), Err(ClaimError::NotShown));
}

#[test]
fn a_proven_contradiction_is_checked_offline_down_to_the_two_signatures() {
    let network = network();
    let kind = EvidenceKind::NullifyAndFinalize;
    let block = network.next(&network.tip, &[network.evidence(2, kind, 7)]);
    let (guilty, innocent) = (network.members[2].id, network.members[1].id);
    let about = |member, kind| (member, Epoch(0), kind);
    let keys = [
        LeafKey::Evidence(guilty, Epoch(0), kind),
        LeafKey::Evidence(innocent, Epoch(0), kind),
        LeafKey::Evidence(guilty, Epoch(0), EvidenceKind::DoubleFinalize),
    ];
    let state = verified(&network, &block, &keys);
    let claim = |member, kind| state.contradiction(about(member, kind), &network.trust, &Ed25519);
    let leaf = claim(guilty, kind).unwrap().expect("it is proven");
    assert_eq!((leaf.member, leaf.height, leaf.proof.view()), (guilty, Height(1), View(7)));
    assert_eq!(claim(innocent, kind), Ok(None));
    assert_eq!(claim(guilty, EvidenceKind::DoubleFinalize), Ok(None), "proven absent");
    assert_eq!(claim(innocent, EvidenceKind::DoubleFinalize), Err(ClaimError::NotShown), "silence is no absence");
}

#[test]
fn a_quorum_cannot_make_up_a_contradiction() {
    let network = network();
    let kind = EvidenceKind::DoubleNotarize;
    let SignedTransaction::Evidence(proof) = network.evidence(2, kind, 7) else { panic!("evidence") };
    let [one, other] = *proof.statements();
    let forged = Statement { signature: one.signature, ..other };
    let unsigned = Contradiction::between(*proof.key(), one, forged).unwrap();
    // A state that execution would never reach, certified nevertheless: statements of another key, or not signed.
    for (member, proof) in [(network.members[1].id, proof), (network.members[2].id, unsigned)] {
        let leaf = EvidenceLeaf { member, height: Height(1), proof: Box::new(proof) };
        let key = leaf.key();
        let lie = network.tip.state().with([std::sync::Arc::new(Leaf::Evidence(leaf))]);
        let honest = network.next(&network.tip, &[network.grant(0, &patient(1))]);
        let header = crate::block::Header { state_root: lie.root(), ..honest.header().clone() };
        let vote = crate::certificate::BlockVote {
            epoch: header.epoch,
            view: header.proposed_view,
            parent_view: View(header.proposed_view.0 - 1),
            block: header.digest(),
        };
        let finalization = network.certificate(crate::certificate::VoteContent::Finalize(vote), 0..3);
        let certified = CertifiedHeader { header, finalization };
        let state = StateProof::of(certified, &lie, &[key]).unwrap().verify(&network.trust, &Ed25519).unwrap();
        let claim = state.contradiction((member, Epoch(0), kind), &network.trust, &Ed25519);
        assert_eq!(claim, Err(ClaimError::StatementsDoNotHold));
    }
}
