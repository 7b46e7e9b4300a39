//! Research consents whose provisions permit and refuse pieces of use for spans of days, as the German broad consent has
//! them, and what is required of them.

use crate::datatype::{CodeableConcept, Period};
use crate::date::days;
use crate::fields::{Fields, RequestError};
use crate::resolve::{element, type_of};
use amanah_ledger::document::Effect;
use amanah_ledger::engine::windows::{CivilDay, DatedConsent, Days, Piece, Requirement};
use jiff::civil::{Date, date};
use serde_json::Value;
use std::collections::BTreeSet;

/// Why a consent gives no windows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Not a Consent with a root provision, and no list of pieces.
    #[error("it is no research consent: a Consent with provisions, or {{dateTime, provisions[]}}")]
    Form,
    /// A piece without code, effect or days.
    #[error("{0} has no code, no type or no period of whole days")]
    Piece(String),
    /// Something in it changes the meaning of the rest.
    #[error("it has a modifierExtension")]
    Modifier,
}

/// A day as the engine counts it.
fn civil(day: Date) -> CivilDay {
    let since = date(1970, 1, 1).until(day).map_or(0, |span| span.get_days());
    CivilDay(since)
}

/// A day as people write it.
pub fn written(day: CivilDay) -> String {
    let span = jiff::Span::new().try_days(day.0);
    span.and_then(|span| date(1970, 1, 1).checked_add(span))
        .map_or_else(|_beyond| day.0.to_string(), |day| day.to_string())
}

/// The day of a moment, in UTC.
pub fn day_of(moment: amanah_ledger::engine::Moment) -> CivilDay {
    CivilDay(i32::try_from(moment.0.div_euclid(86_400_000)).unwrap_or(i32::MAX))
}

/// Reads a consent: a FHIR Consent of research, or `{"dateTime": …, "provisions": [{code, period: [first, last], type}]}`.
/// A Consent that is not active has no pieces.
///
/// # Errors
/// Names what cannot be read.
pub fn consent(value: &Value) -> Result<DatedConsent, WindowError> {
    if type_of(value) != Some("Consent") {
        return listed(value);
    }
    if value.to_string().contains("\"modifierExtension\"") {
        return Err(WindowError::Modifier);
    }
    let given = ["dateTime", "date"].iter().find_map(|name| element::<String>(value, name));
    let given = given.as_deref().and_then(crate::date::moment).map(|moment| moment.0);
    if element::<String>(value, "status").as_deref() != Some("active") {
        return Ok(DatedConsent { given, pieces: Vec::new() });
    }
    let root = value.get("provision").ok_or(WindowError::Form)?;
    let provisions = root.get("provision").or(Some(root)).and_then(Value::as_array).ok_or(WindowError::Form)?;
    let pieces: Vec<Vec<Piece>> =
        provisions.iter().enumerate().map(|(number, one)| pieces(one, number)).collect::<Result<_, _>>()?;
    Ok(DatedConsent { given, pieces: pieces.into_iter().flatten().collect() })
}

/// One provision: a piece for each of its codes.
fn pieces(provision: &Value, number: usize) -> Result<Vec<Piece>, WindowError> {
    let read = || {
        let effect = effect_of(provision)?;
        let period = element::<Period>(provision, "period")?;
        let days = Days { from: day(period.start.as_deref()?)?, until: day(period.end.as_deref()?)? };
        let concepts = element::<Vec<CodeableConcept>>(provision, "code")?;
        let codes = concepts.iter().flat_map(|concept| concept.coding.iter().filter_map(|coding| coding.code.clone()));
        Some(codes.map(|code| Piece { code, effect, days }).collect())
    };
    read().ok_or_else(|| WindowError::Piece(format!("provision[{number}]")))
}

fn effect_of(provision: &Value) -> Option<Effect> {
    match provision.get("type").and_then(Value::as_str)? {
        "permit" => Some(Effect::Permit),
        "deny" => Some(Effect::Deny),
        _ => None,
    }
}

/// The day of a date, or of a moment where it was written.
fn day(text: &str) -> Option<CivilDay> {
    let local = text.split('T').next()?;
    days(local).map(|(first, _)| civil(first))
}

fn listed(value: &Value) -> Result<DatedConsent, WindowError> {
    let provisions = value.get("provisions").and_then(Value::as_array).ok_or(WindowError::Form)?;
    let given = element::<String>(value, "dateTime").as_deref().and_then(crate::date::moment).map(|moment| moment.0);
    let one = |(number, provision): (usize, &Value)| {
        let read = || {
            let [first, last] = element::<[String; 2]>(provision, "period")?;
            let days = Days { from: day(&first)?, until: day(&last)? };
            Some(Piece { code: element(provision, "code")?, effect: effect_of(provision)?, days })
        };
        read().ok_or_else(|| WindowError::Piece(format!("provisions[{number}]")))
    };
    let pieces = provisions.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    Ok(DatedConsent { given, pieces })
}

/// How far back a retroactive permit goes if nobody says.
const LOOKBACK: &str = "1900-01-01";

/// Reads what is required: `{"required": […], "gates": […], "retroactive": {code: code}}`, or a list in the form of
/// TORCH's code configuration, where each entry names what it requires.
///
/// # Errors
/// Names what is not understood.
pub fn requirement(value: &Value) -> Result<Requirement, RequestError> {
    match value {
        Value::Array(list) => configured(list),
        _ => stated(value),
    }
}

fn stated(value: &Value) -> Result<Requirement, RequestError> {
    let mut fields = Fields::of(value, "")?;
    let list = "a list of codes";
    let required: BTreeSet<String> = fields.read("required", list)?.ok_or(RequestError::Missing("required"))?;
    let gates: BTreeSet<String> = fields.read("gates", list)?.unwrap_or_default();
    let retroactive: std::collections::BTreeMap<String, String> =
        fields.read("retroactive", "an object from code to code")?.unwrap_or_default();
    let lookback = fields.read::<String>("lookback", "a date")?.unwrap_or_else(|| LOOKBACK.to_owned());
    fields.finish()?;
    let back_to = day(&lookback).ok_or(RequestError::Form { place: "lookback".to_owned(), expected: "a date" })?;
    let retroactive = retroactive.into_iter().map(|(code, extended)| (code, (extended, back_to))).collect();
    Ok(Requirement { required: required.union(&gates).cloned().collect(), gates, retroactive })
}

/// Every code of the configuration and all that they require.
fn configured(list: &[Value]) -> Result<Requirement, RequestError> {
    let mut requirement = Requirement::default();
    for (number, entry) in list.iter().enumerate() {
        let mut fields = Fields::of(entry, &format!("[{number}]"))?;
        let code = fields.read::<String>("code", "a code")?.ok_or(RequestError::Missing("code"))?;
        let needs: BTreeSet<String> = fields.read("required", "a list of codes")?.unwrap_or_default();
        let is_gate = fields.read::<bool>("validityGate", "true or false")?.unwrap_or(false);
        let lookback = fields.read::<String>("lookbackDate", "a date")?.unwrap_or_else(|| LOOKBACK.to_owned());
        let place = fields.place("lookbackDate");
        let back_to = day(&lookback).ok_or(RequestError::Form { place, expected: "a date" })?;
        for (_, modifier) in fields.list("retroModifiers").unwrap_or_default() {
            if let Some(retroactive) = element::<String>(modifier, "code") {
                requirement.retroactive.insert(retroactive, (code.clone(), back_to));
            }
        }
        fields.take("system");
        fields.take("display");
        fields.finish()?;
        if is_gate {
            requirement.gates.insert(code.clone());
        }
        requirement.required.insert(code);
        requirement.required.extend(needs);
    }
    Ok(requirement)
}
