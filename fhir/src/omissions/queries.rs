//! Requests without items: what to leave out of what is released (CE-1 step 9).

use super::needs;
use crate::scene::{actor, ask, case, kind, label, purpose, r4, r5};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

fn query(more: Value) -> Value {
    let mut request = ask(json!({ "query": more }));
    request.as_object_mut().unwrap().remove("items");
    request
}

fn parameters(consents: &[Value], asked: Value) -> Vec<Value> {
    let json = case(consents.to_vec(), query(asked)).decide().unwrap().json;
    json["obligations"].as_array().unwrap().iter().map(|one| one["parameters"].clone()).collect()
}

#[test]
fn what_rules_withhold_is_left_out_of_what_is_permitted() {
    let consent = r5("permit", json!([{ "securityLabel": [label("HIV")] }, { "resourceType": [kind("Condition")] }]));
    needs(Mutant::WithheldNotRedacted, || case([consent.clone()], query(json!({}))).is("permit PERMITTED REDACT"));
    assert_eq!(parameters(&[consent], json!({})), [json!({ "codes": [label("HIV"), kind("Condition")] })]);
    // A rule about somebody else withholds nothing, one about everything refuses.
    let rawda = json!({ "securityLabel": [label("HIV")], "actor": [actor("IRCP", "Organization/rawda")] });
    case([r5("permit", json!([rawda]))], query(json!({}))).check("permit PERMITTED");
    let all = r5("permit", json!([{ "purpose": [purpose("TREAT")] }]));
    case([all], query(json!({}))).check("deny DENIED");
    // What one consent withholds is left out of what another permits.
    let withholds = r4(json!({ "type": "deny", "securityLabel": [label("PSY")] }));
    let both = [r5("permit", json!([])), withholds.clone()];
    assert_eq!(parameters(&both, json!({})), [json!({ "codes": [label("PSY")] })]);
    case([withholds], query(json!({}))).check("no-consent NO_CONSENT");
}

#[test]
fn a_kind_that_is_withheld_is_refused_when_it_is_asked_for() {
    let consent = r5("permit", json!([{ "resourceType": [kind("Condition")], "securityLabel": [label("HIV")] }]));
    let asked = |what: &[&str]| case([consent.clone()], query(json!({ "types": what })));
    asked(&["Observation"]).check("permit PERMITTED");
    needs(Mutant::WithheldKindReleased, || asked(&["Condition"]).is("deny DENIED"));
    asked(&["Observation", "Condition"]).check("deny DENIED");
}

#[test]
fn no_list_releases_what_only_a_label_tells_that_it_cannot_say() {
    // A label of another system could be a clinical code in a list, so what has it cannot be told from what has not.
    let labelled = json!({ "system": "urn:other", "code": "x" });
    let consent = r4(json!({ "type": "permit", "securityLabel": [labelled] }));
    needs(Mutant::ListsUnchecked, || case([consent.clone()], query(json!({}))).is("deny NOT_COVERED"));
}

#[test]
fn what_is_permitted_and_no_list_can_say_is_refused_and_not_left_to_the_default() {
    // What is normal or more is given back; no list leaves out what is less, which nobody speaks about.
    let given_back = json!({ "type": "deny", "securityLabel": [label("N")], "provision": [{ "type": "permit" }] });
    let of_others =
        json!({ "type": "permit", "actor": [actor("IRCP", "Organization/rawda")], "provision": [given_back] });
    needs(Mutant::UnsaidLeftToDefault, || case([r4(of_others.clone())], query(json!({}))).is("deny NOT_COVERED"));
}

#[test]
fn a_query_for_one_type_is_told_nothing_about_another() {
    let refused = json!([{ "resourceType": [kind("MedicationStatement")] }, { "securityLabel": [label("R")] }]);
    let asked = json!({ "types": ["Immunization"] });
    assert_eq!(parameters(&[r5("permit", refused)], asked), [json!({ "codes": [label("R")] })]);
    // A record can be in both of two categories.
    let category =
        |code: &str| json!({ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": code });
    let refused = json!([{ "class": [category("laboratory")] }]);
    let asked = json!({ "types": ["vital-signs"] });
    assert_eq!(parameters(&[r5("permit", refused)], asked), [json!({ "codes": [category("laboratory")] })]);
}

#[test]
fn a_refusal_with_exceptions_releases_only_them() {
    let normal = r5("deny", json!([{ "securityLabel": [label("N")] }]));
    needs(Mutant::PartReleasedWhole, || case([normal.clone()], query(json!({}))).is("permit PERMITTED REDACT"));
    assert_eq!(parameters(&[normal], json!({})), [json!({ "exceptAnyOfCodes": [label("N")] })]);
    let root = r4(json!({ "type": "permit", "class": [kind("Observation")] }));
    assert_eq!(
        parameters(std::slice::from_ref(&root), json!({})),
        [json!({ "exceptAnyOfCodes": [kind("Observation")] })]
    );
    case([root.clone()], query(json!({ "types": ["Observation"] }))).check("permit PERMITTED");
    case([root.clone()], query(json!({ "types": ["Condition"] }))).check("deny NOT_COVERED");
    // Two grants release both; one that permits everything releases it.
    let other = r4(json!({ "type": "permit", "class": [kind("Condition")] }));
    let both = json!({ "exceptAnyOfCodes": [kind("Observation"), kind("Condition")] });
    assert_eq!(parameters(&[root.clone(), other], json!({})), [both]);
    assert_eq!(parameters(&[root, r5("permit", json!([]))], json!({})), Vec::<Value>::new());
}

#[test]
fn what_a_list_cannot_say_is_withheld() {
    // Laboratory results that are at most normal: both must hold, so both are said, each by itself.
    let joined = json!({ "resourceType": [kind("Observation")], "securityLabel": [label("N")] });
    let said = parameters(&[r5("deny", json!([joined]))], json!({}));
    assert_eq!(
        said,
        [json!({ "exceptAnyOfCodes": [kind("Observation")] }), json!({ "exceptAnyOfCodes": [label("N")] })]
    );
    // Beside another rule each of the two stands with the other.
    let said = parameters(&[r5("deny", json!([joined, { "resourceType": [kind("Condition")] }]))], json!({}));
    let each = |code: Value| json!({ "exceptAnyOfCodes": [code, kind("Condition")] });
    assert_eq!(said, [each(kind("Observation")), each(label("N"))]);
    // A refusal with an exception in part withholds all of it.
    let excepted = json!({ "securityLabel": [label("HIV")], "provision": [{ "resourceType": [kind("Condition")] }] });
    let said = parameters(&[r5("permit", json!([excepted]))], json!({}));
    assert_eq!(said, [json!({ "codes": [label("HIV")] })]);
}

#[test]
fn a_refusal_of_a_whole_with_an_exception_in_part_releases_the_exception() {
    let consent = r5(
        "permit",
        json!([{ "actor": [actor("IRCP", "Organization/cedar")], "provision": [{ "resourceType": [kind("Condition")] }] }]),
    );
    assert_eq!(
        parameters(std::slice::from_ref(&consent), json!({})),
        [json!({ "exceptAnyOfCodes": [kind("Condition")] })]
    );
    case([consent.clone(), r5("deny", json!([]))], query(json!({}))).check("deny DENIED");
    case([consent], query(json!({ "types": ["Observation"] }))).check("deny DENIED");
}

#[test]
fn what_has_no_code_is_left_out_by_name() {
    let rules = json!([
        { "data": [{ "meaning": "related", "reference": { "reference": "Encounter/1" } }] },
        { "data": [{ "meaning": "authoredby", "reference": { "reference": "Practitioner/omar" } }] },
        { "actor": [actor("CST", "Organization/qamar")] },
        { "dataPeriod": { "start": "2026-01-01", "end": "2026-01-31" } },
    ]);
    let said = parameters(&[r5("permit", rules)], json!({}));
    let expected = json!({
        "records": [{ "reference": "Encounter/1" }],
        "authors": [{ "reference": "Practitioner/omar" }],
        "custodians": [{ "reference": "Organization/qamar" }],
        "periods": [{ "start": "2026-01-01T00:00:00Z", "end": "2026-01-31T23:59:59.999Z" }],
    });
    assert_eq!(said, [expected]);
}

#[test]
fn a_query_says_what_narrows_it() {
    let march = r5("deny", json!([{ "dataPeriod": { "start": "2026-03-01", "end": "2026-03-31" } }]));
    let during = |start: &str, end: &str| query(json!({ "period": { "start": start, "end": end } }));
    case([march.clone()], during("2026-03-02", "2026-03-05")).check("permit PERMITTED");
    assert_eq!(case([march.clone()], during("2026-02-02", "2026-03-05")).said(), "permit PERMITTED REDACT");
    case([march], during("2026-04-02", "2026-04-05")).check("deny NOT_COVERED");
    let normal = r4(json!({ "type": "permit", "securityLabel": [label("N")] }));
    // What is labelled `L` may be labelled higher, too.
    assert_eq!(case([normal.clone()], query(json!({ "labels": ["L"] }))).said(), "permit PERMITTED REDACT");
    case([normal], query(json!({ "labels": ["R"] }))).check("deny NOT_COVERED");
}
