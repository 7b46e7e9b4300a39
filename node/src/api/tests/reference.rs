//! What the reference says, the API does: every answer of every test is checked against it, and its examples are run.

use super::super::openapi;
use super::super::operation::Operation;
use super::super::problem::Code;
use super::super::routes;
use super::*;
use axum::response::Response;
use std::sync::LazyLock;

static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(routes::all);
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&description()).unwrap());

/// The operation that a request meets.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let parts: Vec<&str> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        template.len() == parts.len()
            && template.iter().zip(&parts).all(|(known, part)| known == part || known.starts_with('{'))
    };
    let method = method.to_lowercase();
    OPERATIONS.iter().find(|known| name(known) == method && fits(known.path))
}

pub(super) fn name(operation: &Operation) -> String {
    serde_json::to_value(&operation.method).unwrap().as_str().unwrap().to_owned()
}

/// Status, kind of content and problem are among those that the reference names for this operation.
pub(super) fn check_described(method: &str, path: &str, response: &Response) {
    let code = response.extensions().get::<Code>();
    let Some(operation) = operation(method, path) else {
        let expected = [Code::NotFound, Code::MethodNotAllowed, Code::TooMany];
        assert!(code.is_some_and(|code| expected.contains(code)), "{method} {path}: {response:?}");
        return;
    };
    if let Some(code) = code {
        assert!(operation.problems().contains(code), "{method} {path} refuses with {code:?}, which is not described");
    }
    let described = &DESCRIPTION["paths"][operation.path][name(operation)]["responses"][response.status().as_str()];
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert!(
        described["content"][kind].is_object(),
        "{method} {path}: {} with {kind} is not described",
        response.status()
    );
}

/// The same keys with values of the same kind, all the way down.
fn same_shape(example: &Value, actual: &Value) -> bool {
    match (example, actual) {
        (Value::Object(example), Value::Object(actual)) => {
            example.len() == actual.len()
                && example.iter().all(|(key, value)| actual.get(key).is_some_and(|found| same_shape(value, found)))
        }
        (Value::Array(example), Value::Array(actual)) => {
            example.first().is_none_or(|first| !actual.is_empty() && actual.iter().all(|one| same_shape(first, one)))
        }
        (Value::Null, _) | (_, Value::Null) => true,
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_)) => true,
        (example, actual) => example == actual,
    }
}

fn example(path: &str, method: &str, part: &str) -> &'static Value {
    let operation = &DESCRIPTION["paths"][path][method];
    let place = match part {
        "request" => &operation["requestBody"],
        status => &operation["responses"][status],
    };
    &place["content"]["application/json"]["example"]
}

#[tokio::test]
async fn every_example_is_what_the_api_takes_and_answers() {
    let mut server = Server::start();
    let patient = Patient::new(1, &server.genesis);
    let mut seen = BTreeSet::new();
    let mut holds = |path: &'static str, method: &'static str, (status, answer): (u16, Value)| {
        assert_eq!(status, 200, "{path}: {answer}");
        let example = example(path, method, "200");
        assert!(same_shape(example, &answer), "{method} {path}\n is {answer}\n not {example}");
        seen.insert((path, method));
        answer
    };
    holds("/v1/network", "get", server.json("GET", "/v1/network", None, Vec::new()).await);
    holds("/v1/status", "get", server.json("GET", "/v1/status", None, Vec::new()).await);
    let enrolled = holds("/v1/enrolments", "post", server.enrol(&patient).await);

    // The nine digits are drawn at random; all else is the example as it stands.
    let mut link = example("/v1/patients", "post", "request").clone();
    link["code"] = enrolled["code"].clone();
    let linked = holds("/v1/patients", "post", server.post_json("/v1/patients", KEY, link).await);
    let other = server.patient(2).await;
    let listed = holds("/v1/patients", "get", server.json("GET", "/v1/patients?limit=1", Some(KEY), Vec::new()).await);
    assert_eq!(listed["next"], listed["relationships"][0]);
    assert!([&other.2, linked["relationship"].as_str().unwrap()].contains(&listed["next"].as_str().unwrap()));

    holds("/v1/login/nonce", "post", server.json("POST", "/v1/login/nonce", None, Vec::new()).await);
    let session = holds("/v1/login", "post", server.login(&patient).await);
    let token = session["token"].as_str();
    holds("/v1/me", "get", server.json("GET", "/v1/me", token, Vec::new()).await);
    let page: LogPage = server.value("GET", "/v1/me/log", token, Vec::new()).await;
    let acceptance = SignedAcceptance::sign(&patient.chain, &page.entries[0], &patient.secret.key());
    holds("/v1/me/accept", "post", server.json("POST", "/v1/me/accept", token, codec::encode(&acceptance)).await);
    let grant = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    holds("/v1/me/consents", "post", server.json("POST", "/v1/me/consents", token, codec::encode(&grant)).await);
    server.until(is_grant).await;

    let wanted = example("/v1/requests", "post", "request").clone();
    let request = holds("/v1/requests", "post", server.post_json("/v1/requests", KEY, wanted.clone()).await);
    let path = format!("/v1/requests/{}", request["request"].as_str().unwrap());
    holds("/v1/requests/{id}", "get", server.json("GET", &path, Some(KEY), Vec::new()).await);
    holds("/v1/requests", "get", server.json("GET", "/v1/requests", Some(KEY), Vec::new()).await);
    let withdrawn = server.json("POST", &format!("{path}/withdraw"), Some(KEY), Vec::new()).await;
    holds("/v1/requests/{id}/withdraw", "post", withdrawn);
    let mut wanted = wanted;
    wanted["items"] = json!(["meds"]);
    let (_, request) = server.post_json("/v1/requests", KEY, wanted).await;
    let path = format!("/v1/me/requests/{}/deny", request["request"].as_str().unwrap());
    holds("/v1/me/requests/{id}/deny", "post", server.json("POST", &path, token, Vec::new()).await);

    // As it stands: the patient of the example is this one.
    let question = example("/v1/decisions", "post", "request").clone();
    let patient_code = question["patient"].as_str().unwrap();
    assert!(linked["relationship"].as_str().unwrap().starts_with(patient_code), "{linked}");
    let answer = holds("/v1/decisions", "post", server.post_json("/v1/decisions", KEY, question).await);
    let stated = example("/v1/decisions", "post", "200");
    for field in ["decision", "effect", "code", "obligations"] {
        assert_eq!(answer[field], stated[field], "{field}");
    }

    let with_example = DESCRIPTION["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods
            .filter(|method| !example(path, method, "200").is_null())
            .map(move |method| (path.as_str(), method.as_str()))
    });
    assert_eq!(with_example.collect::<BTreeSet<_>>(), seen, "an example that nobody runs");
}

#[tokio::test]
async fn a_problem_leads_to_the_page_about_it() {
    let server = Server::start();
    let (_, problem) = server.json("GET", "/v1/me", None, Vec::new()).await;
    let page = problem["type"].as_str().unwrap();
    let (status, text) = server.send("GET", page, None, Vec::new()).await;
    let text = String::from_utf8(text).unwrap();
    assert_eq!(status, 200);
    assert!(text.starts_with("AMN-0401: not signed in\n") && text.contains("What to try: sign in again"), "{text}");
    for nobodys in ["/errors/AMN-9999", "/errors/401", "/errors/amn-0401", "/errors/AMN-0401x"] {
        assert_eq!(server.send("GET", nobodys, None, Vec::new()).await.0, 404, "{nobodys}");
    }
}

#[tokio::test]
async fn the_reference_is_served_as_openapi_with_every_reference_inside_it_resolved() {
    let server = Server::start();
    let (status, served) = server.json("GET", "/openapi.json", None, Vec::new()).await;
    assert_eq!((status, &served), (200, &*DESCRIPTION));
    assert_eq!(served["openapi"], "3.1.0");
    let text = served.to_string();
    let named: BTreeSet<&str> =
        text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(named.contains("Problem") && named.len() > 8, "{named:?}");
    for name in named {
        assert!(served["components"]["schemas"][name].is_object(), "{name}");
    }
    let ids: Vec<&Value> = served["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| &operation["operationId"])
        .collect();
    assert_eq!(ids.iter().map(|id| id.as_str().unwrap()).collect::<BTreeSet<_>>().len(), ids.len());
    assert!(ids.len() >= OPERATIONS.len());
}

#[tokio::test]
async fn a_query_that_makes_no_sense_is_a_problem_too() {
    let server = Server::start();
    for path in [
        "/v1/events?from=x",
        "/v1/events?until=-1",
        "/v1/patients?limit=0",
        "/v1/patients?limit=501",
        "/v1/patients?after=x",
    ] {
        let (status, problem) = server.json("GET", path, Some(KEY), Vec::new()).await;
        assert_eq!((status, &problem["code"]), (400, &json!("AMN-0414")), "{path}");
    }
    let (status, problem) = server.json("POST", "/v1/proofs?min_height=soon", None, Vec::new()).await;
    assert_eq!((status, &problem["code"]), (400, &json!("AMN-0414")));
}

/// Every whole number of a query, by its operation, with the largest that the reference allows.
fn whole_numbers() -> Vec<(&'static Operation, &'static str, u64)> {
    let mut found = Vec::new();
    for operation in OPERATIONS.iter() {
        let described = &DESCRIPTION["paths"][operation.path][name(operation)]["parameters"];
        for parameter in described.as_array().into_iter().flatten() {
            if parameter["in"] == "query" && parameter["schema"]["type"] == "integer" {
                // A bound that a reader of JSON takes for another number is none.
                let most = parameter["schema"]["maximum"].as_f64().unwrap();
                assert!(most <= 9_007_199_254_740_991.0, "{}: {most}", operation.path);
                found.push((operation, parameter["name"].as_str().unwrap(), most as u64));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_whole_number_is_taken_up_to_the_bound_of_the_reference_and_not_beyond() {
    let server = Server::start();
    let numbers = whole_numbers();
    assert!(numbers.len() >= 7, "{}", numbers.len());
    let (_, session, label) = server.patient(1).await;
    for (operation, number, most) in numbers {
        let (token, about) = match operation.path {
            "/v1/blocks" => (FOLLOWER_KEY, String::new()),
            "/v1/patients" | "/v1/requests" => (KEY, String::new()),
            path if path.starts_with("/fhir/r4/") => (KEY, format!("patient={label}&")),
            _other => (session.as_str(), String::new()),
        };
        let method = name(operation).to_uppercase();
        let ask = async |value: &str| {
            let path = format!("{}?{about}{number}={value}", operation.path);
            // The genesis of this test has no certificate, and a body that is empty is a list of nothing.
            let (status, answer) = server.send(&method, &path, Some(token), vec![0]).await;
            let answer = serde_json::from_slice::<Value>(&answer).unwrap_or_default();
            let in_fhir = &answer["issue"][0]["details"]["coding"][0]["code"];
            (status, if in_fhir.is_null() { answer["code"].clone() } else { in_fhir.clone() })
        };
        let refused = (400, json!("AMN-0414"));
        assert_ne!(ask(&most.to_string()).await, refused, "{} {number} = {most}", operation.path);
        for beyond in [&(most + 1).to_string(), "18446744073709551615", "%2B5", "-1", ""] {
            assert_eq!(ask(beyond).await, refused, "{} {number} = {beyond}", operation.path);
        }
    }
}

#[tokio::test]
async fn every_event_is_one_that_the_reference_describes() {
    let mut server = Server::start();
    let (patient, token, _) = server.patient(1).await;
    let request = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
    server.until(is_grant).await;
    server.send("POST", "/v1/tx", None, codec::encode(&patient.revoke_by_key(0))).await;
    server.until(|tx| matches!(tx, SignedTransaction::Revoke { .. })).await;
    let content = &DESCRIPTION["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]["text/event-stream"];
    let described = content["schema"]["oneOf"].as_array().unwrap();
    let fields = |event: &str| -> BTreeSet<String> {
        let one = described.iter().find(|one| one["properties"]["event"]["enum"] == json!([event])).unwrap();
        let schema = one["properties"]["data"]["contentSchema"]["$ref"].as_str().unwrap();
        let schema = &DESCRIPTION["components"]["schemas"][schema.rsplit('/').next().unwrap()];
        schema["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(described.len(), 3);
    fields("contradiction");
    let (_, text) = server.send("GET", "/v1/events?from=0", None, Vec::new()).await;
    let (mut told, mut event) = (BTreeSet::new(), "");
    for line in std::str::from_utf8(&text).unwrap().lines() {
        if let Some(name) = line.strip_prefix("event: ") {
            event = name;
        } else if let Some(data) = line.strip_prefix("data: ") {
            let data: serde_json::Map<String, Value> = serde_json::from_str(data).unwrap();
            assert_eq!(data.keys().cloned().collect::<BTreeSet<_>>(), fields(event), "{event}");
            told.insert(event);
        }
    }
    assert_eq!(told, BTreeSet::from(["block", "revocation"]));
}

#[tokio::test]
async fn relationships_come_in_pages_that_leave_nobody_out() {
    let server = Server::start();
    let mut all = BTreeSet::new();
    for n in 1..=5 {
        all.insert(server.patient(n).await.2);
    }
    let (mut seen, mut path, mut pages) = (Vec::new(), "/v1/patients?limit=2".to_owned(), 0);
    loop {
        let (_, page) = server.json("GET", &path, Some(KEY), Vec::new()).await;
        seen.extend(page["relationships"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/patients?limit=2&after={next}");
    }
    assert_eq!((pages, &seen), (3, &all.into_iter().collect()), "in order, each once");
}

#[test]
fn a_follower_describes_what_it_serves_in_the_same_words_and_nothing_of_a_hospitals_own() {
    let theirs = serde_json::to_value(openapi::of(&routes::follower())).unwrap();
    let theirs = theirs["paths"].as_object().unwrap();
    let served = [
        "/errors/{code}",
        "/openapi.json",
        "/v1/directory/{handle}",
        "/v1/events",
        "/v1/locks/{prefix}",
        "/v1/network",
        "/v1/proofs",
        "/v1/status",
    ];
    assert_eq!(theirs.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(served));
    for (path, item) in theirs {
        assert_eq!(*item, DESCRIPTION["paths"][path], "{path}");
    }
}
