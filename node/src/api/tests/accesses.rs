use super::*;
use amanah_ledger::exchange::{AccessRecord, AccessSearch, Kept};
use amanah_ledger::label::Label;

async fn search(server: &Server, path: &str) -> AccessSearch {
    server.value("GET", path, Some(KEY), Vec::new()).await
}

fn found(search: AccessSearch) -> AccessRecord {
    match search {
        AccessSearch::Found(record) => *record,
        AccessSearch::NotUpTo { .. } => panic!("not found yet"),
    }
}

#[tokio::test]
async fn a_hospital_gets_an_access_with_all_that_it_rested_on_by_its_code() {
    let mut server = Server::start();
    let (patient, token, label) = server.patient(1).await;
    let (_, _, other) = server.patient(2).await;
    let grant = patient.grant(0, member_ref(&server.genesis, 1), "labs");
    server.json("POST", "/v1/me/consents", Some(&token), codec::encode(&grant)).await;
    server.until(is_grant).await;
    let (_, answer) = server.post_json("/v1/decisions", KEY, question(&label, "qamar")).await;
    let access = answer["access"].as_str().unwrap();

    let path = format!("/v1/accesses/{access}");
    let record = found(search(&server, &path).await);
    assert_eq!(Label::access(&record.entry.digest(&patient.chain)).to_string(), access);
    assert_eq!(record.consents[0].document, Kept::Held(Box::new(grant.into_held())));
    for patient in [label.as_str(), &label[..7]] {
        assert_eq!(found(search(&server, &format!("{path}?patient={patient}")).await), record);
    }
    assert_eq!(found(search(&server, &format!("{path}?after={label}.0")).await), record);

    let unknown = Label::access(&Digest([9; 32]));
    let refused = [
        (format!("/v1/accesses/{unknown}"), 404, "AMN-0266"),
        (format!("/v1/accesses/{unknown}?patient={label}"), 404, "AMN-0266"),
        (format!("{path}?patient={other}"), 404, "AMN-0266"),
        (format!("{path}?patient={label}&after={label}.2"), 404, "AMN-0266"),
        (format!("/v1/accesses/{label}"), 404, "AMN-0266"),
        ("/v1/accesses/A-0000".to_owned(), 404, "AMN-0266"),
        (format!("{path}?patient=P-0000"), 404, "AMN-0240"),
        (format!("{path}?patient=nobody"), 404, "AMN-0240"),
        (format!("{path}?after={label}"), 400, "AMN-0414"),
        (format!("{path}?after={label}.-1"), 400, "AMN-0414"),
        (format!("{path}?after={access}.1"), 400, "AMN-0414"),
    ];
    for (path, status, code) in refused {
        let (got, problem) = server.json("GET", &path, Some(KEY), Vec::new()).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{path}");
    }
    for nobody in [None, Some(token.as_str()), Some(FOLLOWER_KEY)] {
        assert_eq!(server.json("GET", &path, nobody, Vec::new()).await.1["code"], "AMN-0402");
    }
}

#[tokio::test]
async fn a_search_stops_at_its_bound_and_says_where_to_go_on() {
    let server = Server::start();
    let (_, _, label) = server.patient(1).await;
    let mut access = String::new();
    // More than one piece.
    for _ in 0..140 {
        let (_, answer) = server.post_json("/v1/decisions", KEY, question(&label, "qamar")).await;
        access = answer["access"].as_str().unwrap().to_owned();
    }
    let bounded = async |after| crate::api::accesses::search(&server.app, &access, None, after, 1).await.unwrap();
    let AccessSearch::NotUpTo { relationship, number } = bounded(None).await else { panic!("beyond the bound") };
    assert_eq!((Label::relationship(&relationship).to_string(), number), (label.clone(), 128));
    let record = found(bounded(Some(format!("{label}.{number}"))).await);
    assert_eq!(record.entry.body.number, 141);
    assert_eq!(
        found(search(&server, &format!("/v1/accesses/{access}")).await),
        record,
        "the bound of a request is higher"
    );
}
