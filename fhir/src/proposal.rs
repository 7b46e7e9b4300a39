//! A Consent with status `proposed` as what a hospital asks a patient for, and such a request as a Consent again.
//!
//! A request has rules and no words: the patient's wallet renders what it asks for. So of a proposed Consent the
//! provision is taken over whole, as [`crate::import`] does it, and whatever else stands in it is either implied by the
//! request or refused with its name ([`ImportError::Lost`]). The date is that of asking, whatever the resource says.

use crate::datatype::{CodeableConcept, Identifier, Reference};
use crate::export::{ExportError, Status as Given, bare, export, known};
use crate::import::{Custodians, ImportError, Named, read_as, written};
use crate::patient::Patient;
use amanah_ledger::compose::Terms;
use amanah_ledger::consent_request::ConsentRequest;
use amanah_ledger::crypto::Digest;
use amanah_ledger::document::{Actor, ConsentDocument, Root};
use amanah_ledger::genesis::Parameters;
use amanah_ledger::time::UnixMs;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The only status of what is asked for.
const PROPOSED: &str = "proposed";
/// What kind of document every consent here is (LOINC).
const CATEGORY: (&str, &str) = ("http://loinc.org", "59284-0");

/// A Consent that is asked for.
#[derive(Clone, PartialEq)]
pub struct Proposal {
    /// Who is asked; `None` if the names are none that a hospital here has for somebody.
    pub patient: Option<Patient>,
    /// Whose records it names.
    pub custodians: Custodians,
    /// What it would say from now on.
    pub terms: Terms,
}

/// Where what was asked for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits for the patient.
    Proposed,
    /// The patient said no.
    Rejected,
    /// Nobody can answer it any more.
    Over,
}

/// The resource names a person: nothing of it belongs into a log.
impl std::fmt::Debug for Proposal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proposal")
    }
}

/// Reads a proposed Consent. `who` finds those whom it names as the network knows them.
///
/// # Errors
/// Says by name what keeps it from being asked for.
pub fn read(
    resource: &Value,
    chain: &Digest,
    now: UnixMs,
    parameters: &Parameters,
    who: &dyn Fn(&Named) -> Option<Actor>,
) -> Result<Proposal, ImportError> {
    let imported = read_as(PROPOSED, resource, who)?;
    let fields = resource.as_object().ok_or(ImportError::NotConsent)?;
    fields.iter().try_for_each(|(name, value)| check(name, value, chain))?;
    if imported.names_a_beginning() {
        return Err(ImportError::Lost("provision.period.start".to_owned()));
    }
    let terms = imported.given(now, parameters)?;
    let patient = element::<Reference>("patient", fields.get("patient").unwrap_or(&Value::Null))?;
    Ok(Proposal { patient: named(&patient, chain), custodians: imported.custodians, terms })
}

/// Whether an element is one that a request implies. Its id and version are the server's (FHIR R4, `http.html#create`).
fn check(name: &str, value: &Value, chain: &Digest) -> Result<(), ImportError> {
    let is_kept = match name {
        "resourceType" | "id" | "meta" | "status" | "scope" | "patient" | "performer" | "organization" | "dateTime"
        | "provision" => true,
        "category" => element::<Vec<CodeableConcept>>(name, value)?.iter().all(is_our_category),
        "policy" => value == &policy(chain),
        _ => false,
    };
    if is_kept { Ok(()) } else { Err(ImportError::Lost(name.to_owned())) }
}

fn is_our_category(concept: &CodeableConcept) -> bool {
    let is_ours = |system: Option<&str>, code: Option<&str>| (system, code) == (Some(CATEGORY.0), Some(CATEGORY.1));
    !concept.coding.is_empty()
        && concept.coding.iter().all(|coding| is_ours(coding.system.as_deref(), coding.code.as_deref()))
}

fn policy(chain: &Digest) -> Value {
    json!([{ "uri": format!("urn:amanah:network:{chain}") }])
}

fn element<'a, T: Deserialize<'a>>(name: &str, value: &'a Value) -> Result<T, ImportError> {
    T::deserialize(value).map_err(|_form| ImportError::Form(name.to_owned()))
}

/// The one patient whom reference and identifier mean.
fn named(reference: &Reference, chain: &Digest) -> Option<Patient> {
    let by_reference = reference.reference.as_deref().and_then(Patient::of_reference);
    let by_identifier = reference.identifier.as_ref().and_then(|Identifier { system, value, .. }| {
        Patient::of_identifier(system.as_deref()?, value.as_deref()?, chain)
    });
    match (by_reference, by_identifier) {
        (Some(one), Some(other)) => (one == other).then_some(one),
        (one, other) => one.or(other),
    }
}

/// What was asked for, as a Consent that could be asked for again.
///
/// # Errors
/// When R4 cannot say it.
pub fn said(request: &ConsentRequest, asked: UnixMs, stage: Stage) -> Result<Value, ExportError> {
    // No consent has its key yet: the relationship's stands in its place, and does not come out.
    let document = request.document(request.relationship, asked);
    let document = document.map_err(|_not_composed| ExportError::NotSayable("what cannot be given"))?;
    let Root::Rule(root) = &document.root else {
        return Err(ExportError::NotSayable("a base decision without a root rule"));
    };
    // What R4 cannot say of a consent, it cannot say of a request for one.
    export(&document, Given::Active, None)?;
    let mut fields = bare(&document, root)?;
    fields.remove("performer");
    fields.insert("status".to_owned(), PROPOSED.into());
    if let Some(provision) = fields.get_mut("provision").and_then(Value::as_object_mut) {
        provision.insert("period".to_owned(), json!({ "end": written(document.period.until) }));
    }
    if !is_said(&fields, &document) {
        return Err(ExportError::Differs);
    }
    let status = match stage {
        Stage::Proposed => PROPOSED,
        Stage::Rejected => "rejected",
        Stage::Over => "inactive",
    };
    fields.insert("status".to_owned(), status.into());
    Ok(Value::Object(fields))
}

/// Whether the resource asks for this document and for nothing else.
fn is_said(fields: &Map<String, Value>, document: &ConsentDocument) -> bool {
    let resource = Value::Object(fields.clone());
    let again = read_as(PROPOSED, &resource, &|named| known(document, named));
    again.is_ok_and(|again| again.says(document))
}

#[cfg(test)]
mod tests;
