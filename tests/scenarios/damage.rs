//! A stopped hospital's files are damaged: the checks name it, the node refuses it or mends itself, and what it serves
//! is the truth. `flips` does the same with random bytes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a scenario that cannot go on fails, with the place and the answer"
)]

use amanah_ledger::proof::Trust;
use amanah_node::db_check::{self, Check, State};
use amanah_node::exit::Exit;
use amanah_node::home::Home;
use amanah_node::node::{Broken, Node};
use amanah_tests::damage::bytes;
use amanah_tests::damage::flip::{Flip, files};
use amanah_tests::damage::served::gather;
use amanah_tests::damage::town::Town;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::sync::Mutex;

const PATIENCE: Duration = Duration::from_secs(60);

/// A node within this process starts again on files that it has just let go. A child that another test starts in that
/// instant has them too, locks and all, until it becomes another program.
static FILES_LET_GO: Mutex<()> = Mutex::const_new(());

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// So many bytes of a file become others.
fn damage(home: &Path, file: &str, offset: usize, len: usize) {
    Flip { file: PathBuf::from(file), kind: "", offset, xor: vec![0x5a; len] }.apply(home).unwrap();
}

fn state_of(checks: &[Check], what: &str) -> State {
    checks.iter().find(|check| check.what == what).unwrap_or_else(|| panic!("{what} is checked")).state
}

fn verify(home: &Path) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amanah-under-test"));
    let output = command.args(["ledger", "verify", "--json", "--home"]).arg(home).output().unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

/// All bytes of all files, to see that a check changes nothing.
fn everything(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let names = files(home).unwrap().into_values().flatten();
    names.map(|name| (name.clone(), fs::read(home.join(name)).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_replaces_its_damaged_database_and_serves_the_truth_again() {
    let _alone = FILES_LET_GO.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let town = Town::found(dir.path()).await;
    let home = Home::open(&town.home).unwrap();
    let trust = Trust::from_genesis(home.genesis()).unwrap();
    let node = Node::start(home).await.unwrap();
    assert!(node.broken().is_none());
    node.ledger().damage().report("a test says so");
    let Some(Broken::Damaged(why)) = node.broken() else { panic!("it is told") };
    let node = node.rebuild(why).await.unwrap();
    assert!(node.broken().is_none());
    assert_eq!(node.metrics().ledger.rebuilds.get(), 1);
    let height = town.height();
    let mut heads = node.ledger().watch();
    drop(tokio::time::timeout(PATIENCE, heads.wait_for(|view| view.height().0 >= height)).await.unwrap().unwrap());
    assert_eq!(gather(&node, &trust, &town.relationships).await.unwrap(), town.truth);
    node.stop().await.unwrap();
    let aside = fs::read_dir(&town.home)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("ledger.damaged-"));
    assert_eq!(aside.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_of_a_stopped_home_name_what_is_damaged_and_change_nothing() {
    let _alone = FILES_LET_GO.lock().await;
    let dir = tempfile::tempdir().unwrap();
    let town = Town::found(dir.path()).await;
    let home = dir.path().join("checked");
    let parts = ["keys", "vote log", "ledger", "key file", "vault", "day files"];
    copy(&town.home, &home);
    let before = everything(&home);
    let checks = db_check::check(&home).unwrap();
    assert!(checks.iter().all(|check| check.state == State::Ok), "{checks:?}");
    assert_eq!(checks.iter().map(|check| check.what).collect::<Vec<_>>(), parts);
    assert!(db_check::verdict(&checks).is_none());
    let (code, answer) = verify(&home);
    assert_eq!((code, answer["verified"].as_bool(), answer["height"].as_u64()), (0, Some(true), Some(town.height())));
    assert_eq!(answer["state_root"].as_str(), town.truth.get("state root").map(String::as_str), "{answer}");
    assert_eq!(everything(&home), before);

    // One part at a time.
    let day = files(&home).unwrap()["private: day files"][0].to_string_lossy().into_owned();
    let segment = files(&home).unwrap()["vote log"][0].to_string_lossy().into_owned();
    let damages = [
        ("keys", "keys/root.key", 5, 1),
        ("vote log", segment.as_str(), 400, 1),
        ("ledger", "ledger/db", 100, 60_000),
        ("key file", "private/keys.table", 60, 1),
        ("vault", "private/vault/db", 100, 60_000),
        ("day files", day.as_str(), 40, 1),
    ];
    for (what, file, offset, len) in damages {
        fs::remove_dir_all(&home).unwrap();
        copy(&town.home, &home);
        damage(&home, file, offset, len);
        let before = everything(&home);
        let checks = db_check::check(&home).unwrap();
        assert_eq!(state_of(&checks, what), State::Damaged, "{what}: {checks:?}");
        // Without the key file nothing sealed can be read.
        let others =
            checks.iter().filter(|check| check.what != what && (what != "key file" || check.what != "day files"));
        assert!(others.into_iter().all(|check| check.state == State::Ok), "{what}: {checks:?}");
        assert_eq!(db_check::verdict(&checks).unwrap().exit, Exit::Damaged);
        assert_eq!(everything(&home), before, "{what}");
        let (code, answer) = verify(&home);
        assert_eq!(code, if what == "ledger" { 8 } else { 0 }, "{answer}");
        assert_eq!(answer["error"]["fix"].is_string(), what == "ledger");
    }
    fs::remove_dir_all(&home).unwrap();
    copy(&town.home, &home);
    fs::remove_dir_all(home.join("votes")).unwrap();
    assert_eq!(db_check::verdict(&db_check::check(&home).unwrap()).unwrap().exit, Exit::VoteLogMissing);
    let held = Home::open(&home).unwrap();
    assert_eq!(db_check::check(&home).unwrap_err().exit, Exit::Refused);
    assert_eq!(verify(&home).0, 9);
    drop(held);
}

#[test]
fn no_changed_byte_of_a_block_or_of_a_closed_vote_log_is_taken_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let blocks = bytes::blocks(30, 1);
    assert!(blocks.flips > 30 * 300 && blocks.missed == 0, "{blocks:?}");
    let votes = bytes::vote_log(dir.path(), 1).unwrap();
    assert!(votes.flips > 1000 && votes.missed == 0, "{votes:?}");
}
