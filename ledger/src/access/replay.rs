//! An old decision worked out again: from the facts of its moment, by the rules that its receipt names. The same inputs
//! have the same answer for ever, so an answer that does not come out again is not what the rules gave.
//!
//! What holds after [`replay()`] says [`Answer::Same`]: the entry is the custodian's word, the consents it names stood so
//! on the ledger at its height, each document is certified by the patient and is the one on the ledger, and the engine
//! gives the answer that the receipt states. Whether the custodian named every consent then in force, the patient's
//! wallet knows, and the holder of this record does not.

use super::entry::{DecisionReceipt, EntryBody, EntryError, Event};
use crate::claims::{ClaimError, ConsentClaim};
use crate::crypto::{Digest, PublicKey, Verifier};
use crate::engine::{Candidate, Considered, Decision, ENGINE_VERSION, Policy, ReasonCode, Request, Standing, decide};
use crate::exchange::{AccessRecord, Certify, ConsentThen, ExchangeError, HeldConsent, Kept};
use crate::genesis::Parameters;
use crate::label::Label;
use crate::leaf::{ConsentLeaf, KeyRole, Leaf, LeafKey};
use crate::member::MemberId;
use crate::proof::{Shown, VerifiedState};
use crate::vocabulary::Vocabulary;

/// Rules that a receipt names and this program or network does not have: nothing follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtherRules {
    /// Another version of the engine.
    #[error("it was decided by version {0} of the engine; this program has version {ENGINE_VERSION}")]
    Engine(u32),
    /// A table of codes that this program does not have.
    #[error("it was decided by the vocabulary {0}, which this program does not have")]
    Vocabulary(Digest),
    /// Other parameters than the network's.
    #[error("it was decided under the policy {0}, which is not the network's")]
    Policy(Digest),
}

/// The request that a receipt answers.
pub fn request_of(body: &EntryBody, receipt: &DecisionReceipt, chain: &Digest) -> Request {
    Request {
        chain: *chain,
        custodian: body.custodian,
        relationship: body.relationship,
        requester: receipt.requester.clone(),
        purpose: receipt.purpose.clone(),
        action: receipt.action,
        items: receipt.items.clone(),
    }
}

/// Decides once more what a receipt answers, at its time and by the rules that it names.
///
/// # Errors
/// When this program or network does not have those rules.
pub fn decide_again(
    body: &EntryBody,
    receipt: &DecisionReceipt,
    chain: &Digest,
    parameters: &Parameters,
    candidates: &[Candidate],
) -> Result<Decision, OtherRules> {
    if receipt.engine != ENGINE_VERSION {
        return Err(OtherRules::Engine(receipt.engine));
    }
    let vocabulary = Vocabulary::of(&receipt.vocabulary).ok_or(OtherRules::Vocabulary(receipt.vocabulary))?;
    let policy = Policy::of(parameters).reading(vocabulary);
    if receipt.policy != policy.digest() {
        return Err(OtherRules::Policy(receipt.policy));
    }
    Ok(decide(candidates, &request_of(body, receipt, chain), body.time, &policy))
}

/// What a record is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The network.
    pub chain: &'a Digest,
    /// Who decided.
    pub custodian: MemberId,
    /// Proven states that show all [`leaf_keys`], each no older than the decision.
    pub states: &'a [VerifiedState],
}

/// The leaves that a record is checked against.
pub fn leaf_keys(record: &AccessRecord, custodian: MemberId) -> Vec<LeafKey> {
    let consents = record.consents.iter().map(|one| LeafKey::Consent(one.stood.consent));
    [LeafKey::Member(custodian), LeafKey::Parameters].into_iter().chain(consents).collect()
}

/// Why a record is not what its holder was told it is. Nothing follows from it about the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The entry is no decision.
    #[error("the entry is no decision")]
    NotADecision,
    /// Another access than the one asked for, or an altered entry.
    #[error("the entry has the code {0}")]
    OtherAccess(Label),
    /// Another hospital's entry.
    #[error("the entry is another hospital's")]
    Elsewhere,
    /// The signature does not hold.
    #[error(transparent)]
    Signature(#[from] EntryError),
    /// Signed by a key that was not the hospital's at that height.
    #[error("the entry is signed by a key that was not the hospital's then")]
    NotItsKey,
    /// Other consents than those that the receipt names.
    #[error("the consents beside the entry are not those that it names")]
    OtherConsents,
    /// A document that is not the patient's consent.
    #[error("the document of {consent} is not the consent: {why}")]
    Document {
        /// The consent.
        consent: Label,
        /// What does not fit.
        why: ExchangeError,
    },
    /// A consent is given as ended, and the ledger says otherwise.
    #[error("{0} is said to have ended, and had not")]
    NotEnded(Label),
    /// The states do not show what is needed.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

/// In what an answer worked out again is another than the receipt's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A consent that the receipt rests on did not stand so on the ledger at its height.
    Consent(PublicKey),
    /// The request is not the one whose hash the receipt states.
    Request,
    /// What the consents say.
    Outcome,
    /// What the custodian does.
    Effect,
    /// Why.
    Reason,
    /// The answers for single items.
    Items,
    /// What the requester must do.
    Obligations,
    /// Which consents were looked at.
    Considered,
}

impl Part {
    /// As interfaces spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consent(_) => "consent",
            Self::Request => "request",
            Self::Outcome => "decision",
            Self::Effect => "effect",
            Self::Reason => "code",
            Self::Items => "items",
            Self::Obligations => "obligations",
            Self::Considered => "considered",
        }
    }
}

/// Why nothing follows, either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// It was decided by rules that are not here.
    Rules(OtherRules),
    /// Documents that it may have rested on are not here any more.
    DocumentsMissing,
    /// It rests on a revocation that was on its way then, and is not on the ledger yet.
    RevocationOnItsWay(PublicKey),
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The rules give the answer that was given.
    Same(Decision),
    /// They give another.
    Differs {
        /// The answer that they give.
        decision: Decision,
        /// In what.
        parts: Vec<Part>,
    },
    /// It cannot be worked out here and now.
    Hindered(Hindrance),
}

/// A decision worked out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// What comes of it.
    pub answer: Answer,
    /// Consents that have a later version since: the ledger's proof of the earlier one is not here, only the receipt's
    /// word and the patient's certificate.
    pub unproven: Vec<PublicKey>,
    /// Consents whose documents are not here.
    pub missing: Vec<PublicKey>,
}

/// Works a decision out again. `access` is the code that it was asked for by.
///
/// # Errors
/// When the record does not hold: it is not the hospital's word, or not about that access.
pub fn replay(
    record: &AccessRecord,
    access: &Label,
    ground: &Ground<'_>,
    verifier: &dyn Verifier,
) -> Result<Replayed, RecordError> {
    let body = &record.entry.body;
    let receipt = receipt_of(record, access, ground, verifier)?;
    let mut facts = Facts { receipt, body, ground, parts: Vec::new(), unproven: Vec::new(), on_its_way: None };
    let mut candidates = Vec::new();
    for one in record.consents.iter() {
        candidates.push(facts.candidate(one, verifier)?);
    }
    let Facts { mut parts, unproven, on_its_way, .. } = facts;
    let is_missing = |one: &&ConsentThen| !matches!(one.document, Kept::Held(_));
    let missing: Vec<PublicKey> = record.consents.iter().filter(is_missing).map(|one| one.stood.consent).collect();
    let parameters = ground.parameters()?;
    let answer = match decide_again(body, receipt, ground.chain, parameters, &candidates) {
        Err(rules) => Answer::Hindered(Hindrance::Rules(rules)),
        Ok(decision) => {
            let is_certain = !parts.is_empty();
            parts.extend(differing(receipt, &decision, &request_of(body, receipt, ground.chain)));
            match (parts.is_empty(), on_its_way) {
                // What was not needed for the same answer may be gone.
                (true, None) => Answer::Same(decision),
                (true, Some(consent)) => Answer::Hindered(Hindrance::RevocationOnItsWay(consent)),
                (false, _) if !missing.is_empty() && !is_certain => Answer::Hindered(Hindrance::DocumentsMissing),
                (false, _) => Answer::Differs { decision, parts },
            }
        }
    };
    Ok(Replayed { answer, unproven, missing })
}

/// The receipt, once it is the custodian's word about this access, and the consents beside it are those that it names.
fn receipt_of<'a>(
    record: &'a AccessRecord,
    access: &Label,
    ground: &Ground<'_>,
    verifier: &dyn Verifier,
) -> Result<&'a DecisionReceipt, RecordError> {
    let entry = &record.entry;
    let label = Label::access(&entry.digest(ground.chain));
    if label != *access {
        return Err(RecordError::OtherAccess(label));
    }
    if entry.body.custodian != ground.custodian {
        return Err(RecordError::Elsewhere);
    }
    let Event::Decision(receipt) = &entry.body.event else { return Err(RecordError::NotADecision) };
    entry.verify(ground.chain, verifier)?;
    let Leaf::Member(member) = ground.leaf(&LeafKey::Member(ground.custodian))? else {
        return Err(ClaimError::NotShown.into());
    };
    if !member.had_key(KeyRole::Gateway, &entry.gateway.key, receipt.height) {
        return Err(RecordError::NotItsKey);
    }
    let standing = |one: &&ConsentThen| one.stood.standing != Standing::Revoked;
    let named: Vec<Considered> = record.consents.iter().filter(standing).map(|one| one.stood).collect();
    if named != receipt.considered.as_slice() {
        return Err(RecordError::OtherConsents);
    }
    Ok(receipt)
}

impl Ground<'_> {
    fn state(&self, key: &LeafKey) -> Result<&VerifiedState, ClaimError> {
        self.states.iter().find(|state| state.shown(key) != Shown::NotAsked).ok_or(ClaimError::NotShown)
    }

    fn leaf(&self, key: &LeafKey) -> Result<&Leaf, ClaimError> {
        self.state(key)?.get(key).ok_or(ClaimError::NotShown)
    }

    fn parameters(&self) -> Result<&Parameters, ClaimError> {
        let Leaf::Parameters(leaf) = self.leaf(&LeafKey::Parameters)? else { return Err(ClaimError::NotShown) };
        Ok(&leaf.parameters)
    }
}

/// What is found out about the consents of a record on the way.
struct Facts<'a> {
    receipt: &'a DecisionReceipt,
    body: &'a EntryBody,
    ground: &'a Ground<'a>,
    parts: Vec<Part>,
    unproven: Vec<PublicKey>,
    on_its_way: Option<PublicKey>,
}

impl Facts<'_> {
    /// A consent as the engine saw it then.
    fn candidate(&mut self, one: &ConsentThen, verifier: &dyn Verifier) -> Result<Candidate, RecordError> {
        let Considered { consent, version, commitment, standing } = one.stood;
        let leaf = match standing {
            Standing::Revoked => Some(self.ended(&one.stood)?),
            Standing::InForce | Standing::RevocationPending => self.in_force(&one.stood)?,
        };
        // When it came into force decides only between consents that replace each other.
        let since = leaf.map_or(self.receipt.height, |leaf| leaf.since);
        let held = match &one.document {
            Kept::Held(held) => Some(self.certified(held, &one.stood, verifier)?),
            Kept::Gone | Kept::LeftOut => None,
        };
        // The custodian says that its copy was missing then, and refused: the copy may have been found since.
        let held = held.filter(|_| !self.was_missing(&consent));
        let held = held.map(|held| (&held.salt, &held.document));
        Ok(Candidate::new(consent, version, since, commitment, standing, held))
    }

    /// That it stood so at the receipt's height; the leaf, where the ledger still shows it.
    fn in_force(&mut self, stood: &Considered) -> Result<Option<ConsentLeaf>, RecordError> {
        let (consent, height) = (stood.consent, self.receipt.height);
        let state = self.ground.state(&LeafKey::Consent(consent))?;
        let leaf = match state.in_force_as_of(&consent, height, &[]) {
            Err(ClaimError::VersionMissing(_)) => {
                self.unproven.push(consent);
                return Ok(None);
            }
            shown => shown?,
        };
        let is_this = |leaf: &ConsentLeaf| {
            leaf.custodian == self.body.custodian
                && leaf.version == stood.version
                && leaf.commitment == stood.commitment
        };
        let leaf = leaf.filter(is_this);
        if leaf.is_none() {
            self.parts.push(Part::Consent(consent));
        }
        let has_ended = matches!(state.consent(&consent)?, ConsentClaim::Revoked { .. });
        if stood.standing == Standing::RevocationPending && !has_ended {
            self.on_its_way = Some(consent);
        }
        Ok(leaf)
    }

    /// That it had ended by the receipt's height.
    fn ended(&self, stood: &Considered) -> Result<ConsentLeaf, RecordError> {
        match self.ground.state(&LeafKey::Consent(stood.consent))?.consent(&stood.consent)? {
            ConsentClaim::Revoked { leaf, height, .. }
                if height <= self.receipt.height
                    && leaf.version == stood.version
                    && leaf.commitment == stood.commitment =>
            {
                Ok(*leaf)
            }
            ConsentClaim::Revoked { .. } | ConsentClaim::Granted(_) | ConsentClaim::NeverExisted => {
                Err(RecordError::NotEnded(Label::consent(&stood.consent)))
            }
        }
    }

    /// The document, if the patient of this log certified it as this version.
    fn certified<'h>(
        &self,
        held: &'h HeldConsent,
        stood: &Considered,
        verifier: &dyn Verifier,
    ) -> Result<&'h HeldConsent, RecordError> {
        let Considered { consent, version, commitment, .. } = *stood;
        let checked = held.verify(self.ground.chain, verifier).and_then(|()| {
            if held.certificate.certify != (Certify { consent, version, commitment }) {
                return Err(ExchangeError::Mismatch("the certificate"));
            }
            if held.document.relationship != self.body.relationship {
                return Err(ExchangeError::Mismatch("the relationship"));
            }
            Ok(held)
        });
        checked.map_err(|why| RecordError::Document { consent: Label::consent(&consent), why })
    }

    fn was_missing(&self, consent: &PublicKey) -> bool {
        let items = self.receipt.item_decisions.iter().map(|item| item.reason);
        let mut reasons = items.chain([self.receipt.reason]);
        reasons.any(|reason| reason.code == ReasonCode::Incident && reason.consent == Some(*consent))
    }
}

fn differing(receipt: &DecisionReceipt, decision: &Decision, request: &Request) -> Vec<Part> {
    let same = [
        (Part::Request, receipt.request == request.digest()),
        (Part::Outcome, receipt.outcome == decision.outcome),
        (Part::Effect, receipt.effect == decision.effect),
        (Part::Reason, receipt.reason == decision.reason),
        (Part::Items, *receipt.item_decisions == *decision.items),
        (Part::Obligations, *receipt.obligations == *decision.obligations),
        (Part::Considered, *receipt.considered == *decision.considered),
    ];
    same.into_iter().filter(|(_, is_same)| !is_same).map(|(part, _)| part).collect()
}

#[cfg(test)]
mod tests;
