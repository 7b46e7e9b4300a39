//! Reading one peer: every message counts against that peer's share of our memory until the node has dealt with it,
//! and against its rate, so a fast or hostile peer waits for itself and for nobody else.

use super::frame::{self, FrameError, MESSAGE_BYTES_MAX};
use super::link::Link;
use super::{NetworkEvent, link};
use bytes::Bytes;
use futures::{AsyncRead, AsyncWrite};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};

/// Bytes of one peer's messages that may wait for the node.
pub(crate) const SHARE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// What a message costs beside its bytes, so that many empty ones are bounded too.
const OVERHEAD_BYTES: usize = 1024;
/// A message whose length is known must be complete after this time.
const BODY_MAX: Duration = Duration::from_secs(30);

/// Bytes from a peer. They count against that peer until this is dropped.
#[derive(Debug)]
pub struct Received {
    bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Received {
    /// Bytes that arrived whole, if the peer's share has room for them now.
    pub(crate) fn now(bytes: Bytes, share: &Arc<Semaphore>) -> Option<Self> {
        let permit = Arc::clone(share).try_acquire_many_owned(cost(bytes.len())).ok()?;
        Some(Self { bytes, _share: permit })
    }
}

impl std::ops::Deref for Received {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads messages until the stream ends, breaks a rule or falls silent.
pub(super) async fn read_messages<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    link: &Link,
    events: &mpsc::Sender<NetworkEvent>,
) -> FrameError {
    loop {
        match read_message(stream, link).await {
            Ok(None) => {}
            Ok(Some(message)) => {
                let event = NetworkEvent::Message { from: link.index, message };
                if events.send(event).await.is_err() {
                    return FrameError::Io(std::io::ErrorKind::ConnectionAborted.into());
                }
            }
            Err(error) => return error,
        }
    }
}

async fn read_message<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    link: &Link,
) -> Result<Option<Received>, FrameError> {
    let len = timeout(link::SILENCE_MAX, frame::read_len(stream, MESSAGE_BYTES_MAX));
    let len = len.await.map_err(|_elapsed| FrameError::Silent)??;
    let wait = link.meter.message(len);
    if !wait.is_zero() {
        link.count_held_back(wait);
        sleep(wait).await;
    }
    if len == 0 {
        return Ok(None);
    }
    let share = Arc::clone(&link.share).acquire_many_owned(cost(len)).await;
    let share = share.map_err(|_closed| FrameError::Io(std::io::ErrorKind::ConnectionAborted.into()))?;
    let body = timeout(BODY_MAX, frame::read_body(stream, len)).await.map_err(|_elapsed| FrameError::Silent)??;
    link.count_received(len);
    Ok(Some(Received { bytes: body.into(), _share: share }))
}

/// What a message of `len` bytes costs of its sender's share.
fn cost(len: usize) -> u32 {
    u32::try_from(len.min(SHARE_BYTES_MAX - OVERHEAD_BYTES) + OVERHEAD_BYTES).unwrap_or(u32::MAX)
}
