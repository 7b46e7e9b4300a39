//! What is read of a FHIR consent, and what is refused rather than guessed (CE-1 step 0).

use super::needs;
use crate::scene::{actor, ask, case, kind, purpose, r4, r5, with};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

#[test]
fn a_part_that_nobody_understands_helps_no_permit() {
    for part in [
        json!({ "expression": { "language": "text/fhirpath" } }),
        json!({ "purposes": [purpose("TREAT")] }),
        json!({ "dataPeriod": { "start": "soon" } }),
        json!({ "actor": [{ "role": { "text": "everybody" } }] }),
        json!({ "data": [{ "meaning": "dependents", "reference": { "reference": "Observation/1" } }] }),
        json!({ "purpose": [{ "code": "TREAT" }] }),
        json!({ "class": [kind("Observation")], "resourceType": [kind("Observation")] }),
    ] {
        let consent = r5("deny", json!([part]));
        needs(Mutant::UnknownPartPermits, || case([consent.clone()], ask(json!({}))).is("deny"));
        let outcome = case([consent], ask(json!({}))).decide().unwrap();
        assert_eq!(outcome.consents[0].not_understood().len(), 1, "{part}");
        assert_eq!(outcome.json["considered"][0]["not_understood"].as_array().unwrap().len(), 1, "{part}");
    }
    let root = r4(json!({ "type": "permit", "expression": {} }));
    needs(Mutant::UnknownPartPermits, || case([root.clone()], ask(json!({}))).is("deny NOT_COVERED"));
}

#[test]
fn a_refusal_is_read_without_the_part_that_nobody_understands() {
    for part in [json!({ "expression": {} }), json!({ "dataPeriod": { "start": "soon" } })] {
        let consent = r5("permit", json!([with(part, json!({ "purpose": [purpose("TREAT")] }))]));
        needs(Mutant::UnknownPartRefusesNothing, || case([consent.clone()], ask(json!({}))).is("deny DENIED"));
        case([consent], ask(json!({ "purpose": "HPAYMT" }))).check("permit");
    }
    // A role without meaning here finds its actor on any side.
    for who in ["Organization/cedar", "Organization/qamar", "Practitioner/omar"] {
        case([r5("permit", json!([{ "actor": [actor("WIT", who)] }]))], ask(json!({}))).check("deny DENIED");
    }
    case([r5("deny", json!([{ "actor": [actor("WIT", "Organization/cedar")] }]))], ask(json!({}))).check("deny");
}

#[test]
fn of_several_alternatives_a_permit_keeps_those_that_are_understood() {
    let some = json!([purpose("TREAT"), { "code": "HMARKT" }]);
    let permit = r5("deny", json!([{ "purpose": some }]));
    case([permit.clone()], ask(json!({}))).check("permit");
    case([permit], ask(json!({ "purpose": "HMARKT" }))).check("deny");
    let refusal = r5("permit", json!([{ "purpose": some }]));
    case([refusal], ask(json!({ "purpose": "HMARKT" }))).check("deny DENIED");
}

#[test]
fn an_r4_consent_says_at_its_root_what_it_does() {
    let unsaid = r4(json!({ "purpose": [purpose("TREAT")] }));
    needs(Mutant::RootTypeGuessed, || {
        case([unsaid.clone()], ask(json!({}))).said().starts_with("refused: provision.type")
    });
    let optin = with(r4(json!(null)), json!({ "policyRule": { "coding": [{ "code": "OPTIN" }] } }));
    assert!(case([optin], ask(json!({}))).said().starts_with("refused: provision.type"));
}

#[test]
fn an_r5_consent_says_what_holds_where_no_provision_speaks() {
    let mut unsaid = r5("permit", json!([{ "purpose": [purpose("TREAT")] }]));
    unsaid.as_object_mut().unwrap().remove("decision");
    assert!(case([unsaid], ask(json!({}))).said().starts_with("refused: decision"));
    assert!(case([r5("maybe", json!([]))], ask(json!({}))).said().starts_with("refused: decision"));
}

#[test]
fn what_changes_the_meaning_of_the_rest_is_refused() {
    let modifier = json!([{ "url": "http://example.org/inverts", "valueBoolean": true }]);
    let places: [Value; 4] = [
        with(r5("permit", json!([])), json!({ "modifierExtension": modifier })),
        with(r5("permit", json!([])), json!({ "implicitRules": "http://example.org/rules" })),
        r5("permit", json!([{ "purpose": [purpose("HMARKT")], "modifierExtension": modifier }])),
        r5("permit", json!([{ "provision": [{ "actor": [{ "modifierExtension": modifier }] }] }])),
    ];
    for consent in places {
        needs(Mutant::ModifierIgnored, || {
            case([consent.clone()], ask(json!({}))).said().ends_with("changes what the rest means")
        });
    }
    // What was never in force refuses nothing, however it is written.
    let draft = with(r5("permit", json!([])), json!({ "modifierExtension": modifier, "status": "draft" }));
    case([draft], ask(json!({}))).check("no-consent");
}

#[test]
fn a_tree_has_at_most_four_levels_and_sixty_four_rules() {
    let nested = |levels: usize| {
        let rule = json!({ "purpose": [purpose("HMARKT")] });
        let tree = (1..levels).fold(rule.clone(), |below, _| with(rule.clone(), json!({ "provision": [below] })));
        r5("permit", json!([tree]))
    };
    case([nested(4)], ask(json!({}))).check("permit");
    needs(Mutant::LimitsUnchecked, || case([nested(5)], ask(json!({}))).said().contains("nested deeper"));
    let many = |rules: usize| r5("permit", Value::Array(vec![json!({ "purpose": [purpose("HMARKT")] }); rules]));
    case([many(64)], ask(json!({}))).check("permit");
    needs(Mutant::LimitsUnchecked, || case([many(65)], ask(json!({}))).said().contains("more than 64"));
    let long = json!([{ "purpose": vec![purpose("HMARKT"); 2000] }]);
    needs(Mutant::LimitsUnchecked, || {
        case([r5("permit", long.clone())], ask(json!({}))).said().contains("longer than")
    });
}

#[test]
fn codes_are_known_by_the_older_addresses_of_their_system() {
    let coded = |system: &str, code: &str| json!({ "system": system, "code": code });
    for rule in [
        json!({ "purpose": [coded("http://hl7.org/fhir/v3/ActReason", "TREAT")] }),
        json!({ "purpose": [coded("http://terminology.hl7.org/ValueSet/v3-PurposeOfUse", "TREAT")] }),
        json!({ "purpose": [coded("http://terminology.hl7.org/CodeSystem/v3-ActReason/", "TREAT")] }),
        json!({ "securityLabel": [coded("http://hl7.org/fhir/v3/Confidentiality", "N")] }),
        json!({ "resourceType": [coded("http://hl7.org/fhir/fhir-types", "Observation")] }),
    ] {
        let consent = r5("deny", json!([rule]));
        needs(Mutant::AliasesUnknown, || case([consent.clone()], ask(json!({}))).is("permit"));
    }
}
