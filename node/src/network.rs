//! How validators talk: one authenticated, encrypted TCP connection per pair, and nobody else gets past the handshake.
//!
//! Two kinds of traffic. *Messages* (votes, proposals, sync) travel over one long-lived stream per peer and direction
//! and are never lost silently while the link is up: a peer too slow to take them loses the link, which the node sees
//! as [`NetworkEvent::Disconnected`]. *Bundles* of transactions are gossiped, and may be lost.
//!
//! Everything a peer can make us hold is bounded: the length of a frame is checked before its memory is taken, and
//! bytes that wait, in either direction, count against that peer's own limit.

mod admission;
mod dialing;
mod driver;
mod frame;
mod gate;
mod gossip;
mod inbound;
mod link;
mod meter;
mod muxer;
mod outbox;
mod resolve;
mod swarm;

use crate::metrics::Metrics;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, PublicKey};
use bytes::Bytes;
use libp2p::Multiaddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// Bounds that [`crate::limits`] adds up.
pub(crate) mod limits {
    pub(crate) use super::frame::MESSAGE_BYTES_MAX;
    pub(crate) use super::gate::{
        ADDRESS_PENDING_MAX, ADDRESS_PER_SECOND, STRANGERS_PENDING_MAX, STRANGERS_PER_SECOND,
    };
    pub(crate) use super::inbound::SHARE_BYTES_MAX;
    pub(crate) use super::meter::{
        BUNDLES_OVER_PER_SECOND, BUNDLES_PER_SECOND, GOSSIP_BYTES_PER_SECOND, MESSAGE_BYTES_PER_SECOND,
        MESSAGES_PER_SECOND,
    };
    pub(crate) use super::muxer::{STREAMS_MAX, UNREAD_BYTES_MAX};
    pub(crate) use super::outbox::WAITING_BYTES_MAX;
    pub(crate) use super::swarm::{HANDSHAKE_MAX, PENDING_MAX, PER_PEER_MAX};
    /// Seconds for which gossip keeps a bundle.
    pub(crate) const GOSSIP_KEPT_S: u64 = super::gossip::KEPT_S as u64;
    /// Seconds for which it keeps a bundle's name.
    pub(crate) const GOSSIP_NAMED_S: u64 = super::gossip::NAMED.as_secs();
}

pub use driver::NetworkError;
pub use frame::MESSAGE_BYTES_MAX;
pub use gossip::{BUNDLE_BYTES_MAX, BundleId, Verdict};
pub use inbound::Received;
pub use outbox::Lane;

/// Events that wait for the node; behind them peers wait, each for its own share.
pub const EVENTS_MAX: usize = 4096;

/// What the network tells the node.
#[derive(Debug)]
pub enum NetworkEvent {
    /// Messages now flow to and from this validator. Whatever was sent to it before may be lost.
    Connected(ValidatorIndex),
    /// They no longer do.
    Disconnected(ValidatorIndex),
    /// A message, complete and of allowed length; nothing else is known about it.
    Message {
        /// Who sent it.
        from: ValidatorIndex,
        /// The message; its bytes count against the sender until this is dropped.
        message: Received,
    },
    /// A bundle of transactions. It reaches others once [`NetworkHandle::judge`] accepts it.
    Transactions {
        /// Who passed it on; not always who made it.
        from: ValidatorIndex,
        /// Names the bundle in [`NetworkHandle::judge`].
        bundle: BundleId,
        /// The bundle, at most [`BUNDLE_BYTES_MAX`] bytes.
        bytes: Received,
    },
}

/// Another validator.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its place in the committee.
    pub index: ValidatorIndex,
    /// Its member's name, for logs and metrics.
    pub name: String,
    /// Its node key, the only one that is let in under its name.
    pub key: PublicKey,
    /// Where it listens, or nothing if only it can call us.
    pub address: Option<Multiaddr>,
}

/// What a network needs to know.
pub struct NetworkConfig {
    /// The chain; nodes of another chain are turned away.
    pub chain: Digest,
    /// Seed of this node's key.
    pub node_seed: Zeroizing<[u8; 32]>,
    /// Where to listen; port 0 takes a free one.
    pub listen: Multiaddr,
    /// The other validators.
    pub peers: Vec<Peer>,
    /// Where traffic is counted.
    pub metrics: Arc<Metrics>,
}

/// To whom a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Every other validator.
    All,
    /// One of them.
    One(ValidatorIndex),
}

/// The running network. Dropping the last handle stops it.
#[derive(Clone)]
pub struct NetworkHandle {
    links: Arc<link::Links>,
    commands: mpsc::Sender<driver::Command>,
    bundles: mpsc::Sender<Bytes>,
    metrics: Arc<Metrics>,
    listen: Multiaddr,
}

impl NetworkHandle {
    /// Starts listening and dialling; events come from the receiver. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the node key is none, or the address cannot be listened on.
    pub async fn start(config: NetworkConfig) -> Result<(Self, mpsc::Receiver<NetworkEvent>), NetworkError> {
        driver::start(config).await
    }

    /// Queues a message of at most [`MESSAGE_BYTES_MAX`] bytes. Never waits. A message to a validator that is not
    /// connected is dropped, as is a longer one.
    pub fn send(&self, to: To, lane: Lane, message: &Bytes) {
        match to {
            To::All => self.links.all().for_each(|link| link.send(lane, message.clone())),
            To::One(index) => self.links.get(index).into_iter().for_each(|link| link.send(lane, message.clone())),
        }
    }

    /// Gossips a bundle of at most [`BUNDLE_BYTES_MAX`] bytes. Never waits; when too many wait already, or the bundle
    /// is too long, it is dropped and counted.
    pub fn publish(&self, bundle: Bytes) {
        if bundle.len() > BUNDLE_BYTES_MAX || self.bundles.try_send(bundle).is_err() {
            self.metrics.network.bundles_dropped.inc();
        }
    }

    /// Says what became of a bundle after its check: accepted ones are passed on to validators that lack them.
    pub fn judge(&self, bundle: BundleId, verdict: Verdict) {
        if self.commands.try_send(driver::Command::Judge { bundle, verdict }).is_err() {
            self.metrics.network.bundles_dropped.inc();
        }
    }

    /// Ends the connection with a validator that sent what no honest one sends. It may come back, ever more slowly.
    pub fn break_off(&self, peer: ValidatorIndex) {
        let Some(link) = self.links.get(peer) else { return };
        link.count_hostile();
        if self.commands.try_send(driver::Command::Disconnect(link.peer)).is_err() {
            tracing::debug!(peer = link.name, "the network is busy; the connection stays for now");
        }
    }

    /// Where this node listens, with the port it got.
    pub fn listen_address(&self) -> &Multiaddr {
        &self.listen
    }
}

#[cfg(test)]
mod tests;
