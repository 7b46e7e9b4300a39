//! Networks agree and move on, whatever is lost, late or crashed.

use crate::network::{FAIR, Network, Weather};

#[test]
fn a_fair_network_finalizes_a_transaction_in_three_delays() {
    for n in [1, 2, 3, 4, 5, 6, 7] {
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
    for seed in 0..200 {
        let n = [4, 5, 6, 7][(seed % 4) as usize];
        let loss_percent = [0, 5, 20, 40][(seed / 4 % 4) as usize];
        let weather = Weather { delay_ms: (1, 200), loss_percent, gossip: seed % 3 != 0 };
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
        network.run_until_final(&txs, 60_000).unwrap_or_else(|stuck| panic!("seed {seed}: {stuck}"));
        assert!(network.nodes.iter().all(|node| node.alarms.is_empty() && node.evidence == 0), "seed {seed}");
    }
}
