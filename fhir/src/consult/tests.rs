//! The same question in each form, and what is refused before anything is decided.

use super::*;

const CHAIN: Digest = Digest([7; 32]);

fn leap() -> Value {
    json!({
        "hook": "patient-consent-consult",
        "hookInstance": "1",
        "context": {
            "patientId": { "system": "urn:amanah:patient", "value": "P-WHDG" },
            "scope": "patient-privacy",
            "actor": [{ "system": "urn:amanah:member", "value": "qamar" }],
            "purposeOfUse": "TREAT",
            "class": [{ "system": "http://hl7.org/fhir/resource-types", "code": "AllergyIntolerance" }],
        },
    })
}

fn shares() -> Value {
    json!({
        "hook": "patient-consent-consult",
        "hookInstance": "1",
        "context": {
            "patientId": [{ "value": "Patient/P-WHDG" }],
            "category": [{ "system": system::SCOPE, "code": "patient-privacy" }],
            "actor": [{ "system": "urn:amanah:member", "value": "qamar" }],
            "purposeOfUse": [{ "system": system::PURPOSE, "code": "TREAT" }],
            "class": [],
            "content": { "resourceType": "Bundle", "type": "collection", "entry": [
                { "resource": { "resourceType": "AllergyIntolerance", "id": "1" } },
            ] },
        },
    })
}

fn parameters() -> Value {
    json!({ "resourceType": "Parameters", "parameter": [
        { "name": "patient", "valueIdentifier": { "system": "urn:amanah:patient", "value": "P-WHDG" } },
        { "name": "requester", "valueIdentifier": { "system": "urn:amanah:member", "value": "qamar" } },
        { "name": "purpose", "valueCoding": { "system": system::PURPOSE, "code": "TREAT" } },
        { "name": "class", "valueCoding": { "system": system::RESOURCE_TYPE, "code": "AllergyIntolerance" } },
    ] })
}

#[test]
fn both_published_contexts_and_the_parameters_ask_the_same() {
    let asked = of_hook(&leap(), &CHAIN).unwrap();
    assert_eq!(asked.asker, Asker::Member("qamar".to_owned()));
    assert_eq!(
        (asked.purpose.as_str(), asked.items.len(), asked.items[0].of.as_str()),
        ("TREAT", 1, "AllergyIntolerance")
    );
    assert_eq!(of_hook(&shares(), &CHAIN).unwrap(), asked);
    assert_eq!(of_parameters(&parameters(), &CHAIN).unwrap(), asked);
}

#[test]
fn what_comes_along_is_asked_for_by_type_category_and_label() {
    let mut call = shares();
    call["context"]["content"]["entry"][0]["resource"] = json!({
        "resourceType": "Observation",
        "id": "2",
        "category": [{ "coding": [{ "system": system::OBSERVATION_CATEGORY, "code": "laboratory" }] }],
        "meta": { "security": [{ "system": system::ACT_CODE, "code": "HIV" }, { "system": "http://x", "code": "R" }] },
    });
    let item = of_hook(&call, &CHAIN).unwrap().items[0].clone();
    let codes = |codes: &[Code]| codes.iter().map(|code| code.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(codes(item.categories.as_slice()), ["laboratory"]);
    assert_eq!(codes(item.labels.as_slice()), ["HIV"]);
}

#[test]
fn without_kinds_and_content_it_is_about_all_that_presets_name() {
    let mut call = leap();
    call["context"]["class"] = json!([]);
    let everything = "everything".parse::<Selection>().unwrap().items();
    let asked: BTreeSet<Item> = of_hook(&call, &CHAIN).unwrap().items.iter().cloned().collect();
    assert_eq!(asked, everything.into_iter().collect());
}

#[test]
fn a_category_stands_for_it_in_every_type_that_has_it() {
    let mut call = leap();
    call["context"]["class"] = json!([{ "system": system::OBSERVATION_CATEGORY, "code": "laboratory" }]);
    let items = of_hook(&call, &CHAIN).unwrap().items;
    assert_eq!((items.len(), items[0].of.as_str(), items[0].categories[0].as_str()), (1, "Observation", "laboratory"));
}

#[test]
fn a_person_may_come_with_their_own_organisation_and_with_no_other() {
    let person = |member: &str| json!({ "system": format!("urn:amanah:practitioner:{member}"), "value": "clinician" });
    let asked = |actors: Value| {
        let mut call = leap();
        call["context"]["actor"] = actors;
        of_hook(&call, &CHAIN).map(|asked| asked.asker)
    };
    let place = json!({ "system": "urn:amanah:member", "value": "qamar" });
    let expected = Asker::Practitioner { member: "qamar".to_owned(), handle: "clinician".to_owned() };
    assert_eq!(asked(json!([place, person("qamar")])), Ok(expected.clone()));
    assert_eq!(asked(json!([person("qamar"), { "reference": "Practitioner/7" }])), Ok(expected));
    assert_eq!(asked(json!([place, person("cedar")])), Err(ConsultError::Asker));
    assert_eq!(asked(json!([])), Err(ConsultError::Asker));
    assert_eq!(asked(json!([{ "reference": "Organization/7" }])), Err(ConsultError::Asker));
}

#[test]
fn what_is_not_understood_is_refused_before_anything_is_decided() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut call = leap();
        change(&mut call["context"]);
        of_hook(&call, &CHAIN).unwrap_err()
    };
    assert_eq!(refused(&|one| one["patientId"]["value"] = "7".into()), ConsultError::Patient);
    assert_eq!(refused(&|one| one["purposeOfUse"] = json!([])), ConsultError::Purpose);
    assert_eq!(refused(&|one| one["purposeOfUse"] = "FUN".into()), ConsultError::Purpose);
    assert_eq!(refused(&|one| one["scope"] = "research".into()), ConsultError::Scope);
    assert_eq!(refused(&|one| one["class"] = json!(["Starship"])), ConsultError::Data);
    assert_eq!(refused(&|one| one["consent"] = json!([{ "resourceType": "Consent" }])), ConsultError::Consents);
    let many: Vec<Value> = (0..200)
        .map(|n| {
            json!({ "resource": {
        "resourceType": "Observation",
        "meta": { "security": [{ "system": system::ACT_CODE, "code": format!("L{n}") }] },
    } })
        })
        .collect();
    let bundle = json!({ "resourceType": "Bundle", "entry": many });
    assert_eq!(refused(&|one| one["content"] = bundle.clone()), ConsultError::TooMuch);
    assert_eq!(
        of_hook(&json!({ "patientId": "Patient/P-WHDG" }), &CHAIN),
        Err(RequestError::Missing("context.patientId").into())
    );
}

#[test]
fn parameters_that_the_operation_does_not_have_are_refused_by_their_place() {
    let mut asked = parameters();
    asked["parameter"][3]["name"] = "kind".into();
    assert_eq!(of_parameters(&asked, &CHAIN), Err(ConsultError::Parameter(3)));
    let mut asked = parameters();
    asked["parameter"][0]["valueString"] = "x".into();
    assert_eq!(of_parameters(&asked, &CHAIN), Err(ConsultError::Parameter(0)), "two values");
    assert!(matches!(of_parameters(&leap(), &CHAIN), Err(ConsultError::Form(_))));
}

#[test]
fn each_answer_has_its_card() {
    use amanah_ledger::document::Effect;
    use amanah_ledger::engine::{Outcome, ReasonCode};
    let reply = |decision, code| reply::Reply {
        decision,
        effect: Effect::Deny,
        code,
        access: "A-1".to_owned(),
        event: "P-1.2".to_owned(),
        height: 9,
        consents: vec!["P-1.C-1".to_owned()],
        considered: Vec::new(),
        obligations: vec![Code::try_from("NORDSCLCD").unwrap()],
        ignored: 1,
    };
    for (decision, code, summary, indicator) in [
        (Outcome::Permit, ReasonCode::Permitted, "CONSENT_PERMIT", "info"),
        (Outcome::Deny, ReasonCode::Denied, "CONSENT_DENY", "critical"),
        (Outcome::NoConsent, ReasonCode::NoConsent, "NO_CONSENT", "warning"),
    ] {
        let card = reply(decision, code).cards("http://x/fhir/r4", "Cedar")["cards"][0].clone();
        assert_eq!((&card["summary"], &card["indicator"]), (&json!(summary), &json!(indicator)));
        assert_eq!(card["extension"]["basedOn"], json!(["http://x/fhir/r4/Consent/P-1.C-1"]));
        let id = json!({ "system": system::ACT_CODE, "code": "NORDSCLCD" });
        assert_eq!(card["extension"]["obligations"], json!([{ "id": id }]));
    }
    let parameters = reply(Outcome::Deny, ReasonCode::Revoked).parameters();
    let names = |of: &Value, list: &str| -> BTreeSet<String> {
        of[list].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let definition = reply::operation_definition("http://x", "2026-11-29");
    assert!(names(&parameters, "parameter").is_subset(&names(&definition, "parameter")));
}
