//! `amanahd network create` as people and init containers call it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

use amanah_node::home::Home;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

const PLAN: &str = r#"
network = "trial"

[[members]]
name = "cedar"
display = "Cedar General Hospital"
api = "http://127.0.0.1:7400"
p2p = "/dns4/cedar.ledger/tcp/7402"
clients = ["desk"]

[[members]]
name = "qamar"
display = "Qamar Hospital"
api = "http://127.0.0.1:7410"
p2p = "/dns4/qamar.ledger/tcp/7402"
"#;

/// Exit code and the one JSON object.
fn create(plan: &Path, out: &Path) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amanahd"));
    command.args(["network", "create", "--json", "--plan"]).arg(plan).arg("--out").arg(out).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text:?}")))
}

#[test]
fn a_network_is_made_once_and_a_second_call_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let (plan, out) = (root.path().join("network.toml"), root.path().join("net"));
    std::fs::write(&plan, PLAN).unwrap();
    let (code, first) = create(&plan, &out);
    assert_eq!(
        (code, &first["schema"], &first["new"]),
        (0, &"amanahd.network.create/1".into(), &true.into()),
        "{first}"
    );
    let (code, second) = create(&plan, &out);
    assert_eq!((code, &second["new"], &second["chain"]), (0, &false.into(), &first["chain"]));

    let home = Home::open(&out.join("cedar")).unwrap();
    assert_eq!(serde_json::json!(home.chain()), first["chain"]);
    assert_eq!(home.config().p2p.peers["qamar"].to_string(), "/dns4/qamar.ledger/tcp/7402");
    let key = std::fs::read_to_string(out.join("cedar/keys/clients/desk.key")).unwrap();
    let hash = blake3::hash(key.trim_end().as_bytes());
    assert_eq!(home.config().clients[0].key_hash.0, *hash.as_bytes(), "the desk is known by its key");
    let wallet: Value = serde_json::from_slice(&std::fs::read(out.join("network.json")).unwrap()).unwrap();
    assert_eq!(wallet["members"][1]["api"], "http://127.0.0.1:7410");

    std::fs::write(&plan, PLAN.replace("trial", "another")).unwrap();
    let (code, refused) = create(&plan, &out);
    assert_eq!((code, &refused["error"]["code"]), (9, &"AMN-0905".into()), "{refused}");
    std::fs::write(&plan, PLAN.replace("[[members]]", "[[member]]")).unwrap();
    let (code, refused) = create(&plan, &out);
    assert_eq!((code, &refused["error"]["code"]), (10, &"AMN-1009".into()), "{refused}");
}
