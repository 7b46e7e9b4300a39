//! The HTTP/1.1 server of both ports. A stranger gets so many connections, so much time for a request's head, and so
//! much patience as a reader; beyond that the connection ends, and nobody else notices.

mod account;
mod connections;
mod patience;

pub(crate) use account::account_of;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use connections::{Connections, Place};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use patience::Patient;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::ServiceExt;

/// The head of a request is complete after this time, counted from the connection's start or the last answer: it also
/// ends connections that ask nothing more.
pub const HEAD_MAX: Duration = Duration::from_secs(15);
/// A reader takes at least [`READER_BYTES_MIN`] in this time while more waits for it.
pub const READER_MAX: Duration = Duration::from_secs(10);
/// What a reader takes at least in [`READER_MAX`].
pub const READER_BYTES_MIN: usize = 64 * 1024;
/// Bytes of one connection that are read ahead or wait to be written, each; so a request's head is never longer.
pub const BUFFER_BYTES_MAX: usize = 32 * 1024;
/// Most header fields of a request.
pub const HEADERS_MAX: usize = 64;
/// After an error that is not the caller's, such as no file left, the next connection is taken this much later.
const PAUSE: Duration = Duration::from_millis(200);

/// What strangers may take of a port.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections of everybody; who comes later waits in the system's queue.
    pub connections_max: usize,
    /// Connections of one address, or one IPv6 network; further ones are closed at once.
    pub per_address_max: usize,
    /// Time for the head of a request.
    pub head_max: Duration,
    /// Time in which a reader takes at least [`READER_BYTES_MIN`].
    pub reader_max: Duration,
}

impl Bounds {
    /// So many connections, with the usual patience.
    pub const fn new(connections_max: usize, per_address_max: usize) -> Self {
        Self { connections_max, per_address_max, head_max: HEAD_MAX, reader_max: READER_MAX }
    }

    /// Most bytes that the connections hold, beside bodies and answers.
    pub const fn buffer_bytes_max(&self) -> usize {
        self.connections_max * 2 * BUFFER_BYTES_MAX
    }
}

/// Serves `router` until `shutdown`, then finishes what has begun.
pub async fn serve(listener: TcpListener, router: Router, bounds: Bounds, shutdown: impl Future<Output = ()> + Send) {
    let (stop, stopping) = watch::channel(false);
    let connections = Connections::new(bounds);
    let mut tasks = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = connections.accept(&listener) => accepted,
        };
        while tasks.try_join_next().is_some() {}
        match accepted {
            Ok((stream, address, Some(place))) => {
                tasks.spawn(converse(stream, address, place, router.clone(), bounds, stopping.clone()));
            }
            // An address with more than its share: to close is the answer.
            Ok((_, _, None)) => {}
            Err(error) => {
                tracing::debug!(%error, "a connection was not taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    while tasks.join_next().await.is_some() {}
}

/// One connection, from its first request to its last.
async fn converse(
    stream: TcpStream,
    address: SocketAddr,
    place: Place,
    router: Router,
    bounds: Bounds,
    mut stopping: watch::Receiver<bool>,
) {
    // Small answers leave at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(address));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_max)
        .max_buf_size(BUFFER_BYTES_MAX)
        .max_headers(HEADERS_MAX);
    let io = TokioIo::new(Patient::new(stream, bounds.reader_max, READER_BYTES_MIN));
    let mut connection = pin!(builder.serve_connection(io, service));
    let told = async { drop(stopping.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection ended early");
    }
    drop(place);
}

/// Shared by [`serve`]'s parts and tests.
type Shared<T> = Arc<std::sync::Mutex<T>>;

#[cfg(test)]
mod tests;
