use super::*;
use crate::certificate::Electorate;
use crate::testing::{CHAIN, certificate_of, electorate, toy_verifier};
use amanah_ledger::position::Epoch;

const A: Digest = Digest([1; 32]);
const B: Digest = Digest([2; 32]);
const C: Digest = Digest([3; 32]);

fn vote(view: u64, parent_view: u64, block: Digest) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(parent_view), block }
}

fn notarized(vote: BlockVote, signers: [u8; 3]) -> Certificate {
    certificate_of(4, VoteContent::Notarize(vote), signers.into_iter())
}

fn finalized(vote: BlockVote, signers: [u8; 3]) -> Certificate {
    certificate_of(4, VoteContent::Finalize(vote), signers.into_iter())
}

fn nullified(view: u64, signers: [u8; 3]) -> Certificate {
    certificate_of(4, VoteContent::Nullify { epoch: Epoch(0), view: View(view) }, signers.into_iter())
}

/// A fork of four validators, 2 and 3 lie: 0 sees one branch, 1 the other.
fn named(one: &Branch, other: &Branch) -> Result<Vec<(u8, EvidenceKind)>, Unattributed> {
    let electorate: Electorate = electorate(4, 0);
    let verifier = toy_verifier();
    let both = [[one, other], [other, one]].map(|branches| {
        let proofs = guilty(&CHAIN, electorate.committee(), &*verifier, branches)?;
        Ok(proofs.iter().map(|proof| (proof.votes[0].signer.0, proof.kind)).collect::<Vec<_>>())
    });
    assert_eq!(both[0], both[1], "the order of the branches says nothing");
    let [named, _] = both;
    named
}

#[test]
fn two_finalizations_of_one_view_name_those_who_signed_both() {
    let one = Branch { finalization: finalized(vote(1, 0, A), [0, 2, 3]), certificates: vec![] };
    let other = Branch { finalization: finalized(vote(1, 0, B), [1, 2, 3]), certificates: vec![] };
    let double = EvidenceKind::DoubleFinalize;
    assert_eq!(named(&one, &other), Ok(vec![(2, double), (3, double)]));
}

#[test]
fn a_branch_that_skips_a_finalized_view_names_those_who_gave_it_up() {
    let one = Branch {
        finalization: finalized(vote(1, 0, A), [0, 2, 3]),
        certificates: vec![notarized(vote(1, 0, A), [0, 1, 2])],
    };
    let other = Branch {
        finalization: finalized(vote(2, 0, B), [1, 2, 3]),
        certificates: vec![notarized(vote(2, 0, B), [1, 2, 3]), nullified(1, [1, 2, 3])],
    };
    let skipped = EvidenceKind::NullifyAndFinalize;
    assert_eq!(named(&one, &other), Ok(vec![(2, skipped), (3, skipped)]));
}

#[test]
fn a_branch_over_another_block_of_a_finalized_view_names_those_who_notarized_both() {
    let one = Branch {
        finalization: finalized(vote(1, 0, A), [0, 2, 3]),
        certificates: vec![notarized(vote(1, 0, A), [0, 2, 3])],
    };
    let other = Branch {
        finalization: finalized(vote(2, 1, C), [1, 2, 3]),
        certificates: vec![notarized(vote(2, 1, C), [1, 2, 3]), notarized(vote(1, 0, B), [1, 2, 3])],
    };
    let double = EvidenceKind::DoubleNotarize;
    assert_eq!(named(&one, &other), Ok(vec![(2, double), (3, double)]));
    // Notarize beside another block's Finalize of the same view proves nothing alone.
    let alone = Branch { certificates: vec![], ..one };
    assert_eq!(named(&alone, &other), Err(Unattributed::Incomplete { named: 0, needed: 2 }));
}

#[test]
fn one_branch_is_no_fork_and_a_certificate_that_does_not_hold_names_nobody() {
    let one = Branch { finalization: finalized(vote(1, 0, A), [0, 2, 3]), certificates: vec![] };
    let longer = Branch {
        finalization: finalized(vote(2, 1, B), [1, 2, 3]),
        certificates: vec![notarized(vote(1, 0, A), [0, 1, 2])],
    };
    assert_eq!(named(&one, &longer), Err(Unattributed::NoFork));
    assert_eq!(named(&one, &one), Err(Unattributed::NoFork));
    let open = Branch { finalization: notarized(vote(1, 0, B), [1, 2, 3]), certificates: vec![] };
    assert_eq!(named(&one, &open), Err(Unattributed::NotFinal));
    let mut forged = finalized(vote(1, 0, B), [1, 2, 3]);
    forged.content = VoteContent::Finalize(vote(1, 0, C));
    let forged = Branch { finalization: forged, certificates: vec![] };
    assert_eq!(named(&one, &forged), Err(Unattributed::Certificate(View(1))));
}
