//! Requests in every form, and what is not understood.

use super::*;
use crate::scene::{ask, item, kind, label, purpose, scope};
use amanah_ledger::engine::{Identifier, Identifiers};
use serde_json::json;

const NOW: Moment = Moment(1_795_338_000_000);

fn read(value: &Value) -> Result<Request, RequestError> {
    super::read(value, &Resolver::default(), NOW)
}

fn names(all: &[Identifier]) -> Identifiers {
    all.iter().cloned().collect()
}

fn only_record(request: &Request) -> amanah_ledger::engine::Record {
    let Asked::Records(records) = &request.question.asked else { panic!("a question about records") };
    records[0].clone()
}

#[test]
fn a_bare_code_is_of_the_system_that_its_place_is_bound_to() {
    let items = json!([{ "type": "Observation", "labels": ["R", "HIV"], "categories": ["laboratory", "LAB"] }]);
    let request = read(&ask(json!({ "purpose": "TREAT", "category": "research", "items": items }))).unwrap();
    assert_eq!(request.question.purpose, Some(Kind::Purpose.coding("TREAT")));
    assert_eq!(request.question.classes, Some([Kind::Scope.coding("research")].into()));
    let record = only_record(&request);
    assert_eq!(record.labels, [Kind::Confidentiality.coding("R"), Kind::Sensitivity.coding("HIV")].into());
    assert_eq!(record.categories, Some([Kind::Category.coding("laboratory"), Kind::Category.coding("LAB")].into()));
    assert_eq!(record.of, Some(vocabulary::Coding::resource_type("Observation")));
}

#[test]
fn a_code_may_be_a_coding_or_a_concept_too() {
    for written in
        [json!("TREAT"), purpose("TREAT"), json!([purpose("TREAT")]), json!({ "coding": [purpose("TREAT")] })]
    {
        let request = read(&ask(json!({ "purpose": written }))).unwrap();
        assert_eq!(request.question.purpose, Some(Kind::Purpose.coding("TREAT")), "{written}");
    }
    for unsaid in [Value::Null, json!([])] {
        assert_eq!(read(&ask(json!({ "purpose": unsaid }))).unwrap().question.purpose, None);
    }
}

#[test]
fn what_an_item_does_not_say_is_unknown_and_an_empty_list_is_none() {
    let bare = only_record(&read(&ask(json!({ "items": [{ "reference": "Observation/1" }] }))).unwrap());
    assert_eq!((bare.categories, bare.codes, bare.related), (None, None, None));
    assert_eq!((bare.date, bare.author, bare.custodian), (None, None, None));
    assert_eq!(bare.of, Some(vocabulary::Coding::resource_type("Observation")), "the reference says it");
    let full = only_record(&read(&ask(json!({ "items": [item(json!({ "synthetic": true }))] }))).unwrap());
    assert_eq!((full.categories, full.codes), (Some([].into()), Some([].into())));
    assert_eq!(full.author, Some(names(&[Identifier::reference("Practitioner/omar")])));
}

#[test]
fn parties_are_known_by_references_and_identifiers_and_what_these_lead_to() {
    let number = json!({ "system": "http://example.org/staff/", "value": "17" });
    let file = json!({
        "resolve": {
            "Practitioner/omar": { "resourceType": "Practitioner", "identifier": [number] },
            "Organization/cedar": {
                "resourceType": "Organization",
                "identifier": [{ "system": "urn:ietf:rfc:3986", "value": "2.16.840.1" }],
            },
        },
        "patients": { "Patient/layla": [{ "system": "urn:mrn", "value": "5" }] },
    });
    let resolver = Resolver::read(file.as_object().unwrap()).unwrap();
    let actors =
        json!(["Practitioner/omar/_history/3", { "reference": "Organization/cedar" }, { "value": "Device/app" }]);
    let request = json!({ "patient": { "system": "urn:mrn", "value": "5" }, "actor": actors, "items": [] });
    let question = super::read(&request, &resolver, NOW).unwrap().question;
    let expected = names(&[
        Identifier::reference("Practitioner/omar"),
        Identifier::assigned("http://example.org/staff", "17"),
        Identifier::reference("Organization/cedar"),
        Identifier::assigned("urn:ietf:rfc:3986", "urn:oid:2.16.840.1"),
        Identifier::reference("Device/app"),
    ]);
    assert_eq!(question.asker.names, expected);
    let layla = names(&[Identifier::reference("Patient/layla"), Identifier::assigned("urn:mrn", "5")]);
    assert_eq!(question.patient, layla);
    let single = json!({ "patients": { "Patient/layla": { "system": "urn:mrn", "value": "5" } } });
    let resolver = Resolver::read(single.as_object().unwrap()).unwrap();
    assert_eq!(super::read(&request, &resolver, NOW).unwrap().question.patient, layla);
    let wrong = json!({ "patients": { "Patient/layla": "5" } });
    assert!(Resolver::read(wrong.as_object().unwrap()).is_err());
}

#[test]
fn somebody_in_a_role_brings_its_person_place_and_code_while_it_lasts() {
    let nurse = json!({ "system": "http://snomed.info/sct", "code": "224535009" });
    let role = |period: Value| {
        let role = json!({
            "resourceType": "PractitionerRole",
            "practitioner": { "reference": "Practitioner/omar" },
            "organization": { "reference": "Organization/ward" },
            "code": [{ "coding": [nurse] }],
            "period": period,
        });
        let ward = json!({ "resourceType": "Organization", "partOf": { "reference": "Organization/cedar" } });
        let file = json!({ "resolve": { "PractitionerRole/1": role, "Organization/ward": ward } });
        Resolver::read(file.as_object().unwrap()).unwrap()
    };
    let asker = |period: Value| {
        let request = json!({ "patient": "Patient/1", "actor": ["PractitionerRole/1"], "items": [] });
        super::read(&request, &role(period), NOW).unwrap().question.asker
    };
    let now = asker(json!({ "start": "2026-01-01" }));
    assert!(
        ["Practitioner/omar", "Organization/ward", "Organization/cedar"]
            .iter()
            .all(|one| now.names.contains(&Identifier::reference(one)))
    );
    assert_eq!(now.roles[0].code, vocabulary::Coding::new("http://snomed.info/sct", "224535009"));
    let ended = asker(json!({ "end": "2026-01-01" }));
    assert_eq!((ended.names.len(), ended.roles.len()), (1, 0));
}

#[test]
fn an_agent_comes_with_its_version() {
    let agent = json!({ "identifiers": [{ "system": "urn:agents", "value": "triage" }], "version": "1.2" });
    let asker = read(&ask(json!({ "requester": { "agent": agent } }))).unwrap().question.asker;
    assert_eq!(asker.agent.unwrap().version.as_deref(), Some("1.2"));
    assert!(asker.names.contains(&Identifier::assigned("urn:agents", "triage")));
}

#[test]
fn what_is_not_understood_is_named_and_nothing_is_passed_over() {
    let error = |request: Value| read(&request).unwrap_err();
    let form = |place: &str, expected| RequestError::Form { place: place.to_owned(), expected };
    let key = |place: &str, key: &str| RequestError::Key { place: place.to_owned(), key: key.to_owned() };
    assert_eq!(error(json!([])), RequestError::NotObject(String::new()));
    assert_eq!(error(json!({ "items": [] })), RequestError::Missing("patient"));
    assert_eq!(error(json!({ "patient": "Patient/1" })), RequestError::Missing("items (or query)"));
    assert_eq!(error(ask(json!({ "query": {} }))), RequestError::ItemsAndQuery);
    assert_eq!(error(ask(json!({ "purpose": ["TREAT", "HPAYMT"] }))), RequestError::Purposes(2));
    assert_eq!(error(ask(json!({ "purposes": "TREAT" }))), key("it", "purposes"));
    assert_eq!(error(ask(json!({ "items": [item(json!({ "label": [label("R")] }))] }))), key("items[0]", "label"));
    assert_eq!(error(ask(json!({ "requester": { "organization": "x" } }))), key("requester", "organization"));
    assert_eq!(error(ask(json!({ "patient": "layla" }))), form("patient", "a reference, a Reference or an Identifier"));
    let dated = ask(json!({ "items": [item(json!({ "date": "yesterday" }))] }));
    assert_eq!(error(dated), form("items[0].date", "a period of FHIR dates"));
    let coded = ask(json!({ "items": [item(json!({ "codes": ["74013-4"] }))] }));
    assert_eq!(error(coded), form("items[0].codes[0]", "a Coding with its system"));
    assert_eq!(error(ask(json!({ "purpose": [{}] }))), form("purpose[0]", "a code, a Coding or a CodeableConcept"));
    let declared = ask(json!({ "emergency": { "authority": "physician" } }));
    assert_eq!(error(declared), RequestError::Missing("emergency.at"));
}

#[test]
fn the_hook_is_read_as_leap_publishes_it() {
    let person = json!({ "system": "http://hl7.org/fhir/sid/us-medicare", "value": "0000-000-0000" });
    let one = json!({ "patientId": person, "scope": "adr", "purposeOfUse": "TREAT", "actor": { "system": "sample-system", "value": "sample-id" } });
    let request = read(&json!({ "hook": "patient-consent-consult", "hookInstance": "1", "context": one })).unwrap();
    assert_eq!(
        request.question.patient,
        names(&[Identifier::assigned("http://hl7.org/fhir/sid/us-medicare", "0000-000-0000")])
    );
    assert_eq!(request.question.classes, Some([Kind::Scope.coding("adr")].into()));
    assert_eq!(request.question.purpose, Some(Kind::Purpose.coding("TREAT")));
    assert_eq!(request.question.asker.names, names(&[Identifier::assigned("sample-system", "sample-id")]));
    let both = ["access", "disclose"].map(|code| Kind::Action.coding(code));
    assert_eq!(request.question.actions, both.into());
    let lists = json!({
        "patientId": [person],
        "category": [scope("patient-privacy")],
        "class": [{ "system": "http://hl7.org/fhir/resource-types", "value": "MedicationStatement" }],
        "purposeOfUse": ["TREAT"],
        "actor": [{ "system": "urn:ietf:rfc:3986", "value": "2.16.840.1.113883.20.5" }],
        "encounterId": "7",
    });
    let request = read(&lists).unwrap();
    assert_eq!(request.kinds, [vocabulary::Coding::resource_type("MedicationStatement")]);
    assert_eq!(request.ignored, ["encounterId"], "said, not passed over");
    let several = json!({ "patientId": [person], "purposeOfUse": ["ETREAT", "HMARKT"] });
    assert_eq!(read(&several).unwrap_err(), RequestError::Purposes(2));
}

#[test]
fn the_hook_is_read_as_shares_publishes_it_and_content_makes_no_items() {
    let observation = json!({ "resourceType": "Observation", "id": "f204", "meta": { "security": [label("HIV")] } });
    let context = json!({
        "actor": [{ "value": "Organization/d0894f6b" }],
        "purposeOfUse": [],
        "category": [],
        "patientId": [{ "value": "Patient/cfsb1699034947598" }],
        "class": [],
        "content": { "resourceType": "Bundle", "entry": [{ "resource": observation }, { "resource": { "resourceType": "Medication" } }] },
        "consent": [{ "resourceType": "Consent" }],
    });
    let request = read(&context).unwrap();
    assert_eq!(request.question.patient, names(&[Identifier::reference("Patient/cfsb1699034947598")]));
    assert_eq!((request.question.purpose.clone(), request.question.classes.clone()), (None, None));
    assert_eq!(request.records, ["Observation/f204", "content.entry[1]"]);
    assert_eq!(request.consents.len(), 1);
    let Asked::Query(query) = &request.question.asked else { panic!("a query") };
    assert_eq!(query.along[0].labels, [Kind::Sensitivity.coding("HIV")].into());
    assert_eq!(query.along[0].of, Some(vocabulary::Coding::resource_type("Observation")));
}

#[test]
fn a_query_asks_for_kinds_labels_codes_and_a_time() {
    let loinc = json!({ "system": "http://loinc.org", "code": "1" });
    let asked = json!({ "types": ["Observation", kind("Condition")], "labels": ["N"], "codes": [loinc], "period": { "start": "2026" } });
    let request = read(&json!({ "patient": "Patient/1", "query": asked })).unwrap();
    let Asked::Query(query) = &request.question.asked else { panic!("a query") };
    assert_eq!(query.classes, ["Observation", "Condition"].map(vocabulary::Coding::resource_type));
    assert_eq!((query.labels.len(), query.codes.len(), query.period.is_some()), (1, 1, true));
}
