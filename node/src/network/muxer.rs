//! Yamux with a bound on what it buffers and on how long it takes leave. libp2p's own adapter leaves the window of a
//! connection at 1 GiB, which a peer that answers pings slowly can make us grow to, and waits to take leave of one that is
//! cut off for as long as TCP does; this one is the same adapter with these two numbers set.

use futures::{AsyncRead, AsyncWrite, future};
use libp2p::core::UpgradeInfo;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Sleep, sleep};
use yamux::{Config, Connection, ConnectionError, Mode};

/// Streams of one connection, both directions: messages, gossip and their successors after a break.
pub(crate) const STREAMS_MAX: usize = 16;
/// Bytes of one connection that arrived and were not read, all streams together. Each may have 256 KiB; the rest makes
/// windows wider where the way is long.
pub(crate) const UNREAD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How long a connection may take to tell the other end that it ends. While it does, libp2p counts it as one and none is
/// made in its place; what waits to be sent to a peer that is cut off would hold it for a quarter of an hour.
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// Yamux for a connection whose other end is authenticated.
#[derive(Clone)]
pub(super) struct Bounded(Config);

/// A connection of streams.
pub(super) struct Muxer<C> {
    connection: Connection<C>,
    /// Opened by the other side while we looked for something else; no more than [`STREAMS_MAX`] exist.
    opened: VecDeque<yamux::Stream>,
    waker: Option<Waker>,
    /// Runs out when it has taken leave for long enough.
    leaving: Option<Pin<Box<Sleep>>>,
}

impl Bounded {
    pub(super) fn new() -> Self {
        let mut config = Config::default();
        config.set_max_num_streams(STREAMS_MAX);
        config.set_max_connection_receive_window(Some(UNREAD_BYTES_MAX));
        Self(config)
    }

    fn muxer<C: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, io: C, mode: Mode) -> Muxer<C> {
        let connection = Connection::new(io, self.0, mode);
        Muxer { connection, opened: VecDeque::new(), waker: None, leaving: None }
    }
}

impl UpgradeInfo for Bounded {
    type Info = &'static str;
    type InfoIter = std::iter::Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        std::iter::once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> InboundConnectionUpgrade<C> for Bounded {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = future::Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_inbound(self, io: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(self.muxer(io, Mode::Server)))
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> OutboundConnectionUpgrade<C> for Bounded {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = future::Ready<Result<Self::Output, Self::Error>>;

    fn upgrade_outbound(self, io: C, _: Self::Info) -> Self::Future {
        future::ready(Ok(self.muxer(io, Mode::Client)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + 'static> Muxer<C> {
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Result<yamux::Stream, io::Error>> {
        self.connection.poll_next_inbound(cx).map(|next| match next {
            Some(Ok(stream)) => Ok(stream),
            Some(Err(error)) => Err(other(error)),
            None => Err(other(ConnectionError::Closed)),
        })
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + 'static> StreamMuxer for Muxer<C> {
    type Substream = yamux::Stream;
    type Error = io::Error;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Self::Substream, io::Error>> {
        if let Some(stream) = self.opened.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let next = self.next(cx);
        if next.is_pending() {
            self.waker = Some(cx.waker().clone());
        }
        next
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Self::Substream, io::Error>> {
        self.connection.poll_new_outbound(cx).map_err(other)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        if let Poll::Ready(closed) = self.connection.poll_close(cx) {
            return Poll::Ready(closed.map_err(other));
        }
        let leaving = self.leaving.get_or_insert_with(|| Box::pin(sleep(LEAVE_MAX)));
        leaving.as_mut().poll(cx).map(Ok)
    }

    /// Everything else on the connection moves only when somebody asks for a new stream.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, io::Error>> {
        let stream = std::task::ready!(self.next(cx))?;
        if self.opened.len() < STREAMS_MAX {
            self.opened.push_back(stream);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        // There may be more to read.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn other(error: ConnectionError) -> io::Error {
    match error {
        ConnectionError::Io(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// The way to a peer that is cut off, with as much on it as it takes.
    struct Full;

    impl AsyncRead for Full {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Full {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Pending
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_connection_to_a_peer_that_takes_nothing_more_ends_all_the_same() {
        let mut muxer = Bounded::new().muxer(Full, Mode::Client);
        let closed = poll_fn(|cx| Pin::new(&mut muxer).poll_close(cx));
        tokio::time::timeout(Duration::from_secs(30), closed).await.expect("in time").expect("closed");
    }
}
