//! One entry of an access log, signed by the custodian.
//!
//! The signature covers the root of a tree over the entry's salted fields, so a single field can be shown later
//! without the others. Salts come from one secret seed per entry. Each entry names the one before it by its hash.

use crate::codec::{self, BoundedVec};
use crate::crypto::{Check, Context, Digest, Domain, PublicKey, Signer, Verifier};
use crate::document::{Action, Effect};
use crate::engine::{ConsideredList, Decision, ENGINE_VERSION, ITEMS_MAX, Item, ItemDecision, Outcome, Policy, Reason};
use crate::engine::{Request, Requester};
use crate::member::MemberId;
use crate::position::Height;
use crate::time::UnixMs;
use crate::transaction::GatewaySignature;
use crate::vocabulary::Code;
use bincode::{Decode, Encode};

/// Longest encoded entry.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

/// How the custodian made sure who the patient is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Proofing {
    /// Staff saw the person and linked the one-time code to their record.
    InPerson,
}

/// Entry 1: the relationship begins. Binding once the wallet has accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct EnrolmentEntry {
    /// Hash of the log key the custodian was given.
    pub log_key: Digest,
    /// Generation of the relationship's keys.
    pub generation: u32,
    /// How identity was proofed.
    pub proofing: Proofing,
}

/// A decision receipt: one access that was asked for, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct DecisionReceipt {
    /// Hash of the request.
    pub request: Digest,
    /// Who asked.
    pub requester: Requester,
    /// Why.
    pub purpose: Code,
    /// What for.
    pub action: Action,
    /// Which data.
    pub items: BoundedVec<Item, ITEMS_MAX>,
    /// The engine's answer.
    pub outcome: Outcome,
    /// What the custodian did.
    pub effect: Effect,
    /// Why.
    pub reason: Reason,
    /// The answer for each item.
    pub item_decisions: BoundedVec<ItemDecision, ITEMS_MAX>,
    /// What the requester must do.
    pub obligations: BoundedVec<Code, 16>,
    /// Every consent in force that the custodian knew of.
    pub considered: ConsideredList,
    /// Final height it was decided at.
    pub height: Height,
    /// State root at that height.
    pub state_root: Digest,
    /// Hash of the network's parameters.
    pub policy: Digest,
    /// Hash of the vocabulary that the question was read by; each consent names its own.
    pub vocabulary: Digest,
    /// Version of the engine.
    pub engine: u32,
}

/// Entries that the custodian lost: it says so, and the log goes on from the anchored head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Gap {
    /// First lost entry.
    pub from: u64,
    /// Last lost entry.
    pub to: u64,
    /// Head of the log after the last lost entry, as it was anchored.
    pub head: Digest,
}

/// What happened. The number of a variant never changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Event {
    /// The relationship began.
    Enrolment(EnrolmentEntry),
    /// Somebody asked for data.
    Decision(Box<DecisionReceipt>),
    /// Entries were lost.
    Gap(Gap),
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct EntryBody {
    /// Whose log it is kept by.
    pub custodian: MemberId,
    /// Whose log it is.
    pub relationship: PublicKey,
    /// Number in the log; the first is 1.
    pub number: u64,
    /// Hash of the entry before; zeros for the first.
    pub previous: Digest,
    /// The custodian's clock.
    pub time: UnixMs,
    /// What happened.
    pub event: Event,
}

/// An entry with its salts' seed and the custodian's signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct LogEntry {
    /// What it says.
    pub body: EntryBody,
    /// Secret from which the salts of the fields come.
    pub seed: [u8; 32],
    /// By the custodian's gateway key.
    pub gateway: GatewaySignature,
}

/// Why an entry is not the custodian's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// More consents, items or obligations than an entry holds.
    #[error(transparent)]
    TooMany(#[from] codec::TooMany),
    /// The signature does not verify.
    #[error("the signature of entry {0} does not verify")]
    Signature(u64),
}

impl DecisionReceipt {
    /// The receipt of `decision`, given to `request` at this height.
    ///
    /// # Errors
    /// When the decision names more than a receipt holds.
    pub fn new(
        request: &Request,
        decision: &Decision,
        policy: &Policy,
        height: Height,
        state_root: Digest,
    ) -> Result<Self, EntryError> {
        Ok(Self {
            request: request.digest(),
            requester: request.requester.clone(),
            purpose: request.purpose.clone(),
            action: request.action,
            items: request.items.clone(),
            outcome: decision.outcome,
            effect: decision.effect,
            reason: decision.reason,
            item_decisions: decision.items.clone().try_into()?,
            obligations: decision.obligations.clone().try_into()?,
            considered: decision.considered.clone().try_into()?,
            height,
            state_root,
            policy: policy.digest(),
            vocabulary: policy.vocabulary().digest(),
            engine: ENGINE_VERSION,
        })
    }
}

impl EntryBody {
    /// The fields in their order, as canonical bytes. What may be shown to the requester stands apart from the rest.
    fn fields(&self) -> Vec<Vec<u8>> {
        let mut fields = vec![
            codec::encode(&self.custodian),
            codec::encode(&self.relationship),
            codec::encode(&self.number),
            codec::encode(&self.previous),
            codec::encode(&self.time),
        ];
        match &self.event {
            Event::Enrolment(enrolment) => fields.push(codec::encode(&(1u8, enrolment))),
            Event::Gap(gap) => fields.push(codec::encode(&(3u8, gap))),
            Event::Decision(receipt) => fields.extend([
                codec::encode(&2u8),
                codec::encode(&receipt.request),
                codec::encode(&receipt.requester),
                codec::encode(&receipt.purpose),
                codec::encode(&receipt.action),
                codec::encode(&receipt.items),
                codec::encode(&(receipt.outcome, receipt.effect)),
                codec::encode(&receipt.reason),
                codec::encode(&receipt.item_decisions),
                codec::encode(&receipt.obligations),
                codec::encode(&receipt.considered),
                codec::encode(&(receipt.height, receipt.state_root)),
                codec::encode(&receipt.policy),
                codec::encode(&(receipt.vocabulary, receipt.engine)),
            ]),
        }
        fields
    }

    fn root(&self, seed: &[u8; 32]) -> Digest {
        let fields = self.fields();
        let count = u64::try_from(fields.len()).unwrap_or(u64::MAX);
        let leaves = (0u64..).zip(&fields).map(|(index, bytes)| {
            let index = index.to_le_bytes();
            let salt = Context::EntrySalt.keyed_hash(seed, &[&index]);
            Context::EntryField.hash(&[&salt.0, &index, &count.to_le_bytes(), bytes])
        });
        fold(leaves.collect())
    }

    /// Hash of the entry: the head of the log after it.
    pub fn digest(&self, chain: &Digest, seed: &[u8; 32]) -> Digest {
        Context::Entry.hash(&[&chain.0, &self.root(seed).0])
    }

    /// Signs the entry with the custodian's gateway key. `seed` must be fresh and random.
    pub fn sign(self, chain: &Digest, seed: [u8; 32], gateway: &dyn Signer) -> LogEntry {
        let message = Domain::LogEntry.signing_bytes(chain, &self.digest(chain, &seed).0);
        let gateway = GatewaySignature { key: gateway.public_key(), signature: gateway.sign(&message) };
        LogEntry { body: self, seed, gateway }
    }
}

/// Root over the leaves, each layer's odd last one carried up. Every leaf carries its index and the number of leaves.
fn fold(mut layer: Vec<Digest>) -> Digest {
    while layer.len() > 1 {
        layer = layer
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => Context::EntryNode.hash(&[&left.0, &right.0]),
                alone => alone.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    layer.first().copied().unwrap_or_default()
}

impl LogEntry {
    /// Hash of the entry: the head of the log after it, and the id behind its label `A-…`.
    pub fn digest(&self, chain: &Digest) -> Digest {
        self.body.digest(chain, &self.seed)
    }

    /// Checks the signature. The caller checks that the key was the custodian's gateway key.
    ///
    /// # Errors
    /// When it does not verify.
    pub fn verify(&self, chain: &Digest, verifier: &dyn Verifier) -> Result<(), EntryError> {
        let message = Domain::LogEntry.signing_bytes(chain, &self.digest(chain).0);
        let check = Check { key: &self.gateway.key, message: &message, signature: &self.gateway.signature };
        if verifier.verify(check) { Ok(()) } else { Err(EntryError::Signature(self.body.number)) }
    }
}

#[cfg(test)]
mod tests;
