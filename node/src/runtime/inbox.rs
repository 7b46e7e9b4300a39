//! What waits for the thread, most urgent first: links and consensus, then submissions and transactions in turns.
//!
//! The queues behind it are bounded by their senders: the network counts each peer's bytes until a message is dropped
//! here, and [`super::SUBMISSIONS_MAX`] bounds the rest.

use super::handle::Submission;
use crate::network::{BundleId, EVENTS_MAX, NetworkEvent, Received};
use crate::peer_message::{PeerMessage, Transactions, decode_bundle};
use amanah_ledger::committee::ValidatorIndex;
use std::collections::VecDeque;
use std::future::Future;
use tokio::sync::{mpsc, oneshot};

/// Something to handle.
pub(super) enum Item {
    Connected(ValidatorIndex),
    Disconnected(ValidatorIndex),
    Message {
        from: ValidatorIndex,
        message: PeerMessage,
    },
    Bundle {
        from: ValidatorIndex,
        bundle: BundleId,
        transactions: Transactions,
    },
    /// Bytes that are no bundle.
    BadBundle(BundleId),
    /// Bytes that are no message.
    Garbage(ValidatorIndex),
    Submission(Submission),
}

impl Item {
    /// Whether handling it may mean to check many signatures.
    pub(super) fn may_take_long(&self) -> bool {
        match self {
            Self::Bundle { .. } => true,
            Self::Message { message, .. } => !message.is_consensus(),
            Self::Connected(_)
            | Self::Disconnected(_)
            | Self::BadBundle(_)
            | Self::Garbage(_)
            | Self::Submission(_) => false,
        }
    }
}

/// Why waiting ended.
pub(super) enum Woken {
    /// Something may be there.
    Ready,
    /// The time has come.
    Due,
    /// The node stops.
    Stopped,
}

/// The queues.
pub(super) struct Inbox {
    events: mpsc::Receiver<NetworkEvent>,
    submissions: mpsc::Receiver<Submission>,
    stop: oneshot::Receiver<()>,
    urgent: VecDeque<(Item, Option<Received>)>,
    later: VecDeque<(Item, Option<Received>)>,
    network_is_gone: bool,
}

impl Inbox {
    pub(super) fn new(
        events: mpsc::Receiver<NetworkEvent>,
        submissions: mpsc::Receiver<Submission>,
        stop: oneshot::Receiver<()>,
    ) -> Self {
        Self { events, submissions, stop, urgent: VecDeque::new(), later: VecDeque::new(), network_is_gone: false }
    }

    /// Whether the node stops.
    pub(super) fn is_stopped(&mut self) -> bool {
        !matches!(self.stop.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    /// The most urgent item that is there. The bytes of a message stay on its sender's account until it is handled;
    /// that bounds how many transactions wait here, and they never keep consensus from being read.
    pub(super) fn next(&mut self) -> Option<Item> {
        while self.urgent.len() < EVENTS_MAX
            && let Ok(event) = self.events.try_recv()
        {
            self.sort(event);
        }
        if let Some((item, _bytes)) = self.urgent.pop_front() {
            return Some(item);
        }
        if let Ok(submission) = self.submissions.try_recv() {
            return Some(Item::Submission(submission));
        }
        self.later.pop_front().map(|(item, _bytes)| item)
    }

    /// Waits until something may be there, `due` resolves, or the node stops.
    pub(super) async fn wait(&mut self, due: impl Future<Output = ()>) -> Woken {
        tokio::select! {
            biased;
            _ = &mut self.stop => Woken::Stopped,
            event = self.events.recv(), if !self.network_is_gone => {
                match event {
                    Some(event) => self.sort(event),
                    // The network ended first; what is queued is still handled until the node stops.
                    None => self.network_is_gone = true,
                }
                Woken::Ready
            }
            Some(submission) = self.submissions.recv() => {
                self.later.push_front((Item::Submission(submission), None));
                Woken::Ready
            }
            () = due => Woken::Due,
        }
    }

    fn sort(&mut self, event: NetworkEvent) {
        match event {
            NetworkEvent::Connected(peer) => self.urgent.push_back((Item::Connected(peer), None)),
            NetworkEvent::Disconnected(peer) => self.urgent.push_back((Item::Disconnected(peer), None)),
            NetworkEvent::Message { from, message: bytes } => match PeerMessage::decode(&bytes) {
                Ok(message) => {
                    let lane = if message.is_consensus() { &mut self.urgent } else { &mut self.later };
                    lane.push_back((Item::Message { from, message }, Some(bytes)));
                }
                Err(error) => {
                    tracing::warn!(peer = from.0, %error, "a peer sent bytes that are no message");
                    self.urgent.push_back((Item::Garbage(from), None));
                }
            },
            NetworkEvent::Transactions { from, bundle, bytes } => {
                let item = match decode_bundle(&bytes) {
                    Ok(transactions) => Item::Bundle { from, bundle, transactions },
                    Err(error) => {
                        tracing::warn!(peer = from.0, %error, "a peer passed on bytes that are no bundle");
                        Item::BadBundle(bundle)
                    }
                };
                self.later.push_back((item, Some(bytes)));
            }
        }
    }
}

#[cfg(test)]
mod tests;
