//! Who may knock. A handshake costs us some signatures' worth of work before we know whose it is, so strangers get few
//! of them; the places of validators are never theirs.
//!
//! Addresses where validators are or were connected have accounts of their own. All others share one more account, and
//! only a part of the places for handshakes under way.

use crate::http::account_of;
use crate::token_bucket::TokenBucket;
use libp2p::core::transport::PortUse;
use libp2p::core::{ConnectedPoint, Endpoint};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
    dummy,
};
use libp2p::{Multiaddr, PeerId};
use prometheus_client::metrics::counter::Counter;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::Instant;

/// Handshakes under way that callers of unknown addresses may have.
pub(crate) const STRANGERS_PENDING_MAX: usize = 32;
/// Of these, those of one address.
pub(crate) const ADDRESS_PENDING_MAX: usize = 8;
/// Handshakes per second with one address.
pub(crate) const ADDRESS_PER_SECOND: u64 = 10;
/// Handshakes with one address at once.
pub(super) const ADDRESS_BURST: u64 = 64;
/// Handshakes per second with all unknown addresses.
pub(crate) const STRANGERS_PER_SECOND: u64 = 20;
/// Handshakes with all unknown addresses at once.
pub(super) const STRANGERS_BURST: u64 = 64;
/// Addresses that are counted at once.
pub(super) const ADDRESSES_MAX: usize = 1024;
/// Connections that one validator may open per second, and at once: whoever loses them by lying comes back slowly.
const PEER_PER_SECOND: u64 = 1;
const PEER_BURST: u64 = 16;
/// Addresses at which validators were seen, for each of them.
const SEEN_PER_PEER_MAX: usize = 4;

/// Decides about incoming connections before anything is read from them.
pub(super) struct Gate {
    began: Instant,
    known: BTreeSet<IpAddr>,
    known_max: usize,
    addresses: BTreeMap<IpAddr, TokenBucket>,
    strangers: TokenBucket,
    peers: BTreeMap<PeerId, TokenBucket>,
    pending: BTreeMap<ConnectionId, IpAddr>,
    turned_away: Counter,
}

/// Why a connection is not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TurnedAway {
    #[error("no address to count by")]
    Nameless,
    #[error("too many handshakes under way")]
    Pending,
    #[error("too many handshakes in a short time")]
    Often,
}

impl Gate {
    /// A gate that knows these addresses of validators.
    pub(super) fn new<'a>(peers: impl Iterator<Item = (PeerId, Option<&'a Multiaddr>)>, turned_away: Counter) -> Self {
        let (mut known, mut buckets) = (BTreeSet::new(), BTreeMap::new());
        for (peer, address) in peers {
            known.extend(address.and_then(ip_of));
            buckets.insert(peer, TokenBucket::full(PEER_PER_SECOND, PEER_BURST));
        }
        Self {
            began: Instant::now(),
            known_max: known.len() + buckets.len() * SEEN_PER_PEER_MAX,
            known,
            addresses: BTreeMap::new(),
            strangers: TokenBucket::full(STRANGERS_PER_SECOND, STRANGERS_BURST),
            peers: buckets,
            pending: BTreeMap::new(),
            turned_away,
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn knock(&mut self, now_ms: u64, id: ConnectionId, ip: IpAddr) -> Result<(), TurnedAway> {
        let is_known = self.known.contains(&ip);
        if !is_known {
            let strangers = self.pending.values().filter(|pending| !self.known.contains(pending));
            let (all, own) = strangers.fold((0, 0), |(all, own), at| (all + 1, own + usize::from(*at == ip)));
            if all >= STRANGERS_PENDING_MAX || own >= ADDRESS_PENDING_MAX {
                return Err(TurnedAway::Pending);
            }
        }
        if !self.address(now_ms, ip).take(now_ms, 1) || (!is_known && !self.strangers.take(now_ms, 1)) {
            return Err(TurnedAway::Often);
        }
        self.pending.insert(id, ip);
        Ok(())
    }

    /// The account of an address; when there are too many, those that have come too rarely to matter are forgotten.
    fn address(&mut self, now_ms: u64, ip: IpAddr) -> &mut TokenBucket {
        if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&ip) {
            self.addresses.retain(|_, bucket| !bucket.has(now_ms, ADDRESS_BURST));
        }
        if self.addresses.len() >= ADDRESSES_MAX && !self.addresses.contains_key(&ip) {
            // The strangers' common account still bounds whoever comes with ever new addresses.
            self.addresses.pop_first();
        }
        self.addresses.entry(ip).or_insert(TokenBucket::full(ADDRESS_PER_SECOND, ADDRESS_BURST))
    }
}

/// The address in `/ip4/…` or `/ip6/…`, as it is counted.
fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(account_of(IpAddr::V4(ip))),
        Protocol::Ip6(ip) => Some(account_of(IpAddr::V6(ip))),
        _other => None,
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let now_ms = self.now_ms();
        let ip = ip_of(remote).ok_or(TurnedAway::Nameless);
        ip.and_then(|ip| self.knock(now_ms, id, ip)).map_err(|why| {
            self.turned_away.inc();
            ConnectionDenied::new(why)
        })
    }

    fn handle_established_inbound_connection(
        &mut self,
        id: ConnectionId,
        peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.pending.remove(&id);
        let now_ms = self.now_ms();
        if self.peers.get_mut(&peer).is_some_and(|bucket| !bucket.take(now_ms, 1)) {
            self.turned_away.inc();
            return Err(ConnectionDenied::new(TurnedAway::Often));
        }
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _id: ConnectionId,
        _peer: PeerId,
        _address: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                let at = match established.endpoint {
                    ConnectedPoint::Dialer { address, .. } => ip_of(address),
                    ConnectedPoint::Listener { send_back_addr, .. } => ip_of(send_back_addr),
                };
                if self.known.len() < self.known_max {
                    self.known.extend(at);
                }
            }
            FromSwarm::ListenFailure(failed) => {
                self.pending.remove(&failed.connection_id);
            }
            _other => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
