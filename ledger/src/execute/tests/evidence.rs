//! A contradiction is on the ledger once, whoever brings it and however often, and only against whom it proves.

use crate::certificate::VoteContent;
use crate::committee::{Committee, Validator};
use crate::crypto::{Digest, Ed25519, Signer};
use crate::evidence::{Contradiction, EvidenceKind, Statement};
use crate::execute::Lane;
use crate::fixture::{Network, contents, keypair, network, patient};
use crate::leaf::{Leaf, LeafKey};
use crate::position::{Epoch, Height, View};
use crate::transaction::{Outcome, SignedTransaction, TransactionError};

fn signed(network: &Network, signer: &str, contents: [VoteContent; 2]) -> SignedTransaction {
    let key = keypair(signer);
    let [one, other] =
        contents.map(|content| Statement { content, signature: key.sign(&content.signing_bytes(&network.chain)) });
    SignedTransaction::Evidence(Contradiction::between(key.public_key(), one, other).unwrap())
}

#[test]
fn each_kind_of_contradiction_writes_one_leaf_that_names_the_member() {
    let network = network();
    let all: Vec<_> = EvidenceKind::ALL.iter().map(|kind| network.evidence(2, *kind, 7)).collect();
    let block = network.next(&network.tip, &all);
    let member = network.members[2].id;
    for (kind, transaction) in EvidenceKind::ALL.into_iter().zip(&all) {
        let SignedTransaction::Evidence(proof) = transaction else { panic!("evidence") };
        let Some(Leaf::Evidence(leaf)) = block.state().leaf(&LeafKey::Evidence(member, Epoch(0), kind)) else {
            panic!("{kind:?} has no leaf")
        };
        assert_eq!((leaf.member, leaf.height, *leaf.proof), (member, Height(1), *proof));
    }
    let told: Vec<_> = block.state().contradictions().map(|leaf| (leaf.member, leaf.proof.kind())).collect();
    assert_eq!(told, EvidenceKind::ALL.map(|kind| (member, kind)));
    assert_eq!(network.tip.state().contradictions().count(), 0);
}

#[test]
fn a_second_proof_of_the_same_is_no_fault_and_changes_nothing() {
    let network = network();
    let first = network.evidence(2, EvidenceKind::DoubleNotarize, 7);
    let later = network.evidence(2, EvidenceKind::DoubleNotarize, 9);
    assert_ne!(first.wire_id(), later.wire_id());
    assert_eq!(first.tx_id(&network.chain), later.tx_id(&network.chain), "one act, however it is proven");
    let block = network.next(&network.tip, std::slice::from_ref(&first));
    for again in [first, later.clone()] {
        assert_eq!(network.outcome(&block, &again), Outcome::Unchanged);
        assert!(!block.tip().would_include(&network.verified(&again), block.header().time));
    }
    // Two in one block: the builder leaves the second out, and a block that holds it is no worse for it.
    let both =
        [network.evidence(1, EvidenceKind::DoubleFinalize, 3), network.evidence(1, EvidenceKind::DoubleFinalize, 4)];
    let built = network.build(&network.tip, network.tip.header().time.plus_ms(1), &both);
    assert_eq!(built.block().body.len(), 1);
    assert_eq!(network.outcome(&block, &network.evidence(2, EvidenceKind::DoubleFinalize, 7)), Outcome::Applied);
}

#[test]
fn only_a_validator_of_the_epoch_can_be_accused() {
    let network = network();
    let votes = contents(EvidenceKind::DoubleNotarize, Epoch(0), View(7));
    let stranger = signed(&network, "nobody", votes);
    assert_eq!(network.outcome(&network.tip, &stranger), Outcome::UnknownValidator);
    let gateway = signed(&network, "qamar gateway", votes);
    assert_eq!(network.outcome(&network.tip, &gateway), Outcome::UnknownValidator, "another key of a member");
    let next_epoch = signed(&network, "qamar consensus", contents(EvidenceKind::DoubleNotarize, Epoch(1), View(7)));
    assert_eq!(network.outcome(&network.tip, &next_epoch), Outcome::UnknownValidator);
    let now = signed(&network, "qamar consensus", votes);
    assert_eq!(network.outcome(&network.tip, &now), Outcome::Applied);
}

#[test]
fn a_statement_that_the_key_did_not_sign_here_makes_no_transaction() {
    let network = network();
    let other = Network { chain: Digest([7; 32]), ..crate::fixture::network() };
    let elsewhere = other.evidence(0, EvidenceKind::DoubleNotarize, 7);
    assert_eq!(elsewhere.verify(&network.chain, &Ed25519), Err(TransactionError::Signature));
    for forged in 0..2 {
        let [one, two] = contents(EvidenceKind::NullifyAndFinalize, Epoch(0), View(7));
        let mut statements = [network.statement(0, one), network.statement(0, two)];
        statements[forged].signature.0[3] ^= 1;
        let [one, two] = statements;
        let key = network.members[0].consensus.public_key();
        let proof = SignedTransaction::Evidence(Contradiction::between(key, one, two).unwrap());
        assert_eq!(proof.verify(&network.chain, &Ed25519), Err(TransactionError::Signature));
    }
}

#[test]
fn proofs_stand_with_the_revocations_in_front_and_cost_no_member_its_share() {
    let network = network();
    let proof = network.evidence(2, EvidenceKind::DoubleNotarize, 7);
    assert_eq!(proof.lane(), Lane::First);
    let block = network.build(
        &network.tip,
        network.tip.header().time.plus_ms(1),
        &[network.grant(0, &patient(1)), proof.clone()],
    );
    assert_eq!(block.block().body.len(), 2);
    assert_eq!(block.block().body[0].transaction, proof);
    // The one convicted keeps its place in the committee: a conviction is a fact, what follows is the members' decision.
    let seats: Vec<Validator> = network.tip.committee().validators().to_vec();
    assert_eq!(**block.committee(), Committee::new(seats).unwrap());
}
