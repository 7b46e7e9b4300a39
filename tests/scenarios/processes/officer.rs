//! The compliance officer of a hospital works old decisions out again: they come out as they were recorded, whatever
//! happened since, and a recorded answer that the rules never gave is caught.

use crate::harness::{Answer, Network, eventually};
use crate::liar::{Lie, LyingHospital};
use serde_json::Value;
use std::time::Duration;

fn replay(network: &Network, access: &str, more: &[&str]) -> Answer {
    network.run(&[&["officer", "replay", access, "--profile", "cedar"], more].concat())
}

fn code(answer: &Answer) -> String {
    answer.json["access"].as_str().unwrap().to_owned()
}

/// What must come out as it was recorded.
fn answers(replayed: &Answer) -> (i32, Option<bool>, Value) {
    let json = &replayed.json;
    assert_eq!(json["recorded"], json["replayed"], "{replayed:?}");
    (replayed.code, json["same"].as_bool(), json["recorded"]["code"].clone())
}

#[test]
fn old_decisions_come_out_the_same_after_a_revocation_and_a_start() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let granted = ana.grant("clinician@qamar", "labs", "cedar");
    let consent = granted["consent"].as_str().unwrap();
    let ask = |what| ana.check("cedar", "clinician@qamar", what, "treatment");
    let (permit, denial) = (ask("labs"), ask("notes"));
    assert_eq!(ana.run(&["revoke", consent, "--yes"]).code, 0);
    // Final at all of them, or the custodian may still call it on its way.
    network.agree_within(Duration::from_secs(30));
    let revoked = ask("labs");
    assert_eq!((permit.code, denial.code, revoked.code), (0, 3, 3));
    let decided = [(permit, "PERMITTED", 1), (denial, "NOT_COVERED", 1), (revoked, "REVOKED", 0)];
    let all = |patient: &[&str]| {
        for (asked, word, considered) in &decided {
            let replayed = replay(&network, &code(asked), patient);
            assert_eq!(answers(&replayed), (0, Some(true), (*word).into()), "{replayed:?}");
            let json = &replayed.json;
            assert_eq!((&json["access"], &json["height"]), (&asked.json["access"], &asked.json["height"]));
            assert_eq!(
                (json["relationship"].as_str(), json["by"].as_str()),
                (Some(ana.at("cedar")), Some("clinician@qamar"))
            );
            assert_eq!(json["recorded"]["consent"].as_str(), Some(consent));
            assert_eq!(json["considered"].as_array().map(Vec::len), Some(*considered), "{replayed:?}");
            assert_eq!((json["missing"].as_array().map(Vec::len), json["engine"].as_u64()), (Some(0), Some(1)));
        }
    };
    all(&[]);
    all(&["--patient", ana.at("cedar")]);

    network.kill("cedar");
    let (silent, _, _) = network.run_plain(&["officer", "replay", &code(&decided[0].0), "--profile", "cedar"]);
    assert_eq!(silent, 7);
    network.heal("cedar");
    eventually(Duration::from_secs(30), "the hospital shows no certified block", || {
        (replay(&network, &code(&decided[0].0), &[]).code == 0).then_some(())
    });
    all(&[]);
    let (exit, text, _) = network.run_plain(&["officer", "replay", &code(&decided[0].0), "--profile", "cedar"]);
    assert_eq!(exit, 0);
    assert!(text.contains("replays to the same answer") && text.contains("permit, PERMITTED by C-"), "{text}");
    assert!(text.contains("engine 1 · vocabulary ") && text.contains(" · policy "), "{text}");
}

#[test]
fn only_the_hospital_s_own_accesses_are_found_and_only_for_its_own_people() {
    let network = Network::up();
    let (ana, bea) = (network.patient("ana", &["cedar", "rawda"]), network.patient("bea", &["cedar"]));
    let here = code(&ana.check("cedar", "clinician@qamar", "labs", "treatment"));
    let elsewhere = code(&ana.check("rawda", "clinician@qamar", "labs", "treatment"));
    let not_found = |answer: Answer| {
        assert_eq!((answer.code, answer.json["error"]["code"].as_str()), (5, Some("AMN-0266")), "{answer:?}");
    };
    assert_eq!(replay(&network, &here, &["--patient", ana.at("cedar")]).code, 0);
    not_found(replay(&network, &elsewhere, &[]));
    not_found(replay(&network, &here, &["--patient", bea.at("cedar")]));
    assert_eq!(replay(&network, &here, &["--patient", "P-0000"]).code, 5);
    assert_eq!(replay(&network, ana.at("cedar"), &[]).code, 2);
    assert_eq!(replay(&network, &here[..11], &[]).code, 2, "a part of a code");
    assert_eq!(ana.run(&["officer", "replay", &here]).code, 2, "a wallet is no officer");
}

#[test]
fn an_answer_that_the_rules_never_gave_is_caught_though_the_hospital_signed_it() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    let refused = code(&ana.check("cedar", "clinician@qamar", "notes", "treatment"));
    let liar = LyingHospital::before(&network, "cedar");
    assert_eq!(replay(&network, &refused, &[]).code, 0);
    liar.tell(Lie::Falsify);
    let other = replay(&network, &refused, &[]);
    assert_eq!((other.code, other.json["error"]["code"].as_str()), (8, Some("AMN-0802")), "{other:?}");
    // The falsified entry has a code of its own, by which somebody may know it.
    let detail = other.json["error"]["detail"].as_str().unwrap();
    let falsified = detail.split_whitespace().find(|word| word.starts_with("A-")).unwrap();
    let caught = replay(&network, falsified, &[]);
    assert_eq!((caught.code, caught.json["error"]["code"].as_str()), (8, Some("AMN-0813")), "{caught:?}");
    assert_eq!(caught.json["same"], false);
    assert_eq!(caught.json["differs"], serde_json::json!(["decision", "effect"]));
    let said = |which: &str| caught.json[which]["decision"].as_str().unwrap().to_owned();
    assert_eq!((said("recorded"), said("replayed")), ("permit".to_owned(), "deny".to_owned()));
}
