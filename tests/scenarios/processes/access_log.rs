//! Access logs across hospitals, and nodes that lie about them.

use crate::harness::{Network, eventually};
use crate::liar::{Lie, LyingHospital};
use std::time::Duration;

#[test]
fn each_custodian_has_a_complete_log_of_its_own() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar", "rawda"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    ana.grant("zaytun", "meds", "rawda");
    for _ in 0..3 {
        assert_eq!(ana.check("cedar", "clinician@qamar", "labs", "treatment").code, 0);
    }
    assert_eq!(ana.check("rawda", "clinician@zaytun", "meds", "treatment").code, 0);
    let (code, cedar) = ana.log("cedar");
    assert_eq!((code, cedar["complete"].as_bool(), cedar["count"].as_u64()), (0, Some(true), Some(4)), "{cedar}");
    let numbers: Vec<_> = cedar["accesses"].as_array().unwrap().iter().map(|a| a["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    let (code, rawda) = ana.log("rawda");
    assert_eq!((code, rawda["count"].as_u64()), (0, Some(2)), "{rawda}");
    assert_eq!(rawda["accesses"][0]["by"], "clinician@zaytun");
}

/// Four accesses behind the enrolment, all anchored; then `lie`; what does `amanah log` say?
fn log_after(lie: Lie) -> (i32, serde_json::Value) {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    for what in ["labs", "meds", "vitals", "notes"] {
        assert_eq!(ana.check("cedar", "clinician@qamar", what, "treatment").code, 3);
    }
    let liar = LyingHospital::before(&network, "cedar");
    let honest = ana.run(&["log", "--timeout", "10s"]);
    assert_eq!(honest.code, 0, "{honest:?}");
    // A wallet without memory, so that the memory is not what gives the lie away.
    let forgetful = ana.recovered("ana-again");
    liar.tell(lie);
    let answer = forgetful.run(&["log", "--timeout", "5s"]);
    (answer.code, answer.json)
}

#[test]
fn a_custodian_that_leaves_out_the_newest_access_is_caught() {
    let (code, json) = log_after(Lie::OmitNewest);
    assert_eq!(code, 8, "{json}");
}

#[test]
fn a_custodian_that_leaves_out_an_access_in_the_middle_is_caught() {
    let (code, json) = log_after(Lie::OmitMiddle);
    assert_eq!(code, 8, "{json}");
}

#[test]
fn a_custodian_that_alters_an_access_is_caught() {
    let (code, json) = log_after(Lie::Alter);
    assert_eq!(code, 8, "{json}");
}

#[test]
fn a_custodian_that_shows_an_older_log_than_the_others_prove_is_caught() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.check("cedar", "clinician@qamar", "labs", "treatment");
    let liar = LyingHospital::before(&network, "cedar");
    let forgetful = ana.recovered("ana-again");
    assert_eq!(ana.run(&["log", "--timeout", "10s"]).code, 0);
    liar.tell(Lie::Stale);
    ana.check("cedar", "clinician@qamar", "meds", "treatment");
    // Until the new access is anchored the old log is simply true.
    let caught = eventually(Duration::from_secs(20), "the newer access is not anchored", || {
        let answer = forgetful.run(&["log", "--timeout", "2s"]);
        (answer.code != 0).then_some(answer)
    });
    assert_eq!(caught.code, 8, "{caught:?}");
}

#[test]
fn what_the_wallet_has_seen_cannot_be_taken_back() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.check("cedar", "clinician@qamar", "labs", "treatment");
    let liar = LyingHospital::before(&network, "cedar");
    ana.check("cedar", "clinician@qamar", "meds", "treatment");
    assert_eq!(ana.run(&["log", "--timeout", "10s"]).code, 0);
    ana.check("cedar", "clinician@qamar", "vitals", "treatment");
    // Seen at once, before any anchor covers it: given, not yet proven.
    let seen = ana.run(&["log", "--timeout", "0s"]);
    assert!(matches!(seen.code, 0 | 7), "{seen:?}");
    liar.tell(Lie::OmitNewest);
    let caught = ana.run(&["log", "--timeout", "3s"]);
    assert_eq!(caught.code, 8, "{caught:?}");
}
