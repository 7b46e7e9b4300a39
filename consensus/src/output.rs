//! What goes into a step and what comes out of it.
//!
//! The driver performs an [`Output`] in this order: append `records` and, if [`Output::needs_sync`], make them durable;
//! then send `after_sync`; then perform `effects` in order. A failed write or sync ends the process: nothing is retried
//! and nothing is sent. It calls [`crate::Machine::step`] with [`Input::Wake`] at `next_wake`.

use crate::evidence::Evidence;
use crate::message::Message;
use crate::record::Record;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Epoch, Height, View};
use std::sync::Arc;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A message arrived on the authenticated stream from a validator.
    Message {
        /// Whose stream.
        from: ValidatorIndex,
        /// What it said.
        message: Message,
    },
    /// A stream to this validator is open (again).
    Connected(ValidatorIndex),
    /// The stream to this validator broke.
    Disconnected(ValidatorIndex),
    /// [`crate::Application::has_work`] may have a new answer.
    WorkChanged,
    /// The time of `next_wake` has come.
    Wake,
}

/// What to do, in the order of the fields.
#[derive(Debug, Default)]
#[must_use]
pub struct Output {
    /// Append to the vote log.
    pub records: Vec<Record>,
    /// Send once the records are durable.
    pub after_sync: Vec<Outgoing>,
    /// Then do these.
    pub effects: Vec<Effect>,
    /// Call again then, milliseconds on the clock that `now` is read from.
    pub next_wake: Option<u64>,
}

/// A message on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub to: To,
    /// What.
    pub message: Message,
}

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// Every other validator.
    All,
    /// One.
    One(ValidatorIndex),
}

/// A block that is final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalizedBlock {
    /// Its digest.
    pub digest: Digest,
    /// Its height.
    pub height: Height,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Something to do outside the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Store these blocks as final, by ascending height without gap from the last one stored.
    Finalized {
        /// The blocks.
        blocks: Vec<FinalizedBlock>,
        /// Finalization of the last of them.
        finalization: Certificate,
    },
    /// Answer from the store: [`crate::message::SyncResponse::collect`] over final blocks from `from_height` on.
    ServeSync {
        /// Who asked.
        to: ValidatorIndex,
        /// First height wanted.
        from_height: Height,
        /// Last height wanted; the answer may go beyond it to reach a Finalization.
        to_height: Height,
    },
    /// Answer from the store if it has this block: [`Message::BlockResponse`].
    ServeBlock {
        /// Who asked.
        to: ValidatorIndex,
        /// Which block.
        digest: Digest,
    },
    /// Something of ours is not final in time: the identifiers of our pending transactions go where the retry went
    /// (R11).
    OfferPending {
        /// Where to.
        to: To,
    },
    /// This validator has transactions that we lack: ask it for their identifiers (R11).
    AskPending {
        /// Whom.
        from: ValidatorIndex,
    },
    /// Tell the operator.
    Alarm(Alarm),
    /// A validator provably broke the protocol.
    Evidence(Evidence),
    /// The epoch ended with this block; the machine signs nothing more and only serves.
    EpochClosed {
        /// The epoch.
        epoch: Epoch,
        /// Its seal block.
        block: Digest,
    },
}

/// What an operator must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// A quorum certified a block that we judge invalid: a defect, or too many liars. We stopped signing (R8).
    CertifiedInvalid {
        /// In which view.
        view: View,
        /// Which block.
        block: Digest,
    },
    /// Two certificates exclude each other: more than f liars. We stopped signing.
    Fork {
        /// In which view.
        view: View,
    },
    /// Our clock differs from this many others' by more than allowed.
    Clock {
        /// Median of their offsets, positive if theirs are ahead.
        offset_ms: i64,
    },
}

impl Output {
    /// Whether the records must be durable before `after_sync` leaves.
    pub fn needs_sync(&self) -> bool {
        self.records.iter().any(Record::must_be_durable)
    }
}
