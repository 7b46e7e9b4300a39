//! A swarm as validators need it: TCP, Noise for admitted keys, yamux with few streams, and no other behaviour than
//! message streams and gossip.

use super::admission::Admission;
use super::driver::NetworkError;
use super::gate::Gate;
use super::gossip::{self, Gossip};
use super::link::Links;
use super::muxer;
use crate::metrics::Metrics;
use amanah_ledger::crypto::{Digest, PublicKey};
use futures::StreamExt;
use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::core::transport::{Boxed, TransportError};
use libp2p::core::{Transport, muxing::StreamMuxerBox, upgrade::Version};
use libp2p::identity::{Keypair, ed25519};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, noise, tcp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// From a TCP connection to an authenticated, multiplexed one.
pub(crate) const HANDSHAKE_MAX: Duration = Duration::from_secs(4);
/// Handshakes under way at once.
pub(crate) const PENDING_MAX: u32 = 64;
/// Connections per peer: one, and its successor before we noticed that it is gone.
pub(crate) const PER_PEER_MAX: u32 = 2;

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    // First: what it refuses no other behaviour sees.
    admitted: allow_block_list::Behaviour<AllowedPeers>,
    gate: Gate,
    limits: connection_limits::Behaviour,
    pub(super) streams: libp2p_stream::Behaviour,
    pub(super) gossip: Gossip,
}

/// The libp2p name of a node key.
pub(super) fn peer_id(key: &PublicKey) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&key.0).ok()?;
    Some(libp2p::identity::PublicKey::from(key).to_peer_id())
}

/// A swarm that admits exactly the peers of `links`.
pub(super) fn swarm(
    keypair: &Keypair,
    chain: &Digest,
    links: &Links,
    metrics: &Metrics,
) -> Result<Swarm<Behaviour>, NetworkError> {
    let mut admitted = allow_block_list::Behaviour::<AllowedPeers>::default();
    for link in links.all() {
        admitted.allow_peer(link.peer);
    }
    let limits = ConnectionLimits::default()
        .with_max_pending_incoming(Some(PENDING_MAX))
        .with_max_established_per_peer(Some(PER_PEER_MAX));
    let known = links.all().map(|link| (link.peer, link.address.as_ref()));
    let behaviour = Behaviour {
        admitted,
        gate: Gate::new(known, metrics.network.turned_away.clone()),
        limits: connection_limits::Behaviour::new(limits),
        streams: libp2p_stream::Behaviour::new(),
        gossip: gossip::behaviour(chain)?,
    };
    let transport = transport(keypair, links, metrics)?;
    // Validators stay connected for ever; our own keepalive tells a dead peer from a quiet one.
    let config =
        libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(Duration::from_secs(1 << 32));
    Ok(Swarm::new(transport, behaviour, keypair.public().to_peer_id(), config))
}

fn transport(
    keypair: &Keypair,
    links: &Links,
    metrics: &Metrics,
) -> Result<Boxed<(PeerId, StreamMuxerBox)>, NetworkError> {
    let admission = Admission {
        noise: noise::Config::new(keypair)?,
        admitted: Arc::new(links.all().map(|link| link.peer).collect::<BTreeSet<_>>()),
        refused: metrics.network.refused.clone(),
    };
    Ok(tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .upgrade(Version::V1)
        .authenticate(admission)
        .multiplex(muxer::Bounded::new())
        .timeout(HANDSHAKE_MAX)
        .boxed())
}

/// Listens, and tells where: port 0 has become a real one.
pub(super) async fn listen_on(swarm: &mut Swarm<Behaviour>, address: Multiaddr) -> Result<Multiaddr, NetworkError> {
    let failed = |reason: String| NetworkError::Listen { address: address.clone(), reason };
    swarm.listen_on(address.clone()).map_err(|error| match error {
        // By itself it says nothing.
        TransportError::Other(error) => failed(error.to_string()),
        TransportError::MultiaddrNotSupported(_) => failed("it is no TCP address".to_owned()),
    })?;
    loop {
        match swarm.select_next_some().await {
            SwarmEvent::NewListenAddr { address, .. } => return Ok(address),
            SwarmEvent::ListenerError { error, .. } => return Err(failed(error.to_string())),
            SwarmEvent::ListenerClosed { reason, .. } => {
                return Err(failed(reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string())));
            }
            _other => {}
        }
    }
}
