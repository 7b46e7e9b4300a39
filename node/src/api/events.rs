//! `/v1/events`: what becomes final, block by block, for whoever listens (server-sent events).
//!
//! Each event has an id, `HEIGHT.PLACE`, and a listener that comes back with the last id it has seen goes on behind it:
//! nothing is left out and nothing comes twice, however long it was away, because events are read from the ledger and
//! never kept. They say what the ledger says, and no more: a revocation names the consent's key, nobody and nothing else.
//!
//! A listener that takes nothing holds one part of a block; after [`READER_MAX`](crate::http::READER_MAX) it is let go.

use super::problem::{Code, Problem};
use super::public::Public;
use super::request::{Query, Whole, digits};
use crate::runtime::LedgerReads;
use amanah_ledger::block::OpenBlock;
use amanah_ledger::crypto::Digest;
use amanah_ledger::label::Label;
use amanah_ledger::position::Height;
use amanah_ledger::store::StoreError;
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Active, Outcome};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use utoipa::ToSchema;

/// Most listeners at once.
pub(crate) const LISTENERS_MAX: usize = 128;
/// Listeners that are behind and read old blocks, at once.
const READING_MAX: usize = 2;
/// A line that says nothing goes out after this long without an event, so that neither side takes the other for gone.
const QUIET: Duration = Duration::from_secs(10);
/// Events are sent in parts of about this size.
const PART_BYTES: usize = 16 * 1024;

/// Blocks of one answer to somebody who does not listen.
const PULL_MAX: u64 = 1000;
const KIND: &str = "text/event-stream";

/// What listeners stand on.
pub(super) struct Events {
    stopping: watch::Receiver<bool>,
    listeners: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

impl Events {
    pub(super) fn new(stopping: watch::Receiver<bool>) -> Self {
        let (listeners, reading) = (Semaphore::new(LISTENERS_MAX), Semaphore::new(READING_MAX));
        Self { stopping, listeners: Arc::new(listeners), reading: Arc::new(reading) }
    }
}

/// The place of an event: in which block, and the how-manyeth of it. A block's own event is behind all others of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    height: Height,
    number: u32,
}

/// How a place is written.
pub(super) const PLACE: &str = r"^[0-9]{1,19}(\.[0-9]{1,9})?$";

impl Place {
    /// The end of the block at `height`.
    const fn end_of(height: Height) -> Self {
        Self { height, number: u32::MAX }
    }

    /// `HEIGHT.PLACE`, or `HEIGHT` for all of a block.
    fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            Some((height, number)) => Some(Self { height: Height(digits(height, 19)?), number: digits(number, 9)? }),
            None => Some(Self::end_of(Height(digits(text, 19)?))),
        }
    }
}

/// A consent has ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Revocation {
    /// In which block.
    #[schema(value_type = u64)]
    height: Height,
    /// `C-…`
    consent: String,
    /// The consent's key.
    key: String,
}

/// A validator is proven to have signed two things that exclude each other.
#[derive(Serialize, ToSchema)]
pub(super) struct Contradiction {
    /// In which block.
    #[schema(value_type = u64)]
    height: Height,
    /// The consensus key that signed twice.
    key: String,
    /// What it signed.
    kind: &'static str,
}

/// A block is final; everything else in it has been told.
#[derive(Serialize, ToSchema)]
pub(super) struct Block {
    /// Its height.
    #[schema(value_type = u64)]
    height: Height,
    /// Its digest.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    block: Digest,
    /// Root of the state after it.
    #[schema(value_type = String, pattern = "^[0-9a-f]{64}$")]
    state_root: Digest,
    /// When it was proposed, milliseconds since 1970.
    #[schema(value_type = u64)]
    time: UnixMs,
    /// Transactions in it.
    transactions: u32,
}

#[derive(Deserialize)]
pub(super) struct From {
    /// First block that is told about; without it, the next one.
    from: Option<Whole>,
    /// Last block that is told about.
    until: Option<Whole>,
}

pub(super) async fn listen(
    State(reads): State<Public>,
    Query(From { from, until }): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = Arc::clone(&reads.events.listeners).try_acquire_owned().map_err(|_full| Code::Busy)?;
    let seen = match headers.get("last-event-id") {
        Some(id) => id.to_str().ok().and_then(Place::parse).ok_or(Code::QueryNotUnderstood)?,
        None => Place::end_of(from.map_or(reads.ledger.view().height(), |Whole(from)| Height(from.saturating_sub(1)))),
    };
    let listens =
        headers.get(header::ACCEPT).and_then(|kinds| kinds.to_str().ok()).is_some_and(|kinds| kinds.contains(KIND));
    // Whoever did not say that it listens wants an answer that ends.
    let end = if listens {
        Height(u64::MAX)
    } else {
        reads.ledger.view().height().min(Height(seen.height.0.saturating_add(PULL_MAX)))
    };
    let until = until.map_or(end, |Whole(until)| end.min(Height(until)));
    let listener = Listener { reads, seen, until, waiting: VecDeque::new(), _place: place };
    let parts = stream::unfold(listener, |mut listener| async {
        let part = listener.next_part().await?;
        Some((Ok::<_, std::convert::Infallible>(part), listener))
    });
    let kind = HeaderValue::from_static(KIND);
    let fresh = HeaderValue::from_static("no-store");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, fresh)], Body::from_stream(parts)).into_response())
}

/// One listener and how far it has come.
struct Listener {
    reads: Public,
    seen: Place,
    until: Height,
    /// Parts of a block that has been read.
    waiting: VecDeque<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// What is sent next; `None` at the end.
    async fn next_part(&mut self) -> Option<Bytes> {
        loop {
            if let Some(part) = self.waiting.pop_front() {
                return Some(part);
            }
            // Behind the place of a block's own event comes the next block.
            let height = if self.seen.number == u32::MAX { self.seen.height.next() } else { self.seen.height };
            if height > self.until {
                return None;
            }
            let mut stopping = self.reads.events.stopping.clone();
            let reached = tokio::select! {
                reached = timeout(QUIET, self.reads.ledger.at_least(height)) => reached,
                _stopped = stopping.wait_for(|stop| *stop) => return None,
            };
            match reached {
                Ok(Some(_head)) => self.read(height).await?,
                Ok(None) => return None,
                Err(_quiet) => return Some(Bytes::from_static(b":\n\n")),
            }
        }
    }

    /// Reads a block and keeps what of it comes behind the last place.
    async fn read(&mut self, height: Height) -> Option<()> {
        let reading = Arc::clone(&self.reads.events.reading).acquire_owned().await.ok()?;
        let ledger = self.reads.ledger.clone();
        let block = tokio::task::spawn_blocking(move || {
            let block = final_block(&ledger, height);
            drop(reading);
            block
        });
        let block = block.await.ok()??;
        self.waiting = parts(&block, self.seen).into();
        self.seen = Place::end_of(height);
        Some(())
    }
}

/// The final block at `height`, if it can be read. Damage that shows is reported like any other.
fn final_block(ledger: &LedgerReads, height: Height) -> Option<OpenBlock> {
    match ledger.block(height) {
        Ok(stored) => stored.map(|stored| stored.block),
        Err(error) => {
            tracing::error!(%error, %height, "a final block cannot be read");
            if let StoreError::Damaged(why) = error {
                ledger.damage().report(why);
            }
            None
        }
    }
}

/// The events of a block behind `seen`, as they are sent.
fn parts(block: &OpenBlock, seen: Place) -> Vec<Bytes> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let header = block.header();
    let mut number = 0;
    let mut tell = |number: u32, name: &str, data: String| {
        if (Place { height: header.height, number }) <= seen {
            return;
        }
        let height = header.height;
        let id = if number == u32::MAX { height.to_string() } else { format!("{height}.{number}") };
        write!(part, "id: {id}\nevent: {name}\ndata: {data}\n\n").expect("writing to a string does not fail");
        if part.len() >= PART_BYTES {
            parts.push(Bytes::from(std::mem::take(&mut part)));
        }
    };
    for entry in &block.block().body {
        if !entry.outcomes.contains(&Outcome::Applied) {
            continue;
        }
        match entry.transaction.active() {
            Some(Active::Revoke { consent, .. }) => {
                number += 1;
                let consent_label = Label::consent(consent).to_string();
                let told = Revocation { height: header.height, consent: consent_label, key: consent.to_string() };
                tell(number, "revocation", json(&told));
            }
            Some(Active::Evidence(proof)) => {
                number += 1;
                let (key, kind) = (proof.key().to_string(), proof.kind().name());
                tell(number, "contradiction", json(&Contradiction { height: header.height, key, kind }));
            }
            // How many consents are given, and where, is told by the block's leaves to whoever knows their keys.
            Some(Active::Grants { .. } | Active::Anchor { .. }) | None => {}
        }
    }
    let (block, state_root, time) = (*block.digest(), header.state_root, header.time);
    let whole = Block { height: header.height, block, state_root, time, transactions: header.tx_count };
    tell(u32::MAX, "block", json(&whole));
    parts.push(Bytes::from(part));
    parts.retain(|part| !part.is_empty());
    parts
}

fn json(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("strings and numbers have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back_as_it_is_sent() {
        let place = |text| Place::parse(text);
        assert_eq!(place("7.2"), Some(Place { height: Height(7), number: 2 }));
        assert_eq!(place("7"), Some(Place::end_of(Height(7))));
        assert!(place("7.2") < place("7") && place("7") < place("8.1"));
        for text in ["", "x", "7.", ".7", "-1", "+7", "7.2.1", "7.4294967295", "18446744073709551615"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
