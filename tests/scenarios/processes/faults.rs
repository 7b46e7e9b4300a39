//! Hospitals are killed and healed; nothing acknowledged is lost, and what waits becomes final by itself, once.

use crate::harness::{Network, eventually};
use std::time::Duration;

const HOSPITALS: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];

#[test]
fn a_slip_revokes_through_another_hospital_and_the_healed_custodian_denies_at_once() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    ana.grant("clinician@qamar", "meds", "cedar");
    assert_eq!(ana.check("cedar", "clinician@qamar", "labs", "treatment").code, 0);

    network.kill("cedar");
    let revoked = network.ok(&["revoke", "--slip", ana.slip("cedar")]);
    let consents = revoked["consents"].as_array().unwrap();
    assert_eq!(consents.len(), 2, "{revoked}");
    assert!(consents.iter().all(|c| c["final"] == true && c["custodian"] == "cedar"), "{revoked}");

    network.heal("cedar");
    // The first answers may be "not yet"; the first decision must already deny.
    let first = eventually(Duration::from_secs(30), "no decision after healing", || {
        let answer = ana.check("cedar", "clinician@qamar", "labs", "treatment");
        (answer.code != 7).then_some(answer)
    });
    assert_eq!((first.code, first.json["code"].as_str()), (3, Some("REVOKED")), "{first:?}");
}

#[test]
fn one_hospital_less_changes_nothing_and_the_healed_one_catches_up() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    network.kill("zaytun");
    for preset in ["labs", "meds", "vitals"] {
        ana.grant("clinician@qamar", preset, "cedar");
    }
    network.heal("zaytun");
    network.agree_within(Duration::from_secs(30));
}

#[test]
fn what_waits_for_a_quorum_becomes_final_by_itself_exactly_once() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    network.kill("rawda");
    network.kill("zaytun");
    let waiting = ana.try_grant("clinician@qamar", "meds", "cedar", "3s");
    assert_eq!((waiting.code, waiting.json["consents"][0]["final"].as_bool()), (7, Some(false)), "{waiting:?}");
    network.heal("rawda");
    network.heal("zaytun");
    eventually(Duration::from_secs(30), "the waiting grant is not final", || {
        let listed = ana.run(&["list"]);
        let consents = listed.json["consents"].as_array().unwrap().clone();
        let finals = consents.iter().filter(|c| c["final"] == true && c["state"] == "active").count();
        assert!(consents.len() <= 2, "granted twice: {listed:?}");
        (finals == 2).then_some(())
    });
    assert_eq!(ana.check("cedar", "clinician@qamar", "meds", "treatment").code, 0);
}

#[test]
fn nothing_acknowledged_is_lost_when_all_four_are_killed() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let consent = ana.grant("clinician@qamar", "labs", "cedar");
    let last = ana.check("cedar", "clinician@qamar", "labs", "treatment");
    for hospital in HOSPITALS {
        network.kill(hospital);
    }
    assert_eq!(last.code, 0, "{last:?}");
    for hospital in HOSPITALS {
        network.heal(hospital);
    }
    network.agree_within(Duration::from_secs(30));
    let listed = ana.run(&["list"]);
    assert_eq!(listed.json["consents"][0]["consent"], consent["consent"], "{listed:?}");
    assert_eq!(listed.json["consents"][0]["final"], true);
    let (code, log) = eventually(Duration::from_secs(30), "the log is not anchored", || {
        let (code, log) = ana.log("cedar");
        (code != 7).then_some((code, log))
    });
    assert_eq!((code, log["complete"].as_bool()), (0, Some(true)), "{log}");
    let accesses = log["accesses"].as_array().unwrap();
    assert_eq!(accesses.last().unwrap()["access"], last.json["access"], "the receipt returned before the kill");
}
