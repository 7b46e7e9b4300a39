//! When to call a peer. The one with the smaller name calls at once, the other a little later, so that two connections
//! at once are rare; both go on for ever, so that whichever way heals first is used.

use super::link::{self, Link};
use super::swarm::HANDSHAKE_MAX;
use libp2p::{Multiaddr, PeerId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long the peer whose turn it is not waits before it dials, too.
const SECOND_DIALER: Duration = Duration::from_secs(2);

/// Waits that double from a tenth of a second to one second, each a little different so that nodes do not knock in step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(100);
    const LAST: Duration = Duration::from_secs(1);

    pub(super) const fn new() -> Self {
        Self(Self::FIRST)
    }

    pub(super) fn next(&mut self) -> Duration {
        let wait = self.0.mul_f64(rand::random_range(0.8..1.2));
        self.0 = Self::LAST.min(self.0 * 2);
        wait
    }
}

/// When to call one peer.
pub(super) struct Dialing {
    pub(super) link: Arc<Link>,
    connected: watch::Sender<bool>,
    established: Instant,
    backoff: Backoff,
    /// `None` while connected, and for peers without an address.
    next: Option<Instant>,
    /// What the peer that is not the first to call waits more.
    patience: Duration,
}

impl Dialing {
    /// Calls to `link` from node `me`; the receiver tells whether there is a connection.
    pub(super) fn new(me: PeerId, link: Arc<Link>) -> (Self, watch::Receiver<bool>) {
        let (connected, connected_out) = watch::channel(false);
        let patience = if me < link.peer { Duration::ZERO } else { SECOND_DIALER };
        let now = Instant::now();
        let next = link.address.is_some().then_some(now + patience);
        (Self { connected, established: now, backoff: Backoff::new(), next, patience, link }, connected_out)
    }

    /// When to call next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The address to call, if it is time. An attempt of which nothing is heard is repeated later.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Multiaddr> {
        if self.next.is_none_or(|next| next > now) {
            return None;
        }
        self.next = Some(now + HANDSHAKE_MAX + Backoff::LAST);
        self.link.address.clone()
    }

    /// There is a connection.
    pub(super) fn established(&mut self) {
        self.next = None;
        self.established = Instant::now();
        self.connected.send_replace(true);
    }

    /// The last connection is gone.
    pub(super) fn lost(&mut self) {
        self.connected.send_replace(false);
        // A connection that ended at once earns no quick return.
        if self.established.elapsed() > link::SILENCE_MAX {
            self.backoff = Backoff::new();
        }
        self.retry();
    }

    /// An attempt failed.
    pub(super) fn retry(&mut self) {
        if self.link.address.is_some() && !*self.connected.borrow() {
            self.next = Some(Instant::now() + self.patience + self.backoff.next());
        }
    }
}
