//! Real sockets on this machine. Every wait is for an event; the deadline only turns a hang into a failure.

mod cut;
mod hostile;

use super::*;
use amanah_ledger::crypto::{Keypair, Signer};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::timeout;

const CHAIN: Digest = Digest([7; 32]);
const DEADLINE: Duration = Duration::from_secs(30);

/// Seeds of validators, such that a later one is always the first to dial an earlier one.
fn seeds(n: u8) -> Vec<[u8; 32]> {
    let mut seeds: Vec<_> = (1..=n).map(|byte| [byte; 32]).collect();
    seeds.sort_by_key(|seed| std::cmp::Reverse(swarm::peer_id(&key(seed))));
    seeds
}

fn key(seed: &[u8; 32]) -> PublicKey {
    Keypair::from_seed(seed).public_key()
}

fn local() -> Multiaddr {
    "/ip4/127.0.0.1/tcp/0".parse().unwrap()
}

struct Node {
    network: NetworkHandle,
    events: mpsc::Receiver<NetworkEvent>,
    metrics: Arc<Metrics>,
}

impl Node {
    /// Starts validator `me` of `seeds`, knowing where some of the others listen.
    async fn start(me: usize, seeds: &[[u8; 32]], listen: Multiaddr, known: &[Option<Multiaddr>]) -> Self {
        let metrics = Arc::new(Metrics::new());
        let others = seeds.iter().enumerate().filter(|(i, _)| *i != me);
        let peers = others.map(|(i, seed)| Peer {
            index: index(i),
            name: format!("v{i}"),
            key: key(seed),
            address: known.get(i).cloned().flatten(),
        });
        let config = NetworkConfig {
            chain: CHAIN,
            node_seed: Zeroizing::new(seeds[me]),
            listen,
            peers: peers.collect(),
            metrics: Arc::clone(&metrics),
        };
        let (network, events) = NetworkHandle::start(config).await.expect("starts");
        Self { network, events, metrics }
    }

    async fn event(&mut self) -> NetworkEvent {
        timeout(DEADLINE, self.events.recv()).await.expect("in time").expect("running")
    }

    /// Waits for an event that `wanted` makes something of; drops the others.
    async fn wait<T>(&mut self, mut wanted: impl FnMut(NetworkEvent) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.event().await) {
                return found;
            }
        }
    }

    async fn connected(&mut self, expected: &[usize]) {
        let mut missing: BTreeSet<_> = expected.iter().map(|i| index(*i)).collect();
        while !missing.is_empty() {
            if let NetworkEvent::Connected(peer) = self.event().await {
                missing.remove(&peer);
            }
        }
    }

    async fn disconnected(&mut self, from: usize) {
        self.wait(|event| matches!(event, NetworkEvent::Disconnected(peer) if peer == index(from)).then_some(())).await;
    }

    async fn message(&mut self) -> (ValidatorIndex, Vec<u8>) {
        self.wait(|event| match event {
            NetworkEvent::Message { from, message } => Some((from, message.to_vec())),
            _other => None,
        })
        .await
    }

    async fn bundle(&mut self) -> (ValidatorIndex, Vec<u8>, BundleId) {
        self.wait(|event| match event {
            NetworkEvent::Transactions { from, bundle, bytes } => Some((from, bytes.to_vec(), bundle)),
            _other => None,
        })
        .await
    }
}

fn index(i: usize) -> ValidatorIndex {
    ValidatorIndex(u8::try_from(i).unwrap())
}

/// `n` validators, all connected to all.
async fn mesh(n: u8) -> Vec<Node> {
    let seeds = seeds(n);
    let (mut nodes, mut known) = (Vec::new(), Vec::new());
    for me in 0..seeds.len() {
        let node = Node::start(me, &seeds, local(), &known).await;
        known.push(Some(node.network.listen_address().clone()));
        nodes.push(node);
    }
    let all: Vec<usize> = (0..seeds.len()).collect();
    for (me, node) in nodes.iter_mut().enumerate() {
        node.connected(&[&all[..me], &all[me + 1..]].concat()).await;
    }
    nodes
}

#[tokio::test]
async fn every_validator_hears_every_other() {
    let mut nodes = mesh(4).await;
    for (i, node) in nodes.iter().enumerate() {
        node.network.send(To::All, Lane::Consensus, &Bytes::from(format!("from {i}")));
    }
    for (me, node) in nodes.iter_mut().enumerate() {
        let mut heard = BTreeSet::new();
        while heard.len() < 3 {
            let (from, message) = node.message().await;
            assert_eq!(message, format!("from {}", from.0).into_bytes());
            assert!(usize::from(from.0) != me && heard.insert(from), "once from each other");
        }
        assert_eq!(node.metrics.network.peers.get(), 3);
    }
}

#[tokio::test]
async fn a_message_of_the_greatest_length_arrives_and_a_longer_one_is_never_sent() {
    let mut nodes = mesh(2).await;
    let longest = Bytes::from(vec![5; MESSAGE_BYTES_MAX]);
    nodes[0].network.send(To::One(index(1)), Lane::Consensus, &Bytes::from(vec![4; MESSAGE_BYTES_MAX + 1]));
    nodes[0].network.send(To::One(index(1)), Lane::Consensus, &longest);
    assert_eq!(nodes[1].message().await, (index(0), longest.to_vec()));
}

#[tokio::test]
async fn a_bundle_reaches_all_and_may_be_repeated() {
    let mut nodes = mesh(4).await;
    for round in 0..2 {
        // Gossip forgets what it is given before the subscriptions have been heard: publish until it is.
        let publisher = nodes[0].network.clone();
        let publishing = tokio::spawn(async move {
            loop {
                publisher.publish(Bytes::from_static(b"bundle"));
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        for (i, node) in nodes.iter_mut().enumerate().skip(1) {
            let (_from, bundle, id) = node.bundle().await;
            assert_eq!(bundle, b"bundle", "node {i} in round {round}");
            node.network.judge(id, Verdict::Accept);
        }
        publishing.abort();
    }
}

#[tokio::test]
async fn a_restarted_validator_is_back_at_once() {
    let seeds = seeds(2);
    let mut first = Node::start(0, &seeds, local(), &[]).await;
    let known = [Some(first.network.listen_address().clone()), None];
    let mut second = Node::start(1, &seeds, local(), &known).await;
    first.connected(&[1]).await;
    second.connected(&[0]).await;
    drop(first);
    second.disconnected(0).await;
    let mut first = Node::start(0, &seeds, known[0].clone().unwrap(), &[]).await;
    first.connected(&[1]).await;
    second.connected(&[0]).await;
    second.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"welcome back"));
    assert_eq!(first.message().await, (index(1), b"welcome back".to_vec()));
}

#[tokio::test]
async fn only_the_later_dialer_knowing_the_way_is_enough() {
    let mut seeds = seeds(2);
    seeds.reverse();
    let mut first = Node::start(0, &seeds, local(), &[]).await;
    let known = [Some(first.network.listen_address().clone()), None];
    let mut second = Node::start(1, &seeds, local(), &known).await;
    first.connected(&[1]).await;
    second.connected(&[0]).await;
}

#[tokio::test]
async fn a_validator_does_not_call_from_the_port_it_listens_on() {
    let called = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let known = format!("/ip4/127.0.0.1/tcp/{}", called.local_addr().unwrap().port()).parse().unwrap();
    let caller = Node::start(1, &seeds(2), local(), &[Some(known), None]).await;
    let (_call, from) = timeout(DEADLINE, called.accept()).await.expect("in time").unwrap();
    let listens_on = caller.network.listen_address().to_string();
    assert!(
        !listens_on.ends_with(&format!("/{}", from.port())),
        "{listens_on}: others may have connections from it too"
    );
}

#[tokio::test]
async fn nodes_of_another_chain_never_link() {
    let seeds = seeds(2);
    let mut ours = Node::start(0, &seeds, local(), &[]).await;
    let known = ours.network.listen_address().clone();
    let config = NetworkConfig {
        chain: Digest([8; 32]),
        node_seed: Zeroizing::new(seeds[1]),
        listen: local(),
        peers: vec![Peer { index: index(0), name: "v0".into(), key: key(&seeds[0]), address: Some(known.clone()) }],
        metrics: Arc::new(Metrics::new()),
    };
    let (foreign, mut foreign_events) = NetworkHandle::start(config).await.expect("starts");
    let quiet = timeout(Duration::from_secs(2), async {
        tokio::select! { event = ours.events.recv() => event, event = foreign_events.recv() => event }
    });
    assert!(quiet.await.is_err(), "no event on either side");
    drop(foreign);
    let mut right = Node::start(1, &seeds, local(), &[Some(known), None]).await;
    right.connected(&[0]).await;
    ours.connected(&[1]).await;
}

#[tokio::test]
async fn an_address_that_somebody_else_has_is_refused_with_the_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = NetworkConfig {
        chain: CHAIN,
        node_seed: Zeroizing::new([1; 32]),
        listen: format!("/ip4/127.0.0.1/tcp/{}", taken.local_addr().unwrap().port()).parse().unwrap(),
        peers: Vec::new(),
        metrics: Arc::new(Metrics::new()),
    };
    let refused = NetworkHandle::start(config).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("Address already in use"), "{refused}");
}

#[tokio::test]
async fn a_peer_that_does_not_read_costs_a_bounded_amount_and_is_told_as_down() {
    let mut nodes = mesh(2).await;
    let mut slow = nodes.pop().unwrap();
    let mut fast = nodes.pop().unwrap();
    let message = Bytes::from(vec![1; 1024 * 1024]);
    let link = Arc::clone(fast.network.links.get(index(1)).unwrap());
    let mut most = 0;
    let down = async {
        loop {
            fast.network.send(To::All, Lane::Consensus, &message);
            most = most.max(link.queued());
            if let Ok(event) = fast.events.try_recv() {
                assert!(matches!(event, NetworkEvent::Disconnected(_)), "{event:?}");
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, down).await.expect("told as down");
    assert!(most > 0 && most <= outbox::WAITING_BYTES_MAX, "{most}");
    let mut held = 0;
    while let Ok(event) = slow.events.try_recv() {
        if let NetworkEvent::Message { message, .. } = event {
            held += message.len();
            std::mem::forget(message);
        }
    }
    assert!(held <= inbound::SHARE_BYTES_MAX, "{held} bytes waited for the node");
}

#[tokio::test]
async fn transactions_for_a_slow_peer_are_dropped_and_votes_still_arrive() {
    let mut nodes = mesh(2).await;
    let bulk = Bytes::from(vec![1; 1024 * 1024]);
    for _ in 0..64 {
        nodes[0].network.send(To::All, Lane::Transactions, &bulk);
    }
    nodes[0].network.send(To::All, Lane::Consensus, &Bytes::from_static(b"vote"));
    let mut before = 0;
    while nodes[1].message().await.1 != b"vote" {
        before += 1;
    }
    assert!(before < 64, "{before} messages went ahead of the vote");
    let dropped = nodes[0].metrics.text();
    assert!(dropped.contains("amanah_peer_dropped_total{member=\"v1\",kind=\"transactions\"}"), "{dropped}");
}
