use super::*;
use crate::health::{Chart, Component};
use amanah_ledger::time::UnixMs;
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt;

fn ops(unready: Vec<Unready>, loop_age_ms: u64) -> Ops {
    let metrics = Arc::new(Metrics::new());
    let figures = Arc::clone(&metrics);
    let status = move || {
        figures.ledger.height.set(42);
        Status {
            name: "cedar".into(),
            role: Role::Validator,
            follows: None,
            chain: "00".into(),
            height: 42,
            block: "01".into(),
            state_root: "02".into(),
            view: 43,
            validators: vec![ValidatorStatus { name: "qamar".into(), connected: true, height: None }],
            loop_age_ms,
            unready: unready.clone(),
            contradictions: Vec::new(),
        }
    };
    Ops { metrics, status: Arc::new(status), health: Arc::new(|| health(Ok(()))) }
}

fn health(disk: Result<(), String>) -> Vec<Health> {
    Chart::default().note(UnixMs(7), vec![(Component::Quorum, Ok(())), (Component::Disk, disk)])
}

async fn ask(ops: Ops, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = router(ops).oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_live_and_ready_node_says_so() {
    for path in ["/livez", "/readyz"] {
        assert_eq!(ask(ops(vec![], 10), path).await, (StatusCode::OK, "ok\n".to_owned()));
    }
}

#[tokio::test]
async fn a_node_that_lost_its_quorum_is_live_but_not_ready() {
    let lonely = ops(vec![Unready::FewHeard { heard: 1, needed: 3 }], 10);
    assert_eq!(ask(lonely.clone(), "/livez").await.0, StatusCode::OK);
    let (code, reason) = ask(lonely, "/readyz").await;
    assert_eq!((code, reason.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "1 validators heard lately, 3 are needed\n"));
}

#[tokio::test]
async fn a_loop_that_hangs_is_not_live() {
    assert_eq!(ask(ops(vec![], 5000), "/livez").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn status_and_metrics_tell_the_height_of_now() {
    let (code, text) = ask(ops(vec![Unready::DiskLow], 10), "/status").await;
    let status: Status = serde_json::from_str(&text).unwrap();
    assert_eq!((code, status.height, status.unready), (StatusCode::OK, 42, vec![Unready::DiskLow]));
    let (code, text) = ask(ops(vec![], 10), "/metrics").await;
    assert_eq!(code, StatusCode::OK);
    for line in ["amanah_height 42", "amanah_peers 0", "amanah_build_info{version=\"", "# EOF"] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

#[tokio::test]
async fn each_part_of_the_node_is_named_with_why_it_is_not_well() {
    let (code, text) = ask(ops(vec![], 10), "/healthz").await;
    let well: Vec<Health> = serde_json::from_str(&text).unwrap();
    assert_eq!((code, well), (StatusCode::OK, health(Ok(()))));
    let ill = Ops { health: Arc::new(|| health(Err("nearly full".to_owned()))), ..ops(vec![], 10) };
    let (code, text) = ask(ill, "/healthz").await;
    assert_eq!(code, StatusCode::SERVICE_UNAVAILABLE);
    let parts: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(parts[0], serde_json::json!({ "component": "quorum", "ok": true, "since": 7 }));
    assert_eq!(parts[1], serde_json::json!({ "component": "disk", "ok": false, "reason": "nearly full", "since": 7 }));
}
