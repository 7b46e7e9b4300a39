//! What the rules of one consent say together (CE-1 step 4).

use super::needs;
use crate::scene::{actor, ask, case, item, kind, label, purpose, r4, r5};
use amanah_ledger::mutant::Mutant;
use serde_json::{Value, json};

fn cedar() -> Value {
    json!([actor("IRCP", "Organization/cedar")])
}

#[test]
fn exceptions_are_read_as_deep_as_they_go() {
    // Permit all, but not to Cedar, unless it is an observation, but none that is restricted.
    let consent = r5(
        "permit",
        json!([{
            "actor": cedar(),
            "provision": [{ "resourceType": [kind("Observation")], "provision": [{ "securityLabel": [label("R")] }] }],
        }]),
    );
    let to = |more: Value| case([consent.clone()], ask(json!({ "items": [item(more)] })));
    to(json!({ "reference": "Condition/1" })).check("deny DENIED");
    needs(Mutant::ExceptionsIgnored, || to(json!({})).is("permit"));
    to(json!({ "labels": [label("R")] })).check("deny DENIED");
    let rawda = ask(json!({ "requester": { "organisations": ["Organization/rawda"] } }));
    case([consent], rawda).check("permit");
}

#[test]
fn an_exception_counts_only_where_its_rule_fits() {
    let to_rawda =
        json!({ "actor": [actor("IRCP", "Organization/rawda")], "provision": [{ "purpose": [purpose("TREAT")] }] });
    let consent = r5("deny", json!([{ "purpose": [purpose("HPAYMT")] }, to_rawda]));
    // The inner rule would refuse treatment, but only within what Rawda may; Cedar's treatment is not covered.
    needs(Mutant::ExceptionsUngated, || case([consent.clone()], ask(json!({}))).is("deny NOT_COVERED"));
}

#[test]
fn a_rule_side_by_side_with_a_refusal_does_not_lift_it() {
    let rules = json!([
        { "type": "permit", "actor": cedar() },
        { "type": "deny", "purpose": [purpose("TREAT")] },
    ]);
    for decision in ["permit", "deny"] {
        let consent = r5(decision, rules.clone());
        needs(Mutant::SiblingPermitPrevails, || case([consent.clone()], ask(json!({}))).is("deny DENIED"));
    }
}

#[test]
fn a_rule_does_what_it_says_and_only_without_a_word_the_opposite() {
    // IHE PCF: normal data for all, and restricted data too for one. Both permit.
    let consent = r4(json!({
        "type": "permit",
        "securityLabel": [label("N")],
        "provision": [{ "type": "permit", "securityLabel": [label("R")], "actor": cedar() }],
    }));
    let restricted = ask(json!({ "items": [item(json!({ "labels": [label("R")] }))] }));
    needs(Mutant::NestedTypeIgnored, || case([consent.clone()], restricted.clone()).is("permit"));
    let silent = r4(json!({ "type": "permit", "provision": [{ "actor": cedar() }] }));
    case([silent], ask(json!({}))).check("deny DENIED");
}

#[test]
fn a_base_refusal_that_is_all_a_consent_says_is_a_refusal() {
    let permit = || r5("permit", json!([]));
    needs(Mutant::BaseRefusalBounds, || case([permit(), r5("deny", json!([]))], ask(json!({}))).is("deny DENIED"));
    let refusing = r5("deny", json!([{ "type": "deny", "purpose": [purpose("HMARKT")] }]));
    case([permit(), refusing], ask(json!({}))).check("deny DENIED");
}

#[test]
fn a_base_refusal_around_a_permit_only_bounds_it() {
    let labs = r5("deny", json!([{ "resourceType": [kind("Observation")] }]));
    let medicines = r5("deny", json!([{ "resourceType": [kind("MedicationRequest")] }]));
    let both = || [labs.clone(), medicines.clone()];
    needs(Mutant::BaseRefusalExplicit, || case(both(), ask(json!({}))).is("permit"));
    case(both(), ask(json!({ "items": [item(json!({ "reference": "Condition/1" }))] }))).check("deny NOT_COVERED");
}

#[test]
fn rules_below_an_r4_root_are_read_where_the_root_does_not_fit() {
    // IHE PCF: a dissent with breaking the glass below a root for treatment.
    let consent = r4(json!({
        "type": "permit",
        "purpose": [purpose("TREAT")],
        "provision": [{ "type": "permit", "purpose": [purpose("BTG")], "actor": cedar() }],
    }));
    needs(Mutant::RootGatesRules, || case([consent.clone()], ask(json!({ "purpose": "BTG" }))).is("permit"));
    case([consent], ask(json!({ "purpose": "HMARKT" }))).check("no-consent NO_CONSENT");
}

#[test]
fn the_data_of_an_r4_root_narrows_it() {
    let permit = r4(json!({ "type": "permit", "class": [kind("Observation")] }));
    let refusal = r4(json!({ "type": "deny", "class": [kind("Observation")] }));
    let condition = || ask(json!({ "items": [item(json!({ "reference": "Condition/1" }))] }));
    needs(Mutant::RootDataIgnored, || case([permit.clone()], condition()).is("deny NOT_COVERED"));
    needs(Mutant::RootDataIgnored, || case([refusal.clone()], condition()).is("no-consent NO_CONSENT"));
    case([refusal], ask(json!({}))).check("deny DENIED");
}
