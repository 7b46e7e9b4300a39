//! Networks in which nothing becomes final for long: what that costs, and that it ends.

use crate::network::{FAIR, Network};
use crate::solo::{Solo, certificate, nullify, vote};
use crate::toy::GENESIS_MS;
use amanah_consensus::limits::{ANCESTORS_MAX, BACKOFF_MAX, CERTIFICATE_TAIL, DEPTH_MAX};
use amanah_consensus::{Effect, Input, Message, To};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;

/// Up to this view no block gets a Finalization of its own, as if f+1 had given each view up.
const UNFINAL_VIEWS: u64 = 2 * ANCESTORS_MAX;

fn is_left_unfinal(content: &VoteContent) -> bool {
    matches!(content, VoteContent::Finalize(_)) && content.view().0 <= UNFINAL_VIEWS
}

/// Four, of whom the last one is cut off if `is_one_away`, until `view`: by then more unfinal blocks stand on each other
/// than are fetched on the word of a Finalization.
fn with_a_long_tail(is_one_away: bool, view: u64) -> Network {
    let mut network = Network::new(4, 11, FAIR);
    network.filter = Some(|_, _, message, _| match message {
        Message::Vote(vote) => !is_left_unfinal(&vote.content),
        Message::Bundle(bundle) => !bundle.votes.iter().any(|vote| is_left_unfinal(&vote.content)),
        _ => true,
    });
    let mut network = network.start_all();
    if is_one_away {
        for other in 0..3 {
            network.cut.extend([(3, other), (other, 3)]);
        }
    }
    network.submit(0, 1);
    while network.standings()[0].expect("running").0 < view {
        network.run_until(network.now + 1_000);
        assert!(network.now < GENESIS_MS + 10 * 3_600_000, "{:?}", network.standings());
    }
    let held = network.nodes[0].machine.as_ref().expect("running").holdings().blocks as u64;
    assert!(held > ANCESTORS_MAX && network.nodes.iter().all(|node| node.ledger.is_empty()), "{held} unfinal blocks");
    network
}

#[test]
fn a_tail_longer_than_any_line_that_is_fetched_becomes_final() {
    let mut network = with_a_long_tail(false, UNFINAL_VIEWS);
    network.submit(1, 2);
    network.run_until_final(&[1, 2], 60_000).expect("the whole tail");
    assert!(network.nodes.iter().all(|node| node.ledger.len() as u64 > ANCESTORS_MAX));
}

#[test]
fn who_was_away_meanwhile_fetches_a_tail_that_is_not_final_yet() {
    let mut network = with_a_long_tail(true, UNFINAL_VIEWS - 40);
    // One of the three is gone: without the one who was away there is no quorum.
    network.crash(0);
    network.cut.clear();
    network.submit(1, 2);
    network.run_until_final(&[1, 2], 1_000_000).expect("three of four");
    assert!(network.nodes[3].ledger.len() as u64 > ANCESTORS_MAX);
}

#[test]
fn who_was_away_meanwhile_catches_up_with_a_tail_that_has_one_finalization_at_its_end() {
    let mut network = with_a_long_tail(true, UNFINAL_VIEWS);
    network.submit(1, 2);
    network.run_until(network.now + 60_000);
    let stored = &network.nodes[0].ledger;
    assert!(stored[..usize::try_from(ANCESTORS_MAX).expect("small")].iter().all(|at| at.finalization.is_none()));
    assert!(network.nodes[3].ledger.is_empty());
    network.cut.clear();
    network.run_until_final(&[1, 2], 300_000).expect("it has the whole ledger");
}

#[test]
fn without_a_final_block_views_go_by_no_faster_than_the_waits_allow() {
    let mut network = Network::new(4, 7, FAIR);
    network.filter = Some(|_, _, message, _| match message {
        Message::Vote(vote) => !matches!(vote.content, VoteContent::Finalize(_)),
        Message::Bundle(_) => false,
        _ => true,
    });
    let mut network = network.start_all();
    let hour_ms = 3_600_000;
    for tx in 0..3_600 {
        network.submit((tx % 4) as u8, tx);
        network.run_until(GENESIS_MS + (tx + 1) * 1_000);
    }
    let views = network.standings()[0].expect("running").0;
    // t_l and the wait for a stale tip are 2Δ; the first few are shorter.
    let waited = hour_ms / (BACKOFF_MAX * 1_000);
    assert!((waited / 2..=DEPTH_MAX + 8 + waited).contains(&views), "{views} views");
    let held = network.nodes[0].machine.as_ref().expect("running").holdings();
    assert!(held.open_views >= views - 1 && held.certified_views as u64 <= held.open_views + CERTIFICATE_TAIL);
    assert!(held.own_views as u64 <= held.open_views + 1, "{held:?}");
    assert!(network.nodes.iter().all(|node| node.ledger.is_empty()));
}

#[test]
fn streams_that_break_all_the_time_make_no_views_go_by() {
    let mut solo = Solo::new();
    for peer in 1..4 {
        solo.input(Input::Connected(ValidatorIndex(peer)));
    }
    solo.work(7);
    // One view more than liars can lead is given up; the next two leaders break off.
    for _ in 0..3 {
        let view = solo.view();
        solo.hear(1, Message::Certificate(certificate(nullify(view))));
    }
    solo.skip_own_views();
    let (view, leader) = (solo.view(), ValidatorIndex(solo.leader()));
    solo.input(Input::Disconnected(leader));
    solo.wait(1_000);
    assert!(!solo.said(nullify(view)), "its silence is heeded no more");
    solo.wait(8_050);
    assert!(solo.said(nullify(view)), "but its time ends");
    let offered = solo.effects.contains(&Effect::OfferPending { to: To::All });
    assert!(offered, "it may not know what we know");
    // A vote of its own shows that the certificate, not the stream, is what moves us.
    solo.hear(1, Message::Vote(vote(1, nullify(view))));
    assert_eq!(solo.view(), view);
}
