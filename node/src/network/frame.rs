//! Frames on a message stream: a little-endian `u32` length, then that many bytes. A frame of length zero only says
//! that the sender is there. The length is judged before any memory is taken for it.

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest message between validators.
pub const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Why there is no next frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// The stream ended or broke.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The peer announced more than is allowed.
    #[error("{bytes} bytes announced, at most {bytes_max} allowed")]
    TooLong { bytes: usize, bytes_max: usize },
    /// Nothing came for too long.
    #[error("silent for too long")]
    Silent,
}

/// Writes one frame; the caller flushes.
pub(super) async fn write<W: AsyncWrite + Unpin>(stream: &mut W, message: &[u8]) -> std::io::Result<()> {
    let len = u32::try_from(message.len()).map_err(|_too_long| std::io::ErrorKind::InvalidInput)?;
    stream.write_all(&len.to_le_bytes()).await?;
    stream.write_all(message).await
}

/// Reads the length of the next frame.
pub(super) async fn read_len<R: AsyncRead + Unpin>(stream: &mut R, bytes_max: usize) -> Result<usize, FrameError> {
    let mut len = [0; 4];
    stream.read_exact(&mut len).await?;
    let bytes = u32::from_le_bytes(len) as usize;
    if bytes > bytes_max {
        return Err(FrameError::TooLong { bytes, bytes_max });
    }
    Ok(bytes)
}

/// Reads a frame's bytes, `len` of them as judged by [`read_len`].
pub(super) async fn read_body<R: AsyncRead + Unpin>(stream: &mut R, len: usize) -> Result<Vec<u8>, FrameError> {
    let mut message = vec![0; len];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

/// Reads a whole frame.
pub(super) async fn read<R: AsyncRead + Unpin>(stream: &mut R, bytes_max: usize) -> Result<Vec<u8>, FrameError> {
    let len = read_len(stream, bytes_max).await?;
    read_body(stream, len).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut wire = Vec::new();
        block_on(write(&mut wire, b"vote")).expect("a vector takes all");
        assert_eq!(wire, b"\x04\0\0\0vote");
        assert_eq!(block_on(read(&mut &wire[..], 4)).expect("whole"), b"vote");
    }

    #[test]
    fn a_longer_frame_is_refused_by_its_length_alone() {
        let refused = block_on(read(&mut &b"\x05\0\0\0"[..], 4));
        assert!(matches!(refused, Err(FrameError::TooLong { bytes: 5, bytes_max: 4 })), "{refused:?}");
        let most = block_on(read(&mut &[0xff; 4][..], MESSAGE_BYTES_MAX));
        assert!(matches!(most, Err(FrameError::TooLong { .. })), "{most:?}");
    }

    #[test]
    fn a_frame_cut_short_is_no_frame() {
        let cut = block_on(read(&mut &b"\x05\0\0\0vote"[..], 8));
        assert!(matches!(cut, Err(FrameError::Io(_))), "{cut:?}");
    }
}
