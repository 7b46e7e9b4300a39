//! The worked examples of the page on the consent model, each of which must have the answer that stands there.

use crate::scene::{Case, actor, ask, case, item, kind, label, purpose, r4, r5, with};
use amanah_ledger::document::Effect;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn labs() -> Value {
    let laboratory =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory" });
    r4(json!({
        "type": "permit",
        "actor": [actor("IRCP", "Organization/cedar")],
        "purpose": [purpose("TREAT")],
        "class": [laboratory],
    }))
}

fn result() -> Value {
    item(json!({ "categories": ["laboratory"] }))
}

fn only(what: &str) -> Value {
    r4(json!({ "type": "permit", "actor": [actor("IRCP", "Organization/cedar")], "class": [kind(what)] }))
}

fn all() -> Value {
    r5("permit", json!([]))
}

fn nothing() -> Value {
    r5("deny", json!([]))
}

/// Everything to everybody, but not to Cedar; to Cedar observations; of those none that is restricted.
fn nested() -> Value {
    let restricted = json!({ "securityLabel": [label("R")] });
    let observations = json!({ "resourceType": [kind("Observation")], "provision": [restricted] });
    r5("permit", json!([{ "actor": [actor("IRCP", "Organization/cedar")], "provision": [observations] }]))
}

fn but(code: &str) -> Value {
    r5("permit", json!([{ "securityLabel": [label(code)] }]))
}

fn up_to_restricted() -> Value {
    r4(json!({ "type": "permit", "securityLabel": [label("R")] }))
}

fn of(more: Value) -> Value {
    ask(json!({ "items": [item(more)] }))
}

fn marked(code: &str) -> Value {
    of(json!({ "labels": [label(code)] }))
}

fn anything() -> Value {
    ask(json!({}))
}

fn from_rawda(more: Value) -> Value {
    with(ask(more), json!({ "requester": { "organisations": ["Organization/rawda"] } }))
}

fn query(types: &[&str]) -> Value {
    let mut request = ask(json!({ "query": { "types": types } }));
    request.as_object_mut().unwrap().remove("items");
    request
}

fn until_today() -> Value {
    with(all(), json!({ "period": { "end": "2026-11-22" } }))
}

fn guardian() -> Case {
    let given = with(all(), json!({ "grantor": [{ "reference": "RelatedPerson/maryam" }] }));
    let person = json!({
        "resourceType": "RelatedPerson",
        "patient": { "reference": "Patient/layla" },
        "period": { "end": "2026-11-21" },
    });
    case([given], anything()).resolve(json!({ "resolve": { "RelatedPerson/maryam": person } }))
}

fn left_the_team() -> Case {
    let consent = r4(json!({ "type": "permit", "actor": [actor("IRCP", "CareTeam/7")] }));
    let member = json!({ "member": { "reference": "Practitioner/omar" }, "period": { "end": "2026-10-22" } });
    let team = json!({ "resourceType": "CareTeam", "status": "active", "participant": [member] });
    let request = ask(json!({ "requester": { "practitioner": "Practitioner/omar" } }));
    case([consent], request).resolve(json!({ "resolve": { "CareTeam/7": team } }))
}

fn broken_glass(declared: bool) -> Case {
    let attestation = json!({ "authority": "physician", "at": "2026-11-22T08:59:00Z" });
    let emergency = if declared { json!({ "emergency": attestation }) } else { json!({}) };
    case([nothing()], ask(with(json!({ "purpose": "BTG" }), emergency)))
}

fn replacing() -> [Value; 2] {
    let old = with(nothing(), json!({ "id": "old", "date": "2025-01-01" }));
    let replaces = json!([{ "url": "http://hl7.org/fhir/StructureDefinition/replaces", "valueUri": "Consent/old" }]);
    [old, with(all(), json!({ "id": "new", "date": "2026-01-01", "extension": replaces }))]
}

fn one_consent() -> Vec<(&'static str, Case)> {
    let doctor = json!({ "organisations": ["Organization/cedar"], "practitioner": "Practitioner/omar" });
    let diagnosis = || of(json!({ "reference": "Condition/1" }));
    let restricted = || marked("R");
    vec![
        ("E1", case([labs()], ask(json!({ "items": [result()] })))),
        ("E2", case([labs()], ask(json!({ "items": [result()], "requester": doctor })))),
        ("E3", case([labs()], ask(json!({ "items": [result()], "purpose": "COC" })))),
        ("E4", case([labs()], from_rawda(json!({ "items": [result()] })))),
        ("E5", case([labs()], ask(json!({ "items": [result()], "purpose": "HMARKT" })))),
        ("E6", case([labs()], diagnosis())),
        ("E7", case([nested()], from_rawda(json!({ "items": [item(json!({ "reference": "Condition/1" }))] })))),
        ("E8", case([nested()], diagnosis())),
        ("E9", case([nested()], anything())),
        ("E10", case([nested()], restricted())),
        ("E11", case([up_to_restricted()], marked("N"))),
        ("E12", case([up_to_restricted()], marked("V"))),
        ("E13", case([but("R")], marked("V"))),
        ("E14", case([but("R")], anything())),
        ("E15", case([but("SUD")], marked("ETHUD"))),
        ("E16", case([but("HIV")], marked("UNHEARD"))),
    ]
}

fn several_and_more() -> Vec<(&'static str, Case)> {
    let two = || [only("Observation"), only("MedicationRequest")];
    let treatment_only = || r4(json!({ "type": "permit", "purpose": [purpose("TREAT")] }));
    let observations = || r4(json!({ "type": "permit", "class": [kind("Observation")] }));
    vec![
        ("E17", case(two(), of(json!({ "reference": "MedicationRequest/1", "categories": [] })))),
        ("E18", case(two(), of(json!({ "reference": "Condition/1" })))),
        ("E19", case([nothing(), all()], anything())),
        ("E20", case(replacing(), anything())),
        ("E21", case([until_today()], anything()).at("2026-11-22T23:30:00Z")),
        ("E22", case([until_today()], anything()).at("2026-11-23T00:00:00Z")),
        ("E23", case([with(all(), json!({ "status": "inactive" }))], anything())),
        ("E24", guardian()),
        ("E25", left_the_team()),
        ("E26", case([treatment_only()], ask(json!({ "purpose": "ETREAT" })))),
        ("E27", broken_glass(true)),
        ("E28", broken_glass(false)),
        ("E29", case([but("HIV")], query(&[]))),
        ("E30", case([observations()], query(&[]))),
        ("E31", case([observations()], query(&["Condition"]))),
    ]
}

/// The answer in the words of the page.
fn in_words(case: &Case) -> String {
    let outcome = case.decide().unwrap();
    let decision = outcome.json["decision"].as_str().unwrap().replace('-', " ");
    let redacts = outcome.json["obligations"].as_array().unwrap().iter().any(|one| one["id"]["code"] == "REDACT");
    let overridden = outcome.answer.emergency.is_some() && outcome.answer.effect == Effect::Permit;
    match (overridden, redacts) {
        (true, _) => format!("{decision}, overridden"),
        (false, true) => format!("{decision}, leaving out"),
        (false, false) => decision,
    }
}

#[test]
fn every_example_of_the_page_has_the_answer_that_stands_there() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/consent-model.md");
    let page = std::fs::read_to_string(path).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let id = *cells.first()?;
        let is_example = id.starts_with('E') && id[1..].parse::<u32>().is_ok();
        is_example.then(|| (id.to_owned(), cells.last().map_or_else(String::new, |cell| (*cell).to_owned())))
    };
    let stated: BTreeMap<String, String> = page.lines().filter_map(row).collect();
    let found: BTreeMap<String, String> =
        one_consent().iter().chain(&several_and_more()).map(|(id, case)| ((*id).to_owned(), in_words(case))).collect();
    assert_eq!(found.len(), 31);
    assert_eq!(stated, found);
}
