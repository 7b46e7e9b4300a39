//! A proposed Consent is a request, and lives as one.

use super::*;
use amanah_ledger::consent_request::HeldRequests;

/// What an EHR posts: whether a person of this hospital may see medicines.
fn proposed(patient: &str, of: &str) -> Value {
    let coded = |system: &str, code: &str| json!({ "system": system, "code": code });
    json!({
        "resourceType": "Consent",
        "status": "proposed",
        "scope": { "coding": [coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")] },
        "category": [{ "coding": [coded("http://loinc.org", "59284-0")] }],
        "patient": { "reference": format!("Patient/{patient}") },
        "provision": {
            "type": "permit",
            "period": { "end": "2027-01-10" },
            "actor": [{
                "role": { "coding": [coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")] },
                "reference": { "identifier": { "system": "urn:amanah:practitioner:cedar", "value": "clinician" } },
            }],
            "action": [{ "coding": [coded("http://terminology.hl7.org/CodeSystem/consentaction", "access")] }],
            "purpose": [coded("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT")],
            "class": [coded("http://hl7.org/fhir/resource-types", of)],
        },
    })
}

impl Server {
    async fn propose(&self, resource: &Value) -> (u16, Value) {
        self.post_json("/fhir/r4/Consent", KEY, resource.clone()).await
    }

    async fn read(&self, path: &str) -> (u16, Value) {
        self.json("GET", &format!("/fhir/r4/{path}"), Some(KEY), Vec::new()).await
    }
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name}: {of}"))
}

/// The ids of the matches of a searchset, each with its status.
fn matches(bundle: &Value) -> Vec<(String, String)> {
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let matches = entries.iter().filter(|entry| entry["search"]["mode"] == "match").map(|entry| &entry["resource"]);
    matches.map(|one| (text(one, "id").to_owned(), text(one, "status").to_owned())).collect()
}

#[tokio::test]
async fn a_proposed_consent_waits_for_the_patient_and_becomes_the_consent_that_is_given() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let (status, asked) = server.propose(&proposed(&label, "MedicationRequest")).await;
    assert_eq!((status, text(&asked, "status")), (201, "proposed"), "{asked}");
    let id = text(&asked, "id").to_owned();
    assert_eq!(server.read(&format!("Consent/{id}")).await, (200, asked.clone()));
    let again = server.propose(&proposed(&label, "MedicationRequest")).await;
    assert_eq!(text(&again.1, "id"), id, "the same again is the same request");
    let twice = server.propose(&asked).await;
    assert_eq!(twice, (201, asked), "and so is what was answered");

    let inbox: HeldRequests = server.value("GET", "/v1/me/requests", Some(&token), Vec::new()).await;
    let request = &inbox[0].request;
    assert_eq!((inbox.len(), format!("{label}.{}", request.label())), (1, id.clone()));
    let key = patient.secret.consent_key(0).public_key();
    let document = request.document(key, TEN).unwrap();
    assert!(document.sentence.as_str().contains("Dr. Omar Haddad"), "{}", document.sentence.as_str());
    let given = patient.request(0, document);
    let path = format!("/v1/me/consents?answers={}", request.label());
    let (status, granted) = server.json("POST", &path, Some(&token), codec::encode(&given)).await;
    assert_eq!(status, 200, "{granted}");
    assert_eq!(server.read(&format!("Consent/{id}")).await.1["status"], "proposed", "given, and not final yet");
    server.until(is_grant).await;
    let (_, stands) = server.read(&format!("Consent/{id}")).await;
    assert_eq!((text(&stands, "status"), text(&stands, "id")), ("active", id.as_str()));
    let mark = stands["extension"][0].to_string();
    assert!(mark.contains(&Digest(key.0).to_string()), "which consent of the ledger it is: {mark}");

    let found = server.read(&format!("Consent?patient={label}")).await.1;
    let consent = format!("{label}.{}", text(&granted, "consent"));
    assert_eq!(matches(&found), [(consent, "active".to_owned())], "one thing is found once");
}

#[tokio::test]
async fn requests_are_found_behind_the_consents_page_by_page_by_the_status_that_they_have() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let mut expected = BTreeSet::new();
    for (index, what) in ["meds,PSY,SUD,ETH,SEX,HIV,STD,SDV,GDIS,R,V", "labs,PSY,SUD,ETH,SEX,HIV,STD,SDV,GDIS,R,V"]
        .into_iter()
        .enumerate()
    {
        let grant = patient.grant(u32::try_from(index).unwrap(), member_ref(&server.genesis, 1), what);
        let (_, granted) = server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&grant)).await;
        server.until(is_grant).await;
        expected.insert(format!("{label}.{}", text(&granted, "consent")));
    }
    let mut asked = Vec::new();
    for of in ["MedicationRequest", "Condition", "Immunization"] {
        let id = text(&server.propose(&proposed(&label, of)).await.1, "id").to_owned();
        expected.insert(id.clone());
        asked.push(id);
    }
    let code = |id: &str| id.split_once('.').unwrap().1.to_owned();
    let denied = server.send("POST", &format!("/v1/me/requests/{}/deny", code(&asked[0])), Some(&token), vec![]).await;
    let withdraw = format!("/v1/requests/{}/withdraw", code(&asked[1]));
    let withdrawn = server.send("POST", &withdraw, Some(KEY), vec![]).await;
    assert_eq!((denied.0, withdrawn.0), (200, 200));

    for count in 1..=6 {
        let (mut seen, mut path) = (Vec::new(), format!("Consent?patient={label}&_count={count}"));
        loop {
            let (status, bundle) = server.read(&path).await;
            assert_eq!(status, 200, "{bundle}");
            let page = matches(&bundle);
            assert!(page.len() <= count);
            seen.extend(page.into_iter().map(|(id, _)| id));
            let links = bundle["link"].as_array().unwrap();
            let Some(next) = links.iter().find(|link| link["relation"] == "next") else { break };
            path = text(next, "url").strip_prefix("http://cedar/fhir/r4/").unwrap().to_owned();
        }
        assert_eq!(seen.len(), 5, "{count} on a page: each once: {seen:?}");
        assert_eq!(BTreeSet::from_iter(seen), expected, "{count} on a page");
    }
    for (status, expected) in
        [("proposed", vec![&asked[2]]), ("rejected", vec![&asked[0]]), ("inactive", vec![&asked[1]])]
    {
        let bundle = server.read(&format!("Consent?patient={label}&status={status}")).await.1;
        let found: Vec<String> = matches(&bundle).into_iter().map(|(id, _)| id).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{status}");
        assert_eq!(server.read(&format!("Consent/{}", expected[0])).await.1["status"], status);
    }
}

#[tokio::test]
async fn what_a_request_cannot_be_is_refused_by_name_and_asks_nobody() {
    let server = Server::start();
    let (_, token, label) = server.patient(1).await;
    let (_, _, other) = server.patient(2).await;
    let code = |answer: &Value| answer["issue"][0]["details"]["coding"][0]["code"].as_str().unwrap().to_owned();
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut resource = proposed(&label, "Condition");
        change(&mut resource);
        let (status, answer) = server.propose(&resource).await;
        (status, code(&answer), answer["issue"][0]["details"]["text"].as_str().unwrap().to_owned())
    };
    let lost: [(&str, Value); 4] = [
        ("text", json!({ "status": "generated", "div": "<div>A story</div>" })),
        ("policy", json!([{ "uri": "https://clinic.example" }])),
        ("organization", json!([{ "identifier": { "system": "urn:amanah:member", "value": "qamar" } }])),
        ("verification", json!([{ "verified": true }])),
    ];
    for (name, value) in lost {
        let (status, code, text) = refused(&|resource| resource[name] = value.clone()).await;
        assert_eq!((status, code.as_str()), (422, "AMN-0256"), "{name}");
        assert!(text.contains(name), "{text}");
    }
    let (_, code_of_status, _) = refused(&|resource| resource["status"] = "active".into()).await;
    assert_eq!(code_of_status, "AMN-0256", "nobody but the patient gives a consent");
    let actor = |system: &str, value: &str| json!({ "identifier": { "system": system, "value": value } });
    for named in [actor("urn:amanah:practitioner:qamar", "clinician"), actor("urn:amanah:member", "nowhere")] {
        let (_, code, text) = refused(&|resource| resource["provision"]["actor"][0]["reference"] = named.clone()).await;
        assert_eq!(code, "AMN-0256");
        assert!(text.contains("actor"), "{text}");
    }
    let stranger = refused(&|resource| resource["patient"]["reference"] = "Patient/7".into()).await;
    assert_eq!((stranger.0, stranger.1.as_str()), (404, "AMN-0240"));
    let inbox: HeldRequests = server.value("GET", "/v1/me/requests", Some(&token), Vec::new()).await;
    assert!(inbox.is_empty());

    let id = text(&server.propose(&proposed(&label, "Condition")).await.1, "id").to_owned();
    let request = id.split_once('.').unwrap().1;
    let (status, answer) = server.read(&format!("Consent/{other}.{request}")).await;
    assert_eq!((status, code(&answer).as_str()), (404, "AMN-0404"), "another patient's code does not open it");
}
