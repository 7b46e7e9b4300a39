//! One peer: its outgoing stream, its incoming stream, and whether both are up.
//!
//! The opener of a stream says HELLO and waits for one answering frame before it counts as up, because a stream may be
//! dropped unseen at the other end right after it was opened. The two directions live apart, so neither waits for the
//! other's reader; the link is up while both are.

use super::dialing::Backoff;
use super::driver::Command;
use super::frame::{self, FrameError};
use super::meter::Meter;
use super::outbox::{Lane, Outbox, Pushed};
use super::{NetworkEvent, inbound};
use crate::metrics::{ByMember, ByMemberAndKind, Metrics};
use amanah_ledger::committee::ValidatorIndex;
use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, io::WriteHalf};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

/// The protocol of message streams.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/amanah/messages/1");
/// Longest HELLO and longest answer.
const HELLO_BYTES_MAX: usize = 64;
/// A stream is open, greeted and answered within this time, or it is given up.
const HELLO_MAX: Duration = Duration::from_secs(2);
/// An empty frame goes out after this long without another.
const KEEPALIVE: Duration = Duration::from_secs(3);
/// A peer that sends nothing for this long is gone, whatever TCP believes.
pub(super) const SILENCE_MAX: Duration = Duration::from_secs(10);
/// A peer that takes nothing for this long is gone too.
const WRITE_MAX: Duration = Duration::from_secs(30);

/// What everybody may know about one peer.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) index: ValidatorIndex,
    pub(super) name: String,
    pub(super) peer: PeerId,
    pub(super) address: Option<Multiaddr>,
    /// What this peer's messages may still take of our memory.
    pub(super) share: Arc<Semaphore>,
    /// The same for transaction bundles.
    pub(super) bundle_share: Arc<Semaphore>,
    /// How much it sends.
    pub(super) meter: Meter,
    outbox: Outbox,
    metrics: Arc<Metrics>,
}

/// Every peer.
#[derive(Debug)]
pub(super) struct Links(BTreeMap<ValidatorIndex, Arc<Link>>);

/// What the task of one link needs.
pub(super) struct LinkTask {
    pub(super) link: Arc<Link>,
    pub(super) hello: Bytes,
    pub(super) streams: libp2p_stream::Control,
    pub(super) accepted: mpsc::Receiver<Stream>,
    pub(super) connected: watch::Receiver<bool>,
    pub(super) events: mpsc::Sender<NetworkEvent>,
    pub(super) commands: mpsc::WeakSender<Command>,
}

/// Counts the changes of one direction; it is up while the count is odd.
type Changes = watch::Sender<u64>;

impl Link {
    pub(super) fn new(peer: super::Peer, id: PeerId, metrics: Arc<Metrics>) -> Self {
        Self {
            index: peer.index,
            name: peer.name,
            peer: id,
            address: peer.address,
            share: Arc::new(Semaphore::new(inbound::SHARE_BYTES_MAX)),
            bundle_share: Arc::new(Semaphore::new(inbound::SHARE_BYTES_MAX)),
            meter: Meter::new(),
            outbox: Outbox::closed(),
            metrics,
        }
    }

    pub(super) fn send(&self, lane: Lane, message: Bytes) {
        let dropped = if message.len() > frame::MESSAGE_BYTES_MAX {
            (1, lane)
        } else {
            match self.outbox.push(lane, message) {
                Pushed::Waits { dropped } => (dropped, Lane::Transactions),
                Pushed::Dropped | Pushed::Overrun => (1, lane),
            }
        };
        self.metrics.network.dropped.get_or_create(&self.by_kind(dropped.1)).inc_by(dropped.0);
        self.count_queued();
    }

    pub(super) fn count_received(&self, bytes: usize) {
        self.metrics.network.received.get_or_create(&self.by_member()).inc_by(bytes as u64);
    }

    pub(super) fn count_held_back(&self, wait: Duration) {
        let ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.metrics.network.held_back_ms.get_or_create(&self.by_member()).inc_by(ms);
    }

    pub(super) fn count_hostile(&self) {
        self.metrics.network.hostile.get_or_create(&self.by_member()).inc();
    }

    /// Bytes that wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.outbox.bytes()
    }

    fn count_queued(&self) {
        let bytes = i64::try_from(self.queued()).unwrap_or(i64::MAX);
        self.metrics.network.queued.get_or_create(&self.by_member()).set(bytes);
    }

    fn by_member(&self) -> ByMember {
        ByMember { member: self.name.clone() }
    }

    fn by_kind(&self, lane: Lane) -> ByMemberAndKind {
        ByMemberAndKind { member: self.name.clone(), kind: lane.name() }
    }
}

impl Links {
    pub(super) fn new(links: impl Iterator<Item = Link>) -> Self {
        Self(links.map(|link| (link.index, Arc::new(link))).collect())
    }
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.0.values()
    }
    pub(super) fn get(&self, index: ValidatorIndex) -> Option<&Arc<Link>> {
        self.0.get(&index)
    }
    pub(super) fn of_peer(&self, peer: &PeerId) -> Option<&Arc<Link>> {
        self.all().find(|link| link.peer == *peer)
    }
}

impl LinkTask {
    /// Keeps the link up while there is a connection. Ends when the network stops.
    pub(super) async fn run(self) {
        let (link, events) = (Arc::clone(&self.link), self.events.clone());
        let (out, out_changes) = watch::channel(0);
        let (incoming, in_changes) = watch::channel(0);
        let outgoing = Outgoing { link: Arc::clone(&link), hello: self.hello.clone(), streams: self.streams };
        tokio::select! {
            () = outgoing.run(self.connected, out) => {}
            () = accept(self.accepted, &link, &self.hello, &events, &incoming, &self.commands) => {}
            () = report(&link, &events, out_changes, in_changes) => {}
        }
    }
}

/// Tells the node when the link goes up or down. A down between two ups is told even if both were too quick to see,
/// because messages may have been lost in it.
async fn report(
    link: &Link,
    events: &mpsc::Sender<NetworkEvent>,
    mut out: watch::Receiver<u64>,
    mut incoming: watch::Receiver<u64>,
) {
    let mut up_since = None;
    loop {
        let now = (*out.borrow_and_update(), *incoming.borrow_and_update());
        if up_since.is_some_and(|since| since != now) {
            up_since = None;
            link.metrics.network.peers.dec();
            tracing::info!(peer = link.name, "link down");
            if events.send(NetworkEvent::Disconnected(link.index)).await.is_err() {
                return;
            }
        }
        let both_up = !now.0.is_multiple_of(2) && !now.1.is_multiple_of(2);
        if both_up && up_since.is_none() {
            up_since = Some(now);
            link.metrics.network.peers.inc();
            tracing::info!(peer = link.name, "link up");
            if events.send(NetworkEvent::Connected(link.index)).await.is_err() {
                return;
            }
        }
        let ended = tokio::select! { changed = out.changed() => changed, changed = incoming.changed() => changed };
        if ended.is_err() {
            return;
        }
    }
}

/// The stream that we open and write.
struct Outgoing {
    link: Arc<Link>,
    hello: Bytes,
    streams: libp2p_stream::Control,
}

impl Outgoing {
    async fn run(mut self, mut connected: watch::Receiver<bool>, changes: Changes) {
        let mut backoff = Backoff::new();
        while connected.wait_for(|connected| *connected).await.is_ok() {
            if let Ok(Ok(stream)) = timeout(HELLO_MAX, self.open()).await {
                let opened = tokio::time::Instant::now();
                self.link.outbox.open();
                changes.send_modify(|n| *n += 1);
                self.write(stream).await;
                changes.send_modify(|n| *n += 1);
                self.link.outbox.close();
                self.link.count_queued();
                if opened.elapsed() > SILENCE_MAX {
                    backoff = Backoff::new();
                }
            }
            sleep(backoff.next()).await;
        }
    }

    async fn open(&mut self) -> Result<Stream, FrameError> {
        let opened = self.streams.open_stream(self.link.peer, PROTOCOL).await;
        let mut stream = opened.map_err(|error| std::io::Error::other(error.to_string()))?;
        frame::write(&mut stream, &self.hello).await?;
        stream.flush().await?;
        frame::read(&mut stream, HELLO_BYTES_MAX).await?;
        Ok(stream)
    }

    /// Writes until the stream breaks, the peer stops taking, or the box is overrun.
    async fn write(&self, stream: Stream) {
        // The peer never writes here after its answer: whatever its side says now is the end.
        let (mut from_peer, to_peer) = stream.split();
        let mut end = [0];
        tokio::select! {
            result = self.write_messages(to_peer) => {
                if let Err(error) = result {
                    tracing::debug!(peer = self.link.name, %error, "outgoing stream ended");
                }
            }
            _ended = from_peer.read(&mut end) => {}
        }
    }

    async fn write_messages(&self, mut stream: WriteHalf<Stream>) -> Result<(), FrameError> {
        loop {
            match timeout(KEEPALIVE, self.link.outbox.next()).await {
                Ok(Some((lane, message))) => {
                    let written = async {
                        frame::write(&mut stream, &message).await?;
                        stream.flush().await
                    };
                    timeout(WRITE_MAX, written).await.map_err(|_elapsed| FrameError::Silent)??;
                    let sent = &self.link.metrics.network.sent;
                    sent.get_or_create(&self.link.by_kind(lane)).inc_by(message.len() as u64);
                    self.link.count_queued();
                }
                Ok(None) => {
                    tracing::warn!(peer = self.link.name, "takes messages too slowly; the link starts anew");
                    return Ok(());
                }
                Err(_idle) => {
                    let written = async {
                        frame::write(&mut stream, b"").await?;
                        stream.flush().await
                    };
                    timeout(WRITE_MAX, written).await.map_err(|_elapsed| FrameError::Silent)??;
                }
            }
        }
    }
}

/// Serves the newest stream that the peer opened; a newer one takes its place.
async fn accept(
    mut accepted: mpsc::Receiver<Stream>,
    link: &Link,
    hello: &Bytes,
    events: &mpsc::Sender<NetworkEvent>,
    changes: &Changes,
    commands: &mpsc::WeakSender<Command>,
) {
    let mut next = accepted.recv().await;
    while let Some(mut stream) = next.take() {
        tokio::select! {
            newer = accepted.recv() => next = newer,
            error = serve(&mut stream, link, hello, events, changes) => {
                tracing::debug!(peer = link.name, %error, "incoming stream ended");
                let is_up = !changes.borrow().is_multiple_of(2);
                if ends_connection(&error, is_up, link)
                    && let Some(commands) = commands.upgrade()
                    && commands.send(Command::Disconnect(link.peer)).await.is_err()
                {
                    return;
                }
                drop(stream);
                // Told before the next stream comes, for none comes from a peer that is cut off.
                changes.send_modify(|n| *n += *n % 2);
                next = accepted.recv().await;
            }
        }
        // A newer stream took its place: the direction was down in between.
        changes.send_modify(|n| *n += *n % 2);
    }
}

/// Whether the connection ends with a stream that `error` ended, and counts what was hostile.
fn ends_connection(error: &FrameError, was_up: bool, link: &Link) -> bool {
    match error {
        FrameError::TooLong { .. } => {
            link.count_hostile();
            tracing::warn!(peer = link.name, %error, "broke the rules of the stream; connection dropped");
            true
        }
        // TCP would hold on to a peer that is cut off for a quarter of an hour, and to its old address.
        FrameError::Silent => was_up,
        FrameError::Io(_) => false,
    }
}

async fn serve(
    stream: &mut Stream,
    link: &Link,
    hello: &Bytes,
    events: &mpsc::Sender<NetworkEvent>,
    changes: &Changes,
) -> FrameError {
    let greeted = async {
        let theirs = frame::read(stream, HELLO_BYTES_MAX).await?;
        if theirs != hello[..] {
            return Err(FrameError::Io(std::io::Error::other("of another chain or protocol version")));
        }
        frame::write(stream, hello).await?;
        stream.flush().await?;
        Ok(())
    };
    match timeout(HELLO_MAX, greeted).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return error,
        Err(_elapsed) => return FrameError::Silent,
    }
    changes.send_modify(|n| *n += 1);
    inbound::read_messages(stream, link, events).await
}
