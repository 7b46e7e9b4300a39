//! What is not well formed counts for nothing, however well it is signed.

use super::*;
use crate::testing::{certificate, certificate_of, electorate, electorate_in, vote};

fn about(epoch: u64, view: u64, parent_view: u64) -> BlockVote {
    BlockVote { epoch: Epoch(epoch), view: View(view), parent_view: View(parent_view), block: Digest([1; 32]) }
}

fn nullify(epoch: u64, view: u64) -> VoteContent {
    VoteContent::Nullify { epoch: Epoch(epoch), view: View(view) }
}

#[test]
fn a_vote_or_certificate_without_sense_is_refused_though_every_signature_holds() {
    let electorate = electorate(4, 0);
    let good = [
        VoteContent::Notarize(about(0, 3, 2)),
        VoteContent::Notarize(about(0, 1, 0)),
        VoteContent::Finalize(about(0, 3, 0)),
        nullify(0, 1),
    ];
    let bad = [
        VoteContent::Notarize(about(0, 3, 3)),
        VoteContent::Finalize(about(0, 3, 4)),
        VoteContent::Notarize(about(1, 3, 2)),
        VoteContent::Finalize(about(1, 3, 2)),
        nullify(0, 0),
        nullify(1, 3),
    ];
    let is_taken = |content| {
        let (vote, certificate) = (electorate.check_vote(&vote(1, content)), electorate.check(certificate(4, content)));
        assert_eq!(vote.is_some(), certificate.is_some(), "{content:?}");
        vote.is_some()
    };
    assert!(good.into_iter().all(is_taken));
    assert!(!bad.into_iter().any(is_taken));
}

#[test]
fn a_vote_counts_under_the_key_of_its_signer_alone() {
    let electorate = electorate(4, 0);
    let good = vote(1, nullify(0, 1));
    assert_eq!(electorate.check_vote(&good).map(|verified| *verified.vote()), Some(good));
    assert_eq!(electorate.check_vote(&Vote { signer: ValidatorIndex(2), ..good }), None);
    assert_eq!(electorate.check_vote(&Vote { content: nullify(0, 2), ..good }), None);
    assert_eq!(electorate.check_vote(&vote(4, nullify(0, 1))), None, "there is no fifth validator");
}

#[test]
fn a_quorum_of_equal_votes_makes_the_certificate_that_others_accept_and_one_vote_less_none() {
    let electorate = electorate(7, 0);
    let contents = [VoteContent::Notarize(about(0, 9, 4)), nullify(0, 9), VoteContent::Finalize(about(0, 9, 4))];
    for content in contents {
        let votes = |signers: std::ops::Range<u8>, content| -> Vec<VerifiedVote> {
            signers.map(|signer| electorate.check_vote(&vote(signer, content)).expect("signed")).collect()
        };
        let other = votes(4..7, nullify(0, 8));
        let four = [votes(0..4, content), other.clone()].concat();
        assert_eq!(electorate.assemble(content, &four), None, "q is five of seven");
        let repeated = [votes(0..4, content), votes(0..4, content)].concat();
        assert_eq!(electorate.assemble(content, &repeated), None, "one vote each");
        let five = [votes(0..5, content), other].concat();
        let made = electorate.assemble(content, &five).expect("q of seven");
        assert_eq!(made.certificate(), &certificate_of(7, content, 0..5));
        assert_eq!((made.view(), made.certificate().content), (View(9), content));
        assert_eq!(electorate.check(made.certificate().clone()), Some(made));
        assert_eq!(electorate.check(certificate_of(7, content, 0..4)), None);
    }
}

#[test]
fn an_electorate_is_of_its_epoch_and_knows_the_others() {
    let electorate = electorate_in(4, 2, Epoch(3));
    assert_eq!((electorate.epoch(), electorate.me()), (Epoch(3), ValidatorIndex(2)));
    assert_eq!(electorate.others().map(|index| index.0).collect::<Vec<_>>(), [0, 1, 3]);
    assert!(electorate.check(certificate(4, nullify(3, 1))).is_some());
    assert!(electorate.check(certificate(4, nullify(0, 1))).is_none());
}
