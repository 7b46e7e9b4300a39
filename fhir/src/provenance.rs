//! How a consent came to be as it is, as a `Provenance` (FHIR R4 4.0.1): one for each version that is final, one for the
//! end of the consent.
//!
//! `target` of a version names that version (`Consent/ID/_history/N`), as R4 recommends: without it the resource would
//! speak of whichever version is the newest when it is read. The end is of the consent, not of one of its versions, and
//! its target is `Consent/ID`.
//!
//! Deviations: what is signed is the ledger's canonical bytes and not the target in one of FHIR's formats, so the formats
//! have names of this project and [`data`] carries what was signed too. Nobody has written down when a wallet signed, so
//! `when` says that it is unknown; `recorded` is the block's time, before which it was. No profile is claimed.

use crate::datatype::coding;
use crate::import::written;
use crate::organization::{self, Organization};
use crate::patient;
use amanah_ledger::crypto::{Digest, PublicKey, Signature};
use amanah_ledger::document::Giver;
use amanah_ledger::exchange::{Certify, SignedCertify};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{GrantItem, RevokeProof, revoke_signing_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Format of the data of a signature: key, signature, and the bytes that were signed, one behind the other.
pub const SIGNATURE_FORMAT: &str = "application/x.amanah.signature";
/// Format of what a consent key signs to put a version on the ledger.
pub const ITEM_FORMAT: &str = "application/x.amanah.grant-item";
/// Format of what a relationship key signs to say that a document is its patient's consent.
pub const CERTIFICATE_FORMAT: &str = "application/x.amanah.certificate";
/// Format of what a consent key signs to end its consent.
pub const REVOCATION_FORMAT: &str = "application/x.amanah.revocation";

/// Something final that happened to a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Id of the resource.
    pub id: &'a str,
    /// Id of the Consent.
    pub consent: &'a str,
    /// Time of the block.
    pub at: UnixMs,
    /// `P-…`.
    pub patient: &'a str,
    /// Who holds the consent.
    pub custodian: &'a Organization,
    /// The network.
    pub chain: &'a Digest,
    /// What happened.
    pub act: Act<'a>,
}

/// What happened to a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<'a> {
    /// A version of it came into force.
    Granted(Granted<'a>),
    /// It ended.
    Revoked {
        /// Its key.
        consent: &'a PublicKey,
        /// Why it may.
        proof: &'a RevokeProof,
    },
}

/// A version of a consent, and who stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted<'a> {
    /// What stands on the ledger.
    pub item: &'a GrantItem,
    /// Signature of the consent's key over it.
    pub signature: &'a Signature,
    /// The patient's word that the document is theirs.
    pub certificate: &'a SignedCertify,
    /// Who gave it, as the document says.
    pub giver: &'a Giver,
}

/// Why there is no such resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceError {
    /// Whoever gave it would have to be named.
    #[error("it was given by somebody else for the patient, whom nothing here names")]
    GivenByAnother,
    /// The certificate is about another consent, version or document than the item.
    #[error("what the patient certified is not what stands on the ledger")]
    Differs,
}

/// The resource.
///
/// # Errors
/// When it cannot be said who gave the consent, or its two signatures are about different things.
pub fn provenance(event: &Event<'_>) -> Result<Value, ProvenanceError> {
    let Event { id, consent, at, chain, act, .. } = event;
    let whole = format!("Consent/{consent}");
    let mut resource = json!({
        "resourceType": "Provenance",
        "id": id,
        "occurredDateTime": written(*at),
        "recorded": written(*at),
        "policy": [format!("urn:amanah:network:{chain}")],
    });
    match act {
        Act::Granted(granted) => {
            let number = granted.item.version;
            let version = |number: u32| json!({ "reference": format!("{whole}/_history/{number}"), "type": "Consent" });
            resource["target"] = json!([version(number)]);
            resource["activity"] = if number > 1 { operations(&[REVISE]) } else { operations(&[CREATE]) };
            resource["agent"] = agents(event, author(event, granted)?);
            if number > 1 {
                resource["entity"] = json!([{ "role": "revision", "what": version(number - 1) }]);
            }
            resource["signature"] = signatures_of(event, granted)?;
        }
        Act::Revoked { consent, proof } => {
            resource["target"] = json!([{ "reference": whole, "type": "Consent" }]);
            resource["activity"] = operations(&[REVISE, ABORT]);
            resource["agent"] = agents(event, whoever_ended(event, proof));
            if let RevokeProof::Key(signature) = proof {
                let message = revoke_signing_bytes(chain, consent);
                resource["signature"] =
                    json!([signed(event, AUTHORS, REVOCATION_FORMAT, &data(consent, signature, &message))]);
            }
        }
    }
    Ok(resource)
}

/// What a signature's `data` holds, before it is written in base64: the key (32 bytes), the signature (64), and all the
/// rest is the message. Anything that checks ed25519 signatures needs no more.
pub fn data(key: &PublicKey, signature: &Signature, message: &[u8]) -> Vec<u8> {
    [&key.0, &signature.0[..], message].concat()
}

/// Code and display of `v3-DataOperation`. R4's value set for `activity` has the first two of them, the third says more.
type Operation = (&'static str, &'static str);
const CREATE: Operation = ("CREATE", "create");
const REVISE: Operation = ("UPDATE", "revise");
const ABORT: Operation = ("ABORT", "abort");

fn operations(all: &[Operation]) -> Value {
    const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-DataOperation";
    json!({ "coding": all.iter().map(|(code, display)| coding(SYSTEM, code, display)).collect::<Vec<_>>() })
}

fn agent(code: &str, display: &str, who: &Value) -> Value {
    const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
    json!({ "type": { "coding": [coding(SYSTEM, code, display)] }, "who": who })
}

/// Whoever acted, and the hospital that holds the consent.
fn agents(event: &Event<'_>, acted: Value) -> Value {
    json!([acted, agent("custodian", "Custodian", &organization::reference(event.custodian))])
}

fn author(event: &Event<'_>, granted: &Granted<'_>) -> Result<Value, ProvenanceError> {
    match granted.giver {
        Giver::Patient => Ok(agent("author", "Author", &patient::reference(event.patient))),
        Giver::Guardian { .. } | Giver::Attested { .. } => Err(ProvenanceError::GivenByAnother),
    }
}

fn whoever_ended(event: &Event<'_>, proof: &RevokeProof) -> Value {
    match proof {
        RevokeProof::Key(_) => agent("author", "Author", &patient::reference(event.patient)),
        // A slip of paper says nothing about who holds it.
        RevokeProof::Slip(_) => {
            agent("performer", "Performer", &json!({ "display": "Whoever held the patient's revocation slip" }))
        }
        RevokeProof::Custodian(_) => agent("author", "Author", &organization::reference(event.custodian)),
    }
}

/// Code and display of a signature's purpose (ASTM E1762).
type Purpose = (&'static str, &'static str);
const AUTHORS: Purpose = ("1.2.840.10065.1.12.1.1", "Author's Signature");
const CONSENT: Purpose = ("1.2.840.10065.1.12.1.7", "Consent Signature");

/// By the consent's key, which the ledger has checked, and by the relationship's, which only the custodian knows.
fn signatures_of(event: &Event<'_>, granted: &Granted<'_>) -> Result<Value, ProvenanceError> {
    let Granted { item, signature, certificate, .. } = granted;
    let GrantItem { consent, version, commitment, .. } = **item;
    if certificate.certify != (Certify { consent, version, commitment }) {
        return Err(ProvenanceError::Differs);
    }
    let of_item = data(&consent, signature, &item.signing_bytes(event.chain));
    let SignedCertify { certify, relationship, signature } = certificate;
    let of_certificate = data(relationship, signature, &certify.signing_bytes(event.chain));
    Ok(json!([
        signed(event, CONSENT, CERTIFICATE_FORMAT, &of_certificate),
        signed(event, AUTHORS, ITEM_FORMAT, &of_item),
    ]))
}

/// A signature of the patient's.
fn signed(event: &Event<'_>, (code, display): Purpose, format: &str, data: &[u8]) -> Value {
    let unknown =
        json!({ "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown" });
    json!({
        "type": [coding("urn:iso-astm:E1762-95:2013", code, display)],
        "_when": { "extension": [unknown] },
        "who": patient::reference(event.patient),
        "targetFormat": format,
        "sigFormat": SIGNATURE_FORMAT,
        "data": STANDARD.encode(data),
    })
}

#[cfg(test)]
mod tests;
