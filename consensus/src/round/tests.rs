use super::*;
use crate::evidence::EvidenceKind;
use crate::testing::{electorate, vote};
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, View};

fn notarize(signer: u8, block: u8) -> Vote {
    let block = Digest([block; 32]);
    vote(signer, VoteContent::Notarize(BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block }))
}

fn finalize(signer: u8, block: u8) -> Vote {
    let VoteContent::Notarize(content) = notarize(signer, block).content else { panic!("a Notarize") };
    vote(signer, VoteContent::Finalize(content))
}

fn nullify(signer: u8) -> Vote {
    vote(signer, VoteContent::Nullify { epoch: Epoch(0), view: View(1) })
}

fn count(round: &mut Round, vote: &Vote) -> Counted {
    round.count(electorate(4, 0).check_vote(vote).expect("a good signature"))
}

#[test]
fn what_each_validator_has_voted_is_told() {
    let mut round = Round::default();
    for vote in [notarize(0, 1), finalize(0, 1), notarize(1, 2), nullify(1), nullify(2)] {
        count(&mut round, &vote);
    }
    let (one, two) = (Some(Digest([1; 32])), Some(Digest([2; 32])));
    let voted = |signer| round.voted(ValidatorIndex(signer));
    assert_eq!(voted(0), Voted { notarize: one, nullify: false, finalize: one });
    assert_eq!(voted(1), Voted { notarize: two, nullify: true, finalize: None });
    assert_eq!(voted(2), Voted { notarize: None, nullify: true, finalize: None });
    assert_eq!(voted(3), Voted::default());
}

#[test]
fn a_quorum_of_different_validators_certifies_and_repeats_do_not() {
    let (mut round, electorate) = (Round::default(), electorate(4, 0));
    let content = notarize(0, 1).content;
    for _ in 0..5 {
        count(&mut round, &notarize(0, 1));
        count(&mut round, &notarize(1, 1));
    }
    assert_eq!(round.certificate(content, &electorate), None);
    assert!(!round.is_news(&notarize(1, 1)) && round.is_news(&notarize(2, 1)) && round.is_news(&notarize(1, 2)));
    assert_eq!(count(&mut round, &notarize(2, 2)), Counted::New);
    assert_eq!(round.certificate(content, &electorate), None, "a vote for another block does not help");
    assert_eq!(count(&mut round, &notarize(3, 1)), Counted::New);
    let certificate = round.certificate(content, &electorate).expect("three of four");
    assert_eq!(electorate.check(certificate.certificate().clone()), Some(certificate), "others can check it");
}

#[test]
fn the_first_vote_counts_and_a_conflicting_one_is_proof_once() {
    let mut round = Round::default();
    assert_eq!(count(&mut round, &notarize(3, 1)), Counted::New);
    let Counted::Proof(evidence) = count(&mut round, &notarize(3, 2)) else { panic!("two blocks in one view") };
    assert_eq!(evidence.kind, EvidenceKind::DoubleNotarize);
    assert_eq!(evidence.votes, [notarize(3, 1), notarize(3, 2)]);
    assert_eq!(count(&mut round, &notarize(3, 2)), Counted::Ignored);
    assert_eq!(count(&mut round, &notarize(3, 1)), Counted::Ignored);
    assert!(
        !round.is_news(&notarize(3, 1)) && !round.is_news(&notarize(3, 3)),
        "a convict's votes are not checked again"
    );
}

#[test]
fn evidence_names_only_what_no_honest_validator_says() {
    let mut guilty = Round::default();
    count(&mut guilty, &nullify(2));
    assert!(
        matches!(count(&mut guilty, &finalize(2, 1)), Counted::Proof(e) if e.kind == EvidenceKind::NullifyAndFinalize)
    );
    assert!(matches!(count(&mut guilty, &finalize(2, 2)), Counted::Proof(e) if e.kind == EvidenceKind::DoubleFinalize));
    // Refinement 12: a late Nullify beside Notarize, and Notarize beside another block's Finalize, are honest.
    let mut honest = Round::default();
    assert_eq!(count(&mut honest, &notarize(2, 1)), Counted::New);
    assert_eq!(count(&mut honest, &nullify(2)), Counted::New);
    assert_eq!(count(&mut honest, &notarize(1, 1)), Counted::New);
    assert_eq!(count(&mut honest, &finalize(1, 2)), Counted::New);
}

#[test]
fn the_first_proposal_stays() {
    let mut round = Round::default();
    let (VoteContent::Notarize(first), VoteContent::Notarize(second)) =
        (notarize(0, 1).content, notarize(0, 2).content)
    else {
        panic!("two Notarize")
    };
    round.propose(first, UnixMs(1));
    round.propose(second, UnixMs(2));
    assert_eq!(round.live_candidate().map(|c| c.vote), Some(first));
    round.refuse();
    assert_eq!((round.live_candidate(), round.candidate().map(|c| c.vote)), (None, Some(first)));
}
