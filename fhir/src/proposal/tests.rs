//! What a proposed Consent asks for, what of it is refused with which name, and how a request comes out again.

use super::*;
use crate::import::tests::{clinic, parameters, place, who};
use amanah_ledger::compose::write;
use amanah_ledger::time::DAY_MS;
use amanah_ledger::vocabulary::system;

const CHAIN: Digest = Digest([9; 32]);
/// 2026-11-22.
const NOW: UnixMs = UnixMs(20_779 * DAY_MS);

/// As an EHR writes it that has read this network's consents.
fn asked() -> Value {
    json!({
        "resourceType": "Consent",
        "status": "proposed",
        "scope": { "coding": [{ "system": system::SCOPE, "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": "Patient/P-WHDG" },
        "dateTime": "2026-11-22",
        "organization": [{ "identifier": { "system": "urn:amanah:member", "value": "cedar" } }],
        "policy": [{ "uri": format!("urn:amanah:network:{CHAIN}") }],
        "provision": {
            "type": "permit",
            "period": { "end": "2027-01-31" },
            "actor": [{
                "role": { "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
                    "code": "IRCP" }] },
                "reference": { "identifier": { "system": "urn:amanah:practitioner:cedar", "value": "dr.haddad" } },
            }],
            "purpose": [{ "system": system::PURPOSE, "code": "TREAT" }],
            "class": [{ "system": "http://hl7.org/fhir/resource-types", "code": "MedicationRequest" }],
        },
    })
}

fn taken(resource: &Value) -> Result<Proposal, ImportError> {
    read(resource, &CHAIN, NOW, &parameters(), &who)
}

fn request(terms: Terms) -> ConsentRequest {
    let document = write(place(), terms).unwrap();
    ConsentRequest::of(document).unwrap()
}

#[test]
fn a_proposed_consent_is_taken_over_whole_and_comes_out_as_it_could_be_asked_for_again() {
    let proposal = taken(&asked()).unwrap();
    assert_eq!(proposal.patient, Some(Patient::Code("P-WHDG".parse().unwrap())));
    assert_eq!(proposal.custodians, Custodians::Members(vec!["cedar".to_owned()]));
    assert_eq!(proposal.terms.period.from, NOW);
    let request = request(proposal.terms.clone());
    let out = said(&request, NOW, Stage::Proposed).unwrap();
    assert_eq!((&out["status"], out.get("extension"), out.get("performer")), (&json!("proposed"), None, None));
    for element in ["scope", "category", "purpose", "class"] {
        let (of, from) = match element {
            "purpose" | "class" => (&out["provision"], &asked()["provision"]),
            _around => (&out, &asked()),
        };
        assert_eq!(of[element], from[element], "{element}");
    }
    assert_eq!(out["provision"]["period"], json!({ "end": "2027-01-31T23:59:59Z" }));
    for (stage, status) in [(Stage::Rejected, "rejected"), (Stage::Over, "inactive")] {
        assert_eq!(said(&request, NOW, stage).unwrap()["status"], status);
    }
}

#[test]
fn whatever_a_request_would_not_have_is_refused_by_its_name() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut resource = asked();
        change(&mut resource);
        taken(&resource).unwrap_err()
    };
    let clinics = clinic(asked()["provision"].clone());
    let implied = [
        "resourceType",
        "id",
        "meta",
        "status",
        "scope",
        "category",
        "patient",
        "performer",
        "organization",
        "dateTime",
        "policy",
        "provision",
    ];
    let others: Vec<&String> =
        clinics.as_object().unwrap().keys().filter(|name| !implied.contains(&name.as_str())).collect();
    assert!(others.len() >= 2, "{others:?}");
    for name in others {
        let why = refused(&|resource| resource[name] = clinics[name].clone());
        assert_eq!(why, ImportError::Lost(name.clone()));
    }
    let start = refused(&|resource| resource["provision"]["period"]["start"] = "2026-12-01".into());
    assert_eq!(start, ImportError::Lost("provision.period.start".to_owned()));
    let category = json!([{ "coding": [{ "system": "http://loinc.org", "code": "57016-8" }] }]);
    assert_eq!(refused(&|resource| resource["category"] = category.clone()), ImportError::Lost("category".to_owned()));
    let policy = json!([{ "uri": "https://clinic.example/policy" }]);
    assert_eq!(refused(&|resource| resource["policy"] = policy.clone()), ImportError::Lost("policy".to_owned()));
    assert_eq!(refused(&|resource| resource["status"] = "active".into()), ImportError::Status("proposed"));
    assert_eq!(refused(&|resource| resource["provision"]["period"]["end"] = "2020-01-01".into()), ImportError::Over);
}

#[test]
fn a_patient_of_two_names_is_nobody() {
    let mut resource = asked();
    resource["patient"]["identifier"] = json!({ "system": "urn:amanah:patient", "value": "P-X3MB" });
    assert_eq!(taken(&resource).unwrap().patient, None);
    resource["patient"]["identifier"]["value"] = "P-WHDG".into();
    assert!(taken(&resource).unwrap().patient.is_some());
    resource["patient"] = json!({ "reference": "Patient/7" });
    assert_eq!(taken(&resource).unwrap().patient, None);
}
