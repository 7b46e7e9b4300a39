//! Why an access ended as it did, and what would turn it: what is proposed is done, and turns it.

use crate::harness::{Network, Patient};
use serde_json::Value;

/// Runs a command that the wallet proposed.
fn obey(patient: &Patient, proposed: &Value) {
    let words: Vec<&str> = proposed.as_str().unwrap().split(' ').skip(1).chain(["--yes"]).collect();
    let done = patient.run(&words);
    assert_eq!(done.code, 0, "{proposed}: {done:?}");
}

#[test]
fn what_is_proposed_turns_a_refusal_and_then_the_permit() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    let asks = || ana.check("cedar", "clinician@qamar", "labs,meds", "treatment");
    let refused = asks();
    assert_eq!(refused.code, 3, "{refused:?}");
    let why = ana.run(&["why", refused.json["access"].as_str().unwrap(), "--timeout", "10s"]);
    assert_eq!(
        (why.code, why.json["effect"].as_str(), why.json["code"].as_str()),
        (0, Some("deny"), Some("NOT_COVERED"))
    );
    assert_eq!(why.json["change"]["grant"], serde_json::json!(["meds"]), "{why:?}");
    obey(&ana, &why.json["commands"][0]);
    let permitted = asks();
    assert_eq!(permitted.code, 0, "{permitted:?}");

    let why = ana.run(&["why", permitted.json["access"].as_str().unwrap(), "--timeout", "10s"]);
    assert_eq!((why.json["effect"].as_str(), why.json["today"]["effect"].as_str()), (Some("permit"), Some("permit")));
    assert_eq!(why.json["change"]["revoke"].as_array().map(Vec::len), Some(1), "{why:?}");
    obey(&ana, &why.json["commands"][0]);
    assert_eq!(asks().code, 3);
}

#[test]
fn what_would_be_answered_is_asked_of_nobody() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar", "rawda"]);
    let can =
        |more: &[&str]| ana.run(&[&["can", "clinician@qamar", "--what", "labs", "--why", "treatment"], more].concat());
    assert_eq!(can(&[]).code, 3);
    ana.grant("clinician@qamar", "labs", "cedar");
    assert_eq!(can(&["--records-at", "cedar"]).code, 0);
    let both = can(&[]);
    let effects: Vec<_> = both.json["answers"].as_array().unwrap().iter().map(|one| one["effect"].as_str()).collect();
    assert_eq!((both.code, effects), (3, vec![Some("permit"), Some("deny")]), "{both:?}");
    // The consent has an end.
    let later = can(&["--records-at", "cedar", "--at", "2y"]);
    assert_eq!((later.code, later.json["answers"][0]["code"].as_str()), (3, Some("EXPIRED")), "{later:?}");
    assert_eq!(can(&["--at", "2020-01-01"]).code, 2);
    let (code, log) = ana.log("cedar");
    assert_eq!((code, log["count"].as_u64()), (0, Some(1)), "only the enrolment: {log}");
}

#[test]
fn a_consent_says_what_it_does_and_what_ends_it() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let granted = ana.grant("clinician@qamar", "labs", "cedar");
    let why = ana.run(&["why", granted["consent"].as_str().unwrap()]);
    assert_eq!((why.code, why.json["state"].as_str()), (0, Some("active")), "{why:?}");
    assert!(why.json["sentence"].as_str().is_some_and(|said| said.contains("laboratory")), "{why:?}");
    let nothing = ana.run(&["why", "A-0000-0000"]);
    assert_eq!(nothing.code, 5, "{nothing:?}");
    assert_eq!(ana.run(&["why", "P-0000"]).code, 2);
}
