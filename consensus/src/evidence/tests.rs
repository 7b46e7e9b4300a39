//! A proof names one validator, by two checked votes of its own.

use super::*;
use crate::certificate::Electorate;
use crate::round::Round;
use crate::testing::{CHAIN, Toy, certificate_of, electorate, vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::position::{Epoch, View};

fn about(block: u8) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(3), parent_view: View(2), block: Digest([block; 32]) }
}

const NULLIFY: VoteContent = VoteContent::Nullify { epoch: Epoch(0), view: View(3) };

fn counted(electorate: &Electorate, votes: &[Vote]) -> Round {
    let mut round = Round::default();
    for vote in votes {
        round.count(electorate.check_vote(vote).expect("a good signature"));
    }
    round
}

#[test]
fn two_votes_prove_something_only_against_one_signer() {
    let (one, other) = (VoteContent::Notarize(about(1)), VoteContent::Notarize(about(2)));
    let proof = Evidence::of(&vote(2, other), &vote(2, one)).expect("two blocks in one view");
    assert_eq!((proof.kind, proof.signer()), (EvidenceKind::DoubleNotarize, ValidatorIndex(2)));
    assert_eq!(proof.votes, [vote(2, one), vote(2, other)], "the smaller content first");
    assert_eq!(Evidence::of(&vote(2, one), &vote(2, other)), Some(proof), "whichever came first");
    assert_eq!(Evidence::of(&vote(2, one), &vote(3, other)), None, "two validators may differ");
    assert_eq!(Evidence::of(&vote(2, one), &vote(2, one)), None);
    assert_eq!(Evidence::of(&vote(2, one), &vote(2, NULLIFY)), None, "a late Notarize is allowed");
}

#[test]
fn the_ledger_takes_the_proof_under_the_key_of_the_accused() {
    let electorate = electorate(4, 0);
    let proof = Evidence::of(&vote(2, NULLIFY), &vote(2, VoteContent::Finalize(about(1)))).expect("both");
    let taken = proof.contradiction(electorate.committee()).expect("a committee of four");
    assert_eq!((*taken.key(), taken.kind()), (Toy(2).public_key(), EvidenceKind::NullifyAndFinalize));
    let message = |at: usize| taken.statements()[at].content.signing_bytes(&CHAIN);
    assert_eq!([0, 1].map(|at| Toy(2).sign(&message(at))), taken.statements().map(|statement| statement.signature));
    let small = crate::testing::electorate(2, 0);
    assert_eq!(proof.contradiction(small.committee()), None, "nobody has that place there");
}

#[test]
fn signers_of_a_certificate_are_held_to_what_they_told_us() {
    let electorate = electorate(7, 0);
    let (ours, theirs) = (VoteContent::Notarize(about(1)), VoteContent::Notarize(about(2)));
    let mut round = counted(&electorate, &[vote(1, ours), vote(2, ours), vote(3, theirs), vote(4, NULLIFY)]);
    let certificate = certificate_of(7, theirs, 2..7);
    let votes = votes_of(&certificate, 7);
    assert_eq!(votes, (2..7).map(|signer| vote(signer, theirs)).collect::<Vec<_>>());
    let proofs = round.confront(&votes, &[]);
    assert_eq!(proofs, [Evidence::of(&vote(2, ours), &vote(2, theirs)).unwrap()], "2 alone said something else");
    assert_eq!(round.confront(&votes, &[]), [], "once");
    assert_eq!(round.confront(&[], &[]), []);
}

#[test]
fn whoever_signed_two_certificates_that_exclude_each_other_is_guilty_and_nobody_else() {
    let given_up = votes_of(&certificate_of(7, NULLIFY, 0..5), 7);
    let made_final = votes_of(&certificate_of(7, VoteContent::Finalize(about(1)), 2..7), 7);
    let proofs = Round::default().confront(&made_final, &given_up);
    let guilty: Vec<_> = proofs.iter().map(|proof| (proof.signer().0, proof.kind)).collect();
    assert_eq!(guilty, [2, 3, 4].map(|signer| (signer, EvidenceKind::NullifyAndFinalize)), "f + 1 of seven");
}

#[test]
fn a_set_of_signers_that_is_none_has_no_votes() {
    assert_eq!(votes_of(&certificate_of(7, NULLIFY, 0..5), 9), []);
}
