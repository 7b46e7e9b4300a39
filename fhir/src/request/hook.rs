//! The context of `patient-consent-consult`: LEAP's (one patient and one actor, a `scope`; later lists and `category`)
//! and SHARES' (lists, `content`, references as identifiers' values).
//!
//! The hook asks whether data may go to an actor, which is an access and a disclosure at once: a rule about either is
//! about it. Content that comes along makes no items of the question; each entry is answered beside it.

use super::{Request, RequestError, categories, class_system, codes, party, purpose};
use crate::fields::Fields;
use crate::record::{record, reference};
use crate::resolve::Resolver;
use amanah_ledger::engine::{Asked, Asker, Query, Question};
use amanah_ledger::vocabulary::{Kind, system};
use serde_json::Value;

/// The context, of a whole call of the hook or by itself.
pub(super) fn context(value: &Value) -> Option<&Value> {
    let is_context = |value: &&Value| value.get("patientId").is_some();
    value.get("context").filter(is_context).or_else(|| Some(value).filter(is_context))
}

pub(super) fn read(context: &Value, resolver: &Resolver) -> Result<Request, RequestError> {
    let mut fields = Fields::of(context, "context")?;
    let patient = party::one(&mut fields, "patientId", resolver)?.ok_or(RequestError::Missing("context.patientId"))?;
    let actors = party::references(fields.list("actor").unwrap_or_default())?;
    let names = actors.iter().flat_map(|actor| resolver.chain(actor)).collect();
    let purpose = purpose(&mut fields, "purposeOfUse")?;
    let mut classes = categories(&mut fields)?;
    let scope = codes(fields.list("scope").unwrap_or_default(), |_| system::SCOPE.to_owned())?;
    if !scope.is_empty() {
        classes.get_or_insert_default().extend(scope);
    }
    let kinds = fields.list("class").map_or(Ok(Vec::new()), |list| codes(list, class_system))?;
    let content = fields.take("content");
    let entries = content.and_then(|bundle| bundle.get("entry")).and_then(Value::as_array);
    let resources: Vec<&Value> = entries.into_iter().flatten().filter_map(|entry| entry.get("resource")).collect();
    let consents = fields.take("consent").and_then(Value::as_array).cloned().unwrap_or_default();
    let names_of = |(number, resource): (usize, &&Value)| {
        reference(resource).unwrap_or_else(|| format!("content.entry[{number}]"))
    };
    let records = resources.iter().enumerate().map(names_of).collect();
    let along = resources.iter().map(|resource| record(resource, resolver)).collect();
    let query = Query { classes: kinds.clone(), along, ..Query::default() };
    let question = Question {
        patient: resolver.names_of_patient(&patient),
        custodian: None,
        asker: Asker { names, ..Asker::default() },
        purpose,
        actions: ["access", "disclose"].map(|code| Kind::Action.coding(code)).into(),
        classes,
        asked: Asked::Query(query),
        emergency: None,
    };
    Ok(Request { question, records, kinds, consents, ignored: fields.others() })
}
