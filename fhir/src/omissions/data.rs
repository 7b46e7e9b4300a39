//! Whether a rule is about this data (CE-1 step 3).

use super::needs;
use crate::scene::{ask, case, item, kind, label, purpose, r4, r5, said};
use amanah_ledger::engine::{Consent, ConsentRoot};
use amanah_ledger::mutant::Mutant;
use amanah_ledger::vocabulary::Kind;
use serde_json::{Value, json};

fn labelled(labels: &[&str]) -> Value {
    ask(json!({ "items": [item(json!({ "labels": labels.iter().map(|code| label(code)).collect::<Vec<_>>() }))] }))
}

fn of(more: Value) -> Value {
    ask(json!({ "items": [item(more)] }))
}

/// Refuses everything but what this rule permits.
fn only(rule: Value) -> Value {
    r5("deny", json!([rule]))
}

/// Permits everything but what this rule refuses.
fn but(rule: Value) -> Value {
    r5("permit", json!([rule]))
}

fn marked(code: &str) -> Value {
    json!({ "securityLabel": [label(code)] })
}

#[test]
fn a_rule_for_a_label_is_about_no_other_data() {
    needs(Mutant::LabelIgnored, || case([but(marked("HIV"))], labelled(&["GDIS"])).is("permit"));
    case([but(marked("HIV"))], labelled(&["GDIS", "HIV"])).check("deny DENIED");
}

#[test]
fn a_permit_up_to_a_confidentiality_covers_what_is_lower() {
    let up_to = |code: &str| r4(json!({ "type": "permit", "securityLabel": [label(code)] }));
    needs(Mutant::ConfidentialityExact, || case([up_to("R")], labelled(&["L"])).is("permit"));
    case([up_to("R")], labelled(&["R"])).check("permit");
    case([up_to("R")], labelled(&["V"])).check("deny NOT_COVERED");
}

#[test]
fn of_several_confidentialities_the_highest_counts() {
    needs(Mutant::LowestLabelCounts, || case([only(marked("N"))], labelled(&["N", "R"])).is("deny"));
}

#[test]
fn unlabelled_data_is_normal() {
    needs(Mutant::UnlabelledCountsForNothing, || case([only(marked("N"))], labelled(&[])).is("permit"));
    case([only(marked("L"))], labelled(&[])).check("deny");
    case([but(marked("N"))], labelled(&["HIV"])).check("deny DENIED");
}

#[test]
fn a_refusal_from_a_confidentiality_on_leaves_what_is_lower() {
    needs(Mutant::RefusalUpTo, || case([but(marked("R"))], labelled(&["N"])).is("permit"));
    case([but(marked("R"))], labelled(&["V"])).check("deny DENIED");
    case([but(marked("R"))], labelled(&["R"])).check("deny DENIED");
}

#[test]
fn a_sensitivity_covers_its_parts() {
    needs(Mutant::SensitivityExact, || case([but(marked("SUD"))], labelled(&["ETHUD"])).is("deny DENIED"));
    needs(Mutant::SensitivityExact, || case([but(marked("ETH"))], labelled(&["OPIOIDUD"])).is("deny DENIED"));
    case([only(marked("SUD"))], labelled(&["ETHUD", "R"])).check("permit");
    case([only(marked("ETHUD"))], labelled(&["SUD"])).check("deny");
}

#[test]
fn a_sensitivity_that_nobody_knows_meets_every_refusal_and_helps_no_permit() {
    needs(Mutant::UnknownLabelHarmless, || case([but(marked("HIV"))], labelled(&["NEWCODE"])).is("deny DENIED"));
    case([only(marked("HIV"))], labelled(&["NEWCODE"])).check("deny");
    // What is known to be no sensitivity is none.
    case([but(marked("HIV"))], labelled(&["NORDSCLCD"])).check("permit");
    let test_data = json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST" });
    case([but(marked("HIV"))], of(json!({ "labels": [test_data] }))).check("permit");
}

#[test]
fn a_rule_for_data_from_a_time_is_about_no_other() {
    let march = json!({ "dataPeriod": { "start": "2026-03-01", "end": "2026-03-31" } });
    let from = |date: Value| of(json!({ "date": date }));
    needs(Mutant::DataPeriodIgnored, || case([only(march.clone())], from(json!("2026-04-01"))).is("deny"));
    needs(Mutant::DataPeriodIgnored, || case([but(march.clone())], from(json!("2026-04-01"))).is("permit"));
    case([only(march.clone())], from(json!("2026-03-31"))).check("permit");
    // Partly inside is not inside of a permit, and not outside of a refusal.
    case([only(march.clone())], from(json!("2026"))).check("deny");
    case([but(march.clone())], from(json!("2026"))).check("deny DENIED");
    case([only(march.clone())], from(Value::Null)).check("deny");
    case([but(march)], from(Value::Null)).check("deny DENIED");
}

#[test]
fn what_a_permit_leaves_out_by_label_is_not_covered() {
    let root = || r4(json!({ "type": "permit", "purpose": [purpose("TREAT")] }));
    let leaves_out = |consent: &mut Consent| {
        if let ConsentRoot::Rule(root) = &mut consent.root {
            root.data.except_labels = [Kind::Sensitivity.coding("PSY"), Kind::Confidentiality.coding("R")].into();
        }
    };
    let decided = |asked: Value| said(case([root()], asked).decide_with(Vec::new(), leaves_out));
    assert_eq!(decided(labelled(&["HIV"])), "permit PERMITTED");
    needs(Mutant::ExceptedLabelIgnored, || decided(labelled(&["PSYTHPN"])) == "deny NOT_COVERED");
    needs(Mutant::ExceptedLabelIgnored, || decided(labelled(&["V"])) == "deny NOT_COVERED");
    // Of a query they are withheld.
    let mut query = ask(json!({ "query": {} }));
    query.as_object_mut().unwrap().remove("items");
    assert_eq!(decided(query), "permit PERMITTED REDACT");
}

fn named(meaning: &str, reference: &str) -> Value {
    json!({ "data": [{ "meaning": meaning, "reference": { "reference": reference } }] })
}

#[test]
fn a_rule_for_a_record_is_about_no_other() {
    needs(Mutant::RecordIgnored, || case([only(named("instance", "Observation/2"))], of(json!({}))).is("deny"));
    case([only(named("instance", "Observation/1"))], of(json!({}))).check("permit");
    needs(Mutant::RecordIgnored, || case([only(named("authoredby", "Practitioner/huda"))], of(json!({}))).is("deny"));
    case([only(named("authoredby", "Practitioner/omar"))], of(json!({}))).check("permit");
    case([but(named("authoredby", "Practitioner/huda"))], of(json!({ "author": null }))).check("deny DENIED");
}

#[test]
fn what_hangs_on_a_record_is_meant_with_it() {
    let order = named("related", "ServiceRequest/9");
    let result = of(json!({ "related": ["ServiceRequest/9", "Encounter/1"] }));
    needs(Mutant::RelatedIsInstance, || case([but(order.clone())], result.clone()).is("deny DENIED"));
    case([but(order.clone())], of(json!({ "reference": "ServiceRequest/9" }))).check("deny DENIED");
    case([but(order)], of(json!({}))).check("permit");
    case([but(named("instance", "ServiceRequest/9"))], result).check("permit");
}

#[test]
fn a_rule_for_a_kind_of_data_is_about_no_other() {
    let conditions = json!({ "resourceType": [kind("Condition")] });
    needs(Mutant::ClassIgnored, || case([only(conditions.clone())], of(json!({}))).is("deny"));
    case([only(conditions)], of(json!({ "reference": "Condition/1" }))).check("permit");
    let laboratory =
        json!({ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory" });
    let labs = json!({ "class": [laboratory] });
    case([but(labs.clone())], of(json!({ "categories": [laboratory] }))).check("deny DENIED");
    case([but(labs.clone())], of(json!({ "categories": [] }))).check("permit");
    // A prescription cannot be a laboratory result, whatever is not said about it; an observation can.
    case([but(labs.clone())], of(json!({ "categories": null, "reference": "MedicationRequest/1" }))).check("permit");
    case([but(labs)], of(json!({ "categories": null }))).check("deny DENIED");
    let letter = json!({ "system": "http://loinc.org", "code": "34133-9" });
    let letters = json!({ "documentType": [letter] });
    let document = of(json!({ "reference": "DocumentReference/1", "codes": [letter] }));
    needs(Mutant::ClassIgnored, || case([only(letters.clone())], of(json!({}))).is("deny"));
    case([only(letters)], document).check("permit");
}

#[test]
fn a_rule_for_a_clinical_code_is_about_no_other_data() {
    let alcohol = json!({ "system": "http://loinc.org", "code": "74013-4" });
    let rule = json!({ "code": [{ "coding": [alcohol] }] });
    needs(Mutant::CodeIgnored, || case([only(rule.clone())], of(json!({}))).is("deny"));
    case([only(rule.clone())], of(json!({ "codes": [alcohol] }))).check("permit");
    case([but(rule.clone())], of(json!({ "codes": [alcohol] }))).check("deny DENIED");
    case([but(rule)], of(json!({ "codes": null }))).check("deny DENIED");
}
