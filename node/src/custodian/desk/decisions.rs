//! "May I?": the answer from the patient's consents and the ledger's newest head, and its receipt, which is durable
//! before the answer leaves.

use super::{Desk, StoreError};
use crate::custodian::key_file::RelationshipKeys;
use amanah_ledger::access::entry::DecisionReceipt;
use amanah_ledger::access::{Event, LogEntry};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::document::Action;
use amanah_ledger::engine::{
    Candidate, Decision, ITEMS_MAX, Item, Outcome, Policy, Request, Requester, Standing, decide,
};
use amanah_ledger::leaf::ConsentLeaf;
use amanah_ledger::position::Height;
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::Code;

/// What somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// About whom.
    pub relationship: PublicKey,
    /// Who, resolved and verified.
    pub requester: Requester,
    /// Why.
    pub purpose: Code,
    /// For what.
    pub action: Action,
    /// Which data.
    pub items: BoundedVec<Item, ITEMS_MAX>,
}

/// An answer and its receipt.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The engine's answer.
    pub decision: Decision,
    /// The receipt, as the patient's log holds it.
    pub entry: LogEntry,
    /// The height it was decided at.
    pub height: Height,
}

/// Why nothing is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// No such relationship.
    #[error("no such relationship")]
    Unknown,
    /// The answer names more than a receipt holds, so there can be no receipt and therefore no answer.
    #[error("the answer does not fit into a receipt")]
    TooMuch,
}

/// Which of two answers decides: the larger.
fn weight(decision: &Decision) -> (u8, usize) {
    let outcome = match decision.outcome {
        Outcome::NoConsent => 0,
        Outcome::Permit => 1,
        Outcome::Review => 2,
        Outcome::Deny => 3,
    };
    (outcome, decision.obligations.len())
}

impl Desk {
    /// Decides, and writes the receipt as the next entry of the patient's log.
    ///
    /// # Errors
    /// Fails when the store does; refuses unknown relationships.
    pub fn decide(&mut self, clock: UnixMs, head: &Tip, ask: Ask) -> Result<Result<Decided, DecideError>, StoreError> {
        self.decide_together(clock, head, [ask])
    }

    /// Decides what is several acts at once, for example an access that is a disclosure too, about one relationship:
    /// what refuses one of them refuses it, else what permits one of them permits it. The receipt is of the act that
    /// decided, which is the first of those with the same answer, or the one with more obligations.
    ///
    /// # Errors
    /// Fails when the store does; refuses unknown relationships.
    pub fn decide_together<const ACTS: usize>(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        asks: [Ask; ACTS],
    ) -> Result<Result<Decided, DecideError>, StoreError> {
        const { assert!(ACTS > 0, "somebody asks for something") };
        let Some(keys) = asks.first().and_then(|ask| self.keys.get(&ask.relationship)).cloned() else {
            return Ok(Err(DecideError::Unknown));
        };
        let candidates = self.candidates(&keys, head)?;
        let policy = Policy::of(head.state().parameters().unwrap_or(&self.setup.genesis.parameters));
        let now = self.time(clock, head);
        let mut deciding: Option<(Request, Decision)> = None;
        for ask in asks {
            let request = self.request(&keys, ask);
            let decision = decide(&candidates, &request, now, &policy);
            if deciding.as_ref().is_none_or(|(_, before)| weight(&decision) > weight(before)) {
                deciding = Some((request, decision));
            }
        }
        let Some((request, decision)) = deciding else { return Ok(Err(DecideError::Unknown)) };
        let height = head.header().height;
        let receipt = DecisionReceipt::new(&request, &decision, &policy, height, head.header().state_root);
        let Ok(receipt) = receipt else { return Ok(Err(DecideError::TooMuch)) };
        let entry = self.append(&keys, now, Event::Decision(Box::new(receipt)))?;
        Ok(Ok(Decided { decision, entry, height }))
    }

    fn request(&self, keys: &RelationshipKeys, ask: Ask) -> Request {
        Request {
            chain: self.chain,
            custodian: self.setup.member,
            relationship: keys.relationship,
            requester: ask.requester,
            purpose: ask.purpose,
            action: ask.action,
            items: ask.items,
        }
    }

    /// The relationship's consents as the ledger has them, each with its document if it is here. A consent whose
    /// document is missing stays in the list: the engine fails closed on it.
    fn candidates(&self, keys: &RelationshipKeys, head: &Tip) -> Result<Vec<Candidate>, StoreError> {
        let mut candidates = Vec::new();
        for (leaf, number) in self.final_versions(keys, head)? {
            let held = match number {
                Some(number) => self.document(keys, number)?,
                None => None,
            };
            let held = held.as_ref().map(|held| (&held.salt, &held.document));
            let standing = self.standing(leaf);
            candidates.push(Candidate::new(leaf.consent, leaf.version, leaf.since, leaf.commitment, standing, held));
        }
        Ok(candidates)
    }

    fn standing(&self, leaf: &ConsentLeaf) -> Standing {
        if !leaf.is_active() {
            Standing::Revoked
        } else if self.revocations.is_pending(&leaf.consent) {
            Standing::RevocationPending
        } else {
            Standing::InForce
        }
    }
}
