//! The builder shares a block out fairly and keeps a fifth of it for revocations.

use crate::block::BLOCK_BYTES_MAX;
use crate::chain::Tip;
use crate::execute::{Lane, Proposal};
use crate::fixture::{Network, Patient, START, network, patient};
use crate::position::View;
use crate::transaction::{BATCH_ITEMS_MAX, SignedTransaction, TRANSACTION_BYTES_MAX, VerifiedTransaction};

fn batch(network: &Network, custodian: usize, first: u32, len: u32) -> SignedTransaction {
    let patients: Vec<Patient> = (first..first + len).map(patient).collect();
    let items: Vec<_> = patients.iter().map(|patient| (network.item(custodian, patient), patient)).collect();
    network.grants(custodian, &items)
}

fn build(tip: &Tip, candidates: &[VerifiedTransaction]) -> crate::chain::ExecutedBlock {
    tip.build(Proposal { view: View(1), time: START }, candidates)
}

#[test]
fn a_full_batch_fits_a_transaction() {
    let network = network();
    let full = batch(&network, 0, 0, u32::try_from(BATCH_ITEMS_MAX).unwrap());
    assert!(crate::codec::encode(&full).len() <= TRANSACTION_BYTES_MAX);
    let outcomes = network.outcomes(&network.tip, START, &full);
    assert!(outcomes.iter().all(|outcome| *outcome == crate::transaction::Outcome::Applied));
}

#[test]
fn a_member_with_much_leaves_room_for_one_with_little_and_for_revocations() {
    let network = crate::fixture::network_with(crate::genesis::Parameters {
        new_leaves_per_day_max: 1_000_000,
        ..crate::fixture::parameters()
    });
    let mut all: Vec<_> = (0..20).map(|n| network.verified(&batch(&network, 0, n * 1000, 250))).collect();
    let small = network.verified(&batch(&network, 1, 900_000, 2));
    let revoke = network.verified(&network.revoke_unknown(2, &patient(950_000)));
    all.extend([small.clone(), revoke.clone()]);
    let block = build(&network.tip, &all);
    assert_eq!(block.block().body[0].transaction, *revoke.transaction(), "revocations come first");
    assert!(block.block().body.iter().any(|entry| entry.transaction == *small.transaction()));
    let bytes = block.opened().bytes_len();
    assert!(bytes <= BLOCK_BYTES_MAX * 4 / 5 + 1000, "a fifth is kept for revocations: {bytes}");
    assert!(bytes > BLOCK_BYTES_MAX * 7 / 10, "the rest is used: {bytes}");
    assert!(crate::fixture::judge(&network.tip, &block).is_ok());
}

#[test]
fn revocations_may_fill_more_than_their_fifth() {
    let network = network();
    let revocations: Vec<_> = (0..900).map(|n| network.verified(&network.revoke_unknown(0, &patient(n)))).collect();
    let block = build(&network.tip, &revocations);
    assert_eq!(block.block().body.len(), 900);
    assert!(block.block().body.iter().all(|entry| entry.transaction.lane() == Lane::First));
    assert!(block.opened().bytes_len() > BLOCK_BYTES_MAX / 5);
}

#[test]
fn a_block_is_later_than_its_parent_whatever_the_proposers_clock_says() {
    let network = network();
    let grant = network.verified(&network.grant(0, &patient(1)));
    let early = crate::time::UnixMs(0);
    let block = network.tip.build(Proposal { view: View(1), time: early }, [&grant]);
    assert_eq!(block.header().time, START.plus_ms(1));
    assert!(network.tip.would_include(&grant, early));
    assert!(crate::fixture::judge(&network.tip, &block).is_ok());
}

#[test]
fn what_repeats_or_is_not_active_is_left_out() {
    let network = network();
    let grant = network.verified(&network.grant(0, &patient(1)));
    let opaque = SignedTransaction::Custody(crate::codec::BoundedVec::new());
    let block = build(&network.tip, &[grant.clone(), grant, network.verified(&opaque)]);
    assert_eq!(block.block().body.len(), 1);
}
