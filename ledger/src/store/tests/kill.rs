//! A process that is killed loses nothing it has acknowledged. The test is its own victim: it starts itself again with
//! the directory in the environment, reads what that process acknowledges, and kills it in the middle of the next.

use super::{CHILDREN, block, open};
use crate::crypto::Ed25519;
use crate::fixture::network;
use crate::position::Height;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

const DIR: &str = "AMANAH_TEST_KILL_DIR";
const ACKNOWLEDGED: &str = "acknowledged ";

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    if let Some(dir) = std::env::var_os(DIR) {
        commit_for_ever(Path::new(&dir));
    }
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut acknowledged = 0;
    for commits in [1, 4, 2, 7, 3, 5] {
        let (mut child, mut lines) = victim(dir.path());
        let mut seen = Vec::new();
        while seen.len() < commits {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the victim stopped by itself");
            if let Some((_, said)) = line.trim().split_once(ACKNOWLEDGED) {
                let (height, digest) = said.split_once(' ').unwrap();
                seen.push((height.parse::<u64>().unwrap(), digest.to_owned()));
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open(dir.path(), &network);
        let tip = store.load_state(&Ed25519).unwrap();
        for (height, digest) in &seen {
            assert_eq!(*height, acknowledged + 1);
            acknowledged = *height;
            let stored = store.block(Height(*height)).unwrap().unwrap();
            assert_eq!(stored.block.digest().to_string(), *digest);
        }
        assert!(tip.header().height.0 >= acknowledged);
        acknowledged = tip.header().height.0;
    }
    assert!(acknowledged >= 22);
}

fn victim(dir: &Path) -> (Child, BufReader<ChildStdout>) {
    let (_crate, module) = module_path!().split_once("::").unwrap();
    let name = format!("{module}::a_killed_process_loses_nothing_it_acknowledged");
    let alone = CHILDREN.write().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(alone);
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

fn commit_for_ever(dir: &Path) -> ! {
    let network = network();
    let mut store = open(dir, &network);
    let mut tip = store.load_state(&Ed25519).unwrap();
    loop {
        let executed = block(&network, &tip);
        store.commit(&[network.finalize(&executed)]).unwrap();
        println!("{ACKNOWLEDGED}{} {}", executed.header().height, executed.digest());
        tip = executed.tip().clone();
    }
}
