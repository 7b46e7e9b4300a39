//! Four real processes agree over real sockets, lose one of them to `kill -9`, and get it back. Waits are for states
//! that the nodes report; the deadline only turns a hang into a failure.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it cannot go on")]

use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, Ed25519, Keypair, PublicKey, Signer};
use amanah_ledger::exchange::RevocationAccepted;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::leaf::{ConsentStatus, Leaf, LeafKey};
use amanah_ledger::proof::{ENTRIES_MAX, StateProof, Trust};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{RevokeProof, SignedTransaction, revoke_signing_bytes};
use amanah_node::home::{HospitalPlan, NetworkPlan, create_network, demo_parameters};
use amanah_node::ops::Status;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::{Instant, sleep};

const DEADLINE: Duration = Duration::from_secs(90);
const NAMES: [&str; 4] = ["cedar", "qamar", "rawda", "zaytun"];

/// A hospital's process, and where it answers. Killed when the test ends, however it ends.
struct Hospital {
    home: PathBuf,
    api: SocketAddr,
    ops: SocketAddr,
    process: Option<Child>,
}

struct Network {
    genesis: Genesis,
    hospitals: Vec<Hospital>,
    http: reqwest::Client,
    root: tempfile::TempDir,
}

fn amanahd(arguments: &[&str], home: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amanahd"));
    command.args(arguments).arg("--home").arg(home).stdin(Stdio::null());
    command
}

impl Hospital {
    fn start(&mut self) {
        let log = File::options().create(true).append(true).open(self.home.join("log")).unwrap();
        self.process = Some(amanahd(&["run"], &self.home).stderr(log).stdout(Stdio::null()).spawn().unwrap());
    }

    /// SIGKILL: nothing is finished, nothing is said.
    fn kill(&mut self) {
        let mut process = self.process.take().expect("runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// SIGTERM, and how the process ends.
    fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("runs");
        assert!(Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
        process.wait().unwrap()
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait().map(drop)).unwrap_or_else(|error| eprintln!("{error}"));
        }
    }
}

impl Network {
    /// A new network whose processes run.
    fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let ports: Vec<TcpListener> = (0..12).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let address = |i: usize| ports[i].local_addr().unwrap();
        let hospitals = NAMES.iter().enumerate().map(|(i, name)| {
            let addresses = [0, 1, 2].map(|port| address(3 * i + port));
            HospitalPlan::new(root.path().join(name), name, &format!("{name} Hospital"), addresses)
        });
        let time = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        let plan = NetworkPlan {
            network: "four nodes".to_owned(),
            time: UnixMs(time),
            parameters: demo_parameters(),
            hospitals: hospitals.collect(),
        };
        let genesis = create_network(&plan).expect("made");
        drop(ports);
        let start = |plan: &HospitalPlan| {
            let mut hospital = Hospital { home: plan.dir.clone(), api: plan.api, ops: plan.ops, process: None };
            hospital.start();
            hospital
        };
        let hospitals = plan.hospitals.iter().map(start).collect();
        Self { genesis, hospitals, http: reqwest::Client::new(), root }
    }

    async fn status(&self, i: usize) -> Option<Status> {
        let url = format!("http://{}/status", self.hospitals[i].ops);
        self.http.get(url).timeout(Duration::from_secs(2)).send().await.ok()?.json().await.ok()
    }

    /// Waits until `holds` of every one of `which`.
    async fn wait(&self, which: &[usize], what: &str, holds: impl Fn(&[Status]) -> bool) -> Vec<Status> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let mut all = Vec::new();
            for i in which {
                all.extend(self.status(*i).await);
            }
            if all.len() == which.len() && holds(&all) {
                return all;
            }
            if Instant::now() > deadline {
                let logs = NAMES.map(|name| std::fs::read_to_string(self.root.path().join(name).join("log")).unwrap());
                panic!("{what}: {all:#?}\n{}", logs.join("\n---\n"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn ready(&self, which: &[usize]) {
        self.wait(which, "ready", |all| all.iter().all(|status| status.unready.is_empty())).await;
    }

    /// Waits until all of `which` have the same head at `height` or above.
    async fn agree(&self, which: &[usize], height: u64) -> u64 {
        let same = |all: &[Status]| {
            let head = |status: &Status| (status.height, status.block.clone(), status.state_root.clone());
            all[0].height >= height && all.iter().all(|status| head(status) == head(&all[0]))
        };
        self.wait(which, "one head", same).await[0].height
    }

    /// Revokes, at hospital `i`, a consent that nobody has heard of.
    async fn revoke_unknown(&self, i: usize, seed: u8) -> PublicKey {
        let key = Keypair::from_seed(&[seed; 32]);
        let (chain, consent) = (self.genesis.chain(), key.public_key());
        let proof = RevokeProof::Key(key.sign(&revoke_signing_bytes(&chain, &consent)));
        let body = codec::encode(&SignedTransaction::Revoke { consent, proof, relay: None });
        let answer = self.post(i, "/v1/tx", body).await;
        let accepted: RevocationAccepted = codec::decode(&answer, 4096).expect("an acceptance");
        assert_eq!(accepted.consent, consent);
        consent
    }

    async fn post(&self, i: usize, path: &str, body: Vec<u8>) -> Vec<u8> {
        let request = self.http.post(format!("http://{}{path}", self.hospitals[i].api));
        let request = request.header("content-type", "application/octet-stream").body(body);
        let answer = request.send().await.expect("answers");
        let (code, bytes) = (answer.status(), answer.bytes().await.unwrap().to_vec());
        assert!(code.is_success(), "{path}: {code}: {}", String::from_utf8_lossy(&bytes));
        bytes
    }

    async fn metrics(&self, i: usize) -> String {
        let url = format!("http://{}/metrics", self.hospitals[i].ops);
        self.http.get(url).send().await.unwrap().text().await.unwrap()
    }

    /// Checks, from the genesis alone, that hospital `i` proves this consent revoked.
    async fn assert_revoked(&self, i: usize, consent: PublicKey, min_height: u64) {
        let keys = BoundedVec::<_, ENTRIES_MAX>::try_from(vec![LeafKey::Consent(consent)]).unwrap();
        let path = format!("/v1/proofs?min_height={min_height}&wait_ms=30000");
        let proof: StateProof = codec::decode(&self.post(i, &path, codec::encode(&keys)).await, 1 << 20).unwrap();
        let trust = Trust::from_genesis(&self.genesis).unwrap();
        let state = proof.verify(&trust, &Ed25519).expect("proven");
        let Some(Leaf::Consent(leaf)) = state.get(&LeafKey::Consent(consent)) else { panic!("no such consent") };
        assert!(matches!(leaf.status, ConsentStatus::Revoked { .. }), "{leaf:?}");
    }
}

#[tokio::test]
async fn four_processes_agree_survive_a_kill_and_take_the_killed_one_back() {
    let mut network = Network::start();
    network.ready(&[0, 1, 2, 3]).await;

    let first = network.revoke_unknown(0, 1).await;
    let height = network.agree(&[0, 1, 2, 3], 1).await;
    for i in 0..4 {
        network.assert_revoked(i, first, height).await;
    }

    network.hospitals[2].kill();
    let second = network.revoke_unknown(1, 2).await;
    let height = network.agree(&[0, 1, 3], height + 1).await;
    network.assert_revoked(3, second, height).await;
    network.ready(&[0, 1, 3]).await;

    network.hospitals[2].start();
    let height = network.agree(&[0, 1, 2, 3], height).await;
    network.assert_revoked(2, second, height).await;
    network.ready(&[0, 1, 2, 3]).await;

    // The one that was away takes part again: without it there are too few.
    network.hospitals[0].kill();
    let third = network.revoke_unknown(2, 3).await;
    let height = network.agree(&[1, 2, 3], height + 1).await;
    network.assert_revoked(1, third, height).await;
}

#[tokio::test]
async fn a_home_has_one_process_which_tells_its_status_and_stops_when_told() {
    let mut network = Network::start();
    network.ready(&[0, 1, 2, 3]).await;
    let home = network.hospitals[0].home.clone();

    let second = amanahd(&["run"], &home).output().unwrap();
    assert_eq!(second.status.code(), Some(9));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.starts_with("error[AMN-0901]: ") && said.contains("\n  fix: "), "{said}");

    let told = amanahd(&["status", "--json"], &home).output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((told.status.code(), &object["schema"]), (Some(0), &"amanahd.status/1".into()));
    let chain: Digest = serde_json::from_value(object["chain"].clone()).unwrap();
    assert_eq!((&object["name"], chain), (&"cedar".into(), network.genesis.chain()));
    assert_eq!(amanahd(&["healthcheck"], &home).output().unwrap().status.code(), Some(0));

    network.wait(&[0], "links", |all| all[0].validators.iter().all(|other| other.connected)).await;
    let text = network.metrics(0).await;
    assert!(text.contains("amanah_peers 3") && text.contains("amanah_validators 4"), "{text}");

    assert_eq!(network.hospitals[0].stop().code(), Some(0));
    let told = amanahd(&["status", "--json"], &home).output().unwrap();
    let object: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((told.status.code(), &object["error"]["code"]), (Some(7), &"AMN-0302".into()));
    assert_eq!(amanahd(&["healthcheck"], &home).output().unwrap().status.code(), Some(7));
    network.hospitals[0].start();
    network.ready(&[0, 1, 2, 3]).await;
}

#[tokio::test]
async fn a_damaged_database_is_rebuilt_and_a_lost_vote_log_is_never_replaced() {
    let mut network = Network::start();
    network.ready(&[0, 1, 2, 3]).await;
    let consent = network.revoke_unknown(1, 1).await;
    let height = network.agree(&[0, 1, 2, 3], 1).await;
    let home = network.hospitals[0].home.clone();

    assert_eq!(network.hospitals[0].stop().code(), Some(0));
    let database = home.join("ledger/db");
    let length = std::fs::metadata(&database).unwrap().len();
    std::fs::write(&database, vec![0xa5; usize::try_from(length).unwrap()]).unwrap();
    network.hospitals[0].start();
    network.ready(&[0, 1, 2, 3]).await;
    network.agree(&[0, 1, 2, 3], height).await;
    network.assert_revoked(0, consent, height).await;
    let aside = std::fs::read_dir(&home).unwrap().flatten().map(|entry| entry.path());
    let mut aside = aside.filter(|path| path.to_string_lossy().contains("ledger.damaged-"));
    assert!(aside.next().unwrap().join("db").exists(), "moved aside, not thrown away");
    assert!(network.metrics(0).await.contains("amanah_store_rebuilds_total 1"));

    network.hospitals[0].kill();
    std::fs::write(home.join("STOPPED"), "two certificates of view 7 exclude each other\n").unwrap();
    let stopped = amanahd(&["run"], &home).output().unwrap();
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert!(stopped.status.code() == Some(15) && said.contains("error[AMN-1502]"), "{said}");
    assert!(said.contains("view 7") && said.contains("\n  fix: ") && said.contains("remove"), "{said}");
    std::fs::remove_file(home.join("STOPPED")).unwrap();

    std::fs::remove_dir_all(home.join("votes")).unwrap();
    let forgot = amanahd(&["run"], &home).output().unwrap();
    let said = String::from_utf8_lossy(&forgot.stderr);
    assert!(forgot.status.code() == Some(14) && said.contains("error[AMN-1401]"), "{said}");
}
