//! What an operator asks of a home, and what the node says while it runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

use amanah_node::home::Home;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PLAN: &str = r#"
network = "trial"

[[members]]
name = "cedar"
display = "Cedar General Hospital"
api = "http://127.0.0.1:7400"
p2p = "/ip4/127.0.0.1/tcp/7402"
clients = ["desk"]

[[members]]
name = "qamar"
display = "Qamar Hospital"
api = "http://127.0.0.1:7410"
p2p = "/ip4/127.0.0.1/tcp/7412"
"#;

fn amanahd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amanahd"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The home of cedar.
fn home(root: &Path) -> PathBuf {
    fs::write(root.join("network.toml"), PLAN).unwrap();
    let out = root.join("net");
    let mut create = amanahd(&["network", "create", "--plan"]);
    assert!(create.arg(root.join("network.toml")).arg("--out").arg(&out).output().unwrap().status.success());
    out.join("cedar")
}

fn change(home: &Path, from: &str, to: &str) {
    let path = home.join("config.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn check(home: &Path) -> (i32, Value) {
    let Output { status, stdout, .. } = amanahd(&["config", "check", "--json", "--home"]).arg(home).output().unwrap();
    let answer = serde_json::from_slice(&stdout).unwrap_or_else(|e| panic!("{e}: {stdout:?}"));
    (status.code().unwrap(), answer)
}

fn value<'a>(answer: &'a Value, key: &str) -> Option<&'a Value> {
    answer["values"].as_array().unwrap().iter().find(|one| one["key"] == key)
}

#[test]
fn a_check_says_what_was_changed_and_leaves_the_running_node_alone() {
    let root = tempfile::tempdir().unwrap();
    let home = home(root.path());
    change(&home, "address_connections = 256", "address_connections = 300");
    let _running = Home::open(&home).unwrap();
    let (code, answer) = check(&home);
    assert_eq!((code, &answer["schema"], &answer["problems"]), (0, &json!("amanahd.config.check/1"), &json!([])));
    let changed = json!({"key": "api.address_connections", "value": 300, "default": 256});
    assert_eq!(value(&answer, "api.address_connections"), Some(&changed));
    assert_eq!(value(&answer, "node.name").unwrap()["value"], "cedar");
    assert_eq!(value(&answer, "storage.vote_free_mib"), None, "it is as it would be anyway");
    assert_eq!(answer["lists"], json!({"clients": 1}), "how many, and not who");
}

#[test]
fn a_check_names_every_problem_with_what_to_do_and_ends_as_the_start_would() {
    let root = tempfile::tempdir().unwrap();
    let home = home(root.path());
    change(&home, "level = \"\"", "level = \"amanah_node=loud\"");
    change(&home, "qamar =", "qamra =");
    fs::remove_file(home.join("keys/consensus.key")).unwrap();
    let (code, answer) = check(&home);
    let problems = answer["problems"].as_array().unwrap();
    let codes: Vec<&Value> = problems.iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["AMN-1004", "AMN-1105", "AMN-1005"], "{answer}");
    assert!(problems.iter().all(|one| !one["fix"].as_str().unwrap().is_empty()));
    assert_eq!((code, &answer["error"]["code"]), (10, &json!("AMN-1004")));
    let started = amanahd(&["run", "--home"]).arg(&home).output().unwrap();
    assert_eq!(started.status.code(), Some(code), "{started:?}");

    change(&home, "[api]", "[api]\ncolour = \"red\"");
    let (code, answer) = check(&home);
    assert_eq!((code, &answer["error"]["code"]), (10, &json!("AMN-1001")));
    assert!(answer["error"]["detail"].as_str().unwrap().contains("colour"), "{answer}");
    let (code, answer) = check(root.path());
    assert_eq!((code, &answer["error"]["code"]), (10, &json!("AMN-1002")));
}

#[test]
fn the_reference_is_printed_without_a_home() {
    let printed = amanahd(&["config", "reference"]).output().unwrap();
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), amanah_node::config::reference());
}

#[test]
fn what_a_node_says_to_a_pipe_is_one_json_object_a_line_and_holds_no_secret() {
    let root = tempfile::tempdir().unwrap();
    let home = home(root.path());
    for (from, to) in [("/tcp/7402\"", "/tcp/0\""), (":7400\"", ":0\""), (":7401\"", ":0\"")] {
        change(&home, from, to);
    }
    change(&home, "level = \"\"", "level = \"debug\"");
    let mut node = amanahd(&["run", "--home"]).arg(&home).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(node.stderr.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.last().is_some_and(|line| line.contains("\"running\"")) {
            break;
        }
    }
    node.kill().unwrap();
    node.wait().unwrap();
    for line in &said {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(object["timestamp"].is_string() && object["level"].is_string(), "{line}");
    }
    assert!(said.last().is_some_and(|line| line.contains("cedar")), "it did not come to run: {said:?}");
    for key in ["gateway.key", "node.key", "consensus.key", "clients/desk.key"] {
        let secret = fs::read_to_string(home.join("keys").join(key)).unwrap();
        assert!(!said.iter().any(|line| line.contains(secret.trim())), "{key} was said");
    }
}
