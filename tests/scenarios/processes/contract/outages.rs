//! Hospitals that die, come back, and go for good; what commands answer meanwhile.

use super::answers::{Script, fields};
use crate::harness::eventually;
use serde_json::Value;
use std::fs;
use std::time::Duration;

/// A second process on a home is refused and disturbs nobody.
pub(super) fn second_start(script: &Script<'_>) {
    let home = script.network.home().join("demo/cedar");
    let pid = fs::read_to_string(home.join("pid")).unwrap();
    let second = script.network.command(&["demo-node", home.to_str().unwrap()]).output().unwrap();
    assert_eq!(second.status.code(), Some(9), "{second:?}");
    assert_eq!(fs::read_to_string(home.join("pid")).unwrap(), pid);
    assert_eq!(script.json(0, "demo.status", &["demo", "status"])["hospitals"][0]["running"], true);
}

pub(super) fn faults(script: &Script<'_>) {
    let killed = script.json(0, "demo.kill", &["demo", "kill", "zaytun"]);
    assert_eq!((&killed["name"], &killed["running"]), (&"zaytun".into(), &false.into()));
    script.json(0, "demo.kill", &["demo", "kill", "zaytun"]);
    script.plain(0, &["demo", "kill", "zaytun"]);
    let status = script.json(0, "demo.status", &["demo", "status"]);
    let dead = &status["hospitals"][3];
    assert_eq!((&dead["running"], &dead["height"], &dead["pid"]), (&false.into(), &Value::Null, &Value::Null));
    // A stranger's process under the old number is not the hospital: the lock on the home tells.
    let pid = script.network.home().join("demo/zaytun/pid");
    fs::write(&pid, std::process::id().to_string()).unwrap();
    assert_eq!(script.json(0, "demo.status", &["demo", "status"])["hospitals"][3]["running"], false);
    script.json(0, "demo.kill", &["demo", "kill", "zaytun"]);
    let validators = script.json(0, "network.status", &["network", "status"]);
    assert_eq!(
        (&validators["validators"][3]["reachable"], &validators["validators"][3]["height"]),
        (&false.into(), &Value::Null)
    );
    // A member's name stands in the network file: it resolves while the member is down.
    let granted = script.json(0, "grant", &script.grant("zaytun", "labs", &["--records-at", "cedar"]));
    assert_eq!(granted["consents"][0]["final"], true, "three of four go on");
    script.json(7, "grant", &script.grant("unseen@zaytun", "labs", &["--records-at", "cedar"]));

    script.json(0, "demo.kill", &["demo", "kill", "rawda"]);
    let stuck = script.json(7, "grant", &script.grant("qamar", "meds", &["--records-at", "cedar", "--timeout", "1s"]));
    let consent = &stuck["consents"][0];
    fields(consent, "consent:C custodian:text final:bool elapsed_ms:int");
    assert_eq!(
        (&consent["final"], &consent["height"], &consent["receipt"]),
        (&false.into(), &Value::Null, &Value::Null)
    );
    script.plain(7, &["enrol", "rawda", "--profile", "noor", "--passphrase-file", &script.passphrase()]);
    for _ in 0..2 {
        script.json(0, "demo.heal", &["demo", "heal", "rawda"]);
    }
    script.plain(0, &["demo", "heal", "zaytun"]);
    eventually(Duration::from_secs(30), "the grant does not become final by itself", || {
        let list = script.json(0, "list", &script.mira(&["list"]));
        let found =
            list["consents"].as_array().unwrap().iter().find(|one| one["consent"] == consent["consent"])?.clone();
        (found["final"] == true && found["state"] == "active").then_some(())
    });
    script.json(0, "log", &script.mira(&["log"]));
    for args in [["demo", "kill", "nobody"], ["demo", "heal", "nobody"]] {
        script.json(5, &args[..2].join("."), &args);
    }
}

pub(super) fn ends(script: &Script<'_>) {
    let before = script.network.agree_within(Duration::from_secs(30));
    fields(&script.json(0, "demo.down", &["demo", "down"]), "stopped:list purged:bool");
    script.plain(0, &["demo", "down"]);
    let status = script.json(0, "demo.status", &["demo", "status"]);
    assert!(status["hospitals"].as_array().unwrap().iter().all(|hospital| hospital["running"] == false));
    let offline = script.json(7, "revoke", &["revoke", "--slip", &script.slip("cedar")]);
    assert_eq!(offline["error"]["code"], "AMN-0302");
    let again = script.json(0, "demo.up", &["demo", "up"]);
    assert!(again["hospitals"][0]["height"].as_u64() >= before["height"].as_u64(), "it goes on from there");
    script.json(0, "log", &script.mira(&["log"]));
    script.json(0, "demo.down", &["demo", "down", "--purge"]);
    assert!(!script.network.home().join("demo/cedar").exists());
    assert!(script.network.home().join("wallets/mira/keystore.json").exists(), "a person's own wallet stays");
    script.json(5, "demo.heal", &["demo", "heal", "cedar"]);
    assert_eq!(script.json(0, "demo.status", &["demo", "status"])["hospitals"], serde_json::json!([]));
    script.json(5, "network.status", &["network", "status"]);
}
