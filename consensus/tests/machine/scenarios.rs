//! One promise each, in a network where the rest goes well.

use crate::network::{FAIR, Network, Weather, floor_of};
use crate::toy::{ToyLedger, ToySigner, ToyVerifier};
use amanah_consensus::{Machine, Message, Record};
use amanah_ledger::certificate::VoteContent;
use std::sync::Arc;

const LOST_GOSSIP: Weather = Weather { gossip: false, ..FAIR };
const DAY_MS: u64 = 24 * 3_600_000;

#[test]
fn an_idle_network_writes_nothing_and_changes_no_view_for_a_day() {
    let mut network = Network::started(4, 3, FAIR);
    network.submit(2, 1);
    network.run_until_final(&[1], 2000).expect("a fair network");
    network.run_until(network.now + 20_000);
    let before: Vec<usize> = network.nodes.iter().map(|node| node.durable.len() + node.unsynced.len()).collect();
    let (synced, standings, messages) = (network.synced, network.standings(), network.messages);
    network.run_until(network.now + DAY_MS);
    let after: Vec<usize> = network.nodes.iter().map(|node| node.durable.len() + node.unsynced.len()).collect();
    assert_eq!((after, network.synced, network.standings()), (before, synced, standings));
    let statuses = 4 * 3 * DAY_MS / 5_000;
    assert!(network.messages - messages <= statuses + 12, "only statuses travel");
    // And it is awake at once.
    network.submit(0, 2);
    assert!(network.run_until_final(&[2], 2000).expect("awake") < 300);
}

#[test]
fn a_node_that_crashes_at_any_record_keeps_its_word_and_comes_back() {
    for victim in 0..4 {
        for records in 1..60 {
            let mut network = Network::new(4, records as u64, FAIR);
            network.nodes[victim].crash_at_records = Some(records);
            let mut network = network.start_all();
            for tx in 0..6 {
                network.submit((tx % 4) as u8, tx);
                network.run_until(network.now + 300);
            }
            // The people of the crashed node come again.
            (0..6).for_each(|tx| network.submit((tx % 4) as u8, tx));
            network
                .run_until_final(&[0, 1, 2, 3, 4, 5], 30_000)
                .unwrap_or_else(|stuck| panic!("node {victim}, record {records}: {stuck}"));
        }
    }
}

#[test]
fn a_network_that_crashes_as_a_whole_at_any_record_goes_on() {
    for records in 1..50 {
        for stagger in [0, 1, 5] {
            let mut network = Network::new(4, 1 + records as u64, FAIR);
            for (i, node) in network.nodes.iter_mut().enumerate() {
                node.crash_at_records = Some(records + i * stagger);
            }
            let mut network = network.start_all();
            for tx in 0..6 {
                network.submit((tx % 4) as u8, tx);
                network.run_until(network.now + 250);
            }
            network.run_until(network.now + 2000);
            (0..6).for_each(|tx| network.submit((tx % 4) as u8, tx));
            network
                .run_until_final(&[0, 1, 2, 3, 4, 5], 30_000)
                .unwrap_or_else(|stuck| panic!("record {records}, stagger {stagger}: {stuck}"));
        }
    }
}

#[test]
fn a_finalize_vote_survives_with_the_notarization_it_rests_on() {
    // Refinement 3: the Finalize votes are lost, then everybody crashes; Nullify of that view is refused for ever, so the
    // Notarization must come back from the logs.
    let mut network = Network::new(4, 5, FAIR);
    network.filter = Some(|_, _, message, _| {
        let is_finalize = |content: VoteContent| matches!(content, VoteContent::Finalize(_));
        match message {
            Message::Vote(vote) => !is_finalize(vote.content),
            Message::Certificate(_) | Message::Bundle(_) => false,
            _ => true,
        }
    });
    let mut network = network.start_all();
    network.submit(0, 1);
    network.run_until(network.now + 600);
    for node in 0..4 {
        network.crash(node);
    }
    network.filter = None;
    for node in &network.nodes {
        let has = |wanted: fn(&VoteContent) -> bool| {
            let notarized = |record: &Record| matches!(record, Record::Certificate(c) if wanted(&c.content));
            node.durable.iter().any(notarized)
        };
        let votes = node
            .durable
            .iter()
            .filter(|record| matches!(record, Record::Voted(vote) if matches!(vote.content, VoteContent::Finalize(_))));
        assert!(votes.count() > 0 && has(|content| matches!(content, VoteContent::Notarize(_))));
    }
    (0..4).for_each(|node| network.start(node));
    let took = network.run_until_final(&[1], 10_000).expect("nobody is stuck");
    assert!(took < 3000, "{took}");
}

#[test]
fn a_dead_leader_costs_one_round_of_votes() {
    for view_offset in 1..4 {
        let mut network = Network::started(4, 8, FAIR);
        network.run_until(network.now + 6_000);
        let view = network.standings()[0].expect("it runs").0;
        let victim = network.leader(view);
        network.crash(victim);
        let node = (victim + view_offset) % 4;
        network.submit(node, 1);
        let took = network.run_until_final(&[1], 10_000).expect("three of four");
        assert!(took < 400, "no timer takes part: {took}");
    }
}

#[test]
fn a_silent_leader_costs_its_time_once() {
    let mut network = Network::started(4, 8, FAIR);
    network.run_until(network.now + 6_000);
    let victim = network.leader(network.standings()[0].expect("it runs").0);
    for other in (0..4).filter(|other| *other != victim) {
        network.cut.insert((victim, other));
        network.cut.insert((other, victim));
    }
    network.submit((victim + 1) % 4, 1);
    network.run_until(network.now + 2_500);
    let finals: Vec<u8> = (0..4).filter(|node| network.nodes[usize::from(*node)].app.is_final(1)).collect();
    assert_eq!(finals.len(), 3, "t_l and then the next leader");
    network.cut.clear();
    network.run_until_final(&[1], 12_000).expect("the silent one catches up");
}

#[test]
fn a_transaction_known_to_one_node_only_becomes_final() {
    for n in [4, 5, 7] {
        for node in 0..n {
            let mut network = Network::started(n, u64::from(node), LOST_GOSSIP);
            network.run_until(network.now + 6_000);
            // Another one is dead: the liar who would have to be counted on.
            let dead = (node + 1) % n;
            network.crash(dead);
            network.submit(node, 9);
            let took =
                network.run_until_final(&[9], 30_000).unwrap_or_else(|stuck| panic!("n={n} node {node}: {stuck}"));
            assert!(took < 6_000, "n={n} node {node}: {took}");
        }
    }
}

#[test]
fn a_long_unfinalized_tail_stops_growing_and_becomes_final() {
    let mut network = Network::new(4, 11, FAIR);
    network.filter = Some(|_, _, message, _| match message {
        Message::Vote(vote) => !matches!(vote.content, VoteContent::Finalize(_)),
        Message::Bundle(_) => false,
        _ => true,
    });
    let mut network = network.start_all();
    let txs: Vec<u64> = (0..400).collect();
    for tx in &txs {
        network.submit((tx % 4) as u8, *tx);
        network.run_until(network.now + 30);
    }
    let held = |network: &Network| {
        network.nodes.iter().map(|node| node.machine.as_ref().expect("running").standing().blocks_held).max()
    };
    let deep = held(&network).expect("four");
    assert!((16..=20).contains(&deep), "the tail is at its bound: {deep}");
    assert!(network.nodes.iter().all(|node| node.ledger.is_empty()));
    network.filter = None;
    let took = network.run_until_final(&txs, 60_000).expect("the tail becomes final");
    assert!(took < 15_000, "{took}");
}

#[test]
fn a_tail_of_nullified_views_becomes_final_through_an_empty_block() {
    // Every block is notarized late: f+1 gave its view up before, so it can become final through a child only.
    let mut network = Network::new(4, 21, FAIR);
    network.filter = Some(|from, _, message, now| {
        let is_early = now < crate::toy::GENESIS_MS + 40_000;
        match message {
            // Two of four hear no proposal in time; their Nullify comes before the Notarization.
            Message::Vote(vote) if is_early => {
                !matches!(vote.content, VoteContent::Finalize(_)) || from.is_multiple_of(2)
            }
            Message::Bundle(_) | Message::Certificate(_) if is_early => now.is_multiple_of(3),
            _ => true,
        }
    });
    let mut network = network.start_all();
    let txs: Vec<u64> = (0..100).collect();
    for tx in &txs {
        network.submit((tx % 4) as u8, *tx);
        network.run_until(network.now + 400);
    }
    let took = network.run_until_final(&txs, 60_000).expect("every block becomes final");
    assert!(took < 20_000, "{took}");
}

#[test]
fn a_node_a_hundred_blocks_behind_catches_up_by_height() {
    let mut network = Network::started(7, 4, FAIR);
    let lonely = 3;
    for other in 0..7 {
        network.cut.insert((lonely, other));
        network.cut.insert((other, lonely));
    }
    let txs: Vec<u64> = (0..150).collect();
    for tx in &txs {
        network.submit(0, *tx);
        network.run_until(network.now + 200);
    }
    assert!(network.nodes[0].ledger.len() > 100 && network.nodes[usize::from(lonely)].ledger.is_empty());
    network.cut.clear();
    let took = network.run_until_final(&txs, 20_000).expect("it catches up");
    assert!(took < 8_000, "a status, then three answers: {took}");
}

#[test]
fn a_hundred_views_without_a_block_are_crossed() {
    let mut network = Network::new(7, 6, FAIR);
    network.filter = Some(|from, to, message, now| {
        let is_early = now < crate::toy::GENESIS_MS + 900_000;
        !(is_early && (matches!(message, Message::Proposal(_)) || from == 5 || to == 5))
    });
    let mut network = network.start_all();
    network.submit(1, 1);
    network.run_until(network.now + 899_000);
    let views: Vec<u64> = network.standings().iter().map(|standing| standing.expect("running").0).collect();
    assert!(views[0] > 100 && views[5] == 1, "{views:?}");
    let took = network.run_until_final(&[1], 60_000).expect("the next leader's block");
    assert!(took < 30_000, "{took}");
}

#[test]
fn a_follower_without_key_follows_and_never_votes() {
    let mut network = Network::new(5, 2, FAIR);
    network.nodes[4].has_lost_key = true;
    let mut network = network.start_all();
    for tx in 0..5 {
        network.submit(0, tx);
        network.run_until(network.now + 500);
    }
    network.run_until_final(&[0, 1, 2, 3, 4], 20_000).expect("four of five, and the follower");
    assert!(network.nodes[4].durable.is_empty() && network.nodes[4].unsynced.is_empty());
    assert_eq!(network.nodes[4].ledger.len(), network.nodes[0].ledger.len());
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    let weather = Weather { delay_ms: (1, 400), loss_percent: 25, gossip: true, damage_percent: 0 };
    let mut compared = 0;
    for seed in 0..30 {
        let mut network = Network::started(4, seed, weather);
        for tx in 0..8 {
            network.submit((tx % 4) as u8, tx);
            network.run_until(network.now + 300);
        }
        for node in 0..4 {
            let records = network.nodes[node].durable.clone();
            // With an empty ledger the log has to tell everything.
            for ledger in [network.nodes[node].ledger.clone(), Vec::new()] {
                let resume = |records: Vec<Record>| {
                    let mut app = ToyLedger::restored(ledger.iter().map(|stored| stored.bytes.to_vec()));
                    let floor = floor_of(&ledger, &app);
                    let config = Network::config(4, u8::try_from(node).expect("few"));
                    let signer = Box::new(ToySigner(config.me.0));
                    let (machine, output) = Machine::start(
                        config,
                        Some(signer),
                        Arc::new(ToyVerifier),
                        floor,
                        records,
                        network.now,
                        &mut app,
                    )
                    .expect("its own log");
                    (machine.standing(), output.records, output.after_sync, output.effects)
                };
                let expected = resume(records.clone());
                let mut shuffled = records.clone();
                shuffled.reverse();
                assert_eq!(resume(shuffled.clone()), expected, "seed {seed} node {node} reversed");
                for _ in 0..3 {
                    for i in (1..shuffled.len()).rev() {
                        let at = network_random(&mut compared, i + 1);
                        shuffled.swap(i, at);
                    }
                    assert_eq!(resume(shuffled.clone()), expected, "seed {seed} node {node} shuffled");
                }
            }
        }
    }
    assert!(compared > 1000);
}

fn network_random(state: &mut u64, below: usize) -> usize {
    *state += 1;
    let mixed = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from((mixed >> 33) % below as u64).expect("small")
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = || {
        let weather = Weather { delay_ms: (1, 300), loss_percent: 20, gossip: true, damage_percent: 1 };
        let mut network = Network::started(5, 77, weather);
        for tx in 0..20 {
            network.submit((tx % 5) as u8, tx);
            network.run_until(network.now + 200);
        }
        (network.messages, network.synced, network.standings())
    };
    let first = run();
    assert_eq!(first, run());
    assert!(first.0 > 300);
}
