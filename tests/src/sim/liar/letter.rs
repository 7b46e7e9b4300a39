//! A message on its way out of a liar's process, to one receiver.

use amanah_consensus::message::{Message, Vote};
use amanah_ledger::codec::BoundedVec;
use amanah_node::peer_message::PeerMessage;

/// What is sent to whom, and when.
#[derive(Debug, Clone)]
pub(in crate::sim) struct Letter {
    /// The receiving member.
    pub(in crate::sim) to: usize,
    pub(in crate::sim) message: PeerMessage,
    /// Held back for this long.
    pub(in crate::sim) after_ms: u64,
}

impl Letter {
    pub(in crate::sim) fn new(to: usize, message: PeerMessage) -> Self {
        Self { to, message, after_ms: 0 }
    }

    /// The consensus message inside.
    pub(super) fn consensus(&self) -> Option<&Message> {
        match &self.message {
            PeerMessage::Consensus(message) => Some(message),
            PeerMessage::PendingIds(_)
            | PeerMessage::PendingRequest
            | PeerMessage::TxRequest(_)
            | PeerMessage::TxResponse(_) => None,
        }
    }

    /// Puts what `change` makes of each vote in place of it, alone or in a bundle; `None` if nothing is left to send.
    pub(super) fn with_votes(mut self, mut change: impl FnMut(Vote) -> Option<Vote>) -> Option<Self> {
        match &mut self.message {
            PeerMessage::Consensus(Message::Vote(vote)) => *vote = change(*vote)?,
            PeerMessage::Consensus(Message::Bundle(bundle)) => {
                let votes: Vec<Vote> = bundle.votes.iter().copied().filter_map(change).collect();
                bundle.votes = BoundedVec::try_from(votes).unwrap_or_default();
            }
            PeerMessage::Consensus(_)
            | PeerMessage::PendingIds(_)
            | PeerMessage::PendingRequest
            | PeerMessage::TxRequest(_)
            | PeerMessage::TxResponse(_) => {}
        }
        Some(self)
    }
}
