use super::*;

fn justify(book: &Certificates, vote: &BlockVote, block: &BlockFacts, parent: Content) -> Justified {
    super::justify(book, vote, block, parent, Omission::default())
}
use crate::testing::{certificate, electorate};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;

const START: Digest = Digest([0; 32]);
const A: Digest = Digest([1; 32]);
const B: Digest = Digest([2; 32]);

fn block_vote(view: u64, parent_view: u64, block: Digest) -> BlockVote {
    BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(parent_view), block }
}

fn block(digest: Digest, parent: Digest, view: u64, content: Content) -> BlockFacts {
    let (epoch, height, time) = (Epoch(0), Height(1), UnixMs(1));
    BlockFacts { digest, parent, epoch, height, proposed_view: View(view), time, content }
}

/// A book with `A` notarized in view 1 and these views given up.
fn book(nullified: &[u64]) -> Certificates {
    let electorate = electorate(4, 0);
    let mut book = Certificates::new(START);
    let skips = nullified.iter().map(|view| VoteContent::Nullify { epoch: Epoch(0), view: View(*view) });
    for content in skips.chain([VoteContent::Notarize(block_vote(1, 0, A))]) {
        book.insert(electorate.check(certificate(4, content)).expect("a quorum"), 0);
    }
    book
}

const TXS: Content = Content::Transactions;

#[test]
fn r2_a_child_of_the_certified_block_is_proven_when_every_view_between_was_given_up() {
    let child = block(B, A, 4, TXS);
    let vote = block_vote(4, 1, B);
    assert!(matches!(justify(&book(&[2, 3]), &vote, &child, TXS), Justified::Proven(p) if *p.vote() == vote));
    // One missing skip is not a detail.
    for incomplete in [&[2][..], &[3], &[]] {
        assert_eq!(justify(&book(incomplete), &vote, &child, TXS), Justified::Missing);
    }
}

#[test]
fn r2_the_floor_is_view_zero_and_its_block_the_epoch_start() {
    let (child, stranger) = (block(B, START, 2, TXS), block(B, A, 2, TXS));
    let vote = block_vote(2, 0, B);
    assert!(matches!(justify(&book(&[1]), &vote, &child, TXS), Justified::Proven(_)));
    assert_eq!(justify(&book(&[]), &vote, &child, TXS), Justified::Missing);
    assert_eq!(justify(&book(&[1]), &vote, &stranger, TXS), Justified::Refused);
}

#[test]
fn r2_another_parent_view_or_view_of_proposal_is_refused() {
    let vote = block_vote(2, 1, B);
    assert_eq!(justify(&book(&[]), &vote, &block(B, START, 2, TXS), TXS), Justified::Refused);
    assert_eq!(justify(&book(&[]), &vote, &block(B, A, 1, TXS), TXS), Justified::Refused, "proposed before");
    assert_eq!(justify(&book(&[]), &vote, &block(A, A, 2, TXS), TXS), Justified::Refused, "another block");
    let other_epoch = BlockFacts { epoch: Epoch(1), ..block(B, A, 2, TXS) };
    assert_eq!(justify(&book(&[]), &vote, &other_epoch, TXS), Justified::Refused);
    assert_eq!(justify(&book(&[]), &block_vote(2, 2, B), &block(B, A, 2, TXS), TXS), Justified::Refused);
    assert_eq!(justify(&book(&[2]), &block_vote(4, 3, B), &block(B, A, 4, TXS), TXS), Justified::Missing);
}

#[test]
fn a_seal_block_admits_only_itself_again() {
    let again = block(A, START, 1, Content::Seal);
    let proven = justify(&book(&[2]), &block_vote(3, 1, A), &again, Content::Seal);
    assert!(matches!(proven, Justified::Proven(p) if p.descent() == Descent::Reproposal));
    let child = block(B, A, 3, TXS);
    assert_eq!(justify(&book(&[2]), &block_vote(3, 1, B), &child, Content::Seal), Justified::Refused);
    let no_seal = block(A, START, 1, TXS);
    assert_eq!(justify(&book(&[2]), &block_vote(3, 1, A), &no_seal, TXS), Justified::Refused);
}
