//! What wallets and nodes say to each other, in canonical bytes. Every signature here is by a relationship key or a
//! gateway key, in a domain of its own, and names network and custodian.

mod access_record;

pub use access_record::{
    ACCESS_SEARCH_BYTES_MAX, AccessRecord, AccessSearch, ConsentThen, Kept, RECORD_CONSENTS_MAX,
    RECORD_DOCUMENTS_BYTES_MAX,
};

use crate::access::{DayProof, EntryBody, LogEntry};
use crate::codec::{self, BoundedVec};
use crate::crypto::{Check, Digest, Domain, PublicKey, Signature, Signer, Verifier};
use crate::document::{ConsentDocument, DOCUMENT_BYTES_MAX, commitment};
use crate::member::MemberId;
use crate::time::{Day, UnixMs};
use crate::transaction::{GatewaySignature, GrantItem, WireId};
use bincode::{Decode, Encode};

/// Longest encoded message of a wallet that carries no document.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// Longest encoded [`GrantRequest`].
pub const GRANT_REQUEST_BYTES_MAX: usize = DOCUMENT_BYTES_MAX + MESSAGE_BYTES_MAX;
/// Most entries of one [`LogPage`].
pub const LOG_PAGE_ENTRIES_MAX: usize = 128;
/// Most days of one query.
pub const DAYS_MAX: usize = 31;
/// Most consents a custodian gives back at once.
pub const HELD_CONSENTS_MAX: usize = 1024;
/// A sign-in is accepted if its time is at most this far from the node's clock.
pub const LOGIN_SKEW_MS: u64 = 5 * 60 * 1000;

/// Why a signed message is not what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The signature does not verify.
    #[error("the signature does not verify")]
    Signature,
    /// It is about another network or custodian.
    #[error("it is about another network or hospital")]
    Elsewhere,
    /// Its parts are about different consents.
    #[error("{0} does not fit the other parts")]
    Mismatch(&'static str),
    /// A key that must not be registered.
    #[error(transparent)]
    Key(#[from] crate::crypto::WeakKeyError),
}

fn check(key: &PublicKey, message: &[u8], signature: &Signature, by: &dyn Verifier) -> Result<(), ExchangeError> {
    if by.verify(Check { key, message, signature }) { Ok(()) } else { Err(ExchangeError::Signature) }
}

/// "I begin a relationship with this custodian."
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Enrolment {
    /// Whom with.
    pub custodian: MemberId,
    /// Key of the relationship.
    pub relationship: PublicKey,
    /// Which generation of keys.
    pub generation: u32,
    /// The log key: secret, for the custodian alone.
    pub log_key: [u8; 32],
}

/// An enrolment with proof that the wallet holds the key.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedEnrolment {
    /// The enrolment.
    pub enrolment: Enrolment,
    /// By the relationship key.
    pub signature: Signature,
}

/// "Entry 1 of my log says how we began, and I accept it."
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedAcceptance {
    /// Key of the relationship.
    pub relationship: PublicKey,
    /// Hash of entry 1.
    pub entry: Digest,
    /// By the relationship key.
    pub signature: Signature,
}

/// "It is me", for one session at one node.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Login {
    /// Whose node.
    pub custodian: MemberId,
    /// Key of the relationship.
    pub relationship: PublicKey,
    /// TLS exporter of the connection; zeros on plain loopback.
    pub binding: [u8; 32],
    /// The node's challenge.
    pub nonce: [u8; 32],
    /// The wallet's clock.
    pub time: UnixMs,
}

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SignedLogin {
    /// What is signed.
    pub login: Login,
    /// By the relationship key.
    pub signature: Signature,
}

/// "This document is my consent."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Certify {
    /// The consent.
    pub consent: PublicKey,
    /// Which version.
    pub version: u32,
    /// Salted hash of the document.
    pub commitment: Digest,
}

/// A certification by a relationship key. Without it a document is nobody's consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct SignedCertify {
    /// What is certified.
    pub certify: Certify,
    /// Who certifies.
    pub relationship: PublicKey,
    /// By that key.
    pub signature: Signature,
}

/// A consent on its way to the custodian and the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct GrantRequest {
    /// What goes on the ledger.
    pub item: GrantItem,
    /// Signature of the consent key over the item.
    pub item_signature: Signature,
    /// What the patient agreed to.
    pub document: ConsentDocument,
    /// Salt of the commitment.
    pub salt: [u8; 32],
    /// The patient's word that it is theirs.
    pub certificate: SignedCertify,
}

/// A consent as the custodian holds it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct HeldConsent {
    /// What the patient agreed to.
    pub document: ConsentDocument,
    /// Salt of the commitment.
    pub salt: [u8; 32],
    /// The patient's word that it is theirs.
    pub certificate: SignedCertify,
}

/// What a custodian gives back to a wallet: all versions of all consents, by consent and version.
pub type HeldConsents = BoundedVec<HeldConsent, HELD_CONSENTS_MAX>;

/// Part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LogPage {
    /// Entries of the whole log.
    pub total: u64,
    /// Some of them, in order.
    pub entries: BoundedVec<LogEntry, LOG_PAGE_ENTRIES_MAX>,
}

/// "Prove what your access tree of this day and root says about me."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct DayQuery {
    /// The day.
    pub day: Day,
    /// An anchored root of it.
    pub root: Digest,
}

/// Several days.
pub type DayQueries = BoundedVec<DayQuery, DAYS_MAX>;

/// Answers to [`DayQueries`], in their order.
pub type DayProofs = BoundedVec<DayProof, DAYS_MAX>;

/// "I have this revocation on disk and enforce it."
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct RevocationAccepted {
    /// Whose node.
    pub member: MemberId,
    /// The consent that ends.
    pub consent: PublicKey,
    /// The transaction.
    pub wire_id: WireId,
    /// The node's clock.
    pub time: UnixMs,
    /// By the member's gateway key.
    pub gateway: GatewaySignature,
}

impl Enrolment {
    fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::Enrolment.signing_bytes(chain, &codec::encode(self))
    }

    /// Signs with the relationship key.
    pub fn sign(self, chain: &Digest, relationship: &dyn Signer) -> SignedEnrolment {
        SignedEnrolment { signature: relationship.sign(&self.signing_bytes(chain)), enrolment: self }
    }
}

impl SignedEnrolment {
    /// Checks that the wallet holds the key, and means this custodian.
    ///
    /// # Errors
    /// When the key is weak, the custodian another, or the signature bad.
    pub fn verify(
        &self,
        chain: &Digest,
        custodian: &MemberId,
        verifier: &dyn Verifier,
    ) -> Result<&Enrolment, ExchangeError> {
        self.enrolment.relationship.check_strength()?;
        if self.enrolment.custodian != *custodian {
            return Err(ExchangeError::Elsewhere);
        }
        let message = self.enrolment.signing_bytes(chain);
        check(&self.enrolment.relationship, &message, &self.signature, verifier)?;
        Ok(&self.enrolment)
    }
}

impl SignedAcceptance {
    fn signing_bytes(chain: &Digest, entry: &Digest) -> Vec<u8> {
        Domain::EnrolmentAccepted.signing_bytes(chain, &entry.0)
    }

    /// Accepts entry 1 of a log.
    pub fn sign(chain: &Digest, entry: &LogEntry, relationship: &dyn Signer) -> Self {
        let entry = entry.digest(chain);
        let signature = relationship.sign(&Self::signing_bytes(chain, &entry));
        Self { relationship: relationship.public_key(), entry, signature }
    }

    /// Checks that it accepts this entry, signed by the key that the entry enrols.
    ///
    /// # Errors
    /// When it is about another entry or key, or the signature is bad.
    pub fn verify(&self, chain: &Digest, entry: &LogEntry, verifier: &dyn Verifier) -> Result<(), ExchangeError> {
        let EntryBody { relationship, .. } = &entry.body;
        if self.relationship != *relationship || self.entry != entry.digest(chain) {
            return Err(ExchangeError::Mismatch("the accepted entry"));
        }
        check(relationship, &Self::signing_bytes(chain, &self.entry), &self.signature, verifier)
    }
}

impl Login {
    fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::Login.signing_bytes(chain, &codec::encode(self))
    }

    /// Signs with the relationship key.
    pub fn sign(self, chain: &Digest, relationship: &dyn Signer) -> SignedLogin {
        SignedLogin { signature: relationship.sign(&self.signing_bytes(chain)), login: self }
    }
}

impl SignedLogin {
    /// Checks who signs in, and that it is here. The caller checks nonce, binding and time.
    ///
    /// # Errors
    /// When the sign-in is for another hospital or the signature is bad.
    pub fn verify(
        &self,
        chain: &Digest,
        custodian: &MemberId,
        verifier: &dyn Verifier,
    ) -> Result<&Login, ExchangeError> {
        if self.login.custodian != *custodian {
            return Err(ExchangeError::Elsewhere);
        }
        check(&self.login.relationship, &self.login.signing_bytes(chain), &self.signature, verifier)?;
        Ok(&self.login)
    }
}

impl Certify {
    /// The bytes the relationship key signs.
    pub fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::Certify.signing_bytes(chain, &codec::encode(self))
    }

    /// Certifies `document` under `salt`.
    pub fn of(document: &ConsentDocument, salt: &[u8; 32]) -> Self {
        Self { consent: document.consent, version: document.version, commitment: commitment(salt, document) }
    }

    /// Signs with the relationship key.
    pub fn sign(self, chain: &Digest, relationship: &dyn Signer) -> SignedCertify {
        let signature = relationship.sign(&self.signing_bytes(chain));
        SignedCertify { certify: self, relationship: relationship.public_key(), signature }
    }
}

impl HeldConsent {
    /// Checks that the document is certified by the relationship it names, in the version it names.
    ///
    /// # Errors
    /// Names the part that does not fit.
    pub fn verify(&self, chain: &Digest, verifier: &dyn Verifier) -> Result<(), ExchangeError> {
        let SignedCertify { certify, relationship, signature } = &self.certificate;
        if self.document.chain != *chain {
            return Err(ExchangeError::Elsewhere);
        }
        if self.document.relationship != *relationship {
            return Err(ExchangeError::Mismatch("the relationship"));
        }
        if *certify != Certify::of(&self.document, &self.salt) {
            return Err(ExchangeError::Mismatch("the commitment"));
        }
        check(relationship, &certify.signing_bytes(chain), signature, verifier)
    }
}

impl GrantRequest {
    /// Checks that item, document, salt and certificate are about one consent of one custodian, and both signatures.
    /// Whether the document can be enforced and its sentence is true are checks of their own.
    ///
    /// # Errors
    /// Names the part that does not fit.
    pub fn verify(&self, chain: &Digest, verifier: &dyn Verifier) -> Result<(), ExchangeError> {
        let GrantItem { custodian, consent, version, commitment, .. } = &self.item;
        if self.document.custodian_id() != *custodian {
            return Err(ExchangeError::Mismatch("the custodian"));
        }
        if self.certificate.certify != (Certify { consent: *consent, version: *version, commitment: *commitment }) {
            return Err(ExchangeError::Mismatch("the certificate"));
        }
        consent.check_strength()?;
        check(consent, &self.item.signing_bytes(chain), &self.item_signature, verifier)?;
        self.clone().into_held().verify(chain, verifier)
    }

    /// What the custodian keeps of it.
    pub fn into_held(self) -> HeldConsent {
        HeldConsent { document: self.document, salt: self.salt, certificate: self.certificate }
    }
}

impl RevocationAccepted {
    fn signing_bytes(chain: &Digest, parts: &(MemberId, PublicKey, WireId, UnixMs)) -> Vec<u8> {
        Domain::RevocationAccepted.signing_bytes(chain, &codec::encode(parts))
    }

    /// Signs with the member's gateway key, after the revocation is on disk.
    pub fn sign(
        chain: &Digest,
        member: MemberId,
        consent: PublicKey,
        wire_id: WireId,
        time: UnixMs,
        gateway: &dyn Signer,
    ) -> Self {
        let signature = gateway.sign(&Self::signing_bytes(chain, &(member, consent, wire_id, time)));
        Self { member, consent, wire_id, time, gateway: GatewaySignature { key: gateway.public_key(), signature } }
    }

    /// Checks the signature. The caller checks that the key is the member's gateway key.
    ///
    /// # Errors
    /// When the signature is bad.
    pub fn verify(&self, chain: &Digest, verifier: &dyn Verifier) -> Result<(), ExchangeError> {
        let parts = (self.member, self.consent, self.wire_id, self.time);
        check(&self.gateway.key, &Self::signing_bytes(chain, &parts), &self.gateway.signature, verifier)
    }
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Enrolment({:?})", self.relationship)
    }
}

impl std::fmt::Debug for SignedEnrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.enrolment.fmt(f)
    }
}

#[cfg(test)]
mod tests;
