//! A follower beside four hospitals: it replicates what is final and proves it, has no say in what becomes final, and
//! believes nobody.

mod lying_source;

use crate::harness::{Network, Patient, eventually};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, Ed25519, PublicKey};
use amanah_ledger::directory::SignedDirectoryEntry;
use amanah_ledger::leaf::LeafKey;
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::proof::{ENTRIES_MAX, StateProof, Trust};
use amanah_ledger::receipt_file::{self, Receipt};
use amanah_node::home::{FollowerPlan, init_follower, take_network};
use lying_source::{Lie, LyingSource};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// A follower of cedar, as a process.
struct Reader<'a> {
    network: &'a Network,
    home: PathBuf,
    api: SocketAddr,
    ops: SocketAddr,
    process: Option<Child>,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Reader<'a> {
    /// Makes the follower, lets cedar know it, and starts it. It finds the members at `found_at`, else where they are.
    fn start(network: &'a Network, found_at: &[(&str, &str)]) -> Self {
        let home = network.home().join("reader");
        let ports = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let [api, ops] = [&ports[0], &ports[1]].map(|port| port.local_addr().unwrap());
        drop(ports);
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        for hospital in network.status() {
            let field = |name: &str| hospital[name].as_str().unwrap().to_owned();
            members.insert(field("name"), field("api"));
        }
        members.extend(found_at.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())));
        take_network(&home, &network.home().join("network.json")).unwrap();
        let (dir, name, member) = (home.clone(), "reader".to_owned(), "cedar".to_owned());
        let key_hash = init_follower(&FollowerPlan { dir, name, member, api, ops, members }).unwrap();
        let config = network.home().join("demo/cedar/config.toml");
        let known = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{known}\n[[followers]]\nname = \"reader\"\nkey_hash = \"{key_hash}\"\n")).unwrap();
        network.kill("cedar");
        network.heal("cedar");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // Between two questions nobody would notice that the node has closed an idle connection.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        let mut reader = Self { network, home, api, ops, process: None, http, runtime };
        reader.run();
        reader
    }

    fn run(&mut self) {
        let log = File::options().create(true).append(true).open(self.home.join("log.txt")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_amanah-under-test"));
        command.arg("demo-node").arg(&self.home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    /// SIGKILL: nothing is finished, nothing is said.
    fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    fn ask(&self, at: SocketAddr, path: &str, body: Option<Vec<u8>>) -> Option<(u16, Vec<u8>)> {
        let url = format!("http://{at}{path}");
        let request = body.map_or_else(|| self.http.get(&url), |body| self.http.post(&url).body(body));
        self.runtime.block_on(async {
            let answer = request.timeout(Duration::from_secs(10)).send().await.ok()?;
            Some((answer.status().as_u16(), answer.bytes().await.ok()?.to_vec()))
        })
    }

    fn json(&self, at: SocketAddr, path: &str) -> Option<Value> {
        serde_json::from_slice(&self.ask(at, path, None)?.1).ok()
    }

    fn height(&self) -> u64 {
        self.json(self.api, "/v1/status").unwrap()["height"].as_u64().unwrap()
    }

    /// Waits until it shows the block and state that the four agree on.
    fn agrees(&self) -> Value {
        eventually(LIMIT, "the follower does not catch up", || {
            // Anew each time: an anchor may have come meanwhile.
            let agreed = self.network.agree_within(LIMIT);
            let status = self.json(self.api, "/v1/status")?;
            let same = |field: &str| status[field] == agreed[field];
            (same("height") && same("block") && same("state_root")).then_some(status)
        })
    }

    fn lies(&self) -> u64 {
        let metrics = String::from_utf8(self.ask(self.ops, "/metrics", None).unwrap().1).unwrap();
        let line = metrics.lines().find_map(|line| line.strip_prefix("amanah_upstream_lies_total "));
        line.unwrap().parse().unwrap()
    }

    fn unready(&self) -> Vec<String> {
        let status = self.json(self.ops, "/status").unwrap();
        status["unready"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason["reason"].as_str().unwrap().to_owned())
            .collect()
    }

    /// What the follower proves about a consent at cedar, and about cedar.
    fn proof(&self, consent: PublicKey, cedar: MemberId) -> StateProof {
        let keys = Receipt::leaf_keys(&consent, cedar).to_vec();
        let asked = codec::encode(&BoundedVec::<LeafKey, ENTRIES_MAX>::try_from(keys).unwrap());
        let (code, bytes) = self.ask(self.api, "/v1/proofs", Some(asked)).unwrap();
        assert_eq!(code, 200, "{}", String::from_utf8_lossy(&bytes));
        codec::decode(&bytes, codec::BYTES_MAX).unwrap()
    }

    /// The same as a receipt that the wallet checks offline: what it finds.
    fn receipt(&self, consent: PublicKey, cedar: MemberId) -> Value {
        let proof = self.proof(consent, cedar);
        let text = receipt_file::write(&Receipt { held: None, proof }).unwrap();
        let file = self.network.file("from-the-follower.receipt", &text);
        self.network.ok(&["receipt", "verify", &file])
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.home.join("log.txt")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(15).collect();
            eprintln!("--- follower\n{}", tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
        }
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait().map(drop)).unwrap_or_else(|error| eprintln!("{error}"));
        }
    }
}

fn trust(network: &Network) -> (Trust, MemberId) {
    let file: NetworkFile = serde_json::from_slice(&fs::read(network.home().join("network.json")).unwrap()).unwrap();
    let checked = file.check().unwrap();
    (Trust::from_genesis(checked.genesis()).unwrap(), checked.genesis().founders[0].id())
}

/// The key of a consent that was just granted, by its receipt.
fn granted(patient: &Patient<'_>, what: &str, trust: &Trust) -> (PublicKey, String) {
    let consent = patient.grant("clinician@qamar", what, "cedar");
    let receipt = fs::read(consent["receipt"].as_str().unwrap()).unwrap();
    let verified = receipt_file::verify(&receipt, trust, &Ed25519).unwrap();
    (verified.leaf.consent, consent["consent"].as_str().unwrap().to_owned())
}

/// Names of all files below `dir`.
fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => files(&path),
        false => vec![path.file_name().unwrap().to_string_lossy().into_owned()],
    });
    found.collect()
}

#[test]
fn a_follower_catches_up_proves_what_is_final_and_says_what_it_is() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let (trust, cedar) = trust(&network);
    let (consent, label) = granted(&ana, "labs", &trust);
    let mut reader = Reader::start(&network, &[]);

    let status = reader.agrees();
    assert_eq!((&status["role"], &status["follows"]), (&"follower".into(), &"cedar".into()), "{status}");
    eventually(LIMIT, "the follower is not ready", || reader.unready().is_empty().then_some(()));
    assert_eq!(reader.ask(reader.ops, "/readyz", None).unwrap().0, 200);
    let shown = reader.receipt(consent, cedar);
    assert_eq!((&shown["valid"], &shown["state"]), (&true.into(), &"active".into()), "{shown}");
    // What becomes final while it runs comes by itself.
    let (newer, _) = granted(&ana, "meds", &trust);
    reader.agrees();
    assert_eq!(reader.receipt(newer, cedar)["valid"], true);

    let entry = reader.ask(reader.api, "/v1/directory/clinician", None).unwrap();
    let entry: SignedDirectoryEntry = codec::decode(&entry.1, codec::BYTES_MAX).unwrap();
    assert_eq!(entry.verify(trust.chain(), &Ed25519).unwrap().member, cedar, "signed by the hospital");
    assert_eq!(reader.ask(reader.api, "/v1/directory/nobody", None).unwrap().0, 404);
    for path in ["/v1/tx", "/v1/me/consents", "/v1/decisions", "/v1/enrolments", "/v1/blocks?from=1"] {
        let (code, answer) = reader.ask(reader.api, path, Some(Vec::new())).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!((code, &answer["code"]), (421, &"AMN-0413".into()), "{path}: {answer}");
    }

    // Killed, away while a consent ends, and back.
    reader.kill();
    assert_eq!(ana.run(&["revoke", &label, "--yes"]).code, 0);
    reader.run();
    eventually(LIMIT, "the follower does not come back", || reader.json(reader.api, "/v1/status"));
    let height = reader.agrees()["height"].as_u64().unwrap();
    assert_eq!(reader.receipt(consent, cedar)["state"], "revoked");

    // Everything in it was executed once more, and it holds no key that anybody relies on.
    reader.kill();
    let home = reader.home.to_str().unwrap();
    assert_eq!(network.ok(&["ledger", "verify", "--home", home])["blocks"], height);
    assert_eq!(files(&reader.home.join("keys")), ["follower.key"]);
    assert!(!reader.home.join("votes").exists() && !reader.home.join("private").exists());
}

#[test]
fn a_follower_has_no_say_and_tells_when_it_hears_too_few() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let (trust, cedar) = trust(&network);
    let (consent, _) = granted(&ana, "labs", &trust);
    let reader = Reader::start(&network, &[]);
    reader.agrees();
    network.kill("rawda");
    network.kill("zaytun");
    let waiting = ana.try_grant("clinician@qamar", "meds", "cedar", "3s");
    assert_eq!((waiting.code, waiting.json["consents"][0]["final"].as_bool()), (7, Some(false)), "{waiting:?}");
    assert_eq!(reader.receipt(consent, cedar)["state"], "active", "reads go on");
    // Two are heard, one of which is honest; one alone may be the liar.
    network.kill("qamar");
    eventually(LIMIT, "it does not say that it hears too few", || (reader.unready() == ["few-heard"]).then_some(()));
    assert_eq!(reader.ask(reader.ops, "/livez", None).unwrap().0, 200);
    assert_eq!(reader.receipt(consent, cedar)["valid"], true, "and what it knows is proven all the same");
    for hospital in ["qamar", "rawda", "zaytun"] {
        network.heal(hospital);
    }
    reader.agrees();
    eventually(LIMIT, "the follower is not ready again", || reader.unready().is_empty().then_some(()));
}

#[test]
fn a_lying_member_cannot_make_its_follower_serve_what_is_not_final() {
    let network = Network::up();
    let ana = network.patient("ana", &["cedar"]);
    let (trust, cedar) = trust(&network);
    let hospitals = network.status();
    let liar = LyingSource::before(hospitals[0]["api"].as_str().unwrap());
    let reader = Reader::start(&network, &[("cedar", liar.url())]);
    reader.agrees();
    for lie in [Lie::Altered, Lie::Forged, Lie::Shifted] {
        liar.tell(lie);
        let (before, lies) = (reader.height(), reader.lies());
        let (consent, label) = granted(&ana, "labs", &trust);
        eventually(LIMIT, "the lie is not noticed", || (reader.lies() > lies).then_some(()));
        assert_eq!(reader.height(), before, "{lie:?}: nothing of it is kept");
        let state = reader.proof(consent, cedar).verify(&trust, &Ed25519).unwrap();
        assert_eq!(state.height().0, before, "{lie:?}: what it serves is proven as before");
        assert!(state.get(&LeafKey::Consent(consent)).is_none(), "{lie:?}: the consent is not there yet");
        liar.tell(Lie::None);
        reader.agrees();
        assert_eq!(reader.receipt(consent, cedar)["state"], "active", "{lie:?}");
        assert_eq!(ana.run(&["revoke", &label, "--yes"]).code, 0);
        reader.agrees();
    }
    // What is withheld is no lie, but it is noticed: the others prove that there is more.
    liar.tell(Lie::Withheld);
    let before = reader.height();
    while network.agree_within(LIMIT)["height"].as_u64().unwrap() <= before + 2 {
        granted(&ana, "labs", &trust);
    }
    eventually(LIMIT, "it does not say that it is behind", || (reader.unready() == ["behind"]).then_some(()));
    assert_eq!(reader.height(), before);
    liar.tell(Lie::None);
    reader.agrees();
    eventually(LIMIT, "the follower is not ready again", || reader.unready().is_empty().then_some(()));
}

#[test]
fn a_member_gives_blocks_to_its_own_followers_alone() {
    let network = Network::up();
    let reader = Reader::start(&network, &[]);
    reader.agrees();
    let key = fs::read_to_string(reader.home.join("keys/follower.key")).unwrap();
    let status_of = |api: &Value, key: &str| {
        let url = format!("{}/v1/blocks?from=1", api.as_str().unwrap());
        let asked = reader.http.get(url).bearer_auth(key.trim());
        reader.runtime.block_on(async { asked.send().await.unwrap().status().as_u16() })
    };
    let hospitals = network.status();
    assert_eq!(status_of(&hospitals[0]["api"], &key), 200);
    assert_eq!(status_of(&hospitals[1]["api"], &key), 401, "qamar knows no such follower");
    assert_eq!(status_of(&hospitals[0]["api"], &Digest([7; 32]).to_string()), 401);
}
