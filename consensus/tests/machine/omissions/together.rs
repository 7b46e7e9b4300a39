//! Networks that go on with all rules, and stand still or wait too long without one.

use super::{expect, needs};
use crate::network::{FAIR, Network, Weather};
use crate::toy::GENESIS_MS;
use amanah_consensus::{Input, Message, Mutant};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use std::sync::LazyLock;

const IS_FINAL_LATE: &str = "not final in time";

fn is_finalize(content: &VoteContent) -> bool {
    matches!(content, VoteContent::Finalize(_))
}

fn final_within(network: &mut Network, txs: &[u64], ms: u64) -> Result<(), &'static str> {
    expect(network.run_until_final(txs, ms).is_ok(), IS_FINAL_LATE)
}

/// Who leads the views 1 to 4 in every network of four.
static LEADERS: LazyLock<[u8; 4]> = LazyLock::new(|| {
    let network = Network::started(4, 1, FAIR);
    [1, 2, 3, 4].map(|view| network.leader(view))
});

#[test]
fn after_all_crash_the_notarization_under_a_finalize_is_still_there() {
    // The leader shows its block to two of three and is gone. They notarize and finalize, which nobody hears; the third
    // gives the view up. Then all crash.
    needs(Mutant::NotarizationNotKept, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 5, FAIR);
        network.filter = Some(|from, to, message, now| {
            let [gone, third, ..] = *LEADERS;
            let is_early = now < GENESIS_MS + 4_000;
            match message {
                Message::Proposal(_) => !is_early || (from == gone && to != third),
                Message::Vote(vote) if is_finalize(&vote.content) => !is_early,
                Message::Vote(vote) => !is_early || (to != third && vote.content.view().0 == 1),
                Message::Certificate(_) | Message::Bundle(_) | Message::CertificateResponse(_) => !is_early,
                _ => true,
            }
        });
        let [gone, ..] = *LEADERS;
        let mut network = network.start_all();
        network.submit(gone, 1);
        network.run_until(network.now + 1_130);
        (0..4).for_each(|node| network.crash(node));
        network.run_until(GENESIS_MS + 4_000);
        let alive: Vec<u8> = (0..4).filter(|node| *node != gone).collect();
        alive.iter().for_each(|node| network.start(*node));
        network.submit(alive[0], 2);
        final_within(&mut network, &[2], 60_000)
    });
}

#[test]
fn a_transaction_that_gossip_lost_is_pulled() {
    // One knows it; another is silent.
    needs(Mutant::NoPull, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 3, Weather { gossip: false, ..FAIR }).start_all();
        network.run_until(network.now + 6_000);
        let view = network.standings()[0].expect("running").0;
        // Neither the leader nor silent.
        let silent = network.leader(view);
        let knows = network.leader(view + 3);
        network.crash(silent);
        network.submit(knows, 9);
        final_within(&mut network, &[9], 120_000)
    });
}

#[test]
fn a_tail_at_its_depth_bound_becomes_final_through_an_empty_block() {
    // No block up to the bound can become final by itself, as if f+1 had given its view up.
    needs(Mutant::FullBlocksAboveDepth, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 11, FAIR);
        network.filter = Some(|_, _, message, _| match message {
            Message::Vote(vote) => !(is_finalize(&vote.content) && vote.content.view().0 <= 20),
            Message::Bundle(bundle) => !bundle.votes.iter().any(|vote| vote.content.view().0 <= 20),
            _ => true,
        });
        let mut network = network.start_all();
        let txs: Vec<u64> = (0..400).collect();
        for tx in &txs {
            network.submit((tx % 4) as u8, *tx);
            network.run_until(network.now + 30);
        }
        final_within(&mut network, &txs, 240_000)
    });
}

#[test]
fn a_slow_network_has_leaders() {
    needs(Mutant::ClockDeclinesToLead, IS_FINAL_LATE, |mutant| {
        let slow = Weather { delay_ms: (300, 310), ..FAIR };
        let mut network = Network::without(mutant, 4, 2, slow).start_all();
        network.run_until(network.now + 30_000);
        network.submit(0, 1);
        final_within(&mut network, &[1], 60_000)
    });
}

#[test]
fn a_network_whose_work_is_done_falls_asleep() {
    needs(Mutant::WorkByHearsay, "views change in an idle network", |mutant| {
        let mut network = Network::without(mutant, 4, 2, FAIR);
        // Long enough without a leader that all have told each other of work.
        network.filter = Some(|_, _, message, now| {
            now > GENESIS_MS + 30_000 || !matches!(message, Message::Proposal(_) | Message::Vote(_))
        });
        let mut network = network.start_all();
        network.submit(0, 1);
        network.run_until_final(&[1], 90_000).expect("awake");
        network.run_until(network.now + 60_000);
        let before = network.standings();
        network.run_until(network.now + 600_000);
        expect(network.standings() == before, "views change in an idle network")
    });
}

#[test]
fn a_finalization_reaches_those_who_went_on() {
    // Only one collects the Finalize votes.
    needs(Mutant::FinalizationNotSpread, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 3, FAIR);
        network.filter = Some(|_, to, message, _| match message {
            Message::Vote(vote) => to == 0 || !is_finalize(&vote.content),
            _ => true,
        });
        let mut network = network.start_all();
        network.run_until(network.now + 1_000);
        network.submit(0, 1);
        // Before anything is repeated.
        final_within(&mut network, &[1], 500)
    });
}

#[test]
fn a_leader_that_jumped_over_views_gets_their_certificates() {
    needs(Mutant::NothingAskedAfterJump, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 7, 6, FAIR);
        network.filter = Some(|from, to, message, now| {
            let is_early = now < GENESIS_MS + 900_000;
            !(is_early && (matches!(message, Message::Proposal(_)) || from == 5 || to == 5))
        });
        let mut network = network.start_all();
        network.submit(1, 1);
        network.run_until(network.now + 900_000);
        // Two liars are silent from now on: those who jumped are needed.
        let views: Vec<u64> = network.standings().iter().map(|standing| standing.expect("running").0).collect();
        assert!(views[0] > 100 && views[5] == 1, "{views:?}");
        network.crash(2);
        network.crash(3);
        final_within(&mut network, &[1], 60_000)
    });
}

#[test]
fn a_network_that_is_whole_again_goes_on_at_once() {
    needs(Mutant::RetryKeepsItsDistance, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 9, FAIR).start_all();
        network.run_until(network.now + 6_000);
        for (from, to) in (0..4).flat_map(|from| (0..4).map(move |to| (from, to))) {
            network.cut.insert((from, to));
        }
        (0..4).for_each(|node| network.offer(node, 1));
        network.run_until(network.now + 56_000);
        network.cut.clear();
        for (at, to) in (0..4u8).flat_map(|at| (0..4u8).map(move |to| (at, to))).filter(|(at, to)| at != to) {
            network.input(at, Input::Connected(ValidatorIndex(to)));
        }
        final_within(&mut network, &[1], 1_000)
    });
}

#[test]
fn after_all_crash_own_votes_count_again() {
    // Three give the view of a dead leader up, and nobody hears it; then they crash. All three votes are needed.
    needs(Mutant::OwnVotesNotCounted, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 9, FAIR);
        network.filter = Some(|_, _, message, now| {
            now > GENESIS_MS + 4_000 || !matches!(message, Message::Vote(_) | Message::Bundle(_))
        });
        let mut network = network.start_all();
        let [gone, ..] = *LEADERS;
        network.crash(gone);
        let alive: Vec<u8> = (0..4).filter(|node| *node != gone).collect();
        network.submit(alive[0], 1);
        network.run_until(network.now + 3_000);
        alive.iter().for_each(|node| network.crash(*node));
        network.run_until(GENESIS_MS + 4_001);
        alive.iter().for_each(|node| network.start(*node));
        final_within(&mut network, &[1], 60_000)
    });
}

#[test]
fn votes_that_got_lost_are_said_again() {
    needs(Mutant::VotesSentOnce, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 9, FAIR);
        network.filter = Some(|_, _, message, now| now > GENESIS_MS + 3_000 || !matches!(message, Message::Vote(_)));
        let mut network = network.start_all();
        network.submit(0, 1);
        final_within(&mut network, &[1], 60_000)
    });
}

#[test]
fn a_certificate_that_one_could_form_reaches_all() {
    // The second lacks one vote, and the third lacks the block and gives the view up; a liar votes, for the leader's eyes
    // only. The leader goes on; the other two can neither notarize the view nor end it.
    needs(Mutant::CertificatesKept, IS_FINAL_LATE, |mutant| {
        let mut network = Network::without(mutant, 4, 9, FAIR);
        network.filter = Some(|from, to, message, _| {
            let [first, _second, third, liar] = *LEADERS;
            match message {
                Message::Proposal(_) if from == first && to == third => false,
                Message::Vote(_) => from != liar || to == first,
                Message::Proposal(_) | Message::Certificate(_) | Message::Bundle(_) => from != liar,
                _ => true,
            }
        });
        let mut network = network.start_all();
        let [first, second, ..] = *LEADERS;
        network.submit(first, 1);
        network.run_until(network.now + 3_000);
        network.submit(second, 2);
        final_within(&mut network, &[1, 2], 60_000)
    });
}

#[test]
fn three_of_five_certify_nothing() {
    needs(Mutant::QuorumTwoFPlusOne, "three of five agree without the others", |mutant| {
        let mut network = Network::without(mutant, 5, 9, FAIR).start_all();
        network.run_until(network.now + 6_000);
        for (inside, outside) in [(0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4)] {
            network.cut.insert((inside, outside));
            network.cut.insert((outside, inside));
        }
        network.offer(0, 1);
        network.offer(1, 1);
        network.offer(2, 1);
        network.run_until(network.now + 60_000);
        let has_moved = network.nodes.iter().any(|node| !node.ledger.is_empty());
        expect(!has_moved, "three of five agree without the others")
    });
}
