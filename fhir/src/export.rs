//! A consent of the ledger as a FHIR R4 Consent that comes in again as the same document.
//!
//! Around `provision` stands what the consent came with, if it came from FHIR and the wallet has kept it; otherwise the
//! little that R4 asks for. Before a resource leaves it is read again: one that does not give the very same document is
//! not written. What R4 has no element for is refused by name.

mod provision;

#[cfg(test)]
mod tests;

use crate::import::{self, Named, written};
use crate::mark::Mark;
use amanah_ledger::compose::{Place, write};
use amanah_ledger::crypto::Digest;
use amanah_ledger::document::{Actor, Class, ConsentDocument, Root, RuleBody};
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::system;
use serde_json::{Map, Value, json};

/// Whether the consent is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Active,
    /// It was revoked.
    Inactive,
}

/// Why there is no such resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// R4 has no element that means this and nothing else.
    #[error("FHIR R4 has no element for {0}")]
    NotSayable(&'static str),
    /// What was kept does not say what the document says.
    #[error("what came with the consent does not say what the consent says")]
    Differs,
}

/// The resource of a document. `kept` is what it came with, as [`import::Imported::kept`] had it.
///
/// # Errors
/// When R4 cannot say it, or what was kept says something else.
pub fn export(
    document: &ConsentDocument,
    status: Status,
    kept: Option<&Map<String, Value>>,
) -> Result<Value, ExportError> {
    let Root::Rule(root) = &document.root else {
        return Err(ExportError::NotSayable("a base decision without a root rule"));
    };
    if !document.supersedes.is_empty() {
        return Err(ExportError::NotSayable("replacing consents of the ledger"));
    }
    let mut fields = match kept {
        Some(kept) => kept.clone(),
        None => bare(document, root)?,
    };
    let period = json!({ "start": written(document.period.from), "end": written(document.period.until) });
    match fields.get_mut("provision").and_then(Value::as_object_mut) {
        Some(provision) => provision.insert("period".to_owned(), period),
        None => return Err(ExportError::Differs),
    };
    let mut extensions = match fields.remove("extension") {
        Some(Value::Array(extensions)) => extensions,
        Some(_) => return Err(ExportError::Differs),
        None => Vec::new(),
    };
    extensions.push(Mark::of(document).written());
    fields.insert("extension".to_owned(), Value::Array(extensions));
    let mut resource = Value::Object(fields);
    if again(&resource, document).as_ref() != Some(document) {
        return Err(ExportError::Differs);
    }
    if status == Status::Inactive {
        resource["status"] = "inactive".into();
    }
    Ok(resource)
}

/// The same resource with an id and the version that it is, in force since `since`.
pub fn identified(mut resource: Value, id: &str, version: u32, since: UnixMs) -> Value {
    resource["id"] = id.into();
    resource["meta"] = json!({ "versionId": version.to_string(), "lastUpdated": written(since) });
    resource
}

/// The document that this resource gives.
fn again(resource: &Value, document: &ConsentDocument) -> Option<ConsentDocument> {
    let imported = import::read(resource, &|named| known(document, named)).ok()?;
    let place = Place {
        chain: document.chain,
        custodian: document.custodian.clone(),
        relationship: document.relationship,
        consent: document.consent,
        version: document.version,
    };
    let is_the_same = imported.mark.as_ref() == Some(&Mark::of(document));
    write(place, imported.as_given().ok()?).ok().filter(|_| is_the_same)
}

/// An actor of the document by the name that a file gives it.
pub(crate) fn known(document: &ConsentDocument, named: &Named) -> Option<Actor> {
    let Root::Rule(root) = &document.root else { return None };
    let bodies = std::iter::once(root).chain(document.rules.iter().map(|rule| &rule.body));
    let is_called = |actor: &&Actor| {
        let member = actor.member();
        let is_member = |text: &str| text == member.id.to_string() || text == member.name.as_str();
        match (named, actor) {
            (Named::Member(member), Actor::Member(_)) => is_member(member),
            (Named::Practitioner { member, handle }, Actor::Practitioner(person)) => {
                is_member(member) && person.handle.as_str() == handle
            }
            _ => false,
        }
    };
    bodies.flat_map(|body| body.actors.iter()).find(is_called).cloned()
}

/// What R4 and the PCF profile ask of a consent that came with nothing.
pub(crate) fn bare(document: &ConsentDocument, root: &RuleBody) -> Result<Map<String, Value>, ExportError> {
    let scope = match document.class {
        Class::PatientPrivacy => "patient-privacy",
        Class::Research => "research",
    };
    let patient = json!({ "type": "Patient", "identifier": {
        "system": format!("urn:amanah:relationship:{}", document.chain),
        "value": Digest(document.relationship.0).to_string(),
    } });
    let resource = json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": { "coding": [{ "system": system::SCOPE, "code": scope }] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": patient,
        "dateTime": written(document.period.from),
        "performer": [patient],
        "organization": [provision::member(&document.custodian)],
        "policy": [{ "uri": format!("urn:amanah:network:{}", document.chain) }],
        "provision": provision::tree(root, &document.rules)?,
    });
    match resource {
        Value::Object(fields) => Ok(fields),
        _ => Err(ExportError::Differs),
    }
}
