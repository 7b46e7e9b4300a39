//! What a hospital's own systems read in FHIR, and how they are refused.

use super::*;
use amanah_ledger::label::Label;

/// Everything that presets leave out, named: what FHIR has words for.
pub(super) const LABS: &str = "labs,PSY,SUD,ETH,SEX,HIV,STD,SDV,GDIS,R,V";

impl Server {
    /// A consent that is final.
    pub(super) async fn granted(&mut self, patient: &Patient, token: &str, index: u32, what: &str) -> String {
        let request = patient.grant(index, member_ref(&self.genesis, 1), what);
        let (status, granted) = self.json("POST", "/v1/me/consents", Some(token), codec::encode(&request)).await;
        assert_eq!(status, 200, "{granted}");
        self.until(is_grant).await;
        granted["consent"].as_str().unwrap().to_owned()
    }

    pub(super) async fn fhir(&self, path: &str) -> (u16, Value) {
        self.json("GET", &format!("/fhir/r4/{path}"), Some(KEY), Vec::new()).await
    }
}

/// The resources of a searchset that match, and what its outcome says about those left out.
pub(super) fn found(bundle: &Value) -> (Vec<&Value>, Vec<&str>) {
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("searchset")), "{bundle}");
    let entries = bundle["entry"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of = |mode: &'static str| {
        entries.iter().filter(move |entry| entry["search"]["mode"] == mode).map(|entry| &entry["resource"])
    };
    let issues = of("outcome").flat_map(|outcome| outcome["issue"].as_array().unwrap());
    (of("match").collect(), issues.map(|issue| issue["details"]["text"].as_str().unwrap()).collect())
}

/// The code of an OperationOutcome.
pub(super) fn refused(answer: &Value) -> &str {
    let issue = &answer["issue"][0];
    assert_eq!(
        (&answer["resourceType"], &issue["severity"]),
        (&json!("OperationOutcome"), &json!("error")),
        "{answer}"
    );
    assert!(!issue["diagnostics"].as_str().unwrap().is_empty());
    issue["details"]["coding"][0]["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_consent_is_read_with_the_status_that_it_has_at_the_moment() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let consent = server.granted(&patient, &token, 0, LABS).await;
    let path = format!("Consent/{label}.{consent}");
    let (status, read) = server.fhir(&path).await;
    assert_eq!((status, &read["status"]), (200, &json!("active")), "{read}");
    assert_eq!((&read["id"], &read["meta"]["versionId"]), (&json!(format!("{label}.{consent}")), &json!("1")));
    let imported = amanah_fhir::import::read(&read, &|_| None);
    assert!(imported.is_err(), "its recipient is not known to whoever knows nobody");

    server.clock.fetch_add(31 * DAY_MS, Ordering::Relaxed);
    assert_eq!(server.fhir(&path).await.1["status"], "inactive", "its time is over");
    server.clock.fetch_sub(31 * DAY_MS, Ordering::Relaxed);
    assert_eq!(server.fhir(&path).await.1["status"], "active");

    assert_eq!(server.send("POST", "/v1/tx", None, codec::encode(&patient.revoke_by_key(0))).await.0, 202);
    assert_eq!(server.fhir(&path).await.1["status"], "inactive", "its revocation is on disk here");
    server.until(|tx| matches!(tx, SignedTransaction::Revoke { .. })).await;
    let (_, ended) = server.fhir(&path).await;
    assert_eq!(ended["status"], "inactive");
    for (status, expected) in [("active", 0), ("inactive", 1), ("active,inactive", 1), ("rejected", 0)] {
        let (_, bundle) = server.fhir(&format!("Consent?patient={label}&status={status}")).await;
        assert_eq!(found(&bundle).0.len(), expected, "{status}");
    }
}

#[tokio::test]
async fn what_fhir_cannot_say_is_refused_by_name_and_named_in_a_search() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let without = server.granted(&patient, &token, 0, "labs").await;
    let said = server.granted(&patient, &token, 1, LABS).await;
    let (status, answer) = server.fhir(&format!("Consent/{label}.{without}")).await;
    assert_eq!((status, refused(&answer)), (422, "AMN-0260"));
    assert!(answer["issue"][0]["details"]["text"].as_str().unwrap().contains("left out without being refused"));
    let (_, bundle) = server.fhir(&format!("Consent?patient={label}")).await;
    let (matches, left_out) = found(&bundle);
    assert_eq!(matches.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&json!(format!("{label}.{said}"))]);
    assert_eq!(left_out.len(), 1);
    assert!(left_out[0].starts_with(&format!("{without} is left out: ")), "{left_out:?}");
}

#[tokio::test]
async fn a_search_comes_in_pages_that_leave_nothing_out() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let mut granted = BTreeSet::new();
    for index in 0..5 {
        let what = if index == 3 { "labs" } else { LABS };
        granted.insert(server.granted(&patient, &token, index, what).await);
    }
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    let mut path = format!("Consent?patient=Patient%2F{label}&_count=2");
    loop {
        let (status, bundle) = server.fhir(&path).await;
        assert_eq!(status, 200, "{bundle}");
        let (matches, left_out) = found(&bundle);
        assert!(matches.len() + left_out.len() <= 2);
        seen.extend(matches.iter().map(|one| one["id"].as_str().unwrap().split_once('.').unwrap().1.to_owned()));
        seen.extend(left_out.iter().map(|text| text.split(' ').next().unwrap().to_owned()));
        pages += 1;
        let Some(next) = bundle["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next") else {
            break;
        };
        let next = next["url"].as_str().unwrap();
        path = next.strip_prefix("http://cedar/fhir/r4/").unwrap_or_else(|| panic!("{next}")).to_owned();
    }
    assert_eq!((pages, seen), (3, granted));
}

#[tokio::test]
async fn a_patient_is_found_by_code_key_and_the_hospitals_own_number_and_by_nothing_else() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    server.granted(&patient, &token, 0, LABS).await;
    let relationship = format!("urn:amanah:relationship:{}", patient.chain);
    let key = Digest(patient.key().0);
    for who in [
        format!("patient={}", &label[..8]),
        format!("patient:identifier=urn:amanah:patient|{label}"),
        format!("patient:identifier={relationship}|{key}"),
        "patient:identifier=urn:amanah:mrn:cedar|MRN-1".to_owned(),
    ] {
        let (status, bundle) = server.fhir(&format!("Consent?{}", who.replace('|', "%7C"))).await;
        assert_eq!((status, found(&bundle).0.len()), (200, 1), "{who}: {bundle}");
    }
    for who in
        ["patient=P-0000", "patient=7", "patient:identifier=urn:amanah:mrn:qamar%7CMRN-1", "patient:identifier=x%7C1"]
    {
        let (status, answer) = server.fhir(&format!("Consent?{who}")).await;
        assert_eq!((status, refused(&answer)), (404, "AMN-0240"), "{who}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_not_known_is_refused_or_named_if_that_is_asked_for() {
    let server = Server::start();
    let (_, _, label) = server.patient(1).await;
    let asked = format!("Consent?patient={label}&category=research");
    let (status, answer) = server.fhir(&asked).await;
    assert_eq!((status, refused(&answer)), (400, "AMN-0414"));
    assert!(!answer.to_string().contains("category"), "what was typed is not repeated");
    let request = axum::http::Request::get(format!("/fhir/r4/{asked}"))
        .header("authorization", format!("Bearer {KEY}"))
        .header("prefer", "return=minimal; handling=lenient");
    let response = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    let bundle = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    assert_eq!(found(&bundle).1.len(), 1);
    assert!(!bundle["link"][0]["url"].as_str().unwrap().contains("category"), "the link says what was looked at");
    for wrong in ["_count=0", "_count=101", "_count=x", "status=over", "_after=x", "patient=P-0000"] {
        let (status, answer) = server.fhir(&format!("Consent?patient={label}&{wrong}")).await;
        assert_eq!((status, refused(&answer)), (400, "AMN-0414"), "{wrong}");
    }
}

#[tokio::test]
async fn whoever_finds_it_what_is_wrong_under_fhir_is_an_operation_outcome() {
    let server = Server::limited(Limits { requests_per_minute: 6, ..Limits::default() });
    let code = Label::consent(&PublicKey([3; 32]));
    let unknown = format!("/fhir/r4/Consent/{}.{code}", Label::relationship(&PublicKey([5; 32])));
    let cases = [
        ("GET", "/fhir/r4/Consent?patient=P-0000", None, 401, "AMN-0402"),
        ("GET", "/fhir/r4/Patient/7", Some(KEY), 404, "AMN-0404"),
        ("GET", "/fhir/r4/Consent/7", Some(KEY), 404, "AMN-0404"),
        ("GET", unknown.as_str(), Some(KEY), 404, "AMN-0404"),
        ("DELETE", "/fhir/r4/Consent", Some(KEY), 405, "AMN-0405"),
        ("GET", "/fhir/r4/Consent?a=%FF", Some(KEY), 400, "AMN-0414"),
        ("GET", "/fhir/r4/metadata", None, 429, "AMN-0307"),
    ];
    for (method, path, key, status, code) in cases {
        let mut request = axum::http::Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let answer = server.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/fhir+json; charset=utf-8", "{method} {path}");
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert_eq!(refused(&serde_json::from_slice(&body).unwrap()), code, "{method} {path}");
    }
}

#[tokio::test]
async fn the_capability_statement_says_what_is_served_and_nothing_else() {
    let server = Server::start();
    let (status, statement) = server.json("GET", "/fhir/r4/metadata", None, Vec::new()).await;
    assert_eq!((status, &statement["fhirVersion"]), (200, &json!("4.0.1")));
    assert_eq!(statement["implementation"]["url"], "http://cedar/fhir/r4");
    let mut said = BTreeSet::new();
    for resource in statement["rest"][0]["resource"].as_array().unwrap() {
        let of = resource["type"].as_str().unwrap();
        for interaction in resource["interaction"].as_array().unwrap() {
            said.insert(match interaction["code"].as_str().unwrap() {
                "read" => format!("get /fhir/r4/{of}/{{id}}"),
                "vread" => format!("get /fhir/r4/{of}/{{id}}/_history/{{version}}"),
                "search-type" => format!("get /fhir/r4/{of}"),
                "create" => format!("post /fhir/r4/{of}"),
                other => panic!("{other}"),
            });
        }
    }
    for operation in statement["rest"][0]["operation"].as_array().into_iter().flatten() {
        let name = operation["name"].as_str().unwrap();
        let definition = operation["definition"].as_str().unwrap().strip_prefix("http://cedar").unwrap();
        said.extend([format!("post /fhir/r4/${name}"), format!("get {definition}")]);
    }
    let routes = routes::all();
    let served = routes.iter().filter(|one| one.path.starts_with("/fhir/r4/") && !one.path.ends_with("/metadata"));
    let served: BTreeSet<String> = served.map(|one| format!("{} {}", reference::name(one), one.path)).collect();
    assert_eq!(said, served);
}

fn leap(patient: &str, member: &str) -> Value {
    json!({ "hook": "patient-consent-consult", "hookInstance": "1", "context": {
        "patientId": { "system": "urn:amanah:patient", "value": patient },
        "scope": "patient-privacy",
        "actor": [{ "system": "urn:amanah:member", "value": member }],
        "purposeOfUse": "TREAT",
        "class": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory" }],
    } })
}

fn shares(member: &str) -> Value {
    json!({ "hook": "patient-consent-consult", "hookInstance": "2", "context": {
        "patientId": [{ "system": "urn:amanah:mrn:cedar", "value": "MRN-1" }],
        "category": [],
        "actor": [{ "system": "urn:amanah:member", "value": member }],
        "purposeOfUse": [{ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" }],
        "class": [],
        "content": { "resourceType": "Bundle", "type": "collection", "entry": [
            { "resource": { "resourceType": "AllergyIntolerance", "id": "7" } },
        ] },
    } })
}

fn parameters(patient: &str, requester: Value) -> Value {
    json!({ "resourceType": "Parameters", "parameter": [
        { "name": "patient", "valueIdentifier": { "system": "urn:amanah:patient", "value": patient } },
        { "name": "requester", "valueIdentifier": requester },
        { "name": "purpose", "valueCoding":
            { "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT" } },
        { "name": "class", "valueCoding":
            { "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory" } },
    ] })
}

const CONSULT: &str = "/cds-services/patient-consent-consult";
const DECISION: &str = "/fhir/r4/$consent-decision";

#[tokio::test]
async fn a_hook_in_either_shape_and_the_operation_are_accesses_of_the_patients_log_and_its_audit_events() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    server.granted(&patient, &token, 0, LABS).await;
    let asked = [
        (CONSULT, leap(&label, "qamar"), "CONSENT_PERMIT"),
        (CONSULT, leap(&label, "rawda"), "NO_CONSENT"),
        (CONSULT, shares("qamar"), "CONSENT_DENY"),
    ];
    let mut accesses = Vec::new();
    for (path, call, expected) in asked {
        let (status, answer) = server.post_json(path, KEY, call).await;
        assert_eq!((status, &answer["cards"][0]["summary"]), (200, &json!(expected)), "{answer}");
        accesses.push(answer["cards"][0]["extension"]["access"].clone());
    }
    let member = json!({ "system": "urn:amanah:member", "value": "qamar" });
    let (status, answer) = server.post_json(DECISION, KEY, parameters(&label, member)).await;
    assert_eq!(status, 200, "{answer}");
    let told = |name: &str| answer["parameter"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!((&told("decision")["valueCode"], &told("code")["valueCode"]), (&json!("permit"), &json!("PERMITTED")));
    accesses.push(told("access")["valueString"].clone());

    let page: LogPage = server.value("GET", "/v1/me/log?from=2", Some(&token), Vec::new()).await;
    let logged: Vec<Value> =
        page.entries.iter().map(|entry| json!(Label::access(&entry.digest(&patient.chain)).to_string())).collect();
    assert_eq!(logged, accesses, "in the patient's own log, each once and in order");

    let (_, bundle) = server.fhir(&format!("AuditEvent?patient={label}")).await;
    let events = found(&bundle).0;
    let detail = |event: &Value, kind: &str| {
        let details = event["entity"][0]["detail"].as_array().unwrap();
        details.iter().find(|one| one["type"] == kind).unwrap()["valueString"].clone()
    };
    assert_eq!(events.iter().map(|event| detail(event, "access")).collect::<Vec<_>>(), accesses);
    let outcomes: Vec<&str> = events.iter().map(|event| event["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["0", "8", "8", "0"]);
    let last = told("event")["valueReference"]["reference"].as_str().unwrap();
    let (status, read) = server.fhir(last).await;
    assert_eq!((status, &read), (200, *events.last().unwrap()));
}

#[tokio::test]
async fn audit_events_are_found_by_date_and_come_in_pages() {
    let server = Server::start();
    let (_, _, label) = server.patient(1).await;
    for _ in 0..5 {
        server.clock.fetch_add(DAY_MS, Ordering::Relaxed);
        assert_eq!(server.post_json(CONSULT, KEY, leap(&label, "qamar")).await.0, 200);
    }
    let (mut seen, mut path, mut pages) = (Vec::new(), format!("AuditEvent?patient={label}&_count=2"), 0);
    loop {
        let (_, bundle) = server.fhir(&path).await;
        seen.extend(found(&bundle).0.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = bundle["link"].as_array().unwrap().iter().find(|link| link["relation"] == "next") else {
            break;
        };
        path = next["url"].as_str().unwrap().strip_prefix("http://cedar/fhir/r4/").unwrap().to_owned();
    }
    let expected: Vec<String> = (2..=6).map(|number| format!("{label}.{number}")).collect();
    assert_eq!((pages, seen), (3, expected));
    // Five days in a row, beginning with the one after 22 November 2026.
    let found_by = async |dates: &str| {
        let (status, bundle) = server.fhir(&format!("AuditEvent?patient={label}&{dates}")).await;
        assert_eq!(status, 200, "{bundle}");
        found(&bundle).0.len()
    };
    assert_eq!((found_by("date=2026-11-22").await, found_by("date=2026-11-23").await), (0, 1));
    assert_eq!(found_by("date=ge2026-11-23&date=lt2026-11-25").await, 2);
    assert_eq!(found_by("date=2026").await, 5);
    let (status, answer) = server.fhir(&format!("AuditEvent?patient={label}&date=soon")).await;
    assert_eq!((status, refused(&answer)), (400, "AMN-0414"));
    for nobodys in [format!("{label}.1"), format!("{label}.7"), format!("{label}.x"), label] {
        assert_eq!(server.fhir(&format!("AuditEvent/{nobodys}")).await.0, 404, "{nobodys}: no access");
    }
}

#[tokio::test]
async fn whoever_asks_must_be_known_and_an_unknown_one_is_refused_and_not_logged() {
    let server = Server::start();
    let (_, token, label) = server.patient(1).await;
    let practitioner =
        |member: &str, handle: &str| json!({ "system": format!("urn:amanah:practitioner:{member}"), "value": handle });
    let (status, answer) =
        server.post_json(DECISION, KEY, parameters(&label, practitioner("cedar", "clinician"))).await;
    assert_eq!(status, 200, "its own staff: {answer}");
    let cases = [
        (parameters(&label, practitioner("cedar", "nobody")), 404, "AMN-0241"),
        (parameters(&label, practitioner("qamar", "clinician")), 404, "AMN-0241"),
        (parameters(&label, json!({ "system": "urn:amanah:member", "value": "elsewhere" })), 404, "AMN-0241"),
        (parameters(&label, json!({ "system": "http://example.org", "value": "7" })), 404, "AMN-0241"),
        (parameters("P-0000", json!({ "system": "urn:amanah:member", "value": "qamar" })), 404, "AMN-0240"),
        (json!({ "resourceType": "Parameters" }), 400, "AMN-0406"),
        (json!([]), 400, "AMN-0406"),
    ];
    for (body, status, code) in cases {
        let (got, answer) = server.post_json(DECISION, KEY, body).await;
        assert_eq!((got, refused(&answer)), (status, code));
    }
    let (status, answer) = server.post_json(CONSULT, KEY, leap(&label, "elsewhere")).await;
    assert_eq!((status, &answer["code"]), (404, &json!("AMN-0241")), "a problem, not an OperationOutcome");
    let page: LogPage = server.value("GET", "/v1/me/log", Some(&token), Vec::new()).await;
    assert_eq!(page.total, 2, "the enrolment and the one that was decided");
    let (_, services) = server.json("GET", "/cds-services", None, Vec::new()).await;
    assert_eq!(services["services"][0]["id"], "patient-consent-consult");
    let (_, definition) = server.json("GET", "/fhir/r4/OperationDefinition/consent-decision", None, Vec::new()).await;
    assert_eq!(
        (&definition["resourceType"], &definition["code"]),
        (&json!("OperationDefinition"), &json!("consent-decision"))
    );
}
