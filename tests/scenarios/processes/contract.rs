//! What scripts rely on, on one demo network: every command with `--json` and without, its fields, its exit codes.

mod answers;
mod outages;
mod refusals;

use crate::harness::Network;
use answers::{Script, fields};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const PASSPHRASE: &str = "canary passphrase of mira";

#[test]
fn every_command_answers_scripts_and_people_as_promised() {
    let network = Network::up();
    let script = Script::new(&network);
    demo_and_network(&script);
    wallets(&script);
    profiles(&script);
    let relationship = enrolment(&script);
    let consents = grants(&script);
    decisions(&script, &relationship, &consents);
    logs(&script);
    revocations(&script, &consents);
    receipts(&script, &consents);
    slips(&script);
    refusals::refusals(&script, &relationship);
    refusals::usage(&script);
    refusals::colours(&script);
    outages::second_start(&script);
    outages::faults(&script);
    outages::ends(&script);
}

fn demo_and_network(script: &Script<'_>) {
    let up = script.json(0, "demo.up", &["demo", "up"]);
    assert_eq!(up["hospitals"].as_array().unwrap().len(), 4, "up already: the same answer");
    let status = script.json(0, "demo.status", &["demo", "status"]);
    for hospital in status["hospitals"].as_array().unwrap() {
        fields(
            hospital,
            "name:text pid:int running:bool api:text ops:text p2p:text height:int block:text state_root:text",
        );
    }
    for profile in status["profiles"].as_array().unwrap() {
        fields(profile, "name:text role:text");
    }
    let names: Vec<&str> =
        status["hospitals"].as_array().unwrap().iter().map(|h| h["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cedar", "qamar", "rawda", "zaytun"]);
    let roles: Vec<_> = status["profiles"].as_array().unwrap().iter().map(|p| p["role"].as_str().unwrap()).collect();
    assert!(roles.iter().filter(|role| **role == "hospital").count() == 4 && roles.contains(&"patient"), "{roles:?}");
    assert!(script.plain(0, &["demo", "status"]).contains("zaytun"));
    let passphrases = script.network.home().join("demo/passphrases");
    for patient in ["layla", "omar", "huda"] {
        private(passphrases.join(patient).to_str().unwrap());
    }
    let network = script.json(0, "network.status", &["network", "status"]);
    for validator in network["validators"].as_array().unwrap() {
        fields(validator, "name:text reachable:bool height:int block:text state_root:text view:int");
    }
    assert!(script.plain(0, &["network", "status"]).contains("rawda"));
    // The hospitals keep neither stdout nor stderr of the caller: the pipe ends with the command.
    let mut up = script.network.command(&["demo", "up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let printed = std::io::read_to_string(up.stdout.take().unwrap()).unwrap();
    assert!(up.wait().unwrap().success() && printed.contains("amanah demo down"), "{printed}");
}

fn wallets(script: &Script<'_>) {
    let passphrase = script.network.file("mira.passphrase", &format!("{PASSPHRASE}\n"));
    let words = script.path("mira.words");
    let new = ["wallet", "new", "mira", "--passphrase-file", &passphrase, "--words-out", &words];
    fields(&script.json(0, "wallet.new", &new), "wallet:text profile:text");
    private(&words);
    let phrase = fs::read_to_string(&words).unwrap();
    assert_eq!(phrase.split_whitespace().count(), 24);
    script.keeps_secret(phrase.trim());
    script.keeps_secret(PASSPHRASE);
    script.json(6, "wallet.new", &new);
    let other = ["wallet", "new", "noor", "--passphrase-file", &passphrase, "--words-out", &words];
    script.json(6, "wallet.new", &other);
    assert_eq!(fs::read_to_string(&words).unwrap(), phrase, "never overwritten");
    let noor_words = script.path("noor.words");
    script.plain(0, &["wallet", "new", "noor", "--passphrase-file", &passphrase, "--words-out", &noor_words]);
    script.json(2, "wallet.new", &["wallet", "new", "nobody", "--passphrase-file", &passphrase]);

    let recover = ["wallet", "recover", "mira-two", "--words-file", &words, "--passphrase-file", &passphrase];
    fields(&script.json(0, "wallet.recover", &recover), "wallet:text profile:text custodians:list");
    let recover = ["wallet", "recover", "mira-three", "--words-file", &words, "--passphrase-file", &passphrase];
    script.plain(0, &recover);
    let misspelt = script.network.file("bad.words", &phrase.replacen(phrase.split(' ').next().unwrap(), "zzzz", 1));
    script.json(
        1,
        "wallet.recover",
        &["wallet", "recover", "x", "--words-file", &misspelt, "--passphrase-file", &passphrase],
    );

    let list = script.json(0, "wallet.list", &["wallet", "list"]);
    assert!(list["wallets"].as_array().unwrap().iter().any(|wallet| wallet["name"] == "mira"), "{list}");
    assert!(script.plain(0, &["wallet", "list"]).contains("mira"));
    let show = script.json(0, "wallet.show", &script.mira(&["wallet", "show"]));
    fields(&show, "wallet:text relationships:list");
    script.plain(0, &script.mira(&["wallet", "show"]));
    private(script.network.home().join("wallets/mira/keystore.json").to_str().unwrap());
    private(script.network.home().join("profiles/mira.json").to_str().unwrap());
    private(script.network.home().join("profiles/cedar.json").to_str().unwrap());
}

/// A desk on a machine of its own: it is given the network's file and a key.
fn profiles(script: &Script<'_>) {
    let cedar: Value =
        serde_json::from_slice(&fs::read(script.network.home().join("profiles/cedar.json")).unwrap()).unwrap();
    let key = cedar["api_key"].as_str().unwrap();
    script.keeps_secret(key);
    let file = script.network.file("desk.key", &format!("{key}\n"));
    let add = ["profile", "add", "second-desk", "--hospital", "cedar", "--api-key-file", &file];
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    script.json(9, "profile.add", &add);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let network = script.network.home().join("network.json");
    let add = [&add[..], &["--network", network.to_str().unwrap()]].concat();
    fields(&script.json(0, "profile.add", &add), "profile:text role:text hospital:text");
    private(script.network.home().join("profiles/second-desk.json").to_str().unwrap());
    script.json(6, "profile.add", &add);
    script.json(5, "profile.add", &["profile", "add", "x", "--hospital", "ceder", "--api-key-file", &file]);
    assert!(
        script
            .plain(0, &["profile", "add", "qamar-two", "--hospital", "qamar", "--api-key-file", &file])
            .contains("qamar-two")
    );
    let unknown = script.json(
        5,
        "hospital.check",
        &[
            "hospital",
            "check",
            "P-0000",
            "--as",
            "qamar",
            "--what",
            "labs",
            "--why",
            "treatment",
            "--profile",
            "second-desk",
        ],
    );
    assert_eq!(unknown["error"]["code"], "AMN-0240", "the key opens the node; nobody is called that there");
    let wrong = script.json(
        4,
        "hospital.check",
        &[
            "hospital",
            "check",
            "P-0000",
            "--as",
            "qamar",
            "--what",
            "labs",
            "--why",
            "treatment",
            "--profile",
            "qamar-two",
        ],
    );
    assert_eq!(wrong["error"]["code"], "AMN-0402", "a key of another hospital opens nothing");
}

/// Enrols at cedar (answer for scripts) and rawda (for people); the relationship at cedar.
fn enrolment(script: &Script<'_>) -> String {
    let enrolled = script.json(0, "enrol", &script.mira(&["enrol", "cedar"]));
    fields(&enrolled, "relationship:P code:text slip:file");
    let code = enrolled["code"].as_str().unwrap();
    assert!(code.len() == 9 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
    let slip = fs::read_to_string(enrolled["slip"].as_str().unwrap()).unwrap();
    let words: Vec<&str> = slip.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace).collect();
    assert_eq!(words.len(), 12);
    slip.lines().filter(|line| !line.starts_with('#')).for_each(|line| script.keeps_secret(line));

    script.json(6, "grant", &script.grant("qamar", "labs", &["--records-at", "cedar"]));
    let link = ["hospital", "patient", "link", "MRN-mira-1", "--code", code, "--profile", "cedar"];
    fields(&script.json(0, "hospital.patient.link", &link), "relationship:P");
    let again = script.json(6, "hospital.patient.link", &link);
    assert_eq!(again["error"]["code"], "AMN-0503");
    script.json(6, "enrol", &script.mira(&["enrol", "cedar"]));

    let said = script.plain(0, &script.mira(&["enrol", "rawda"]));
    let spoken = said.split_whitespace().find(|word| word.len() == 11 && word.as_bytes()[3] == b'-').unwrap();
    script.plain(0, &["hospital", "patient", "link", "MRN-mira-2", "--code", spoken, "--profile", "rawda"]);
    let known = script.json(0, "wallet.show", &script.mira(&["wallet", "show"]));
    assert_eq!(known["relationships"].as_array().unwrap().len(), 2);
    enrolled["relationship"].as_str().unwrap().to_owned()
}

/// Consents: labs and meds for a practitioner at cedar; vitals for a hospital at cedar and rawda.
fn grants(script: &Script<'_>) -> Vec<String> {
    let practitioner = script.grant("clinician@qamar", "labs,meds", &["--records-at", "cedar"]);
    let one = script.json(0, "grant", &practitioner);
    let everywhere = script.json(0, "grant", &script.grant("zaytun", "vitals", &[]));
    let mut labels = Vec::new();
    for consent in [&one, &everywhere].into_iter().flat_map(|answer| answer["consents"].as_array().unwrap()) {
        fields(consent, "consent:C custodian:text height:int final:bool elapsed_ms:int receipt:file");
        assert_eq!(consent["final"], true);
        labels.push(consent["consent"].as_str().unwrap().to_owned());
    }
    let at = |n: usize| everywhere["consents"][n]["custodian"].as_str().unwrap();
    assert_eq!((labels.len(), at(0), at(1)), (3, "cedar", "rawda"), "one consent for each relationship");
    let said = script.plain(0, &script.grant("qamar", "notes", &["--records-at", "cedar"]));
    assert!(said.contains("signed and final"), "{said}");

    let list = script.json(0, "list", &script.mira(&["list"]));
    assert_eq!(list["consents"].as_array().unwrap().len(), 4);
    for consent in list["consents"].as_array().unwrap() {
        fields(consent, "consent:C custodian:text who:text what:list why:text until:text state:text final:bool");
        assert_eq!((&consent["state"], &consent["final"]), (&"active".into(), &true.into()));
    }
    assert_eq!(list["consents"][0]["what"], serde_json::json!(["labs", "meds"]));
    assert!(script.plain(0, &script.mira(&["list"])).contains(&labels[0]));
    fhir(script, &labels[0]);
    labels
}

/// A consent as a FHIR file: what leaves nothing out can be written, and what leaves something out is refused by name.
fn fhir(script: &Script<'_>, leaves_out: &str) {
    let file = script.path("consent.json");
    let refused = script.json(1, "consent.export", &script.mira(&["consent", "export", leaves_out, "--fhir", &file]));
    assert_eq!(refused["error"]["code"], "AMN-0260");
    script.json(5, "grant", &script.mira(&["grant", "--from-fhir", &file, "--yes"]));
    script.json(2, "grant", &script.mira(&["grant", "--from-fhir", &file, "--until", "90d", "--yes"]));
    script.json(5, "consent.export", &script.mira(&["consent", "export", "C-0000", "--fhir", &file]));
}

fn decisions(script: &Script<'_>, relationship: &str, consents: &[String]) {
    const ANSWER: &str = "decision:text effect:text code:text access:A consents:list obligations:list height:int";
    let check = |who, what| script.check(relationship, who, what);
    let decided = |exit: i32, who: &'static str, what: &'static str, expected: [&str; 3]| {
        let answer = script.json(exit, "hospital.check", &check(who, what));
        fields(&answer, ANSWER);
        let got = ["decision", "effect", "code"].map(|name| answer[name].as_str().unwrap());
        assert_eq!(got, expected, "{who} {what}: {answer}");
        answer
    };
    let permitted = decided(0, "clinician@qamar", "labs,meds", ["permit", "permit", "PERMITTED"]);
    assert_eq!(permitted["consents"], serde_json::json!([consents[0]]));
    decided(0, "clinician@zaytun", "vitals", ["permit", "permit", "PERMITTED"]);
    decided(0, "zaytun", "vitals", ["permit", "permit", "PERMITTED"]);
    decided(3, "rawda", "labs", ["no-consent", "deny", "NO_CONSENT"]);
    let outside = decided(3, "clinician@qamar", "imaging", ["deny", "deny", "NOT_COVERED"]);
    assert_eq!(
        outside["consents"].as_array().unwrap().len(),
        1,
        "a consent that does not cover it is named: {outside}"
    );
    assert!(script.plain(3, &check("researcher@rawda", "labs")).contains("DENY"));
    let prefix = &relationship[..relationship.len() - 6];
    script.json(0, "hospital.check", &script.check(prefix, "clinician@qamar", "labs"));
}

fn logs(script: &Script<'_>) {
    let log = script.json(0, "log", &script.mira(&["log"]));
    for custodian in log["custodians"].as_array().unwrap() {
        fields(
            custodian,
            "custodian:text relationship:P complete:bool count:int pending:int anchor:object accesses:list",
        );
        fields(&custodian["anchor"], "seq:int height:int time:text");
        for access in custodian["accesses"].as_array().unwrap() {
            fields(
                access,
                "access:A n:int decision:text effect:text code:text by:text purpose:text what:list time:text",
            );
        }
        assert_eq!((&custodian["complete"], &custodian["pending"]), (&true.into(), &0.into()));
    }
    let cedar = &log["custodians"][0];
    assert_eq!((cedar["custodian"].as_str(), cedar["count"].as_u64()), (Some("cedar"), Some(8)), "{cedar}");
    assert_eq!(cedar["accesses"][0]["n"], 2, "enrolment is entry 1");
    assert!(script.plain(0, &script.mira(&["log"])).contains("complete"));
}

fn revocations(script: &Script<'_>, consents: &[String]) {
    // Any unique prefix of four or more will do.
    let prefix = &consents[0][.."C-7Q2M-9".len()];
    let revoked = script.json(0, "revoke", &script.mira(&["revoke", prefix, "--yes"]));
    fields(&revoked, "consent:C height:int final:bool elapsed_ms:int receipt:file");
    assert_eq!(revoked["consent"], consents[0].as_str(), "printed whole");
    assert!(script.plain(0, &script.mira(&["revoke", &consents[1], "--yes"])).contains("has ended"));
    let list = script.json(0, "list", &script.mira(&["list"]));
    let states: Vec<&Value> = list["consents"].as_array().unwrap().iter().map(|consent| &consent["state"]).collect();
    assert_eq!(states, ["revoked", "revoked", "active", "active"]);
    let again = script.json(0, "revoke", &script.mira(&["revoke", &consents[0], "--yes"]));
    assert_eq!(again["height"], revoked["height"], "a second one changes nothing");
    script.json(5, "revoke", &script.mira(&["revoke", "C-0000-0000", "--yes"]));
    script.json(2, "revoke", &script.mira(&["revoke", "C-000", "--yes"]));
    script.json(2, "revoke", &script.mira(&["revoke", &consents[2]]));
}

fn receipts(script: &Script<'_>, consents: &[String]) {
    let shown = script.json(0, "receipt.show", &script.mira(&["receipt", "show", &consents[0]]));
    let file = shown["receipt"].as_str().unwrap();
    private(file);
    let printed = script.plain(0, &["receipt", "show", file]);
    assert_eq!(printed, fs::read_to_string(file).unwrap());
    let valid = script.json(0, "receipt.verify", &["receipt", "verify", file]);
    assert_eq!(valid["valid"], true);
    let trust = script.network.home().join("network.json");
    let trust = trust.to_str().unwrap();
    assert!(script.plain(0, &["receipt", "verify", file, "--trust", trust]).contains("VALID"));
    let changed = script.network.file("changed.receipt", &fs::read_to_string(file).unwrap().replacen('1', "2", 1));
    let invalid = script.json(8, "receipt.verify", &["receipt", "verify", &changed]);
    fields(&invalid, "valid:bool reason:text");
    assert_eq!(invalid["valid"], false);
    script.plain(8, &["receipt", "verify", &changed]);
    script.json(8, "receipt.verify", &["receipt", "verify", "/nowhere.receipt"]);
}

/// Thirty ended consents under a slip do not hide one behind them, and are left alone.
fn slips(script: &Script<'_>) {
    let slip = script.json(0, "wallet.show", &script.mira(&["wallet", "show"]));
    let at_rawda = slip["relationships"].as_array().unwrap().iter().any(|one| one["custodian"] == "rawda");
    assert!(at_rawda);
    let file = script.slip("rawda");
    let first = script.json(0, "revoke", &["revoke", "--slip", &file]);
    assert_eq!(first["consents"].as_array().unwrap().len(), 1, "vitals for zaytun: {first}");
    fields(&first["consents"][0], "consent:C custodian:text height:int final:bool elapsed_ms:int");
    assert_eq!((&first["consents"][0]["custodian"], &first["consents"][0]["final"]), (&"rawda".into(), &true.into()));
    let none = script.json(0, "revoke", &["revoke", "--slip", &file]);
    assert_eq!(none["consents"], serde_json::json!([]), "ended ones are left alone");
    for _ in 0..22 {
        let granted = script.json(0, "grant", &script.grant("zaytun", "vitals", &["--records-at", "rawda"]));
        let consent = granted["consents"][0]["consent"].as_str().unwrap();
        script.json(0, "revoke", &script.mira(&["revoke", consent, "--yes"]));
    }
    let last = script.json(0, "grant", &script.grant("zaytun", "vitals", &["--records-at", "rawda"]));
    let node = script.json(0, "demo.status", &["demo", "status"])["hospitals"][0]["api"].as_str().unwrap().to_owned();
    let ended = script.json(0, "revoke", &["revoke", "--slip", &file, "--node", &node]);
    assert_eq!(ended["consents"].as_array().unwrap().len(), 1, "{ended}");
    assert_eq!(ended["consents"][0]["consent"], last["consents"][0]["consent"], "the one in force, behind 23 ended");
    assert!(script.plain(0, &["revoke", "--slip", &file]).contains("No consent stands"));
    script.json(5, "revoke", &["revoke", "--slip", "/nowhere.slip"]);
    let noise = script.network.file("noise.slip", "one two three\n");
    script.json(1, "revoke", &["revoke", "--slip", &noise]);
}

/// Nobody but the owner reads it.
fn private(path: &str) {
    let mode = fs::metadata(path).unwrap_or_else(|e| panic!("{path}: {e}")).permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{path}");
}
