//! A FHIR resource as the record that a rule may be about.

use crate::datatype::{CodeableConcept, Coding, Period, Reference};
use crate::resolve::{Resolver, element, type_of};
use amanah_ledger::engine::{Identifiers, Record, Span};
use amanah_ledger::vocabulary;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// Elements that say what a resource is about.
const CODES: [&str; 8] =
    ["code", "type", "medicationCodeableConcept", "medication", "vaccineCode", "class", "procedureCode", "serviceType"];
/// Elements that say when it is from, the clinically relevant ones first.
const DATES: [&str; 18] = [
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "occurrenceDateTime",
    "occurrencePeriod",
    "performedDateTime",
    "performedPeriod",
    "onsetDateTime",
    "onsetPeriod",
    "period",
    "started",
    "authoredOn",
    "date",
    "recordedDate",
    "dateAsserted",
    "created",
    "issued",
    "recorded",
];
/// Elements that say who wrote it.
const AUTHORS: [&str; 7] =
    ["author", "performer", "recorder", "asserter", "requester", "informationSource", "practitioner"];

/// The resource as a record. What it does not say about date, author and custodian is unknown; its codes, categories and
/// references are those it has.
pub(crate) fn record(resource: &Value, resolver: &Resolver) -> Record {
    let named = |names: &[&str]| -> BTreeSet<vocabulary::Coding> {
        names.iter().filter_map(|name| resource.get(*name)).flat_map(codes_in).collect()
    };
    let mut related = Identifiers::new();
    references(resource, resolver, &mut related);
    let author: Identifiers = AUTHORS
        .iter()
        .filter_map(|name| resource.get(*name))
        .flat_map(references_of)
        .flat_map(|reference| resolver.chain(&reference))
        .collect();
    let custodian = element::<Reference>(resource, "custodian").map(|custodian| resolver.chain(&custodian));
    Record {
        names: reference(resource)
            .map(|written| resolver.names(&Reference { reference: Some(written), ..Reference::default() })),
        of: type_of(resource).map(vocabulary::Coding::resource_type),
        categories: Some(named(&["category"])),
        labels: labels(resource),
        codes: Some(named(&CODES)),
        date: date(resource),
        author: Some(author).filter(|names| !names.is_empty()),
        custodian,
        related: Some(related),
    }
}

/// `Type/id`, if it has an id.
pub(crate) fn reference(resource: &Value) -> Option<String> {
    let id = resource.get("id").and_then(Value::as_str)?;
    Some(format!("{}/{id}", type_of(resource)?))
}

fn labels(resource: &Value) -> BTreeSet<vocabulary::Coding> {
    let security = resource.get("meta").and_then(|meta| element::<Vec<Coding>>(meta, "security")).unwrap_or_default();
    security.iter().filter_map(Coding::known).collect()
}

/// A Coding, a CodeableConcept, an R5 CodeableReference, or a list of them.
fn codes_in(value: &Value) -> Vec<vocabulary::Coding> {
    match value {
        Value::Array(list) => list.iter().flat_map(codes_in).collect(),
        Value::Object(fields) => {
            if let Some(concept) = fields.get("concept") {
                return codes_in(concept);
            }
            let concept = CodeableConcept::deserialize(value).unwrap_or_default();
            let alone = Coding::deserialize(value).unwrap_or_default();
            concept.coding.iter().chain([&alone]).filter_map(Coding::known).collect()
        }
        _ => Vec::new(),
    }
}

fn date(resource: &Value) -> Option<Span> {
    DATES.iter().filter_map(|name| resource.get(*name)).find_map(|value| match value {
        Value::String(text) => crate::date::span(text),
        _ => Period::deserialize(value).ok()?.span(),
    })
}

/// References that one element makes: itself, in a list, or as the actor of a backbone element.
fn references_of(value: &Value) -> Vec<Reference> {
    match value {
        Value::Array(list) => list.iter().flat_map(references_of).collect(),
        Value::Object(fields) => match fields.get("actor") {
            Some(actor) => references_of(actor),
            None => Reference::deserialize(value).into_iter().collect(),
        },
        _ => Vec::new(),
    }
}

/// Everything the resource refers to but its patient.
fn references(value: &Value, resolver: &Resolver, found: &mut Identifiers) {
    match value {
        Value::Array(list) => list.iter().for_each(|one| references(one, resolver, found)),
        Value::Object(fields) => {
            if fields.get("reference").is_some_and(Value::is_string) {
                found.extend(Reference::deserialize(value).iter().flat_map(|reference| resolver.names(reference)));
            }
            for (name, inner) in fields {
                if !matches!(name.as_str(), "subject" | "patient" | "contained" | "extension") {
                    references(inner, resolver, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
