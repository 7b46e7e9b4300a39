//! Garbage at the peers' port from somebody who is no validator: bytes that are no handshake, handshakes that stop in
//! the middle, and whole ones with a foreign key.

use super::attack::{Deeds, Target};
use super::http::connect;
use super::share::Share;
use libp2p::core::upgrade::OutboundConnectionUpgrade;
use libp2p::{Multiaddr, identity, multiaddr::Protocol, noise, tcp};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// "We speak multistream-select, and want Noise."
const OPENING: &[u8] = b"\x13/multistream/1.0.0\n\x07/noise\n";
/// Handshakes that are left half open.
const HALF_OPEN_MAX: usize = 200;
const PATIENCE: Duration = Duration::from_secs(1);

/// The socket of `/ip4/…/tcp/…`.
pub(super) fn socket_of(address: &Multiaddr) -> SocketAddr {
    let mut parts = address.iter();
    match (parts.next(), parts.next()) {
        (Some(Protocol::Ip4(ip)), Some(Protocol::Tcp(port))) => SocketAddr::new(IpAddr::V4(ip), port),
        other => panic!("an ip4 address with a port: {other:?}"),
    }
}

/// Goes on for ever.
pub(super) async fn attack(target: Arc<Target>, share: Arc<Share>, deeds: Deeds) {
    let at = socket_of(&target.p2p);
    let mut random = SmallRng::seed_from_u64(7);
    let mut half_open: Vec<TcpStream> = Vec::new();
    for turn in 0u64.. {
        share.turn().await;
        let Some(mut stream) = connect(at).await else { continue };
        match turn % 4 {
            0 => {
                let mut garbage = vec![0; random.random_range(1..8192)];
                random.fill_bytes(&mut garbage);
                drop(timeout(PATIENCE, stream.write_all(&garbage)).await);
                deeds.count("p2p garbage");
            }
            1 => {
                let cut = random.random_range(0..OPENING.len());
                drop(timeout(PATIENCE, stream.write_all(&OPENING[..cut])).await);
                half_open.push(stream);
                if half_open.len() > HALF_OPEN_MAX {
                    half_open.remove(0);
                }
                deeds.count("p2p half open");
            }
            2 => {
                // An announcement of 64 KiB of Noise that never comes.
                let long = [OPENING, &[0xff; 300]].concat();
                drop(timeout(PATIENCE, stream.write_all(&long)).await);
                deeds.count("p2p oversized handshake");
            }
            _ => {
                if foreign_key(stream).await {
                    deeds.count("p2p foreign key");
                }
            }
        }
    }
}

/// The whole handshake with a key that nobody knows. Whether it came to an end that the other side saw.
async fn foreign_key(mut stream: TcpStream) -> bool {
    let shake = async {
        stream.write_all(OPENING).await.ok()?;
        let mut agreed = vec![0; OPENING.len()];
        stream.read_exact(&mut agreed).await.ok()?;
        let keypair = identity::Keypair::generate_ed25519();
        let noise = noise::Config::new(&keypair).ok()?;
        noise.upgrade_outbound(tcp::tokio::TcpStream(stream), "/noise").await.ok()
    };
    timeout(PATIENCE, shake).await.is_ok_and(|done| done.is_some())
}
