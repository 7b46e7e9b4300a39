//! A revocation holds for ever, whoever proves it and whenever it comes.

use crate::codec::BoundedVec;
use crate::crypto::{Digest, Ed25519};
use crate::fixture::{START, network, network_with, parameters, patient};
use crate::leaf::{ConsentStatus, RevokedBy};
use crate::member::MemberId;
use crate::position::Height;
use crate::transaction::{Outcome, Relay, RevokeProof, SignedTransaction, TransactionError};

#[test]
fn the_consent_key_ends_its_consent() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let before = *tip.state().consent(&patient(1).id()).unwrap();
    let after = network.next(&tip, &[network.revoke(&patient(1))]);
    let leaf = *after.state().consent(&patient(1).id()).unwrap();
    let status = ConsentStatus::Revoked { height: Height(2), by: RevokedBy::Key };
    assert_eq!(leaf, crate::leaf::ConsentLeaf { status, ..before });
}

#[test]
fn the_slip_ends_the_consent_whose_lock_it_opens_and_no_other() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1)), network.grant(0, &patient(2))]);
    let wrong = SignedTransaction::Revoke {
        consent: patient(2).id(),
        proof: RevokeProof::Slip(patient(1).secret),
        relay: None,
    };
    assert_eq!(network.outcome(&tip, &wrong), Outcome::SecretDoesNotOpen);
    let after = network.next(&tip, &[network.revoke_by_slip(&patient(1))]);
    let status = |n| after.state().consent(&patient(n).id()).unwrap().status;
    assert_eq!(status(1), ConsentStatus::Revoked { height: Height(2), by: RevokedBy::Slip });
    assert_eq!(status(2), ConsentStatus::Active);
}

#[test]
fn a_second_revocation_changes_nothing_and_is_left_out() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let tip = network.next(&tip, &[network.revoke(&patient(1))]);
    for again in [network.revoke(&patient(1)), network.revoke_by_slip(&patient(1))] {
        assert_eq!(network.outcome(&tip, &again), Outcome::Unchanged);
        assert!(network.build(&tip, START, &[again]).block().body.is_empty());
    }
}

#[test]
fn an_unknown_consent_revoked_by_its_key_can_never_be_granted() {
    let network = network();
    assert_eq!(network.outcome(&network.tip, &network.revoke(&patient(1))), Outcome::UnknownConsent);
    let tip = network.next(&network.tip, &[network.revoke_unknown(2, &patient(1))]);
    let leaf = tip.state().consent(&patient(1).id()).unwrap();
    assert_eq!((leaf.version, leaf.custodian, leaf.lock), (0, MemberId(Digest::ZERO), Digest::ZERO));
    assert_eq!(leaf.status, ConsentStatus::Revoked { height: Height(1), by: RevokedBy::Key });
    assert_eq!(tip.state().usage(&network.members[2].id).unwrap().new_leaves, 1, "charged to who relayed it");
    assert_eq!(network.outcome(&tip, &network.grant(0, &patient(1))), Outcome::ConsentRevoked);
}

#[test]
fn a_revocation_before_its_grant_in_one_block_still_holds() {
    let network = network();
    let both = [network.revoke_unknown(0, &patient(1)), network.grant(1, &patient(1))];
    let tip = network.build(&network.tip, START, &both);
    assert_eq!(tip.block().body.len(), 1, "the grant is left out");
    assert!(!tip.state().consent(&patient(1).id()).unwrap().is_active());
}

#[test]
fn nobody_answers_for_a_new_leaf_without_standing_key_and_allowance() {
    let network = network_with(crate::genesis::Parameters { new_leaves_per_day_max: 1, ..parameters() });
    let SignedTransaction::Revoke { consent, proof, relay: Some(relay) } = network.revoke_unknown(0, &patient(1))
    else {
        panic!()
    };
    let outcome =
        |relay: Relay| network.outcome(&network.tip, &SignedTransaction::Revoke { consent, proof, relay: Some(relay) });
    assert_eq!(outcome(relay), Outcome::Applied);
    let id = network.members[0].id;
    let by_other_key = network.gateway(1, &Relay::signing_bytes(&network.chain, &id, &consent));
    assert_eq!(outcome(Relay { member: id, gateway: by_other_key }), Outcome::GatewayKeyNotCurrent);
    let nobody = MemberId(Digest::ZERO);
    let for_nobody = network.gateway(0, &Relay::signing_bytes(&network.chain, &nobody, &consent));
    assert_eq!(outcome(Relay { member: nobody, gateway: for_nobody }), Outcome::UnknownMember);
    let used_up = network.next(&network.tip, &[network.grant(0, &patient(2))]);
    assert_eq!(network.outcome(&used_up, &network.revoke_unknown(0, &patient(1))), Outcome::LeavesUsedUp);
    assert_eq!(network.outcome(&used_up, &network.revoke_unknown(1, &patient(1))), Outcome::Applied);
}

#[test]
fn a_slip_for_an_unknown_consent_is_left_out() {
    let network = network();
    assert_eq!(network.outcome(&network.tip, &network.revoke_by_slip(&patient(1))), Outcome::UnknownConsent);
    assert!(network.build(&network.tip, START, &[network.revoke_by_slip(&patient(1))]).block().body.is_empty());
}

#[test]
fn closing_by_the_custodian_is_not_active() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    assert_eq!(network.outcome(&tip, &network.revoke_by_custodian(0, &patient(1))), Outcome::NotActive);
}

#[test]
fn another_key_cannot_end_a_consent() {
    let network = network();
    let SignedTransaction::Revoke { proof, .. } = network.revoke(&patient(2)) else { panic!() };
    let forged = SignedTransaction::Revoke { consent: patient(1).id(), proof, relay: None };
    assert_eq!(forged.verify(&network.chain, &Ed25519), Err(TransactionError::Signature));
}

#[test]
fn locks_are_found_by_their_first_twelve_bits_also_when_the_consent_has_ended() {
    let network = network();
    let grants: Vec<_> = (1..=20).map(|n| network.grant(0, &patient(n))).collect();
    let tip = network.next(&network.tip, &grants);
    let lock = tip.state().consent(&patient(5).id()).unwrap().lock;
    let prefix = u16::from_be_bytes([lock.0[0], lock.0[1]]) >> 4;
    assert!(tip.state().locks_with_prefix(prefix).contains(&(patient(5).id(), lock)));
    let later = network.next(&tip, &[network.revoke_by_slip(&patient(5)), network.grant(0, &patient(21))]);
    assert!(!later.state().consent(&patient(5).id()).unwrap().is_active());
    assert_eq!(later.state().locks_with_prefix(prefix), tip.state().locks_with_prefix(prefix), "an ended one stays");
    let count = |state: &crate::state::State| -> usize { (0..4096).map(|p| state.locks_with_prefix(p).len()).sum() };
    assert_eq!((count(tip.state()), count(later.state())), (20, 21), "older states do not learn of new ones");
    let read_back = crate::state::State::from_leaves(later.state().leaves().cloned());
    assert_eq!(count(&read_back), 21);
    assert_eq!(tip.state().locks_with_prefix(4096), vec![]);
}

#[test]
fn a_consent_without_a_lock_is_not_found_by_one() {
    let network = network();
    let tip = network.next(&network.tip, &[network.revoke_unknown(0, &patient(1))]);
    assert!(tip.state().consent(&patient(1).id()).is_some());
    assert_eq!(tip.state().locks_with_prefix(0), vec![]);
}

#[test]
fn a_batch_must_be_well_formed() {
    let network = network();
    let SignedTransaction::Grants { batch, item_signatures, gateway } = network.grant(0, &patient(1)) else { panic!() };
    let malformed = |batch, item_signatures| {
        let verdict = SignedTransaction::Grants { batch, item_signatures, gateway }.verify(&network.chain, &Ed25519);
        assert_eq!(verdict, Err(TransactionError::Malformed));
    };
    malformed(crate::transaction::Grants { items: BoundedVec::new(), ..batch.clone() }, BoundedVec::new());
    malformed(batch.clone(), BoundedVec::new());
    malformed(crate::transaction::Grants { custodian: network.members[1].id, ..batch }, item_signatures);
}
