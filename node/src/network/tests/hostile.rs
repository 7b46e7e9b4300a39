//! What strangers and hostile validators get: nothing, or their own connection dropped.

use super::*;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::core::{Transport, upgrade::Version};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Stream, Swarm, identity, noise, tcp, yamux};

/// A plain libp2p node with any key.
fn swarm(seed: [u8; 32]) -> Swarm<libp2p_stream::Behaviour> {
    swarm_of(seed, libp2p_stream::Behaviour::new())
}

fn swarm_of<B: NetworkBehaviour>(seed: [u8; 32], behaviour: B) -> Swarm<B> {
    let keypair = identity::Keypair::ed25519_from_bytes(seed).unwrap();
    let transport = tcp::tokio::Transport::default()
        .upgrade(Version::V1)
        .authenticate(noise::Config::new(&keypair).unwrap())
        .multiplex(yamux::Config::default())
        .boxed();
    let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(DEADLINE);
    Swarm::new(transport, behaviour, keypair.public().to_peer_id(), config)
}

/// A stream from validator `seed`, greeted and answered, as a well-behaved peer opens it.
async fn greeted(seed: [u8; 32], node: &Node, seed_of_node: &[u8; 32]) -> Stream {
    let mut swarm = swarm(seed);
    let peer = crate::network::swarm::peer_id(&key(seed_of_node)).unwrap();
    swarm.dial(node.network.listen_address().clone().with_p2p(peer).unwrap()).unwrap();
    let mut control = swarm.behaviour().new_control();
    while !matches!(swarm.select_next_some().await, SwarmEvent::ConnectionEstablished { .. }) {}
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    let mut stream = control.open_stream(peer, link::PROTOCOL).await.expect("a validator may open one");
    let hello = [b"amanah\x01".as_slice(), &CHAIN.0].concat();
    frame::write(&mut stream, &hello).await.unwrap();
    stream.flush().await.unwrap();
    assert_eq!(frame::read(&mut stream, 64).await.expect("answered"), hello);
    stream
}

/// Whether the other side ends the stream; whatever it still says is read and dropped.
async fn ends(mut stream: Stream) -> bool {
    timeout(DEADLINE, async { while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {} }).await.is_ok()
}

#[tokio::test]
async fn a_stranger_never_gets_past_the_handshake() {
    let seeds = seeds(2);
    let mut node = Node::start(0, &seeds, local(), &[]).await;
    let mut stranger = swarm([99; 32]);
    let peer = crate::network::swarm::peer_id(&key(&seeds[0])).unwrap();
    stranger.dial(node.network.listen_address().clone().with_p2p(peer).unwrap()).unwrap();
    let refused = async {
        loop {
            match stranger.select_next_some().await {
                // Established would mean that a multiplexer was agreed on behind the handshake.
                SwarmEvent::ConnectionEstablished { .. } => return false,
                SwarmEvent::OutgoingConnectionError { .. } => return true,
                _other => {}
            }
        }
    };
    assert!(timeout(DEADLINE, refused).await.expect("answered"), "refused before any protocol");
    assert_eq!(node.metrics.network.refused.get(), 1);
    // The node goes on: a validator gets in.
    let mut validator = Node::start(1, &seeds, local(), &[Some(node.network.listen_address().clone()), None]).await;
    validator.connected(&[0]).await;
    node.connected(&[1]).await;
}

#[tokio::test]
async fn bytes_that_are_no_handshake_are_dropped() {
    let seeds = seeds(2);
    let node = Node::start(0, &seeds, local(), &[]).await;
    let mut parts = node.network.listen_address().iter();
    let (Some(libp2p::multiaddr::Protocol::Ip4(ip)), Some(libp2p::multiaddr::Protocol::Tcp(port))) =
        (parts.next(), parts.next())
    else {
        panic!("an ip4 address with a port")
    };
    let mut socket = tokio::net::TcpStream::connect((ip, port)).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut socket, &[0xff; 4096]).await.unwrap();
    let mut sink = Vec::new();
    let ended = timeout(DEADLINE, tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut sink)).await;
    assert!(ended.is_ok(), "the node ended it");
    let mut validator = Node::start(1, &seeds, local(), &[Some(node.network.listen_address().clone()), None]).await;
    validator.connected(&[0]).await;
}

#[tokio::test]
async fn an_oversized_frame_costs_its_sender_the_connection_and_nobody_else() {
    let seeds = seeds(3);
    let mut node = Node::start(0, &seeds, local(), &[]).await;
    let known = [Some(node.network.listen_address().clone()), None, None];
    let mut honest = Node::start(1, &seeds, local(), &known).await;
    honest.connected(&[0]).await;
    node.connected(&[1]).await;
    let mut stream = greeted(seeds[2], &node, &seeds[0]).await;
    stream.write_all(&u32::MAX.to_le_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    assert!(ends(stream).await);
    assert_eq!(node.metrics.network.hostile.get_or_create(&crate::metrics::ByMember { member: "v2".into() }).get(), 1);
    honest.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"still here"));
    assert_eq!(node.message().await, (index(1), b"still here".to_vec()));
}

#[tokio::test]
async fn a_stream_that_greets_wrongly_is_dropped() {
    let seeds = seeds(2);
    let node = Node::start(0, &seeds, local(), &[]).await;
    let mut swarm = swarm(seeds[1]);
    let peer = crate::network::swarm::peer_id(&key(&seeds[0])).unwrap();
    swarm.dial(node.network.listen_address().clone().with_p2p(peer).unwrap()).unwrap();
    let mut control = swarm.behaviour().new_control();
    tokio::spawn(async move { while swarm.next().await.is_some() {} });
    for greeting in [b"".as_slice(), b"amanah\x02", &[0xff; 64]] {
        let mut stream = timeout(DEADLINE, control.open_stream(peer, link::PROTOCOL)).await.unwrap().expect("opens");
        frame::write(&mut stream, greeting).await.unwrap();
        stream.flush().await.unwrap();
        assert!(ends(stream).await, "{greeting:?}");
    }
    assert_eq!(node.metrics.network.peers.get(), 0);
}

#[tokio::test]
async fn a_frame_that_is_announced_but_never_sent_holds_up_only_its_sender() {
    let seeds = seeds(3);
    let mut node = Node::start(0, &seeds, local(), &[]).await;
    let known = [Some(node.network.listen_address().clone()), None, None];
    let mut honest = Node::start(1, &seeds, local(), &known).await;
    honest.connected(&[0]).await;
    node.connected(&[1]).await;
    let mut stream = greeted(seeds[2], &node, &seeds[0]).await;
    let announced = u32::try_from(MESSAGE_BYTES_MAX).unwrap();
    stream.write_all(&announced.to_le_bytes()).await.unwrap();
    stream.write_all(b"only this").await.unwrap();
    stream.flush().await.unwrap();
    honest.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"vote"));
    assert_eq!(node.message().await, (index(1), b"vote".to_vec()));
    drop(stream);
}

/// Dials `node` and goes on until there is a connection, or says that there is none.
async fn connects<B: NetworkBehaviour>(swarm: &mut Swarm<B>, node: &Node, seed_of_node: &[u8; 32]) -> bool {
    let peer = crate::network::swarm::peer_id(&key(seed_of_node)).unwrap();
    swarm.dial(node.network.listen_address().clone().with_p2p(peer).unwrap()).unwrap();
    let established = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::ConnectionEstablished { .. } => return true,
                SwarmEvent::OutgoingConnectionError { .. } => return false,
                _other => {}
            }
        }
    };
    timeout(DEADLINE, established).await.expect("answered")
}

fn socket_of(node: &Node) -> (std::net::Ipv4Addr, u16) {
    let mut parts = node.network.listen_address().iter();
    match (parts.next(), parts.next()) {
        (Some(libp2p::multiaddr::Protocol::Ip4(ip)), Some(libp2p::multiaddr::Protocol::Tcp(port))) => (ip, port),
        other => panic!("an ip4 address with a port: {other:?}"),
    }
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let node = Node::start(0, &seeds(2), local(), &[]).await;
    let mut silent = tokio::net::TcpStream::connect(socket_of(&node)).await.unwrap();
    let ended = timeout(DEADLINE, async {
        let mut sink = [0; 64];
        while matches!(tokio::io::AsyncReadExt::read(&mut silent, &mut sink).await, Ok(1..)) {}
    });
    assert!(ended.await.is_ok(), "the node ended it");
}

#[tokio::test]
async fn strangers_that_knock_too_often_are_turned_away_and_a_validator_gets_in() {
    let seeds = seeds(2);
    let mut node = Node::start(0, &seeds, local(), &[]).await;
    let mut held = Vec::new();
    while node.metrics.network.turned_away.get() == 0 {
        let local = tokio::net::TcpSocket::new_v4().unwrap();
        local.bind("127.0.0.2:0".parse().unwrap()).unwrap();
        let (ip, port) = socket_of(&node);
        held.push(local.connect((ip, port).into()).await.unwrap());
        assert!(held.len() < 1_000, "nobody was turned away");
    }
    let mut validator = Node::start(1, &seeds, local(), &[Some(node.network.listen_address().clone()), None]).await;
    validator.connected(&[0]).await;
    node.connected(&[1]).await;
}

#[tokio::test]
async fn a_third_connection_of_a_validator_is_closed() {
    let seeds = seeds(2);
    let node = Node::start(0, &seeds, local(), &[]).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut one = swarm(seeds[1]);
        assert!(connects(&mut one, &node, &seeds[0]).await);
        held.push(tokio::spawn(async move { while one.next().await.is_some() {} }));
    }
    let mut third = swarm(seeds[1]);
    assert!(connects(&mut third, &node, &seeds[0]).await, "the handshake is with a validator");
    let closed = async { while !matches!(third.select_next_some().await, SwarmEvent::ConnectionClosed { .. }) {} };
    timeout(DEADLINE, closed).await.expect("closed");
}

#[tokio::test]
async fn a_peer_that_opens_streams_without_end_gets_its_number() {
    let seeds = seeds(2);
    let node = Node::start(0, &seeds, local(), &[]).await;
    let mut greedy = swarm(seeds[1]);
    assert!(connects(&mut greedy, &node, &seeds[0]).await);
    let peer = crate::network::swarm::peer_id(&key(&seeds[0])).unwrap();
    let mut control = greedy.behaviour().new_control();
    tokio::spawn(async move { while greedy.next().await.is_some() {} });
    let mut held = Vec::new();
    while held.len() < 4 * muxer::STREAMS_MAX {
        let Ok(Ok(mut stream)) = timeout(Duration::from_secs(3), control.open_stream(peer, link::PROTOCOL)).await
        else {
            break;
        };
        if frame::write(&mut stream, b"").await.is_err() || stream.flush().await.is_err() {
            break;
        }
        held.push(stream);
    }
    assert!(!held.is_empty(), "a validator may open one");
    // Those that the node still has are the ones whose end has not come.
    let mut open = 0;
    for stream in &mut held {
        let ended =
            timeout(Duration::from_millis(20), async { while matches!(stream.read(&mut [0; 64]).await, Ok(1..)) {} });
        open += usize::from(ended.await.is_err());
    }
    assert!(open <= muxer::STREAMS_MAX, "{open} of {} streams", held.len());
}

#[tokio::test]
async fn what_a_peer_sends_and_nobody_reads_is_bounded() {
    let seeds = seeds(2);
    // Nobody takes its events: what arrives waits.
    let node = Node::start(0, &seeds, local(), &[]).await;
    let mut stream = greeted(seeds[1], &node, &seeds[0]).await;
    let message = vec![7; 64 * 1024];
    let mut sent = 0;
    while timeout(Duration::from_secs(2), async {
        frame::write(&mut stream, &message).await?;
        stream.flush().await
    })
    .await
    .is_ok_and(|written| written.is_ok())
    {
        sent += message.len();
    }
    let most = inbound::SHARE_BYTES_MAX + muxer::UNREAD_BYTES_MAX + 16 * 1024 * 1024;
    assert!(sent >= inbound::SHARE_BYTES_MAX / 2 && sent <= most, "{sent} bytes, with the system's own buffers");
}

#[tokio::test]
async fn a_flood_of_bundles_costs_its_sender_the_connection_and_nobody_else() {
    let seeds = seeds(3);
    let mut node = Node::start(0, &seeds, local(), &[]).await;
    let known = [Some(node.network.listen_address().clone()), None, None];
    let mut honest = Node::start(1, &seeds, local(), &known).await;
    honest.connected(&[0]).await;
    node.connected(&[1]).await;
    let mut flooder = swarm_of(seeds[2], gossip::behaviour(&CHAIN).unwrap());
    assert!(connects(&mut flooder, &node, &seeds[0]).await);
    let topic = gossip::topic(&CHAIN);
    let mut number = 0u64;
    let flood = async {
        loop {
            for _ in 0..64 {
                number += 1;
                let bundle = [number.to_le_bytes(), [1; 8]].concat();
                // Its own queue is full now and then, and nobody has subscribed at first.
                drop(flooder.behaviour_mut().publish(topic.clone(), bundle));
            }
            while let Ok(event) = timeout(Duration::from_millis(1), flooder.select_next_some()).await {
                if matches!(event, SwarmEvent::ConnectionClosed { .. }) {
                    return;
                }
            }
            while let Ok(event) = node.events.try_recv() {
                if let NetworkEvent::Transactions { bundle, .. } = event {
                    node.network.judge(bundle, Verdict::Ignore);
                }
            }
        }
    };
    timeout(DEADLINE, flood).await.expect("its connection ends");
    assert!(number > u64::from(meter::BUNDLES_OVER_PER_SECOND as u32), "{number} bundles");
    assert!(node.metrics.network.bundles_dropped.get() > 0);
    honest.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"still here"));
    assert_eq!(node.message().await, (index(1), b"still here".to_vec()));
}
