use super::*;
use amanah_ledger::consent_request::{HeldRequests, RequestState};

fn wanted(patient: &str, what: &str) -> Value {
    let until = TEN.0 + 40 * DAY_MS;
    json!({"patient": patient, "recipient": {"member": "qamar"}, "items": [what], "purpose": "TREAT", "until": until})
}

async fn inbox(server: &Server, token: &str) -> HeldRequests {
    server.value("GET", "/v1/me/requests", Some(token), Vec::new()).await
}

#[tokio::test]
async fn a_hospital_asks_and_the_patient_gives_less_which_is_decided_by() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let (status, asked) = server.post_json("/v1/requests", KEY, wanted(&label, "summary")).await;
    assert_eq!((status, &asked["state"], &asked["patient"]), (200, &json!("open"), &json!(label)), "{asked}");
    let again = server.post_json("/v1/requests", KEY, wanted(&label, "summary")).await;
    assert_eq!(again, (200, asked.clone()), "the same request");

    let held = inbox(&server, &token).await;
    assert_eq!((held.len(), held[0].request.label().to_string()), (1, asked["request"].as_str().unwrap().to_owned()));
    let whole = held[0].request.document(patient.secret.consent_key(0).public_key(), TEN).unwrap();
    assert!(whole.sentence.as_str().contains("qamar Hospital"), "the wallet renders what is asked for itself");

    let path = format!("/v1/me/consents?answers={}", held[0].request.label());
    let beyond = patient.grant(0, member_ref(&server.genesis, 1), "meds,labs");
    let (status, problem) = server.json("POST", &path, Some(&token), codec::encode(&beyond)).await;
    assert_eq!((status, &problem["code"]), (422, &json!("AMN-0264")), "{problem}");
    let narrowed = patient.grant(0, member_ref(&server.genesis, 1), "meds");
    let (status, granted) = server.json("POST", &path, Some(&token), codec::encode(&narrowed)).await;
    assert_eq!(status, 200, "{granted}");
    server.until(is_grant).await;
    let of_request = format!("/v1/requests/{}", held[0].request.label());
    let (_, standing) = server.json("GET", &of_request, Some(KEY), Vec::new()).await;
    assert_eq!((&standing["state"], &standing["consent"]), (&json!("approved"), &granted["consent"]));
    for (what, code) in [("meds", "PERMITTED"), ("allergies", "NOT_COVERED")] {
        let mut question = question(&label, "qamar");
        question["items"] = json!([what]);
        assert_eq!(server.post_json("/v1/decisions", KEY, question).await.1["code"], code, "{what}");
    }
    let withdraw = format!("{of_request}/withdraw");
    let (status, problem) = server.json("POST", &withdraw, Some(KEY), Vec::new()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0263")));
}

#[tokio::test]
async fn a_request_is_seen_and_answered_by_nobody_but_its_patient_and_its_hospital() {
    let server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let (_, other, _) = server.patient(2).await;
    let (_, asked) = server.post_json("/v1/requests", KEY, wanted(&label, "labs")).await;
    let code = asked["request"].as_str().unwrap();
    let deny = format!("/v1/me/requests/{code}/deny");
    assert_eq!(inbox(&server, &other).await.len(), 0);
    let (status, problem) = server.json("POST", &deny, Some(&other), Vec::new()).await;
    assert_eq!((status, &problem["code"]), (404, &json!("AMN-0262")));
    for (method, path) in [("POST", "/v1/requests"), ("GET", "/v1/requests"), ("GET", &format!("/v1/requests/{code}"))]
    {
        assert_eq!(server.json(method, path, Some(&token), Vec::new()).await.1["code"], "AMN-0402", "{path}");
    }
    assert_eq!(server.json("POST", &deny, Some(KEY), Vec::new()).await.1["code"], "AMN-0401");
    assert_eq!(server.json("POST", &deny, Some(&token), Vec::new()).await.1["state"], "denied");
    assert_eq!(inbox(&server, &token).await[0].state, RequestState::Denied);
    let grant = codec::encode(&patient.grant(0, member_ref(&server.genesis, 1), "labs"));
    let (status, problem) =
        server.json("POST", &format!("/v1/me/consents?answers={code}"), Some(&token), grant.clone()).await;
    assert_eq!((status, &problem["code"]), (409, &json!("AMN-0263")));
    let held: HeldConsents = server.value("GET", "/v1/me/consents", Some(&token), Vec::new()).await;
    assert_eq!(held.len(), 0, "no consent came of it");
    let (status, problem) = server.json("POST", "/v1/me/consents?answers=R-1", Some(&token), grant).await;
    assert_eq!((status, &problem["code"]), (400, &json!("AMN-0414")));
}

#[tokio::test]
async fn what_could_not_be_granted_is_not_asked_for() {
    let server = Server::start();
    let (_, _, label) = server.patient(1).await;
    let with = |field: &str, value: Value| {
        let mut wanted = wanted(&label, "labs");
        wanted[field] = value;
        wanted
    };
    let refused = [
        (with("patient", json!("P-0000")), "AMN-0240"),
        (with("recipient", json!({"member": "nobody"})), "AMN-0241"),
        (with("items", json!(["secrets"])), "AMN-0242"),
        (with("purpose", json!("curiosity")), "AMN-0242"),
        (with("until", json!(TEN.0)), "AMN-0232"),
        (with("until", json!(TEN.0 + 400 * DAY_MS)), "AMN-0231"),
    ];
    for (wanted, code) in refused {
        assert_eq!(server.post_json("/v1/requests", KEY, wanted.clone()).await.1["code"], code, "{wanted}");
    }
    assert_eq!(server.json("GET", "/v1/requests", Some(KEY), Vec::new()).await.1["requests"], json!([]));
}
