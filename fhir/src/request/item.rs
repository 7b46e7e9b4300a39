//! One item of a request: a record by what is known of it.

use super::party::references;
use super::{PERIOD, class_system, codes, label_system, strict_codes};
use crate::datatype::{Period, Reference};
use crate::fields::{Fields, RequestError};
use crate::resolve::{Resolver, type_in};
use amanah_ledger::engine::{Identifiers, Record, Span};
use amanah_ledger::vocabulary::Coding;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the item is called, and the record.
pub(super) fn read(value: &Value, place: &str, resolver: &Resolver) -> Result<(String, Record), RequestError> {
    let mut fields = Fields::of(value, place)?;
    let reference = fields.read::<String>("reference", "a reference")?;
    let stated = fields.read::<String>("type", "a resource type")?;
    let of = stated.or_else(|| reference.as_deref().and_then(type_in).map(str::to_owned));
    let names = reference
        .as_ref()
        .map(|written| resolver.names(&Reference { reference: Some(written.clone()), ..Reference::default() }));
    let set = |list: Result<Vec<Coding>, RequestError>| list.map(|codes| codes.into_iter().collect::<BTreeSet<_>>());
    let labels = fields.list("labels").map_or(Ok(BTreeSet::new()), |list| set(codes(list, label_system)))?;
    let categories = fields.list("categories").map(|list| set(codes(list, class_system))).transpose()?;
    let codes = fields.list("codes").map(|list| set(strict_codes(list))).transpose()?;
    let date_place = fields.place("date");
    let date = fields.take("date").map(|value| date(value, date_place)).transpose()?;
    let mut parties = |key| -> Result<Option<Identifiers>, RequestError> {
        let Some(list) = fields.list(key) else { return Ok(None) };
        Ok(Some(references(list)?.iter().flat_map(|one| resolver.chain(one)).collect()))
    };
    let (author, custodian, related) = (parties("author")?, parties("custodian")?, parties("related")?);
    // That a descriptor was made up changes nothing.
    fields.take("synthetic");
    fields.finish()?;
    let name = reference.or_else(|| of.clone()).unwrap_or_else(|| place.to_owned());
    let of = of.map(|of| Coding::resource_type(&of));
    Ok((name, Record { names, of, categories, labels, codes, date, author, custodian, related }))
}

/// A date, or a period of dates.
fn date(value: &Value, place: String) -> Result<Span, RequestError> {
    let span = match value {
        Value::String(text) => crate::date::span(text),
        _ => Period::deserialize(value).ok().and_then(|period| period.span()),
    };
    span.ok_or(RequestError::Form { place, expected: PERIOD })
}
