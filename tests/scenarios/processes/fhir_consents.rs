//! A consent that comes as a FHIR file: granted, decided by, exported, and the same consent when it comes in again.

use crate::harness::{Network, Patient};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Stands in what the file says around its provision, and must stay with the wallet.
const PRIVATE: &str = "front-desk-form-90117";

fn coded(system: &str, code: &str) -> Value {
    json!({ "system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code })
}

/// What a clinic's software exports: treatment and payment, by anybody, with no end.
fn clinic() -> Value {
    json!({
        "resourceType": "Consent",
        "id": PRIVATE,
        "identifier": [{ "system": "https://clinic.example/forms", "value": PRIVATE }],
        "text": { "status": "generated", "div": "<div>I agree to be treated.</div>" },
        "status": "active",
        "scope": { "coding": [coded("consentscope", "patient-privacy")] },
        "category": [{ "coding": [{ "system": "http://loinc.org", "code": "59284-0" }] }],
        "patient": { "reference": "Patient/90117" },
        "dateTime": "2026-11-02",
        "performer": [{ "reference": "Patient/90117" }],
        "organization": [{ "reference": "Organization/clinic" }],
        "sourceAttachment": { "contentType": "text/plain", "data": "c2lnbmVk" },
        "policy": [{ "uri": "https://clinic.example/privacy" }],
        "provision": {
            "type": "permit",
            "purpose": [coded("v3-ActReason", "TREAT"), coded("v3-ActReason", "HPAYMT")],
        },
    })
}

/// Grants from a file and takes the one consent.
fn granted(patient: &Patient<'_>, file: &str) -> Value {
    let answer = patient.run(&["grant", "--from-fhir", file, "--yes"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let consent = answer.json["consents"][0].clone();
    assert_eq!((consent["final"].as_bool(), consent["custodian"].as_str()), (Some(true), Some("cedar")), "{answer:?}");
    consent
}

/// Exports a consent and looks at it, without sending anything, in this wallet and in one that remembers nothing else.
fn comes_in_again_as_the_same(network: &Network, patient: &Patient<'_>, consent: &Value) -> Value {
    let label = consent["consent"].as_str().unwrap();
    let file = network.home().join("scratch").join(format!("{label}.json"));
    let file = file.to_str().unwrap();
    let exported = patient.run(&["consent", "export", label, "--fhir", file]);
    assert_eq!((exported.code, exported.json["kept"].as_bool()), (0, Some(true)), "{exported:?}");
    let elsewhere = patient.recovered(&format!("{}-elsewhere", patient.name));
    for wallet in [patient, &elsewhere] {
        let seen = wallet.run(&["grant", "--from-fhir", file, "--dry-run"]);
        assert_eq!(seen.code, 0, "{seen:?}");
        for field in ["consent", "commitment"] {
            assert!(consent[field].is_string() && seen.json["consents"][0][field] == consent[field], "{seen:?}");
        }
        let twice = wallet.run(&["grant", "--from-fhir", file, "--yes"]);
        assert_eq!((twice.code, twice.json["error"]["code"].as_str()), (6, Some("AMN-0258")), "{twice:?}");
    }
    assert_eq!(patient.run(&["consent", "export", label, "--fhir", file]).code, 6, "never overwritten");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn decides(patient: &Patient<'_>, who: &str, what: &str, why: &str, expected: (&str, &str, i32)) {
    let answer = patient.check("cedar", who, what, why);
    let got = (answer.json["decision"].as_str().unwrap(), answer.json["code"].as_str().unwrap(), answer.code);
    assert_eq!(got, expected, "{who} asks for {what} for {why}: {answer:?}");
}

#[test]
fn a_consent_from_fhir_is_decided_by_and_goes_out_as_the_same_consent() {
    let network = Network::up();
    let noor = network.patient("noor", &["cedar"]);
    let file = network.file("clinic.json", &clinic().to_string());

    let (code, said, _) = plain(&network, &noor, &["grant", "--from-fhir", &file, "--dry-run"]);
    assert_eq!(code, 0, "{said}");
    for words in ["Anyone may do anything with everything in the record", "names no recipient", "names no end"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    decides(&noor, "clinician@qamar", "labs", "treatment", ("no-consent", "NO_CONSENT", 3));

    let consent = granted(&noor, &file);
    decides(&noor, "clinician@qamar", "labs", "treatment", ("permit", "PERMITTED", 0));
    decides(&noor, "zaytun", "notes", "payment", ("permit", "PERMITTED", 0));
    decides(&noor, "clinician@qamar", "labs", "research", ("no-consent", "NO_CONSENT", 3));
    decides(&noor, "clinician@qamar", "labs", "emergency", ("no-consent", "NO_CONSENT", 3));
    let listed = noor.run(&["list"]).json["consents"][0].clone();
    assert_eq!(
        (&listed["who"], &listed["what"][0], &listed["state"]),
        (&json!("anyone"), &json!("whole-record"), &json!("active"))
    );

    let exported = comes_in_again_as_the_same(&network, &noor, &consent);
    for (element, value) in clinic().as_object().unwrap().iter().filter(|(element, _)| *element != "provision") {
        assert_eq!(&exported[element], value, "{element}");
    }
    let (complete, log) = noor.log("cedar");
    assert_eq!((complete, log["complete"].as_bool()), (0, Some(true)), "the wallet decides the same: {log}");

    assert_eq!(noor.run(&["revoke", consent["consent"].as_str().unwrap(), "--yes"]).code, 0);
    decides(&noor, "clinician@qamar", "labs", "treatment", ("no-consent", "REVOKED", 3));
    stays_with_the_wallet(&network);
    refusals(&network, &noor);
}

/// What stands around the provision is in no file of any hospital.
fn stays_with_the_wallet(network: &Network) {
    let (mut files, mut open) = (0, vec![network.home().join("demo"), network.home().join("wallets")]);
    while let Some(place) = open.pop() {
        if place.is_dir() {
            open.extend(fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(bytes) = fs::read(&place) {
            files += 1;
            let found = bytes.windows(PRIVATE.len()).any(|part| part == PRIVATE.as_bytes());
            assert!(!found, "{} holds it", place.display());
        }
    }
    assert!(files > 20, "only {files} files were looked at");
}

fn refusals(network: &Network, patient: &Patient<'_>) {
    let refused = |name: &str, change: &dyn Fn(&mut Value), exit: i32, words: &str| {
        let mut resource = clinic();
        change(&mut resource);
        let file = network.file(&format!("{name}.json"), &resource.to_string());
        let answer = patient.run(&["grant", "--from-fhir", &file, "--yes"]);
        let error = &answer.json["error"];
        assert_eq!(answer.code, exit, "{answer:?}");
        assert!(error["detail"].as_str().unwrap().contains(words), "{words}: {answer:?}");
        assert!(!answer.json.to_string().contains(PRIVATE) && !error["fix"].as_str().unwrap().is_empty(), "{answer:?}");
    };
    refused("unknown", &|one| one["provision"]["limit"] = 3.into(), 1, "provision.limit");
    let modifier = |one: &mut Value| one["policy"][0]["modifierExtension"] = json!([{ "url": "urn:x" }]);
    refused("modifier", &modifier, 1, "policy[0].modifierExtension");
    let window = json!({ "start": "2020", "end": "2021" });
    refused("not-yet", &|one| one["provision"]["dataPeriod"] = window.clone(), 1, "provision.dataPeriod");
    refused("too-long", &|one| one["provision"]["period"] = json!({ "end": "2040" }), 1, "longer than this network");
    let stranger = json!([{ "role": { "coding": [coded("v3-ParticipationType", "IRCP")] },
        "reference": { "reference": "Practitioner/7" } }]);
    refused("stranger", &|one| one["provision"]["actor"] = stranger.clone(), 1, "provision.actor[0].reference");
}

fn plain(network: &Network, patient: &Patient<'_>, args: &[&str]) -> (i32, String, String) {
    let own = ["--profile", &patient.name, "--passphrase-file", &patient.passphrase];
    network.run_plain(&[args, &own].concat())
}

/// The example of IHE's profile PCF, which lies outside of this repository.
#[test]
fn the_basic_treatment_consent_of_ihe_pcf_becomes_final_and_comes_in_again_as_the_same() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let cases = env::var_os("AMANAH_CASES").map_or_else(beside, PathBuf::from);
    let file = cases.join("ihe-pcf/Consent-ex-consent-basic-treat.json");
    let Ok(text) = fs::read_to_string(&file) else {
        println!("not run: there is no {}", file.display());
        return;
    };
    let network = Network::up();
    let sami = network.patient("sami", &["cedar", "qamar"]);
    let unclear = sami.run(&["grant", "--from-fhir", file.to_str().unwrap(), "--yes"]);
    assert_eq!((unclear.code, unclear.json["error"]["code"].as_str()), (2, Some("AMN-0257")), "{unclear:?}");
    let answer = sami.run(&["grant", "--from-fhir", file.to_str().unwrap(), "--records-at", "cedar", "--yes"]);
    assert_eq!((answer.code, answer.json["consents"][0]["final"].as_bool()), (0, Some(true)), "{answer:?}");
    decides(&sami, "clinician@qamar", "labs", "treatment", ("permit", "PERMITTED", 0));
    decides(&sami, "clinician@qamar", "labs", "research", ("no-consent", "NO_CONSENT", 3));
    let exported = comes_in_again_as_the_same(&network, &sami, &answer.json["consents"][0]);
    let given: Value = serde_json::from_str(&text).unwrap();
    for (element, value) in given.as_object().unwrap().iter().filter(|(element, _)| *element != "provision") {
        assert_eq!(&exported[element], value, "{element}");
    }
}
