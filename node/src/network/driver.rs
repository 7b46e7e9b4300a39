//! The loop around libp2p's swarm: calls peers, and hands streams and gossip on.

use super::dialing::Dialing;
use super::gossip::{self, BundleId, Verdict};
use super::link::{self, Link, LinkTask, Links};
use super::meter::Weighed;
use super::swarm::{self, Behaviour, BehaviourEvent};
use super::{NetworkConfig, NetworkEvent, NetworkHandle, Received, resolve};
use crate::metrics::Metrics;
use amanah_ledger::crypto::Digest;
use bytes::Bytes;
use futures::StreamExt;
use libp2p::gossipsub::{self, IdentTopic};
use libp2p::identity::Keypair;
use libp2p::swarm::SwarmEvent;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId, Stream, Swarm, noise};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Commands that wait for the driver.
const COMMANDS_MAX: usize = 1024;
/// Bundles that wait to be gossiped.
pub(super) const BUNDLES_MAX: usize = 128;
/// Gossip leaves at this pace at most; faster publishing makes libp2p drop messages without saying so.
const BUNDLE_BYTES_PER_S: u64 = 32 * 1024 * 1024;

/// Why the network cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A node key is no ed25519 key.
    #[error("the node key of {0} is no ed25519 key")]
    Key(String),
    /// The handshake cannot be set up.
    #[error("handshake: {0}")]
    Noise(#[from] noise::Error),
    /// Gossip cannot be set up.
    #[error("gossip: {0}")]
    Gossip(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// Why not.
        reason: String,
    },
}

/// What others ask of the driver.
#[derive(Debug)]
pub(super) enum Command {
    Judge {
        bundle: BundleId,
        verdict: Verdict,
    },
    Disconnect(PeerId),
    /// The name of this peer's address means these now.
    Resolved {
        peer: PeerId,
        addresses: Vec<Multiaddr>,
    },
}

struct Driver {
    swarm: Swarm<Behaviour>,
    topic: IdentTopic,
    links: Arc<Links>,
    dialing: BTreeMap<PeerId, Dialing>,
    events: mpsc::Sender<NetworkEvent>,
    metrics: Arc<Metrics>,
    commands: mpsc::WeakSender<Command>,
    tasks: JoinSet<()>,
}

pub(super) async fn start(
    config: NetworkConfig,
) -> Result<(NetworkHandle, mpsc::Receiver<NetworkEvent>), NetworkError> {
    let NetworkConfig { chain, node_seed, listen, peers, metrics } = config;
    let keypair =
        Keypair::ed25519_from_bytes(*node_seed).map_err(|_no_key| NetworkError::Key("this node".to_owned()))?;
    let me = keypair.public().to_peer_id();
    let mut links = Vec::new();
    for peer in peers {
        let id = swarm::peer_id(&peer.key).ok_or_else(|| NetworkError::Key(peer.name.clone()))?;
        links.push(Link::new(peer, id, Arc::clone(&metrics)));
    }
    let links = Arc::new(Links::new(links.into_iter()));
    let mut swarm = swarm::swarm(&keypair, &chain, &links, &metrics)?;
    let listen = swarm::listen_on(&mut swarm, listen).await?;
    let (events, events_out) = mpsc::channel(super::EVENTS_MAX);
    let (commands, commands_in) = mpsc::channel(COMMANDS_MAX);
    let (bundles, bundles_in) = mpsc::channel(BUNDLES_MAX);
    let mut tasks = JoinSet::new();
    let dialing = spawn_links(&mut tasks, &swarm, me, &links, &hello(&chain), &events, &commands.downgrade());
    let driver = Driver {
        swarm,
        topic: gossip::topic(&chain),
        links: Arc::clone(&links),
        dialing,
        events,
        metrics: Arc::clone(&metrics),
        commands: commands.downgrade(),
        tasks,
    };
    tokio::spawn(driver.run(commands_in, bundles_in));
    Ok((NetworkHandle { links, commands, bundles, metrics, listen }, events_out))
}

/// What both sides of a message stream must say alike: protocol version and chain.
fn hello(chain: &Digest) -> Bytes {
    [b"amanah\x01".as_slice(), &chain.0].concat().into()
}

fn spawn_links(
    tasks: &mut JoinSet<()>,
    swarm: &Swarm<Behaviour>,
    me: PeerId,
    links: &Links,
    hello: &Bytes,
    events: &mpsc::Sender<NetworkEvent>,
    commands: &mpsc::WeakSender<Command>,
) -> BTreeMap<PeerId, Dialing> {
    let mut accepted_by_peer = BTreeMap::new();
    let mut dialing = BTreeMap::new();
    for link in links.all() {
        let (accepted_in, accepted) = mpsc::channel(1);
        let (state, connected) = Dialing::new(me, Arc::clone(link));
        accepted_by_peer.insert(link.peer, accepted_in);
        let task = LinkTask {
            link: Arc::clone(link),
            hello: hello.clone(),
            streams: swarm.behaviour().streams.new_control(),
            accepted,
            connected,
            events: events.clone(),
            commands: commands.clone(),
        };
        tasks.spawn(task.run());
        dialing.insert(link.peer, state);
    }
    let mut control = swarm.behaviour().streams.new_control();
    let mut incoming = control.accept(link::PROTOCOL).expect("registered once, in a swarm just made");
    tasks.spawn(async move {
        // Nothing else happens here: a stream that is not taken at once is dropped unseen by libp2p-stream.
        while let Some((peer, stream)) = incoming.next().await {
            offer(&accepted_by_peer, peer, stream);
        }
    });
    dialing
}

/// Hands a stream to its link; with one waiting already it is dropped, and its opener tries again.
fn offer(accepted: &BTreeMap<PeerId, mpsc::Sender<Stream>>, peer: PeerId, stream: Stream) {
    if let Some(link) = accepted.get(&peer)
        && link.try_send(stream).is_err()
    {
        tracing::debug!(%peer, "stream dropped: another waits already");
    }
}

impl Driver {
    /// Runs until the last handle is gone.
    async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut bundles: mpsc::Receiver<Bytes>) {
        let mut next_bundle = Instant::now();
        loop {
            let next_dial = self.dialing.values().filter_map(Dialing::next).min();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                command = commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => return,
                },
                Some(bundle) = async { sleep_until(next_bundle).await; bundles.recv().await } => {
                    let pace = Duration::from_micros(bundle.len() as u64 * 1_000_000 / BUNDLE_BYTES_PER_S);
                    next_bundle = Instant::now() + pace;
                    self.publish(&bundle);
                }
                () = async { sleep_until(next_dial.unwrap_or_else(Instant::now)).await }, if next_dial.is_some() => {
                    self.dial_due();
                }
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Judge { bundle, verdict } => self.judge(&bundle, verdict),
            Command::Disconnect(peer) => self.disconnect(peer),
            Command::Resolved { peer, addresses } => self.dial(peer, addresses),
        }
    }

    fn judge(&mut self, bundle: &BundleId, verdict: Verdict) {
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        gossip.report_message_validation_result(&bundle.id, &bundle.from, verdict.acceptance());
        if verdict == Verdict::Reject {
            if let Some(link) = self.links.of_peer(&bundle.from) {
                link.count_hostile();
                tracing::warn!(peer = link.name, "passed on what is no bundle, or far too many; connection dropped");
            }
            self.disconnect(bundle.from);
        }
    }

    fn disconnect(&mut self, peer: PeerId) {
        if self.swarm.disconnect_peer_id(peer).is_err() {
            tracing::debug!(%peer, "gone before it could be disconnected");
        }
    }

    fn publish(&mut self, bundle: &Bytes) {
        match gossip::publish(&mut self.swarm.behaviour_mut().gossip, &self.topic, bundle) {
            Ok(()) | Err(gossipsub::PublishError::NoPeersSubscribedToTopic) => {}
            Err(error) => {
                self.metrics.network.bundles_dropped.inc();
                tracing::debug!(%error, "bundle not gossiped");
            }
        }
    }

    fn dial_due(&mut self) {
        let now = Instant::now();
        let mut direct = Vec::new();
        for peer in self.dialing.values_mut() {
            let Some(address) = peer.take_due(now) else { continue };
            if resolve::is_named(&address) {
                let (commands, id) = (self.commands.clone(), peer.link.peer);
                self.tasks.spawn(async move {
                    let addresses = resolve::resolve(&address).await;
                    if let Some(commands) = commands.upgrade()
                        && commands.send(Command::Resolved { peer: id, addresses }).await.is_err()
                    {
                        tracing::debug!("the network stopped while a name was looked up");
                    }
                });
            } else {
                direct.push((peer.link.peer, vec![address]));
            }
        }
        // Tasks that are done leave their place.
        while self.tasks.try_join_next().is_some() {}
        direct.into_iter().for_each(|(peer, addresses)| self.dial(peer, addresses));
    }

    fn dial(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) {
        // From a new port: libp2p would call from the one it listens on, and fails for as long as the system has given that
        // one to another connection as well.
        let dial = DialOpts::peer_id(peer).addresses(addresses).allocate_new_port();
        let dial = dial.condition(PeerCondition::DisconnectedAndNotDialing).build();
        if let Err(error) = self.swarm.dial(dial) {
            tracing::debug!(%peer, %error, "not dialled");
            self.retry(peer);
        }
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(gossipsub::Event::Message {
                propagation_source,
                message_id,
                message,
            })) => self.on_bundle(BundleId { id: message_id, from: propagation_source }, message.data),
            SwarmEvent::ConnectionEstablished { peer_id, num_established, .. } => {
                tracing::debug!(peer = %peer_id, connections = num_established, "connected");
                if let Some(peer) = self.dialing.get_mut(&peer_id) {
                    peer.established();
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                if let Some(peer) = self.dialing.get_mut(&peer_id) {
                    peer.lost();
                }
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer_id), error, .. } => {
                tracing::debug!(peer = %peer_id, %error, "dial failed");
                self.retry(peer_id);
            }
            SwarmEvent::ListenerError { error, .. } => tracing::warn!(%error, "listener"),
            _other => {}
        }
    }

    fn retry(&mut self, peer: PeerId) {
        if let Some(peer) = self.dialing.get_mut(&peer) {
            peer.retry();
        }
    }

    /// Hands a bundle to the node; never waits, because the swarm must not.
    fn on_bundle(&mut self, bundle: BundleId, data: Vec<u8>) {
        let Some(link) = self.links.of_peer(&bundle.from).cloned() else { return };
        match link.meter.bundle(data.len()) {
            Weighed::Fits => {}
            Weighed::Over => return self.drop_bundle(&bundle),
            Weighed::Flood => return self.judge(&bundle, Verdict::Reject),
        }
        let Some(bytes) = gossip::bundle_of(data) else { return self.judge(&bundle, Verdict::Reject) };
        let handed = Received::now(bytes, &link.bundle_share).is_some_and(|bytes| {
            let event = NetworkEvent::Transactions { from: link.index, bundle: bundle.clone(), bytes };
            self.events.try_send(event).is_ok()
        });
        if !handed {
            self.drop_bundle(&bundle);
        }
    }

    fn drop_bundle(&mut self, bundle: &BundleId) {
        self.metrics.network.bundles_dropped.inc();
        self.judge(bundle, Verdict::Ignore);
    }
}
