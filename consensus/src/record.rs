//! The records of the vote log: what a validator must remember to keep its word after a crash.

use crate::limits::RECORD_BYTES_MAX;
use crate::message::{BlockBytes, Vote};
use amanah_ledger::certificate::Certificate;
use amanah_ledger::codec::{self, DecodeError};
use amanah_ledger::position::{Epoch, View};
use bincode::{Decode, Encode};

/// One entry of the vote log. Reading them in any order gives the same machine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Record {
    /// A block we voted for.
    Block(BlockBytes),
    /// A vote of ours, as signed.
    Voted(Vote),
    /// A certificate that our votes or our place rest on.
    Certificate(Certificate),
    /// We entered this view; its entry certificate stands before.
    Entered(View),
    /// The epoch is over: never sign in it again.
    EpochClosed(Epoch),
    /// Two votes of one validator that exclude each other: to be told until the ledger has them.
    Evidence([Vote; 2]),
}

impl Record {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When the bytes are too long or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, RECORD_BYTES_MAX)
    }

    /// Whether something that happens with it depends on it. The other records may wait for the next sync.
    pub fn must_be_durable(&self) -> bool {
        match self {
            Self::Voted(_) | Self::EpochClosed(_) | Self::Evidence(_) => true,
            Self::Block(_) | Self::Certificate(_) | Self::Entered(_) => false,
        }
    }
}
