//! The memory of answers: whoever asks for much and does not take it cannot make a node hold more than this.

use super::problem::{Code, Problem};
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of all answers that are not sent yet.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What answers may still take.
#[derive(Debug)]
pub(super) struct Answers(Arc<Semaphore>);

/// Bytes that give their room back when the last of them has left.
struct Charged {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Charged {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for Answers {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ANSWER_BYTES_MAX)))
    }
}

impl Answers {
    /// The same answer on its account, or "busy" if there is no room for it. One that is made part by part while it is
    /// sent holds a part of a block and is counted by its listeners.
    pub(super) async fn charge(&self, response: Response) -> Response {
        if response.body().size_hint().exact().is_none() {
            return response;
        }
        let (parts, body) = response.into_parts();
        // Handlers make their answers whole, so this waits for nothing.
        let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
            return Problem::from(Code::Busy).into_response();
        };
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        match Arc::clone(&self.0).try_acquire_many_owned(length) {
            Ok(room) => Response::from_parts(parts, Body::from(Bytes::from_owner(Charged { bytes, _room: room }))),
            Err(_no_room) => Problem::from(Code::Busy).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_that_nobody_takes_leave_room_for_no_more_than_the_bound() {
        let answers = Answers::default();
        let large = || vec![7; ANSWER_BYTES_MAX / 4].into_response();
        let mut held = Vec::new();
        for _ in 0..4 {
            let answer = answers.charge(large()).await;
            assert_eq!(answer.status(), 200);
            held.push(to_bytes(answer.into_body(), usize::MAX).await.unwrap());
        }
        assert_eq!(answers.charge(large()).await.status(), 503, "the room is used up");
        let slice = held.pop().unwrap().slice(0..1);
        assert_eq!(answers.charge(large()).await.status(), 503, "one byte of it is still on its way");
        drop(slice);
        assert_eq!(answers.charge(large()).await.status(), 200);
    }
}
