//! What must never be seen, whatever goes wrong.

use amanah_consensus::message::{Message, Vote};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::chain::FinalBlock;
use amanah_ledger::crypto::Digest;
use amanah_ledger::transaction::WireId;
use std::collections::BTreeMap;

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

/// Everything seen so far.
pub(super) struct Oracle {
    chain: Vec<(Digest, Digest)>,
    transactions: BTreeMap<WireId, u64>,
    heights: Vec<u64>,
    votes: BTreeMap<(usize, u64), Said>,
    pub(super) votes_sent: u64,
}

/// What a validator said about a view.
#[derive(Default)]
struct Said {
    notarize: Option<BlockVote>,
    finalize: Option<BlockVote>,
    nullify: bool,
}

impl Oracle {
    pub(super) fn new(members: usize) -> Self {
        Self {
            chain: Vec::new(),
            transactions: BTreeMap::new(),
            heights: vec![0; members],
            votes: BTreeMap::new(),
            votes_sent: 0,
        }
    }

    /// A validator stored a final block. Whether it is the first to.
    pub(super) fn committed(&mut self, validator: usize, block: &FinalBlock) -> Result<bool, Violation> {
        let header = block.header();
        let (height, from) = (header.height.0, self.heights[validator]);
        if height != from + 1 {
            return Err(Violation::NotMonotone { validator, from, to: height });
        }
        self.heights[validator] = height;
        let this = (*block.digest(), block.state().root());
        let at = usize::try_from(height - 1).expect("heights of a run fit");
        if let Some(first) = self.chain.get(at) {
            return if *first == this { Ok(false) } else { Err(Violation::Fork { validator, height }) };
        }
        self.chain.push(this);
        for (_, id, _) in block.transactions() {
            if let Some(first) = self.transactions.insert(id, height) {
                return Err(Violation::Doubled { first, second: height });
            }
        }
        Ok(true)
    }

    /// A validator starts again; its store ends at `height`.
    pub(super) fn restarted(&self, validator: usize, height: u64) -> Result<(), Violation> {
        let from = self.heights[validator];
        if height == from { Ok(()) } else { Err(Violation::NotMonotone { validator, from, to: height }) }
    }

    /// A validator that keeps the rules sends this.
    pub(super) fn sent(&mut self, validator: usize, message: &Message) -> Result<(), Violation> {
        let own = |vote: &&Vote| usize::from(vote.signer.0) == validator;
        match message {
            Message::Vote(vote) => self.said(validator, vote),
            Message::Proposal(proposal) => self.said(validator, &proposal.vote),
            Message::Bundle(bundle) => bundle.votes.iter().filter(own).try_for_each(|v| self.said(validator, v)),
            Message::Certificate(_)
            | Message::Status(_)
            | Message::BlockRequest(_)
            | Message::BlockResponse { .. }
            | Message::CertificateRequest { .. }
            | Message::CertificateResponse(_)
            | Message::SyncRequest { .. }
            | Message::SyncResponse(_) => Ok(()),
        }
    }

    fn said(&mut self, validator: usize, vote: &Vote) -> Result<(), Violation> {
        self.votes_sent += 1;
        let view = vote.content.view().0;
        let said = self.votes.entry((validator, view)).or_default();
        let differs = |first: &mut Option<BlockVote>, now: BlockVote| *first.get_or_insert(now) != now;
        let broken = match vote.content {
            VoteContent::Notarize(now) => differs(&mut said.notarize, now).then_some("Notarize twice"),
            VoteContent::Finalize(now) => differs(&mut said.finalize, now).then_some("Finalize twice"),
            VoteContent::Nullify { .. } => {
                said.nullify = true;
                None
            }
        };
        let both = (said.nullify && said.finalize.is_some()).then_some("Nullify and Finalize");
        match broken.or(both) {
            Some(which) => Err(Violation::Equivocation { validator, view, which }),
            None => Ok(()),
        }
    }

    pub(super) fn height(&self) -> u64 {
        self.chain.len() as u64
    }

    pub(super) fn heights(&self) -> &[u64] {
        &self.heights
    }

    pub(super) fn transactions(&self) -> usize {
        self.transactions.len()
    }
}
