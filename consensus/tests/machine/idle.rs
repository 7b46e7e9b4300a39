//! What liars can make of a network that has nothing to do: nothing that lasts.

use crate::network::Network;
use crate::solo::{GENESIS, Solo, block, block_vote, bytes, nullify, vote};
use crate::toy::GENESIS_MS;
use amanah_consensus::message::{Justification, Proposal, Status};
use amanah_consensus::{Message, To};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;

/// Repeats of what we said, from message number `from` on.
fn repeats(solo: &Solo, from: usize) -> usize {
    let is_repeat = |m: &Message| matches!(m, Message::Bundle(bundle) if !bundle.votes.is_empty());
    solo.sent.iter().skip(from).filter(|(to, message)| *to == To::All && is_repeat(message)).count()
}

/// One of seven, two of whom may lie, in the first view. Another one leads it.
fn one_of_seven() -> Solo {
    let solo = Solo::start(Network::config(7, 0), Vec::new(), GENESIS_MS);
    assert_ne!(solo.leader(), 0);
    solo
}

fn claim_of_work(solo: &Solo) -> Message {
    Message::Status(Status {
        epoch: Epoch(0),
        view: View(solo.view()),
        final_view: View(0),
        final_height: Height(0),
        final_block: GENESIS().0,
        time: UnixMs(solo.now),
        echo: None,
        has_work: true,
    })
}

#[test]
fn a_view_given_up_for_a_liar_is_spoken_of_no_more_until_there_is_work() {
    let mut solo = Solo::new();
    let view = solo.view();
    solo.propose(0, &block(view, GENESIS(), solo.now, &[1]), None);
    solo.wait(1_500);
    assert!(solo.said(nullify(view)), "nobody else was shown the block");
    let (logged, sent) = (solo.log.len(), solo.sent.len());
    solo.wait(24 * 3_600_000);
    assert_eq!((solo.log.len(), solo.view(), repeats(&solo, sent)), (logged, view, 0));
    // Once there is something to do, our votes are heard again.
    solo.work(7);
    solo.wait(2_400);
    assert_eq!(repeats(&solo, sent), 1);
}

#[test]
fn a_proposal_whose_block_never_comes_moves_nobody_who_has_no_work() {
    let mut solo = Solo::new();
    let (view, leader) = (solo.view(), solo.leader());
    let (named, sent) = (block(view, GENESIS(), solo.now, &[1]), block(view, GENESIS(), solo.now, &[2]));
    let vote = vote(leader, VoteContent::Notarize(block_vote(view, 0, &named)));
    let logged = solo.log.len();
    let justification = Justification::default();
    solo.hear(leader, Message::Proposal(Box::new(Proposal { vote, block: bytes(&sent), justification })));
    solo.wait(24 * 3_600_000);
    assert!(solo.asked_for(named.digest()));
    assert_eq!((solo.log.len(), solo.view()), (logged, view));
    // With something to do it is given its time and no more.
    solo.work(7);
    solo.wait(1_549);
    assert!(!solo.said(nullify(view)));
    solo.wait(1);
    assert!(solo.said(nullify(view)));
}

#[test]
fn liars_and_an_honest_vote_that_stays_keep_nobody_talking() {
    let mut solo = one_of_seven();
    let (view, leader) = (solo.view(), solo.leader());
    let shown = block(view, GENESIS(), solo.now, &[1]);
    solo.propose(0, &shown, None);
    // The leader and its friend show us votes, and somebody honest was shown the same block.
    let [friend, honest] = [1, 2, 3].into_iter().filter(|peer| *peer != leader).collect::<Vec<_>>()[..2] else {
        panic!("two of three")
    };
    for peer in [friend, honest] {
        solo.hear(peer, Message::Vote(vote(peer, VoteContent::Notarize(block_vote(view, 0, &shown)))));
    }
    solo.wait(1_500);
    assert!(solo.said(nullify(view)));
    let (logged, sent) = (solo.log.len(), solo.sent.len());
    for _ in 0..100 {
        for liar in [leader, friend] {
            solo.hear(liar, claim_of_work(&solo));
        }
        solo.wait(5_000);
    }
    assert_eq!((solo.log.len(), solo.view(), repeats(&solo, sent)), (logged, view, 0));
    // With the honest one's word they are more than may lie.
    for peer in [leader, friend, honest] {
        solo.hear(peer, claim_of_work(&solo));
    }
    solo.wait(2_400);
    assert_eq!(repeats(&solo, sent), 1);
}
