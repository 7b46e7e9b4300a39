//! What a run may show that must never be.

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Two validators have different final blocks, or states, at one height.
    #[error("validator {validator} has another block or state at height {height} than the others")]
    Fork {
        /// Who.
        validator: usize,
        /// Where.
        height: u64,
    },
    /// A validator's final blocks do not follow one another.
    #[error("validator {validator} went from height {from} to {to}")]
    NotMonotone {
        /// Who.
        validator: usize,
        /// Its height before.
        from: u64,
        /// The next.
        to: u64,
    },
    /// A validator that keeps the rules signed two votes that exclude each other.
    #[error("validator {validator} signed two votes of view {view} that exclude each other: {which}")]
    Equivocation {
        /// Who.
        validator: usize,
        /// In which view.
        view: u64,
        /// Which two.
        which: &'static str,
    },
    /// One transaction is final twice.
    #[error("a transaction is final at height {first} and at height {second}")]
    Doubled {
        /// First time.
        first: u64,
        /// Second time.
        second: u64,
    },
    /// The ledger refuses what consensus calls final.
    #[error("validator {validator}: the ledger refuses a Finalization: {why}")]
    Refused {
        /// Who.
        validator: usize,
        /// Why.
        why: String,
    },
    /// A validator raised an alarm that only too many liars can cause.
    #[error("validator {validator} raised an alarm: {alarm}")]
    Alarm {
        /// Who.
        validator: usize,
        /// Which.
        alarm: String,
    },
    /// Proof of a fault against a validator that keeps the rules.
    #[error("evidence against validator {validator}, which keeps the rules")]
    FalseEvidence {
        /// Whom.
        validator: usize,
    },
    /// A fork whose certificates name fewer than f+1 validators.
    #[error("nobody is named for the fork at height {height}: {why}")]
    Unattributed {
        /// Where.
        height: u64,
        /// Why.
        why: String,
    },
    /// A proof that somebody found is not on the ledger.
    #[error("the ledger does not know that validator {validator} contradicted itself: {kind}")]
    EvidenceLost {
        /// Against whom.
        validator: usize,
        /// Which.
        kind: &'static str,
    },
    /// What the votes and certificates on the wire say contradicts the safety proof.
    #[error("view {view}: {what}")]
    Proof {
        /// In which view.
        view: u64,
        /// What was seen.
        what: &'static str,
    },
    /// A block is not later than its parent.
    #[error("the block at height {height} is not later than its parent")]
    TimeWentBack {
        /// Where.
        height: u64,
    },
    /// A final block is not in a validator's store, or another one is.
    #[error("the store of validator {validator} lost the final block at height {height}")]
    Lost {
        /// Whose.
        validator: usize,
        /// The first such height.
        height: u64,
    },
    /// A validator holds more than its bounds allow.
    #[error("validator {validator} holds {held} {what}, at most {bound} allowed")]
    Memory {
        /// Who.
        validator: usize,
        /// Of what.
        what: &'static str,
        /// How many.
        held: u64,
        /// How many it may hold.
        bound: u64,
    },
    /// A transaction that every honest validator held was not proposed in time.
    #[error("a transaction that all held in view {held} was proposed in view {proposed} only")]
    Starved {
        /// The highest view when the last of them got it.
        held: u64,
        /// The view its block was first proposed in.
        proposed: u64,
    },
    /// A validator could not start from its own disk.
    #[error("validator {validator} cannot start: {why}")]
    CannotStart {
        /// Who.
        validator: usize,
        /// Why.
        why: String,
    },
    /// The network did not move after the faults had stopped.
    #[error("after the faults: {what} within {limit_ms} ms")]
    Dead {
        /// What did not happen.
        what: String,
        /// How long it had.
        limit_ms: u64,
    },
    /// An idle network was not silent.
    #[error("an idle network {0}")]
    NotIdle(String),
}
