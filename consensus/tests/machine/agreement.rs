//! Networks agree and move on, whatever is lost, late or crashed.

use crate::network::{FAIR, Network, Weather};

/// `AMANAH_SEEDS` runs more.
pub(crate) fn seeds(default: u64) -> u64 {
    std::env::var("AMANAH_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn a_fair_network_finalizes_a_transaction_in_three_delays() {
    for n in [1, 2, 3, 4, 5, 6, 7, 16, 31] {
        let mut network = Network::started(n, 1, FAIR);
        network.run_until(network.now + 1000);
        network.submit(0, 1);
        let took = network.run_until_final(&[1], 2000).unwrap_or_else(|stuck| panic!("n={n}: {stuck}"));
        // Gossip to the leader, proposal, two rounds of votes; no timer takes part.
        assert!(took <= 4 * 40, "n={n}: {took} ms");
    }
}

#[test]
fn seeds_with_loss_crashes_and_lost_gossip_agree_and_finish() {
    for seed in 0..seeds(300) {
        let n = [4, 5, 6, 7][(seed % 4) as usize];
        let loss_percent = [0, 5, 20, 40][(seed / 4 % 4) as usize];
        let weather = Weather { delay_ms: (1, 200), loss_percent, gossip: seed % 3 != 0, damage_percent: seed % 2 };
        let mut network = Network::started(n, seed, weather);
        let mut txs = Vec::new();
        for tx in 0..12 {
            let node = network.random(u64::from(n)) as u8;
            network.submit(node, tx);
            txs.push(tx);
            if network.random(3) == 0 {
                let victim = network.random(u64::from(n)) as u8;
                if network.nodes[usize::from(victim)].machine.is_some() {
                    network.crash(victim);
                    let later = network.now + network.random(4000);
                    network.restart_at(later, victim);
                }
            }
            let pause = network.random(800);
            network.run_until(network.now + pause);
        }
        network.run_until(network.now + 4000);
        network.weather = FAIR;
        network.run_until_final(&txs, 20_000).unwrap_or_else(|stuck| panic!("seed {seed}: {stuck}"));
        assert!(network.nodes.iter().all(|node| node.evidence == 0), "seed {seed}");
    }
}

#[test]
fn a_liar_with_two_faces_neither_forks_the_honest_nor_stops_them() {
    let mut proofs = 0;
    for seed in 0..seeds(300) {
        let n = [4, 5, 7][(seed % 3) as usize];
        let weather = Weather {
            delay_ms: (1, 150),
            loss_percent: [0, 10, 30][(seed / 3 % 3) as usize],
            gossip: true,
            damage_percent: 0,
        };
        let mut network = Network::new(n, seed, weather).with_twin((seed % u64::from(n)) as u8).start_all();
        network.is_liar_signing_everything = seed % 2 == 0;
        let mut txs = Vec::new();
        for tx in 0..10 {
            let node = network.random(u64::from(n)) as u8;
            network.submit(node, tx);
            txs.push(tx);
            let victim = network.random(u64::from(n)) as u8;
            if seed % 3 == 1 && tx % 3 == 0 && network.nodes[usize::from(victim)].machine.is_some() {
                network.crash(victim);
                let later = network.now + network.random(2500);
                network.restart_at(later, victim);
            }
            let pause = network.random(700);
            network.run_until(network.now + pause);
        }
        network.run_until(network.now + 2500);
        network.weather = FAIR;
        for node in 0..n {
            // A liar may have kept what it was given: the people come again.
            for tx in &txs {
                network.offer(node, *tx);
            }
        }
        network.run_until_final(&txs, 20_000).unwrap_or_else(|stuck| panic!("seed {seed}: {stuck}"));
        assert!(network.nodes.iter().all(|node| node.alarms.is_empty()), "seed {seed}");
        proofs += network.nodes.iter().map(|node| node.evidence).sum::<usize>();
    }
    assert!(proofs > 0, "two faces are seen");
}

#[cfg(feature = "mutants")]
#[test]
fn a_rule_switched_off_is_noticed_within_some_hundred_seeds() {
    use amanah_consensus::Mutant;
    for mutant in [Mutant::FinalizeAfterNullify, Mutant::NullifyAfterFinalize, Mutant::QuorumMinusOne] {
        let is_noticed = |seed: u64| {
            std::panic::catch_unwind(|| {
                let weather = Weather { delay_ms: (1, 1500), loss_percent: 25, gossip: true, damage_percent: 0 };
                let mut network = Network::new(4, seed, weather).with_twin((seed % 4) as u8);
                network.mutant = Some(mutant);
                let mut network = network.start_all();
                for tx in 0..20 {
                    let node = network.random(4) as u8;
                    network.submit(node, tx);
                    network.run_until(network.now + 1000);
                }
                assert!(network.nodes.iter().all(|node| node.alarms.is_empty()));
            })
            .is_err()
        };
        assert!((0..400).any(is_noticed), "{mutant:?}");
    }
}
