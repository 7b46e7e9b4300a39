//! A request to decide, as `amanah policy eval` reads it: its own format, or the context of the hook
//! `patient-consent-consult` as LEAP and SHARES publish it.

mod hook;
mod item;
mod party;

use crate::datatype::{CodeableConcept, Coding, Period};
use crate::fields::Fields;
pub use crate::fields::RequestError;
use crate::resolve::Resolver;
use amanah_ledger::engine::{Asked, Attestation, Moment, Query, Question};
use amanah_ledger::vocabulary::{self, Kind, Vocabulary, system};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// A request that was understood.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it asks.
    pub question: Question,
    /// What the records it asks for, or those that came along, are called; in their order.
    pub records: Vec<String>,
    /// Kinds of data that a query asks for, in their order.
    pub kinds: Vec<vocabulary::Coding>,
    /// Consents that came with it.
    pub consents: Vec<Value>,
    /// Keys of a hook's context that say nothing here.
    pub ignored: Vec<String>,
}

/// Reads a request. `as_of` is when it is asked: roles and memberships are those of then.
///
/// # Errors
/// Names what is not understood; nothing is guessed and nothing passed over.
pub fn read(value: &Value, resolver: &Resolver, as_of: Moment) -> Result<Request, RequestError> {
    match hook::context(value) {
        Some(context) => hook::read(context, resolver),
        None => own(value, resolver, as_of),
    }
}

fn own(value: &Value, resolver: &Resolver, as_of: Moment) -> Result<Request, RequestError> {
    let mut fields = Fields::of(value, "")?;
    let patient = party::one(&mut fields, "patient", resolver)?.ok_or(RequestError::Missing("patient"))?;
    let custodian = party::one(&mut fields, "custodian", resolver)?;
    let asker = party::asker(&mut fields, resolver, as_of)?;
    let purpose = purpose(&mut fields, "purpose")?;
    let action = match fields.list("action") {
        None => vec![Kind::Action.coding("access")],
        Some(list) => codes(list, |_| system::ACTION.to_owned())?,
    };
    let classes = categories(&mut fields)?;
    let items = fields.list("items");
    let query = fields.take("query");
    let emergency = emergency(&mut fields)?;
    fields.finish()?;
    let (asked, records, kinds) = match (items, query) {
        (Some(_), Some(_)) => return Err(RequestError::ItemsAndQuery),
        (None, None) => return Err(RequestError::Missing("items (or query)")),
        (Some(items), None) => {
            let items: Vec<_> =
                items.iter().map(|(place, one)| item::read(one, place, resolver)).collect::<Result<_, _>>()?;
            let (names, records) = items.into_iter().unzip();
            (Asked::Records(records), names, Vec::new())
        }
        (None, Some(query)) => {
            let query = self::query(query)?;
            let kinds = query.classes.clone();
            (Asked::Query(query), Vec::new(), kinds)
        }
    };
    let question = Question {
        patient: resolver.names_of_patient(&patient),
        custodian,
        asker,
        purpose,
        actions: action.into_iter().collect(),
        classes,
        asked,
        emergency,
    };
    Ok(Request { question, records, kinds, consents: Vec::new(), ignored: Vec::new() })
}

/// `query{types, labels, codes, period}`; an empty object asks for everything.
fn query(value: &Value) -> Result<Query, RequestError> {
    let mut fields = Fields::of(value, "query")?;
    let types = fields.list("types").map_or(Ok(Vec::new()), |list| codes(list, class_system))?;
    let labels = fields.list("labels").map_or(Ok(Vec::new()), |list| codes(list, label_system))?;
    let codes = fields.list("codes").map_or(Ok(Vec::new()), strict_codes)?;
    let period = fields
        .read::<Period>("period", PERIOD)?
        .map(|period| period.span().ok_or(RequestError::Form { place: "query.period".to_owned(), expected: PERIOD }));
    let period = period.transpose()?;
    fields.finish()?;
    Ok(Query {
        classes: types,
        labels: labels.into_iter().collect(),
        codes: codes.into_iter().collect(),
        period,
        along: Vec::new(),
    })
}

const PERIOD: &str = "a period of FHIR dates";
const CODING: &str = "a code, a Coding or a CodeableConcept";

/// The one purpose. An empty list is none.
fn purpose(fields: &mut Fields<'_>, key: &'static str) -> Result<Option<vocabulary::Coding>, RequestError> {
    let list = fields.list(key).unwrap_or_default();
    let mut purposes = codes(list, |_| system::PURPOSE.to_owned())?;
    purposes.dedup();
    match purposes.len() {
        0 | 1 => Ok(purposes.pop()),
        several => Err(RequestError::Purposes(several)),
    }
}

/// What consents may be about; nothing said, or an empty list: anything.
fn categories(fields: &mut Fields<'_>) -> Result<Option<BTreeSet<vocabulary::Coding>>, RequestError> {
    let list = fields.list("category").unwrap_or_default();
    let all = codes(list, |_| system::SCOPE.to_owned())?;
    Ok(Some(all.into_iter().collect()).filter(|all: &BTreeSet<_>| !all.is_empty()))
}

fn emergency(fields: &mut Fields<'_>) -> Result<Option<Attestation>, RequestError> {
    let Some(value) = fields.take("emergency") else { return Ok(None) };
    let mut fields = Fields::of(value, "emergency")?;
    let authority =
        fields.read::<String>("authority", "a text")?.ok_or(RequestError::Missing("emergency.authority"))?;
    let at = fields.read::<String>("at", "a moment")?.ok_or(RequestError::Missing("emergency.at"))?;
    let form = RequestError::Form { place: "emergency.at".to_owned(), expected: "a moment" };
    fields.finish()?;
    Ok(Some(Attestation { authority, at: crate::date::moment(&at).ok_or(form)? }))
}

/// Codes, each of which may be a bare code of the system that `bare` gives.
pub(crate) fn codes(
    list: Vec<(String, &Value)>,
    bare: impl Fn(&str) -> String,
) -> Result<Vec<vocabulary::Coding>, RequestError> {
    let mut all = Vec::new();
    for (place, value) in list {
        let found = code(value, &bare);
        if found.is_empty() {
            return Err(RequestError::Form { place, expected: CODING });
        }
        all.extend(found);
    }
    Ok(all)
}

/// Codes that must name their system.
pub(crate) fn strict_codes(list: Vec<(String, &Value)>) -> Result<Vec<vocabulary::Coding>, RequestError> {
    let has_system = |(_, value): &&(String, &Value)| {
        let all = code(value, &|_| String::new());
        !all.is_empty() && all.iter().all(|coding| !coding.system.is_empty())
    };
    match list.iter().find(|entry| !has_system(entry)) {
        Some((place, _)) => Err(RequestError::Form { place: place.clone(), expected: "a Coding with its system" }),
        None => codes(list, |_| String::new()),
    }
}

/// One coding of LEAP's own documentation writes `value` where FHIR has `code`.
fn code(value: &Value, bare: &impl Fn(&str) -> String) -> Vec<vocabulary::Coding> {
    if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
        return vec![vocabulary::Coding::new(&bare(text), text)];
    }
    if value.get("coding").is_some() {
        let concept = CodeableConcept::deserialize(value).unwrap_or_default();
        return concept.coding.iter().filter_map(|one| with_system(one, bare)).collect();
    }
    let mut coding = Coding::deserialize(value).unwrap_or_default();
    coding.code = coding.code.or_else(|| value.get("value").and_then(Value::as_str).map(str::to_owned));
    with_system(&coding, bare).into_iter().collect()
}

fn with_system(coding: &Coding, bare: &impl Fn(&str) -> String) -> Option<vocabulary::Coding> {
    coding.or_of(&bare(coding.code.as_deref()?))
}

/// The system of a bare kind of data: categories begin with a small letter, resource types do not.
pub(crate) fn class_system(code: &str) -> String {
    let is_type = code.starts_with(|first: char| first.is_ascii_uppercase()) && !matches!(code, "LAB" | "RAD");
    let kind = if is_type { Kind::Type } else { Kind::Category };
    kind.system(code).to_owned()
}

/// The system of a bare label.
pub(crate) fn label_system(code: &str) -> String {
    Vocabulary::v2().label_kind(code).system(code).to_owned()
}

#[cfg(test)]
mod tests;
