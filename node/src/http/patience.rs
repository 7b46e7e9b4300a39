//! A connection that waits for its reader, but not for ever: whoever asks much and takes it drop by drop holds memory
//! that others need.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Ends with an error when its reader takes less than `bytes_min` in `patience` while more waits.
pub(super) struct Patient<S> {
    stream: S,
    patience: Duration,
    bytes_min: usize,
    /// Runs from the moment the reader first held us up.
    waiting: Option<Pin<Box<Sleep>>>,
    taken: usize,
}

impl<S> Patient<S> {
    pub(super) fn new(stream: S, patience: Duration, bytes_min: usize) -> Self {
        Self { stream, patience, bytes_min, waiting: None, taken: 0 }
    }

    /// What a write came to: the time to wait for more of it is limited.
    fn limit(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.taken = self.taken.saturating_add(bytes);
                if self.taken >= self.bytes_min
                    && let Some(waiting) = &mut self.waiting
                {
                    self.taken = 0;
                    waiting.as_mut().reset(Instant::now() + self.patience);
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                let patience = self.patience;
                let waiting = self.waiting.get_or_insert_with(|| {
                    self.taken = 0;
                    Box::pin(sleep(patience))
                });
                match waiting.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.limit(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.limit(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called once everything was handed over: the reader owes us nothing.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waiting = None;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const PATIENCE: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_reader_that_takes_nothing_ends_the_connection() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let written = Patient::new(ours, PATIENCE, 1024).write_all(&[0; 64]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_reader_that_takes_drop_by_drop_does_not_stretch_its_time() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let reader = tokio::spawn(async move {
            let mut taken = 0;
            while theirs.read_u8().await.is_ok() {
                taken += 1;
                sleep(PATIENCE / 8).await;
            }
            taken
        });
        let written = Patient::new(ours, PATIENCE, 1024).write_all(&[0; 128]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let taken = reader.await.unwrap();
        assert!((1..128).contains(&taken), "{taken} bytes were taken");
    }

    #[tokio::test]
    async fn a_reader_that_keeps_the_pace_gets_all() {
        let (ours, mut theirs) = tokio::io::duplex(512);
        let reader = tokio::spawn(async move {
            let (mut all, mut some) = (0, [0; 512]);
            while let Ok(bytes @ 1..) = theirs.read(&mut some).await {
                all += bytes;
                sleep(PATIENCE / 20).await;
            }
            all
        });
        let mut patient = Patient::new(ours, PATIENCE, 1024);
        patient.write_all(&[0; 16 * 1024]).await.unwrap();
        patient.flush().await.unwrap();
        drop(patient);
        assert_eq!(reader.await.unwrap(), 16 * 1024);
    }
}
