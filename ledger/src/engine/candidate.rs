//! A consent as the engine sees it: where it stands on the ledger, and its document if the custodian has it.

use crate::crypto::{Digest, PublicKey};
use crate::document::{ConsentDocument, commitment};
use crate::position::Height;
use bincode::{Decode, Encode};

/// Where a consent stands, from the ledger and from revocations that a node has seen and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Standing {
    /// In force on the ledger.
    InForce,
    /// In force on the ledger, with a verified revocation on its way: counts as revoked from now on.
    RevocationPending,
    /// Revoked on the ledger.
    Revoked,
}

/// What the custodian holds of a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The document of the version on the ledger.
    Document(Box<ConsentDocument>),
    /// Nothing that opens the commitment on the ledger.
    Missing,
}

/// One consent of the patient at this custodian, in the version that the ledger names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its key.
    pub consent: PublicKey,
    /// Latest version on the ledger.
    pub version: u32,
    /// Height at which that version became final.
    pub since: Height,
    /// What the ledger says the document's hash is.
    pub commitment: Digest,
    /// Where it stands.
    pub standing: Standing,
    content: Content,
}

impl Candidate {
    /// Joins the ledger's word and the custodian's copy. A copy that does not open the commitment, or names another
    /// consent or version, is no copy.
    pub fn new(
        consent: PublicKey,
        version: u32,
        since: Height,
        on_ledger: Digest,
        standing: Standing,
        held: Option<(&[u8; 32], &ConsentDocument)>,
    ) -> Self {
        let opens = |(salt, document): &(&[u8; 32], &ConsentDocument)| {
            document.consent == consent && document.version == version && commitment(salt, document) == on_ledger
        };
        let content = match held.filter(opens) {
            Some((_, document)) => Content::Document(Box::new(document.clone())),
            None => Content::Missing,
        };
        Self { consent, version, since, commitment: on_ledger, standing, content }
    }

    /// What the custodian holds.
    pub fn content(&self) -> &Content {
        &self.content
    }
}
