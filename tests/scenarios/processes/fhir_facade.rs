//! What a hospital's own systems ask in FHIR and CDS Hooks, over HTTP, is in the patient's log that is proven complete.

use crate::harness::{Network, Patient};
use serde_json::{Value, json};
use std::fs;

/// A system of the first hospital.
struct Ehr {
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    api: String,
    key: String,
}

impl Ehr {
    fn of(network: &Network) -> Self {
        let profile: Value =
            serde_json::from_slice(&fs::read(network.home().join("profiles/cedar.json")).unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let key = profile["api_key"].as_str().unwrap().to_owned();
        let cedar = network.status().into_iter().find(|hospital| hospital["name"] == "cedar").unwrap();
        // Between two questions nobody would notice that the node has closed an idle connection.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { http, runtime, api: cedar["api"].as_str().unwrap().to_owned(), key }
    }

    fn ask(&self, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", self.api);
        let request = body.map_or_else(|| self.http.get(&url), |body| self.http.post(&url).body(body.to_string()));
        self.runtime.block_on(async {
            let answer = request.bearer_auth(&self.key).send().await.unwrap();
            (answer.status().as_u16(), answer.json().await.unwrap())
        })
    }

    fn ok(&self, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.ask(path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

fn purpose() -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" })
}

/// For treatment, by qamar, everything in the record.
fn agreed() -> Value {
    let recipient = json!({ "coding": [{
        "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP",
    }] });
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": { "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy",
        }] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": "Patient/7" },
        "policy": [{ "uri": "https://clinic.example/privacy" }],
        "provision": {
            "type": "permit",
            "purpose": [purpose()],
            "actor": [{ "role": recipient, "reference": {
                "identifier": { "system": "urn:amanah:member", "value": "qamar" },
            } }],
        },
    })
}

fn member(name: &str) -> Value {
    json!({ "system": "urn:amanah:member", "value": name })
}

/// The context as LEAP publishes it.
fn leap(patient: &str, who: &str) -> Value {
    json!({ "hook": "patient-consent-consult", "hookInstance": "1", "context": {
        "patientId": { "system": "urn:amanah:patient", "value": patient },
        "scope": "patient-privacy", "actor": [member(who)], "purposeOfUse": "TREAT", "class": ["Condition"],
    } })
}

/// The context as SHARES publishes it.
fn shares(patient: &str, who: &str) -> Value {
    json!({ "hook": "patient-consent-consult", "hookInstance": "2", "context": {
        "patientId": [{ "value": format!("Patient/{patient}") }],
        "category": [], "actor": [member(who)], "purposeOfUse": [purpose()], "class": [],
        "content": { "resourceType": "Bundle", "type": "collection", "entry": [
            { "resource": { "resourceType": "Condition", "id": "1", "code": { "text": "hidden-90117" } } },
        ] },
    } })
}

fn parameters(patient: &str, who: Value) -> Value {
    json!({ "resourceType": "Parameters", "parameter": [
        { "name": "patient", "valueIdentifier": { "system": "urn:amanah:patient", "value": patient } },
        { "name": "requester", "valueIdentifier": who },
        { "name": "purpose", "valueCoding": purpose() },
    ] })
}

/// One value of the answer to `$consent-decision`.
fn told(answer: &Value, name: &str) -> String {
    let all = answer["parameter"].as_array().unwrap();
    let one = all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name}: {answer}"));
    let values = ["valueCode", "valueString"];
    values.iter().find_map(|value| one[value].as_str()).unwrap().to_owned()
}

fn detail(event: &Value, kind: &str) -> String {
    let details = event["entity"][0]["detail"].as_array().unwrap();
    details.iter().find(|one| one["type"] == kind).unwrap()["valueString"].as_str().unwrap().to_owned()
}

/// Asks by every way once, and says which accesses that made.
fn asked_by_all(ehr: &Ehr, patient: &str, card: &str, decision: &str) -> Vec<String> {
    let mut accesses = Vec::new();
    for call in [leap(patient, "qamar"), shares(patient, "qamar")] {
        let answer = ehr.ok("/cds-services/patient-consent-consult", Some(call));
        assert_eq!(answer["cards"][0]["summary"], card, "{answer}");
        accesses.push(answer["cards"][0]["extension"]["access"].as_str().unwrap().to_owned());
    }
    let answer = ehr.ok("/fhir/r4/$consent-decision", Some(parameters(patient, member("qamar"))));
    assert_eq!(told(&answer, "decision"), decision, "{answer}");
    accesses.push(told(&answer, "access"));
    accesses
}

#[test]
fn what_is_asked_in_fhir_and_cds_hooks_is_in_the_patients_complete_log_and_its_audit_events() {
    let network = Network::up();
    let ehr = Ehr::of(&network);
    let noor = network.patient("noor", &["cedar"]);
    let patient = noor.at("cedar");
    let mut expected = asked_by_all(&ehr, patient, "NO_CONSENT", "no-consent");

    let file = network.file("agreed.json", &agreed().to_string());
    let granted = noor.run(&["grant", "--from-fhir", &file, "--yes"]);
    assert_eq!(granted.code, 0, "{granted:?}");
    let consent = granted.json["consents"][0]["consent"].as_str().unwrap();
    let path = format!("/fhir/r4/Consent/{patient}.{consent}");
    assert_eq!(ehr.ok(&path, None)["status"], "active");
    expected.extend(asked_by_all(&ehr, patient, "CONSENT_PERMIT", "permit"));
    let refused = ehr.ok("/fhir/r4/$consent-decision", Some(parameters(patient, member("rawda"))));
    assert_eq!(told(&refused, "effect"), "deny");
    expected.push(told(&refused, "access"));

    assert_eq!(noor.run(&["revoke", consent, "--yes"]).code, 0);
    assert_eq!(ehr.ok(&path, None)["status"], "inactive", "it was revoked");
    let found = ehr.ok(&format!("/fhir/r4/Consent?patient={patient}&status=active"), None);
    assert_eq!(found.get("entry"), None, "{found}");
    expected.extend(asked_by_all(&ehr, patient, "NO_CONSENT", "no-consent"));
    let (status, unknown) = ehr.ask("/fhir/r4/$consent-decision", Some(parameters(patient, member("elsewhere"))));
    assert_eq!((status, &unknown["resourceType"]), (404, &json!("OperationOutcome")), "{unknown}");

    all_of_it_is_there(&ehr, &noor, &expected);
    it_is_known_where_it_comes_from(&ehr, &noor, consent);
}

/// The one version and the end, each signed by the patient.
fn it_is_known_where_it_comes_from(ehr: &Ehr, noor: &Patient<'_>, consent: &str) {
    let patient = noor.at("cedar");
    let bundle = ehr.ok(&format!("/fhir/r4/Provenance?target=Consent/{patient}.{consent}"), None);
    let found: Vec<&Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let ids: Vec<&Value> = found.iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [&json!(format!("{patient}.{consent}.1")), &json!(format!("{patient}.{consent}.revoked"))]);
    for one in &found {
        let id = one["id"].as_str().unwrap();
        assert_eq!(ehr.ok(&format!("/fhir/r4/Provenance/{id}"), None), **one);
        assert_eq!(one["agent"][0]["who"]["identifier"]["value"], patient);
        assert_eq!(one["signature"][0]["sigFormat"], "application/x.amanah.signature");
    }
    assert_eq!(found[0]["target"][0]["reference"], format!("Consent/{patient}.{consent}/_history/1"));
    let (_, read) = ehr.ask(&format!("/fhir/r4/Consent/{patient}.{consent}"), None);
    assert_eq!(found[0]["recorded"], read["meta"]["lastUpdated"], "the time of the block that made it final");
    let (status, none) = ehr.ask(&format!("/fhir/r4/Provenance/{patient}.{consent}.2"), None);
    assert_eq!((status, &none["resourceType"]), (404, &json!("OperationOutcome")));
}

#[test]
fn a_consent_that_is_proposed_in_fhir_becomes_the_one_that_the_patient_gives() {
    let network = Network::up();
    let ehr = Ehr::of(&network);
    let noor = network.patient("noor", &["cedar"]);
    let patient = noor.at("cedar");
    let mut proposed = agreed();
    proposed["status"] = "proposed".into();
    proposed["patient"] = json!({ "reference": format!("Patient/{patient}") });
    let (status, refused) = ehr.ask("/fhir/r4/Consent", Some(proposed.clone()));
    let why = &refused["issue"][0]["details"];
    assert_eq!((status, &why["coding"][0]["code"]), (422, &json!("AMN-0256")), "{refused}");
    assert!(why["text"].as_str().unwrap().starts_with("policy "), "a clinic's own policy would be lost: {refused}");

    proposed.as_object_mut().unwrap().remove("policy");
    let (status, asked) = ehr.ask("/fhir/r4/Consent", Some(proposed));
    assert_eq!((status, &asked["status"]), (201, &json!("proposed")), "{asked}");
    let path = format!("/fhir/r4/Consent/{}", asked["id"].as_str().unwrap());
    let inbox = noor.run(&["inbox"]).json["requests"][0].clone();
    assert_eq!((inbox["who"].as_str(), inbox["what"][0].as_str()), (Some("qamar"), Some("whole-record")), "{inbox}");
    assert_eq!(ehr.ok(&path, None), asked);
    let approved = noor.run(&["approve", inbox["request"].as_str().unwrap(), "--yes"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    assert_eq!(ehr.ok(&path, None)["status"], "active");
    asked_by_all(&ehr, patient, "CONSENT_PERMIT", "permit");
    assert_eq!(noor.run(&["revoke", approved.json["consents"][0]["consent"].as_str().unwrap(), "--yes"]).code, 0);
    assert_eq!(ehr.ok(&path, None)["status"], "inactive");
}

/// The wallet proves its log complete; log and events name the same accesses, in the same order, denials included.
fn all_of_it_is_there(ehr: &Ehr, noor: &Patient<'_>, expected: &[String]) {
    let (code, log) = noor.log("cedar");
    assert_eq!((code, log["complete"].as_bool()), (0, Some(true)), "{log}");
    let accesses = log["accesses"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    assert_eq!(accesses.iter().map(|one| text(&one["access"])).collect::<Vec<_>>(), expected);
    let bundle = ehr.ok(&format!("/fhir/r4/AuditEvent?patient={}", noor.at("cedar")), None);
    let events: Vec<&Value> = bundle["entry"].as_array().unwrap().iter().map(|entry| &entry["resource"]).collect();
    let said = |one: &Value| [text(&one["access"]), text(&one["decision"]), text(&one["effect"]), text(&one["code"])];
    let heard = |event: &&Value| ["access", "decision", "effect", "code"].map(|kind| detail(event, kind));
    assert_eq!(events.iter().map(heard).collect::<Vec<_>>(), accesses.iter().map(said).collect::<Vec<_>>());
    let permitted = events.iter().filter(|event| event["outcome"] == "0").count();
    assert_eq!((permitted, events.len()), (3, 10));
    assert!(!bundle.to_string().contains("hidden-90117"), "what came along is not kept");
}
