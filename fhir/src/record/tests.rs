use super::*;
use crate::scene::label;
use amanah_ledger::engine::{Identifier, Moment};
use serde_json::json;

fn read(resource: &Value) -> Record {
    record(resource, &Resolver::default())
}

#[test]
fn a_resource_is_a_record_with_all_it_says_of_itself() {
    let record = read(&json!({
        "resourceType": "Observation",
        "id": "1",
        "meta": { "security": [label("R"), label("HIV")] },
        "category": [{ "coding": [{ "system": "http://hl7.org/fhir/observation-category", "code": "laboratory" }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "74013-4" }, { "code": "no system" }] },
        "subject": { "reference": "Patient/layla" },
        "encounter": { "reference": "Encounter/7" },
        "basedOn": [{ "reference": "ServiceRequest/9" }],
        "performer": [{ "reference": "Practitioner/omar" }],
        "effectiveDateTime": "2026-03-01",
        "issued": "2026-04-01T00:00:00Z",
    }));
    let reference = |to: &str| Identifier::reference(to);
    assert_eq!(record.names, Some([reference("Observation/1")].into()));
    assert_eq!(record.of, Some(vocabulary::Coding::resource_type("Observation")));
    assert_eq!(record.labels.len(), 2);
    let laboratory = vocabulary::Kind::Category.coding("laboratory");
    assert_eq!(record.categories, Some([laboratory].into()));
    assert_eq!(record.codes, Some([vocabulary::Coding::new("http://loinc.org", "74013-4")].into()));
    assert_eq!(record.author, Some([reference("Practitioner/omar")].into()));
    assert_eq!(record.custodian, None);
    assert_eq!(record.date.unwrap().from, Some(Moment(1_772_323_200_000)), "when it was so, not when it was issued");
    let related = record.related.unwrap();
    assert!(related.contains(&reference("Encounter/7")) && related.contains(&reference("ServiceRequest/9")));
    assert!(!related.contains(&reference("Patient/layla")), "everything is about the patient");
}

#[test]
fn codes_are_found_where_r4_and_r5_put_them() {
    let rxnorm = json!({ "system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "480" });
    for resource in [
        json!({ "resourceType": "MedicationRequest", "medicationCodeableConcept": { "coding": [rxnorm] } }),
        json!({ "resourceType": "MedicationRequest", "medication": { "concept": { "coding": [rxnorm] } } }),
        json!({ "resourceType": "Medication", "code": { "coding": [rxnorm] } }),
        json!({ "resourceType": "Immunization", "vaccineCode": { "coding": [rxnorm] } }),
        json!({ "resourceType": "Encounter", "class": rxnorm }),
        json!({ "resourceType": "Encounter", "type": [{ "coding": [rxnorm] }] }),
    ] {
        assert_eq!(read(&resource).codes.unwrap().len(), 1, "{resource}");
    }
}

#[test]
fn authors_are_found_as_references_and_as_actors() {
    for resource in [
        json!({ "resourceType": "Procedure", "performer": [{ "actor": { "reference": "Practitioner/omar" } }] }),
        json!({ "resourceType": "Composition", "author": [{ "reference": "Practitioner/omar" }] }),
        json!({ "resourceType": "Condition", "recorder": { "reference": "Practitioner/omar" } }),
    ] {
        assert_eq!(read(&resource).author, Some([Identifier::reference("Practitioner/omar")].into()), "{resource}");
    }
    assert_eq!(read(&json!({ "resourceType": "Observation" })).author, None);
}
