//! A consent comes and changes version by version; items stand or fall alone.

use crate::chain::Tip;
use crate::crypto::{Digest, PublicKey};
use crate::fixture::{Network, START, digest, network, network_with, parameters, patient};
use crate::leaf::{ConsentLeaf, ConsentStatus, Leaf, MemberStatus};
use crate::position::Height;
use crate::time::{DAY_MS, HOUR_MS, UnixMs};
use crate::transaction::{GrantItem, Outcome, RevokeProof, SignedTransaction};
use std::sync::Arc;

/// What a single-item batch of the first member comes to, a second after `tip`.
fn outcome(network: &Network, tip: &Tip, item: GrantItem) -> Outcome {
    network.outcome(tip, &network.grants(usize::from(item.custodian != network.members[0].id), &[(item, &patient(1))]))
}

#[test]
fn a_first_version_writes_its_leaf_and_counts_as_a_new_one() {
    let network = network();
    let item = network.item(0, &patient(1));
    let block = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let expected = ConsentLeaf {
        consent: patient(1).id(),
        custodian: network.members[0].id,
        version: 1,
        commitment: item.commitment,
        lock: item.lock,
        since: Height(1),
        prev: Digest::ZERO,
        status: ConsentStatus::Active,
    };
    assert_eq!(block.state().consent(&patient(1).id()), Some(&expected));
    let usage = block.state().usage(&network.members[0].id).unwrap();
    assert_eq!((usage.day, usage.new_leaves), (START.day(), 1));
    assert_eq!(network.tip.state().consent(&patient(1).id()), None, "the state before is untouched");
}

#[test]
fn the_next_version_names_the_leaf_it_replaces() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let present = *tip.state().consent(&patient(1).id()).unwrap();
    let next =
        GrantItem { version: 2, prev: present.hash(), commitment: digest("narrower"), ..network.item(0, &patient(1)) };
    let after = network.next(&tip, &[network.grants(0, &[(next, &patient(1))])]);
    let leaf = after.state().consent(&patient(1).id()).unwrap();
    assert_eq!((leaf.version, leaf.prev, leaf.since), (2, present.hash(), Height(2)));
    assert_eq!(leaf.commitment, digest("narrower"));
    let usage = after.state().usage(&network.members[0].id).unwrap();
    assert_eq!(usage.new_leaves, 1, "a new version is no new leaf");
}

#[test]
fn a_version_that_does_not_follow_is_refused() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let prev = tip.state().consent(&patient(1).id()).unwrap().hash();
    let good = GrantItem { version: 2, prev, ..network.item(0, &patient(1)) };
    assert_eq!(outcome(&network, &tip, good), Outcome::Applied);
    assert_eq!(outcome(&network, &tip, GrantItem { version: 1, ..good }), Outcome::VersionNotNext);
    assert_eq!(outcome(&network, &tip, GrantItem { version: 3, ..good }), Outcome::VersionNotNext);
    assert_eq!(outcome(&network, &tip, GrantItem { prev: Digest::ZERO, ..good }), Outcome::PrevNotCurrent);
    assert_eq!(outcome(&network, &tip, GrantItem { lock: digest("other"), ..good }), Outcome::LockChanged);
    let elsewhere = GrantItem { custodian: network.members[1].id, ..good };
    assert_eq!(outcome(&network, &tip, elsewhere), Outcome::OtherCustodian);
}

#[test]
fn a_first_version_is_number_one_and_replaces_nothing() {
    let network = network();
    let good = network.item(0, &patient(1));
    assert_eq!(outcome(&network, &network.tip, good), Outcome::Applied);
    assert_eq!(outcome(&network, &network.tip, GrantItem { version: 0, ..good }), Outcome::VersionNotNext);
    assert_eq!(outcome(&network, &network.tip, GrantItem { version: 2, ..good }), Outcome::VersionNotNext);
    assert_eq!(outcome(&network, &network.tip, GrantItem { prev: digest("x"), ..good }), Outcome::PrevNotCurrent);
}

#[test]
fn submit_by_is_a_whole_hour_not_past_and_at_most_48_hours_ahead() {
    let network = network();
    let at = |submit_by: u64, time: u64| {
        let item = GrantItem { submit_by: UnixMs(submit_by), ..network.item(0, &patient(1)) };
        network.outcomes(&network.tip, UnixMs(time), &network.grants(0, &[(item, &patient(1))]))[0]
    };
    let noon = START.0;
    assert_eq!(at(noon + HOUR_MS, noon + HOUR_MS), Outcome::Applied);
    assert_eq!(at(noon + HOUR_MS, noon + HOUR_MS + 1), Outcome::TooLate);
    assert_eq!(at(noon + HOUR_MS + 1, noon + 1000), Outcome::SubmitByNotAllowed);
    assert_eq!(at(noon + 49 * HOUR_MS, noon + HOUR_MS), Outcome::Applied);
    assert_eq!(at(noon + 49 * HOUR_MS, noon + HOUR_MS - 1), Outcome::SubmitByNotAllowed);
}

#[test]
fn what_is_wrong_with_the_custodian_fails_every_item() {
    let network = network();
    let (one, two) = (patient(1), patient(2));
    let items = [(network.item(0, &one), &one), (network.item(0, &two), &two)];
    let SignedTransaction::Grants { batch, item_signatures, .. } = network.grants(0, &items) else { panic!() };
    // The second member's gateway signs for the first.
    let gateway = network.gateway(1, &batch.signing_bytes(&network.chain));
    let forged = SignedTransaction::Grants { batch, item_signatures, gateway };
    let outcomes = network.outcomes(&network.tip, START, &forged);
    assert_eq!(outcomes, vec![Outcome::GatewayKeyNotCurrent; 2]);

    let mut stranger = network.item(0, &one);
    stranger.custodian = crate::member::MemberId(digest("nobody"));
    let SignedTransaction::Grants { mut batch, .. } = network.grants(0, &[(stranger, &one)]) else { panic!() };
    batch.custodian = stranger.custodian;
    let signature = crate::crypto::Signer::sign(&one.key, &stranger.signing_bytes(&network.chain));
    let gateway = network.gateway(0, &batch.signing_bytes(&network.chain));
    let item_signatures = crate::codec::BoundedVec::try_from(vec![signature]).unwrap();
    let unknown = SignedTransaction::Grants { batch, item_signatures, gateway };
    assert_eq!(network.outcomes(&network.tip, START, &unknown), vec![Outcome::UnknownMember]);
}

#[test]
fn items_stand_or_fall_alone() {
    let network = network();
    let patients = [patient(1), patient(2), patient(3)];
    let mut items: Vec<_> = patients.iter().map(|patient| (network.item(0, patient), patient)).collect();
    items[1].0.version = 7;
    let block = network.next(&network.tip, &[network.grants(0, &items)]);
    let outcomes = block.block().body[0].outcomes.to_vec();
    assert_eq!(outcomes, [Outcome::Applied, Outcome::VersionNotNext, Outcome::Applied]);
    let known: Vec<_> = patients.iter().map(|patient| block.state().consent(&patient.id()).is_some()).collect();
    assert_eq!(known, [true, false, true]);
    assert_eq!(block.state().usage(&network.members[0].id).unwrap().new_leaves, 2);
}

#[test]
fn an_item_cannot_be_applied_twice() {
    let network = network();
    let grant = network.grant(0, &patient(1));
    let tip = network.next(&network.tip, std::slice::from_ref(&grant));
    assert_eq!(network.outcome(&tip, &grant), Outcome::VersionNotNext);
    assert!(!tip.would_include(&network.verified(&grant), tip.header().time));
}

#[test]
fn the_daily_allowance_ends_and_begins_again_the_next_day() {
    let network = network_with(crate::genesis::Parameters { new_leaves_per_day_max: 2, ..parameters() });
    let grants: Vec<_> = (1..=3).map(|n| network.grant(0, &patient(n))).collect();
    let tip = network.next(&network.tip, &grants[..2]);
    assert_eq!(network.outcome(&tip, &grants[2]), Outcome::LeavesUsedUp);
    assert_eq!(network.outcome(&tip, &network.grant(1, &patient(4))), Outcome::Applied, "another's allowance");
    let tomorrow = UnixMs(START.0 + DAY_MS);
    let late = GrantItem { submit_by: UnixMs(tomorrow.0 + HOUR_MS), ..network.item(0, &patient(3)) };
    let block = network.build(&tip, tomorrow, &[network.grants(0, &[(late, &patient(3))])]);
    let usage = block.state().usage(&network.members[0].id).unwrap();
    assert_eq!((usage.day, usage.new_leaves), (tomorrow.day(), 1));
}

#[test]
fn a_revoked_consent_takes_no_version_ever_again() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let tip = network.next(&tip, &[network.revoke(&patient(1))]);
    let prev = tip.state().consent(&patient(1).id()).unwrap().hash();
    let next = GrantItem { version: 2, prev, ..network.item(0, &patient(1)) };
    assert_eq!(outcome(&network, &tip, next), Outcome::ConsentRevoked);
    assert_eq!(outcome(&network, &tip, network.item(0, &patient(1))), Outcome::ConsentRevoked);
}

#[test]
fn suspension_stops_grants_but_neither_anchors_nor_revocations() {
    let network = network();
    let tip = network.next(&network.tip, &[network.grant(0, &patient(1))]);
    let with_status = |status| {
        let mut member = tip.state().member(&network.members[0].id).unwrap().clone();
        member.status = status;
        crate::chain::tests::with_state(&tip, tip.state().with([Arc::new(Leaf::Member(member))]))
    };
    let suspended = with_status(MemberStatus::Suspended { since: Height(1) });
    assert_eq!(network.outcome(&suspended, &network.grant(0, &patient(2))), Outcome::MemberNotActive);
    assert_eq!(network.outcome(&suspended, &network.anchor(0, 1, START)), Outcome::Applied);
    assert_eq!(network.outcome(&suspended, &network.revoke(&patient(1))), Outcome::Applied);
    let removed = with_status(MemberStatus::Removed { since: Height(1) });
    assert_eq!(network.outcome(&removed, &network.grant(0, &patient(2))), Outcome::MemberNotActive);
    assert_eq!(network.outcome(&removed, &network.anchor(0, 1, START)), Outcome::MemberNotActive);
    assert_eq!(network.outcome(&removed, &network.revoke(&patient(1))), Outcome::Applied);
}

#[test]
fn a_weak_consent_key_gets_no_leaf() {
    let network = network();
    // The neutral element: under ZIP-215 anyone makes signatures that hold under it.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let everybody = PublicKey(neutral);
    let mut r_and_s = [0; 64];
    r_and_s[0] = 1;
    let signature = crate::crypto::Signature(r_and_s);
    let item = GrantItem { consent: everybody, ..network.item(0, &patient(1)) };
    let SignedTransaction::Grants { batch, gateway, .. } = network.grants(0, &[(item, &patient(1))]) else { panic!() };
    let item_signatures = crate::codec::BoundedVec::try_from(vec![signature]).unwrap();
    let grant = SignedTransaction::Grants { batch, item_signatures, gateway };
    assert_eq!(network.outcome(&network.tip, &grant), Outcome::WeakKey);

    let message = crate::transaction::Relay::signing_bytes(&network.chain, &network.members[0].id, &everybody);
    let relay = crate::transaction::Relay { member: network.members[0].id, gateway: network.gateway(0, &message) };
    let proof = RevokeProof::Key(signature);
    let revoke = SignedTransaction::Revoke { consent: everybody, proof, relay: Some(relay) };
    assert_eq!(network.outcome(&network.tip, &revoke), Outcome::WeakKey);
}
