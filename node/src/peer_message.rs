//! What two validators say on their direct stream: consensus, and the pull path for transactions that gossip lost (R11).

use amanah_consensus::Message;
use amanah_consensus::limits::MESSAGE_BYTES_MAX;
use amanah_ledger::codec::{self, BoundedVec, DecodeError};
use amanah_ledger::transaction::{SignedTransaction, TRANSACTION_BYTES_MAX, WireId};
use bincode::{Decode, Encode};

/// Longest encoded peer message: a consensus message or 1 MiB of transactions, and what stands around them.
pub const PEER_MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Ids in one message: 64 KiB of them.
pub const PENDING_IDS_MAX: usize = 2048;
/// Bytes of transactions in one answer.
pub const RESPONSE_BYTES_MAX: usize = 1024 * 1024;
/// A gossip bundle is full at this length.
pub const BUNDLE_BYTES: usize = 64 * 1024;
/// No bundle is longer: one transaction of the greatest length and its count.
pub const BUNDLE_BYTES_MAX: usize = TRANSACTION_BYTES_MAX + 4;
/// Transactions in one bundle or answer. The shortest transaction has 73 bytes: a bundle fills before this many.
const TRANSACTIONS_MAX: usize = 16_384;

const _: () = assert!(MESSAGE_BYTES_MAX + 4 <= PEER_MESSAGE_BYTES_MAX && BUNDLE_BYTES <= BUNDLE_BYTES_MAX);

/// One message between two validators.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum PeerMessage {
    /// For the consensus machine.
    Consensus(Message),
    /// Transactions the sender has waited for too long.
    PendingIds(BoundedVec<WireId, PENDING_IDS_MAX>),
    /// "Tell me what you wait for."
    PendingRequest,
    /// Asks for these transactions.
    TxRequest(BoundedVec<WireId, PENDING_IDS_MAX>),
    /// Transactions that were asked for.
    TxResponse(Transactions),
}

/// Transactions on their way, in a gossip bundle or an answer.
pub type Transactions = BoundedVec<SignedTransaction, TRANSACTIONS_MAX>;

impl PeerMessage {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads a message; its length is checked before anything else.
    ///
    /// # Errors
    /// When the bytes are too long or not canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode(bytes, PEER_MESSAGE_BYTES_MAX)
    }

    /// Whether consensus waits for it: such messages overtake transactions in every queue.
    pub fn is_consensus(&self) -> bool {
        match self {
            Self::Consensus(_) => true,
            Self::PendingIds(_) | Self::PendingRequest | Self::TxRequest(_) | Self::TxResponse(_) => false,
        }
    }
}

/// Reads a gossip bundle.
///
/// # Errors
/// When the bytes are too long or not canonical.
pub fn decode_bundle(bytes: &[u8]) -> Result<Transactions, DecodeError> {
    codec::decode(bytes, BUNDLE_BYTES_MAX)
}

/// As many of `transactions` as stay within `bytes_max`, from the first on; a first one that is longer goes alone.
pub fn fill(transactions: impl IntoIterator<Item = SignedTransaction>, bytes_max: usize) -> Transactions {
    let (mut taken, mut bytes) = (Vec::new(), 4);
    for transaction in transactions {
        bytes += codec::encode(&transaction).len();
        if (bytes > bytes_max && !taken.is_empty()) || taken.len() == TRANSACTIONS_MAX {
            break;
        }
        taken.push(transaction);
    }
    Transactions::try_from(taken).unwrap_or_default()
}

#[cfg(test)]
mod tests;
