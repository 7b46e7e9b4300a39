//! An access as a hospital's node gives it to whoever looks into it: the signed entry, and what its answer rested on as
//! far as it is still kept. Where there are many logs, a search for it takes more than one question.

use super::{HELD_CONSENTS_MAX, HeldConsent};
use crate::access::LogEntry;
use crate::codec::BoundedVec;
use crate::crypto::PublicKey;
use crate::engine::{CONSENTS_MAX, Considered};
use bincode::{Decode, Encode};

/// Most consents of a record: those that the receipt names, and those that had ended by then.
pub const RECORD_CONSENTS_MAX: usize = HELD_CONSENTS_MAX + CONSENTS_MAX;
/// Documents of a record together, bytes. What goes beyond is left out, by name.
pub const RECORD_DOCUMENTS_BYTES_MAX: usize = 7 * 1024 * 1024;
/// Longest encoded [`AccessSearch`].
pub const ACCESS_SEARCH_BYTES_MAX: usize = RECORD_DOCUMENTS_BYTES_MAX + 512 * 1024;

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Kept {
    /// It is here, with salt and certificate.
    Held(Box<HeldConsent>),
    /// It was erased, or is lost.
    Gone,
    /// It is here, and the record has no room for it.
    LeftOut,
}

/// A consent as it stood when the decision was made.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ConsentThen {
    /// As a receipt names it; [`Standing::Revoked`](crate::engine::Standing::Revoked) if it had ended.
    pub stood: Considered,
    /// Its document.
    pub document: Kept,
}

/// A decision and everything that its answer rested on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AccessRecord {
    /// The decision, as the patient's log holds it.
    pub entry: LogEntry,
    /// The consents that it considered, in its order, and behind them those of the patient that had ended by then.
    pub consents: BoundedVec<ConsentThen, RECORD_CONSENTS_MAX>,
}

/// How far a search for an access has come.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum AccessSearch {
    /// Here it is.
    Found(Box<AccessRecord>),
    /// It is in no log before this relationship's, in the order of codes, and not among the first `number` entries of
    /// this one: ask again behind them.
    NotUpTo {
        /// Whose log.
        relationship: PublicKey,
        /// Number of an entry.
        number: u64,
    },
}
