//! What stands around `provision`: that it is an R4 consent of the expected status, by the patient, and that nothing in the whole
//! resource changes what the rest means.

use super::ImportError;
use crate::consent::REPLACES;
use crate::datatype::{CodeableConcept, Coding};
use amanah_ledger::document::Class;
use amanah_ledger::vocabulary::{self, system};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Elements of a Consent of R5 that R4 does not have.
const OF_R5: [&str; 7] = ["decision", "subject", "controller", "grantor", "grantee", "manager", "period"];

/// Checks all but `provision` itself, and tells what kind of requests the consent speaks about.
pub(super) fn check(fields: &Map<String, Value>, status: &'static str) -> Result<Class, ImportError> {
    if fields.get("resourceType").and_then(Value::as_str) != Some("Consent") {
        return Err(ImportError::NotConsent);
    }
    if let Some(place) = modifier(fields) {
        return Err(ImportError::Modifier(place));
    }
    if let Some(element) = OF_R5.into_iter().find(|name| fields.contains_key(*name)) {
        return Err(ImportError::NotR4(element.to_owned()));
    }
    if fields.get("status").and_then(Value::as_str) != Some(status) {
        return Err(ImportError::Status(status));
    }
    if !fields.get("patient").is_some_and(Value::is_object) {
        return Err(ImportError::Missing("patient"));
    }
    check_giver(fields)?;
    check_replaced(fields)?;
    class(fields)
}

/// The first element that changes the meaning of others, wherever it stands and whatever it holds.
fn modifier(fields: &Map<String, Value>) -> Option<String> {
    let stands = |name: &str| matches!(name, "modifierExtension" | "_modifierExtension");
    let rules = ["implicitRules", "_implicitRules"].into_iter().find(|name| fields.contains_key(*name));
    rules.map(str::to_owned).or_else(|| modifier_in(fields, "", &stands))
}

fn modifier_in(fields: &Map<String, Value>, above: &str, stands: &dyn Fn(&str) -> bool) -> Option<String> {
    fields.iter().find_map(|(name, value)| {
        let place = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        if stands(name) { Some(place) } else { below(value, &place, stands) }
    })
}

fn below(value: &Value, place: &str, stands: &dyn Fn(&str) -> bool) -> Option<String> {
    match value {
        Value::Object(fields) => modifier_in(fields, place, stands),
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(number, one)| below(one, &format!("{place}[{number}]"), stands))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The wallet signs as the patient: who else performs it would have to show by what right.
fn check_giver(fields: &Map<String, Value>) -> Result<(), ImportError> {
    let Some(performers) = fields.get("performer") else { return Ok(()) };
    let performers = performers.as_array().ok_or_else(|| ImportError::Form("performer".to_owned()))?;
    let patient = fields.get("patient").unwrap_or(&Value::Null);
    match performers.iter().position(|performer| !is_same(performer, patient)) {
        None => Ok(()),
        Some(number) => {
            let place = format!("performer[{number}]");
            Err(ImportError::NotYet { place, what: "a consent that somebody other than the patient gives" })
        }
    }
}

/// Whether two references mean one party, by reference or by identifier; how they are displayed tells nothing.
fn is_same(one: &Value, other: &Value) -> bool {
    let share = |part: &dyn Fn(&Value) -> Option<Value>| part(one).is_some_and(|named| part(other) == Some(named));
    let reference = |of: &Value| of.get("reference").filter(|named| named.is_string()).cloned();
    let identifier = |of: &Value| {
        let identifier = of.get("identifier")?;
        let value = identifier.get("value").filter(|value| value.is_string())?;
        Some(Value::Array(vec![identifier.get("system").cloned().unwrap_or_default(), value.clone()]))
    };
    share(&reference) || share(&identifier)
}

fn check_replaced(fields: &Map<String, Value>) -> Result<(), ImportError> {
    let extensions = fields.get("extension").and_then(Value::as_array).into_iter().flatten();
    let urls = extensions.map(|one| one.get("url").and_then(Value::as_str));
    match urls.into_iter().position(|url| url == Some(REPLACES)) {
        None => Ok(()),
        Some(number) => {
            let place = format!("extension[{number}]");
            Err(ImportError::NotYet { place, what: "replacing a consent that is not on this ledger" })
        }
    }
}

fn class(fields: &Map<String, Value>) -> Result<Class, ImportError> {
    let scope = fields.get("scope").ok_or(ImportError::Missing("scope"))?;
    let scope = CodeableConcept::deserialize(scope).map_err(|_form| ImportError::Form("scope".to_owned()))?;
    let codes: Option<Vec<vocabulary::Coding>> = scope.coding.iter().map(Coding::known).collect();
    let codes = codes.filter(|codes| codes.iter().all(|code| code.system == system::SCOPE));
    let codes: Vec<String> = codes.into_iter().flatten().map(|code| code.code).collect();
    match codes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["patient-privacy"] => Ok(Class::PatientPrivacy),
        ["research"] => Ok(Class::Research),
        _ => Err(ImportError::NotYet { place: "scope".to_owned(), what: "a consent of this scope" }),
    }
}
