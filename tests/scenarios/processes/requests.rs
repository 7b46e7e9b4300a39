//! A hospital asks, and the patient answers: whole, smaller, or not at all.

use crate::harness::{Answer, Network, Patient, eventually};
use crate::liar::{Lie, LyingHospital};
use serde_json::Value;
use std::time::Duration;

fn ask(network: &Network, patient: &Patient<'_>, what: &str) -> Value {
    let (code, args) = (patient.at("cedar"), ["--why", "treatment", "--until", "90d", "--profile", "cedar"]);
    let mut all = vec!["hospital", "request", code, "--for", "clinician@qamar", "--what", what];
    all.extend(args);
    network.ok(&all)
}

fn code(of: &Value) -> &str {
    of["request"].as_str().unwrap()
}

fn error(answer: &Answer) -> (i32, &str) {
    (answer.code, answer.json["error"]["code"].as_str().unwrap_or_default())
}

/// Every request in the inbox with its state, the earliest first.
fn inbox(patient: &Patient<'_>) -> Vec<(String, String)> {
    let answer = patient.run(&["inbox"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let pair = |one: &Value| (code(one).to_owned(), one["state"].as_str().unwrap().to_owned());
    answer.json["requests"].as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn a_request_is_narrowed_and_approved_and_permits_that_part_alone() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let request = ask(&network, &ana, "labs,meds");
    let label = code(&request);
    assert_eq!((request["state"].as_str(), request["patient"].as_str()), (Some("open"), Some(ana.at("cedar"))));

    let seen = ana.run(&["inbox"]).json["requests"][0].clone();
    let told = |field: &str| seen[field].as_str().unwrap_or_default();
    let got = (code(&seen), told("custodian"), told("who"), told("why"), told("state"));
    assert_eq!(got, (label, "cedar", "clinician@qamar", "TREAT", "open"), "{seen}");
    assert_eq!(seen["what"], serde_json::json!(["labs", "meds"]));
    assert!(told("sentence").contains("laboratory results"), "{seen}");
    assert!(told("asked") < told("expires") && told("expires") < told("until"), "{seen}");

    // What is not asked for cannot be slipped in by an answer, neither data nor days.
    for (more, at) in [(["--only", "labs,notes"], "data"), (["--until", "100d"], "longer")] {
        let refused = ana.run(&["approve", label, more[0], more[1], "--yes"]);
        assert_eq!(error(&refused), (2, "AMN-0264"), "{refused:?}");
        assert!(refused.json["error"]["detail"].as_str().unwrap().contains(at), "{refused:?}");
    }
    let dry = ana.run(&["approve", label, "--dry-run"]);
    assert_eq!((dry.code, dry.json["dry_run"].as_bool(), code(&dry.json)), (0, Some(true), label), "{dry:?}");
    assert_eq!(inbox(&ana), [(label.to_owned(), "open".to_owned())], "nothing was answered so far");

    let approved = ana.run(&["approve", label, "--only", "labs", "--until", "30d", "--yes"]);
    assert_eq!(approved.code, 0, "{approved:?}");
    let given = &approved.json["consents"][0];
    assert_eq!((given["final"].as_bool(), code(&approved.json)), (Some(true), label), "{approved:?}");
    let receipt = network.run(&["receipt", "verify", given["receipt"].as_str().unwrap()]);
    assert_eq!(receipt.code, 0, "{receipt:?}");
    let decided = |what: &str| ana.check("cedar", "clinician@qamar", what, "treatment").json["code"].clone();
    assert_eq!((decided("labs"), decided("meds")), ("PERMITTED".into(), "NOT_COVERED".into()));

    let kept = network.ok(&["hospital", "requests", "--profile", "cedar"])["requests"][0].clone();
    assert_eq!((kept["state"].as_str(), &kept["consent"]), (Some("approved"), &given["consent"]), "{kept}");
    let again = ana.run(&["approve", label, "--yes"]);
    assert_eq!(error(&again), (6, "AMN-0263"), "{again:?}");
    assert_eq!(ana.run(&["list"]).json["consents"].as_array().unwrap().len(), 1, "one request, one consent");
}

#[test]
fn a_request_is_denied_or_taken_back_and_is_nobody_elses() {
    let network = Network::up();
    let (ana, ben) = (network.patient("ana", &["cedar"]), network.patient("ben", &["cedar"]));
    let (labs, notes) = (ask(&network, &ana, "labs"), ask(&network, &ana, "notes"));
    let (labs, notes) = (code(&labs), code(&notes));
    assert_eq!(code(&ask(&network, &ana, "labs")), labs, "the same again is the same request");

    assert!(inbox(&ben).is_empty());
    for command in ["approve", "deny"] {
        assert_eq!(error(&ben.run(&[command, labs, "--yes"])), (5, "AMN-0212"), "{command}");
    }
    let denied = ana.run(&["deny", labs]);
    assert_eq!((denied.code, denied.json["state"].as_str()), (0, Some("denied")), "{denied:?}");
    network.ok(&["hospital", "withdraw", notes, "--profile", "cedar"]);
    for ended in [labs, notes] {
        assert_eq!(error(&ana.run(&["approve", ended, "--yes"])), (6, "AMN-0263"), "{ended}");
        assert_eq!(error(&ana.run(&["deny", ended])), (6, "AMN-0263"), "{ended}");
    }
    let withdrawn = network.run(&["hospital", "withdraw", labs, "--profile", "cedar"]);
    assert_eq!(error(&withdrawn), (6, "AMN-0263"), "{withdrawn:?}");

    // What was answered stays answered when the hospital comes back from a power cut.
    network.kill("cedar");
    let alone = ana.run(&["inbox"]);
    assert_eq!(error(&alone), (7, "AMN-0302"), "a hospital that is down is not taken for one that asks nothing");
    network.heal("cedar");
    let expected = [(labs.to_owned(), "denied".to_owned()), (notes.to_owned(), "withdrawn".to_owned())];
    assert_eq!(inbox(&ana), expected);
    // A hospital that has just started decides once it knows how far the others are.
    let decided = eventually(Duration::from_secs(30), "the hospital does not decide", || {
        ana.check("cedar", "clinician@qamar", "labs", "treatment").json["code"].as_str().map(str::to_owned)
    });
    assert_eq!(decided, "NO_CONSENT");
    assert_eq!(ana.run(&["list"]).json["consents"].as_array().unwrap().len(), 0);
}

#[test]
fn a_hospital_that_asks_under_other_names_is_caught_before_anything_is_signed() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ask(&network, &ana, "labs");
    let liar = LyingHospital::before(&network, "cedar");
    let honest = ana.run(&["inbox"]);
    assert_eq!(honest.code, 0, "{honest:?}");

    // Who a hospital is, the network says; who a person is, their own hospital.
    for (lie, caught) in [(Lie::Rename, "AMN-0802"), (Lie::Redirect, "AMN-0802"), (Lie::Misname, "AMN-0803")] {
        liar.tell(lie);
        let seen = ana.run(&["inbox"]);
        assert_eq!(error(&seen), (8, caught), "{lie:?}: {seen:?}");
        assert_eq!(seen.json["requests"], serde_json::json!([]), "{lie:?}: none of it is shown");
        let refused = ana.run(&["approve", &liar.asks(), "--yes"]);
        assert_eq!(error(&refused), (8, caught), "{lie:?}: {refused:?}");
        let state = refused.json["error"]["detail"].as_str().unwrap();
        assert!(state.ends_with("nothing was signed and nothing was sent"), "{lie:?}: {state}");
    }

    liar.tell(Lie::None);
    network.kill("qamar");
    std::fs::remove_dir_all(network.home().join("directory")).unwrap();
    let unchecked = ana.run(&["inbox"]).json["requests"][0].clone();
    assert_eq!(unchecked["sentence"], Value::Null, "nobody says that the clinician is called so: {unchecked}");
    network.heal("qamar");
    let approved = ana.run(&["approve", code(&honest.json["requests"][0]), "--yes"]);
    assert_eq!(approved.code, 0, "{approved:?}");
}
