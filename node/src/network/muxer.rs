//! Yamux with a bound on what it buffers. libp2p's own adapter leaves the window of a connection at 1 GiB, which a peer
//! that answers pings slowly can make us grow to; this one is the same adapter with that one number set.

use futures::{AsyncRead, AsyncWrite, future};
use libp2p::core::UpgradeInfo;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use yamux::{Config, Connection, ConnectionError, Mode};

/// Streams of one connection, both directions: messages, gossip and their successors after a break.
pub(crate) const STREAMS_MAX: usize = 16;
/// Bytes of one connection that arrived and were not read, all streams together. Each may have 256 KiB; the rest makes
/// windows wider where the way is long.
pub(crate) const UNREAD_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Yamux for a connection whose other end is authenticated.
#[derive(Clone)]
pub(super) struct Bounded(Config);

/// A connection of streams.
pub(super) struct Muxer<C> {
    connection: Connection<C>,
    /// Opened by the other side while we looked for something else; no more than [`STREAMS_MAX`] exist.
    opened: VecDeque<yamux::Stream>,
    waker: Option<Waker>,
}

impl Bounded {
    pub(super) fn new() -> Self {
        let mut config = Config::default();
        config.set_max_num_streams(STREAMS_MAX);
        config.set_max_connection_receive_window(Some(UNREAD_BYTES_MAX));
        Self(config)
    }

    fn muxer<C: AsyncRead + AsyncWrite + Send + Unpin + 'static>(self, io: C, mode: Mode) -> Muxer<C> {
        Muxer { connection: Connection::new(io, self.0, mode), opened: VecDeque::new(), waker: None }
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
        self.connection.poll_close(cx).map_err(other)
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
