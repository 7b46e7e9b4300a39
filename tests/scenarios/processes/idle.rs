//! An idle network is silent: no views, no blocks, not a byte on disk.

use crate::harness::Network;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Long enough for several statuses, retries, anchor points and flushers; the full two minutes with `AMANAH_IDLE_S=120`.
fn watch_time() -> Duration {
    let seconds = std::env::var("AMANAH_IDLE_S").ok().and_then(|s| s.parse().ok()).unwrap_or(25);
    Duration::from_secs(seconds)
}

fn files(dir: &Path, found: &mut BTreeMap<PathBuf, (u64, SystemTime)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            files(&entry.path(), found);
        } else {
            found.insert(entry.path(), (metadata.len(), metadata.modified().unwrap()));
        }
    }
}

fn written(network: &Network) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut found = BTreeMap::new();
    for hospital in ["cedar", "qamar", "rawda", "zaytun"] {
        for part in ["votes", "ledger"] {
            let dir = network.home().join("demo").join(hospital).join(part);
            assert!(dir.is_dir(), "{} is not there", dir.display());
            files(&dir, &mut found);
        }
    }
    assert!(found.len() >= 8, "{found:?}");
    found
}

fn positions(network: &Network) -> Vec<(u64, u64)> {
    let status = network.ok(&["network", "status"]);
    let validators = status["validators"].as_array().unwrap();
    validators.iter().map(|v| (v["height"].as_u64().unwrap(), v["view"].as_u64().unwrap())).collect()
}

#[test]
fn an_idle_network_writes_nothing_and_changes_no_view() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    ana.grant("clinician@qamar", "labs", "cedar");
    assert_eq!(ana.log("cedar").0, 0, "everything is anchored before the silence");
    network.agree_within(Duration::from_secs(30));
    let (before, files_before) = (positions(&network), written(&network));
    std::thread::sleep(watch_time());
    assert_eq!(positions(&network), before);
    assert_eq!(written(&network), files_before);
}
