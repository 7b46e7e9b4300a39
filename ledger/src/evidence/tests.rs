//! What contradicts itself, and what only looks like it.

use super::*;
use crate::certificate::BlockVote;
use crate::codec;
use crate::crypto::{Ed25519, Signer};
use crate::fixture::{Network, contents, digest, network};
use crate::transaction::SignedTransaction;

fn block_vote(epoch: u64, view: u64, parent_view: u64, block: &str) -> BlockVote {
    BlockVote { epoch: Epoch(epoch), view: View(view), parent_view: View(parent_view), block: digest(block) }
}

#[test]
fn two_contents_of_one_view_that_no_honest_validator_signs_are_a_kind() {
    for kind in EvidenceKind::ALL {
        let [one, other] = contents(kind, Epoch(0), View(7));
        assert_eq!(EvidenceKind::of(&one, &other), Some(kind));
        assert_eq!(EvidenceKind::of(&other, &one), Some(kind), "whichever came first");
        assert_eq!(EvidenceKind::of(&one, &one), None, "a statement does not contradict itself");
        let [elsewhere, _] = contents(kind, Epoch(0), View(8));
        assert_eq!(EvidenceKind::of(&elsewhere, &other), None, "another view");
        let [later, _] = contents(kind, Epoch(1), View(7));
        assert_eq!(EvidenceKind::of(&later, &other), None, "another epoch");
    }
    let parent = [block_vote(0, 7, 5, "one"), block_vote(0, 7, 6, "one")].map(VoteContent::Notarize);
    let kind = EvidenceKind::of(&parent[0], &parent[1]);
    assert_eq!(kind, Some(EvidenceKind::DoubleNotarize), "another parent view is another content");
}

#[test]
fn what_an_honest_validator_may_sign_together_is_none() {
    let vote = |name| block_vote(0, 7, 6, name);
    let nullify = VoteContent::Nullify { epoch: Epoch(0), view: View(7) };
    let pairs = [
        (VoteContent::Notarize(vote("one")), nullify),
        (VoteContent::Notarize(vote("one")), VoteContent::Finalize(vote("one"))),
        (VoteContent::Notarize(vote("one")), VoteContent::Finalize(vote("other"))),
        (nullify, nullify),
    ];
    for (one, other) in pairs {
        assert_eq!(EvidenceKind::of(&one, &other), None, "{one:?} {other:?}");
        assert_eq!(EvidenceKind::of(&other, &one), None, "{other:?} {one:?}");
    }
}

fn contradiction(network: &Network, kind: EvidenceKind) -> Contradiction {
    match network.evidence(2, kind, 7) {
        SignedTransaction::Evidence(proof) => proof,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_pair_of_statements_has_one_encoding_and_only_such_pairs_decode() {
    let network = network();
    let key = network.members[2].consensus.public_key();
    for kind in EvidenceKind::ALL {
        let proof = contradiction(&network, kind);
        let [first, second] = *proof.statements();
        assert!(first.content < second.content);
        assert_eq!(Contradiction::between(key, second, first), Some(proof), "the order of finding says nothing");
        assert_eq!((proof.key(), proof.kind(), proof.epoch(), proof.view()), (&key, kind, Epoch(0), View(7)));
        let bytes = codec::encode(&proof);
        assert_eq!(codec::decode::<Contradiction>(&bytes, bytes.len()), Ok(proof));
        let swapped = codec::encode(&(key, [second, first]));
        let honest = codec::encode(&(key, [first, first]));
        for other in [swapped, honest] {
            // The type itself refuses them, wherever it is decoded, before anybody compares with the canonical bytes.
            let refused = codec::decode::<Contradiction>(&other, other.len());
            assert_eq!(refused, Err(codec::DecodeError::Malformed));
        }
    }
}

#[test]
fn a_proof_is_of_the_epoch_and_view_of_its_statements() {
    let key = network().members[2].consensus.public_key();
    for (epoch, view) in [(0, 1), (3, 9)] {
        let statement = |content| Statement { content, signature: Signature([7; 64]) };
        let [one, other] = contents(EvidenceKind::NullifyAndFinalize, Epoch(epoch), View(view)).map(statement);
        let proof = Contradiction::between(key, one, other).unwrap();
        assert_eq!((proof.epoch(), proof.view()), (Epoch(epoch), View(view)));
    }
}

#[test]
fn two_signatures_under_one_content_contradict_nothing() {
    let network = network();
    let [one, _] = *contradiction(&network, EvidenceKind::DoubleFinalize).statements();
    let again = Statement { signature: Signature([9; 64]), ..one };
    assert_eq!(Contradiction::between(network.members[2].consensus.public_key(), one, again), None);
}

#[test]
fn a_proof_holds_under_its_key_and_on_its_chain_alone() {
    let network = network();
    let proof = contradiction(&network, EvidenceKind::NullifyAndFinalize);
    assert!(proof.holds(&network.chain, &Ed25519));
    assert!(!proof.holds(&digest("another chain"), &Ed25519));
    let [one, other] = *proof.statements();
    let stranger = Contradiction::between(network.members[1].consensus.public_key(), one, other).unwrap();
    assert!(!stranger.holds(&network.chain, &Ed25519));
    let half = Statement { signature: one.signature, ..other };
    let half = Contradiction::between(*proof.key(), one, half).unwrap();
    assert!(!half.holds(&network.chain, &Ed25519), "both signatures count");
}

#[test]
fn every_kind_has_a_word_of_its_own() {
    assert_eq!(
        EvidenceKind::ALL.map(EvidenceKind::name),
        ["double-notarize", "double-finalize", "nullify-and-finalize"]
    );
}
