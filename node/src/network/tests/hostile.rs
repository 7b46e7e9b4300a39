//! What strangers and hostile validators get: nothing, or their own connection dropped.

use super::*;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::core::{Transport, upgrade::Version};
use libp2p::swarm::SwarmEvent;
use libp2p::{Stream, Swarm, identity, noise, tcp, yamux};

/// A plain libp2p node with any key.
fn swarm(seed: [u8; 32]) -> Swarm<libp2p_stream::Behaviour> {
    let keypair = identity::Keypair::ed25519_from_bytes(seed).unwrap();
    let transport = tcp::tokio::Transport::default()
        .upgrade(Version::V1)
        .authenticate(noise::Config::new(&keypair).unwrap())
        .multiplex(yamux::Config::default())
        .boxed();
    let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(DEADLINE);
    Swarm::new(transport, libp2p_stream::Behaviour::new(), keypair.public().to_peer_id(), config)
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
