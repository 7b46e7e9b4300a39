//! Listening to what becomes final.

use super::super::events::LISTENERS_MAX;
use super::*;
use amanah_ledger::label::Label;
use axum::response::Response;
use futures::StreamExt;

/// One event: id, kind, data.
type Told = (String, String, Value);

fn parse(text: &str) -> Vec<Told> {
    let event = |text: &str| {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        Some((field("id: ")?, field("event: ")?, serde_json::from_str(&field("data: ")?).unwrap()))
    };
    text.split("\n\n").filter_map(event).collect()
}

impl Server {
    async fn listen(&self, path: &str, last: Option<&str>) -> Response {
        let mut request = axum::http::Request::builder().uri(path).header("accept", "text/event-stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        reference::check_described("GET", path, &response);
        response
    }

    /// Everything that is told until the stream ends by itself.
    async fn told(&self, path: &str, last: Option<&str>) -> Vec<Told> {
        let response = self.listen(path, last).await;
        assert_eq!(response.status(), 200);
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        parse(std::str::from_utf8(&bytes).unwrap())
    }

    /// One consent given and ended: blocks 1 and 2.
    async fn grant_and_revoke(&mut self) -> Patient {
        let (patient, token, _) = self.patient(1).await;
        let request = patient.grant(0, member_ref(&self.genesis, 1), "labs");
        self.json("POST", "/v1/me/consents", Some(&token), codec::encode(&request)).await;
        self.until(is_grant).await;
        self.send("POST", "/v1/tx", None, codec::encode(&patient.revoke_by_key(0))).await;
        self.until(|tx| matches!(tx, SignedTransaction::Revoke { .. })).await;
        patient
    }
}

#[tokio::test]
async fn a_listener_hears_of_every_block_and_of_a_revocation_by_its_consent() {
    let mut server = Server::start();
    let patient = server.grant_and_revoke().await;
    let head = server.ledger.tip.header().height.0;
    let told = server.told(&format!("/v1/events?from=1&until={head}"), None).await;
    let blocks: Vec<&Value> = told.iter().filter(|one| one.1 == "block").map(|one| &one.2).collect();
    assert_eq!(
        blocks.iter().map(|block| block["height"].as_u64().unwrap()).collect::<Vec<_>>(),
        (1..=head).collect::<Vec<_>>()
    );
    assert_eq!(blocks.last().unwrap()["block"], json!(server.ledger.tip.digest()));
    assert_eq!(blocks.last().unwrap()["state_root"], json!(server.ledger.tip.header().state_root));
    let revocations: Vec<&Told> = told.iter().filter(|one| one.1 == "revocation").collect();
    let consent = patient.secret.consent_key(0).public_key();
    assert_eq!(revocations.len(), 1);
    assert_eq!(revocations[0].2["consent"], Label::consent(&consent).to_string());
    assert_eq!(revocations[0].2["key"], consent.to_string());
    let keys: BTreeSet<&str> =
        told.iter().flat_map(|one| one.2.as_object().unwrap().keys().map(String::as_str)).collect();
    assert_eq!(
        keys,
        BTreeSet::from(["block", "consent", "height", "key", "state_root", "time", "transactions"]),
        "and of nothing else"
    );
}

#[tokio::test]
async fn a_listener_that_comes_back_goes_on_behind_the_last_event_it_has_seen() {
    let mut server = Server::start();
    server.grant_and_revoke().await;
    let head = server.ledger.tip.header().height.0;
    let path = format!("/v1/events?from=1&until={head}");
    let all = server.told(&path, None).await;
    assert!(all.len() as u64 > head);
    for (at, (id, ..)) in all.iter().enumerate() {
        assert_eq!(server.told(&path, Some(id)).await, all[at + 1..], "behind {id}");
    }
    assert_eq!(server.listen(&path, Some("yesterday")).await.status(), 400);
}

#[tokio::test]
async fn a_listener_hears_of_a_block_once_it_is_final() {
    let mut server = Server::start();
    let mut stream = server.listen("/v1/events", None).await.into_body().into_data_stream();
    server.grant_and_revoke().await;
    let mut told = Vec::new();
    while told.len() < 2 {
        let part = stream.next().await.unwrap().unwrap();
        told.extend(parse(std::str::from_utf8(&part).unwrap()));
    }
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("1", "block"));
    // The node stops: the listener is let go, whatever it still waits for.
    server.stop.send_replace(true);
    while let Some(part) = stream.next().await {
        assert!(part.is_ok());
    }
}

#[tokio::test]
async fn whoever_does_not_say_that_it_listens_gets_an_answer_that_ends_at_the_newest_block() {
    let mut server = Server::start();
    server.grant_and_revoke().await;
    let head = server.ledger.tip.header().height.0;
    let (status, text) = server.send("GET", "/v1/events?from=0", None, Vec::new()).await;
    let told = parse(std::str::from_utf8(&text).unwrap());
    assert_eq!((status, told.last().unwrap().0.clone()), (200, head.to_string()));
    let (status, text) = server.send("GET", "/v1/events", None, Vec::new()).await;
    assert_eq!((status, text.len()), (200, 0), "nothing is new");
}

#[tokio::test]
async fn a_listener_beyond_the_bound_is_turned_away_and_one_who_leaves_makes_room() {
    let server = Server::start();
    let mut listening = Vec::new();
    for _ in 0..LISTENERS_MAX {
        let response = server.listen("/v1/events", None).await;
        assert_eq!(response.status(), 200);
        listening.push(response);
    }
    assert_eq!(server.listen("/v1/events", None).await.status(), 503);
    listening.pop();
    assert_eq!(server.listen("/v1/events", None).await.status(), 200);
}
