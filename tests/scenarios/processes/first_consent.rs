//! Grant, ask, revoke: what a patient decides is what the custodian answers.

use crate::harness::{Network, Patient};

fn decides(patient: &Patient<'_>, who: &str, what: &str, why: &str, expected: (&str, &str, i32)) {
    let answer = patient.check("cedar", who, what, why);
    let got = (answer.json["decision"].as_str().unwrap(), answer.json["code"].as_str().unwrap(), answer.code);
    assert_eq!(got, expected, "{who} asks for {what} for {why}: {answer:?}");
}

#[test]
fn a_grant_permits_what_it_says_and_nothing_else_until_it_is_revoked() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let labs = ana.grant("clinician@qamar", "labs", "cedar");
    let labs_id = labs["consent"].as_str().unwrap();

    decides(&ana, "clinician@qamar", "labs", "treatment", ("permit", "PERMITTED", 0));
    let other_data = ana.check("cedar", "clinician@qamar", "notes", "treatment");
    assert_eq!((other_data.json["decision"].as_str(), other_data.code), (Some("deny"), 3), "{other_data:?}");
    assert_eq!(other_data.json["code"], "NOT_COVERED");
    assert_eq!(other_data.json["consents"][0], labs_id, "a refusal names the consent that does not cover it");
    decides(&ana, "clinician@qamar", "labs", "research", ("no-consent", "NO_CONSENT", 3));
    decides(&ana, "researcher@qamar", "labs", "treatment", ("no-consent", "NO_CONSENT", 3));

    let revoked = ana.run(&["revoke", labs_id, "--yes"]);
    assert_eq!((revoked.code, revoked.json["final"].as_bool()), (0, Some(true)), "{revoked:?}");
    let after = ana.check("cedar", "clinician@qamar", "labs", "treatment");
    assert_eq!((after.json["decision"].as_str(), after.json["code"].as_str()), (Some("no-consent"), Some("REVOKED")));
    assert_eq!(after.json["consents"][0], labs_id);

    let (code, log) = ana.log("cedar");
    assert_eq!((code, log["complete"].as_bool(), log["pending"].as_u64()), (0, Some(true), Some(0)), "{log}");
    let codes: Vec<_> = log["accesses"].as_array().unwrap().iter().map(|a| a["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["PERMITTED", "NOT_COVERED", "NO_CONSENT", "NO_CONSENT", "REVOKED"], "every access, in order");
    assert_eq!(log["count"], 6, "five accesses behind the enrolment");
}

#[test]
fn grants_add_up_and_revoking_one_leaves_the_others() {
    let network = Network::up();
    let ben = network.patient("ben", &["cedar", "rawda"]);
    let labs = ben.grant("clinician@qamar", "labs", "cedar");
    ben.grant("clinician@qamar", "meds", "cedar");
    ben.grant("zaytun", "labs", "cedar");
    ben.grant("clinician@qamar", "vitals", "rawda");

    decides(&ben, "clinician@qamar", "labs", "treatment", ("permit", "PERMITTED", 0));
    decides(&ben, "clinician@qamar", "meds", "treatment", ("permit", "PERMITTED", 0));
    decides(&ben, "clinician@qamar", "labs,meds", "treatment", ("permit", "PERMITTED", 0));
    decides(&ben, "clinician@zaytun", "labs", "treatment", ("permit", "PERMITTED", 0));

    assert_eq!(ben.run(&["revoke", labs["consent"].as_str().unwrap(), "--yes"]).code, 0);
    decides(&ben, "clinician@qamar", "meds", "treatment", ("permit", "PERMITTED", 0));
    decides(&ben, "clinician@qamar", "labs", "treatment", ("deny", "NOT_COVERED", 3));
    decides(&ben, "clinician@zaytun", "labs", "treatment", ("permit", "PERMITTED", 0));
    assert_eq!(ben.check("rawda", "clinician@qamar", "vitals", "treatment").code, 0);

    let listed = ben.run(&["list"]);
    let states: Vec<_> = listed.json["consents"].as_array().unwrap().iter().map(|c| c["state"].clone()).collect();
    assert_eq!(states.iter().filter(|s| *s == "active").count(), 3, "{listed:?}");
    assert_eq!(states.iter().filter(|s| *s == "revoked").count(), 1, "{listed:?}");
}
