//! The benchmarks, short: they bring up a network of their own, measure what they say, and leave nothing behind. How
//! fast it is, no test asks.

use crate::harness::Network;
use serde_json::Value;

fn positive(answer: &Value, name: &str) {
    assert!(answer[name].as_f64().is_some_and(|figure| figure > 0.0), "{name}: {answer}");
}

/// Processor time is counted in ticks of the system and disk in blocks: so little may be none.
fn counted(answer: &Value, name: &str) {
    assert!(answer[name].as_f64().is_some_and(|figure| figure >= 0.0), "{name}: {answer}");
}

fn in_order(times: &Value) {
    let ms = |name: &str| times[name].as_f64().unwrap();
    assert!(0.0 < ms("p50") && ms("p50") <= ms("p95") && ms("p95") <= ms("p99"), "{times}");
}

#[test]
fn a_few_seconds_of_grants_are_measured_and_leave_nothing_behind() {
    let network = Network::without_demo();
    let answer = network.ok(&["bench", "grants", "--seconds", "5", "--clients", "2", "--in-flight", "32"]);
    positive(&answer, "grants_per_s");
    positive(&answer, "signature_check_us");
    for name in ["cpu_us_per_grant_per_validator", "client_cpu_us_per_grant", "disk_bytes_per_grant"] {
        counted(&answer, name);
    }
    in_order(&answer["submit_to_final_ms"]);
    assert_eq!(answer["rss_mib"].as_array().unwrap().len(), 4);
    let settings = ["clients", "in_flight", "custodians", "warm_up_s"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(settings, [2, 32, 4, 5]);
    nothing_is_left(&network);
}

#[test]
fn every_decision_that_was_due_is_measured() {
    let network = Network::without_demo();
    let answer = network.ok(&["bench", "decisions", "--seconds", "1", "--rate", "20", "--relationships", "17"]);
    assert_eq!(answer["decisions"], 20, "as many as the rate says, however long each took");
    positive(&answer, "decisions_per_s");
    for name in ["cpu_us_per_decision", "client_cpu_us_per_decision", "disk_bytes_per_decision"] {
        counted(&answer, name);
    }
    in_order(&answer["decision_ms"]);
    let settings = ["relationships", "rate_per_s", "seconds", "warm_up_s"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(settings, [17, 20, 1, 5]);
    nothing_is_left(&network);
}

fn nothing_is_left(network: &Network) {
    let left: Vec<_> =
        std::fs::read_dir(network.home().join("bench")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}
