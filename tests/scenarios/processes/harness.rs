//! A demo network of its own for each scenario, driven only through the wallet's program.

use serde_json::Value;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Four hospitals in a home of their own; stopped and removed when dropped.
pub(crate) struct Network {
    home: tempfile::TempDir,
}

/// What a command printed on stdout (one JSON object), and its exit code.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) json: Value,
    /// For people.
    pub(crate) stderr: String,
}

impl Network {
    /// A home in which nothing has been started.
    pub(crate) fn without_demo() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// Starts a fresh network on free ports.
    pub(crate) fn up() -> Self {
        let network = Self::without_demo();
        let base_port = free_ports();
        let answer = network.run(&["demo", "up", "--base-port", &base_port.to_string()]);
        assert_eq!(answer.code, 0, "{answer:?}");
        network
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs `amanah ARGS --json` and takes its one object.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        let mut all = args.to_vec();
        all.push("--json");
        let output = self.command(&all).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let json = serde_json::from_str(stdout.trim())
            .unwrap_or_else(|e| panic!("{args:?}: stdout is not one JSON object ({e}): {stdout:?} stderr {stderr:?}"));
        Answer { code: output.status.code().unwrap(), json, stderr }
    }

    /// Runs `amanah ARGS` for a person: no JSON.
    pub(crate) fn run_plain(&self, args: &[&str]) -> (i32, String, String) {
        let output = self.command(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// `amanah ARGS` in this network's home, for a scenario to change and run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amanah-under-test"));
        command.args(args).env("AMANAH_HOME", self.home()).env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Value {
        let answer = self.run(args);
        assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
        answer.json
    }

    /// A file in the home's scratch folder.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        let path = self.home().join("scratch");
        fs::create_dir_all(&path).unwrap();
        let path = path.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A patient with a wallet, enrolled and linked at each of `hospitals`.
    pub(crate) fn patient(&self, name: &str, hospitals: &[&str]) -> Patient<'_> {
        let passphrase = self.file(&format!("{name}.passphrase"), "correct horse battery staple\n");
        let words = self.home().join("scratch").join(format!("{name}.words")).to_str().unwrap().to_owned();
        self.ok(&["wallet", "new", name, "--passphrase-file", &passphrase, "--words-out", &words]);
        let mut patient = Patient { network: self, name: name.to_owned(), passphrase, words, at: Vec::new() };
        for hospital in hospitals {
            patient.enrol(hospital);
        }
        patient
    }

    pub(crate) fn kill(&self, hospital: &str) {
        self.ok(&["demo", "kill", hospital]);
    }

    pub(crate) fn heal(&self, hospital: &str) {
        self.ok(&["demo", "heal", hospital]);
    }

    /// `demo status`, by hospital.
    pub(crate) fn status(&self) -> Vec<Value> {
        self.ok(&["demo", "status"])["hospitals"].as_array().unwrap().clone()
    }

    /// Waits until all four run and show one height, block and state root.
    pub(crate) fn agree_within(&self, limit: Duration) -> Value {
        eventually(limit, "the hospitals do not agree", || {
            let hospitals = self.status();
            let first = hospitals.first()?;
            let agreed = hospitals.len() == 4
                && hospitals.iter().all(|h| {
                    h["height"].is_u64()
                        && ["height", "block", "state_root"].iter().all(|field| h[*field] == first[*field])
                });
            agreed.then(|| first.clone())
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for entry in fs::read_dir(self.home().join("demo")).into_iter().flatten().flatten() {
                let log = entry.path().join("log.txt");
                if let Ok(text) = fs::read_to_string(&log) {
                    let tail: Vec<&str> = text.lines().rev().take(15).collect();
                    eprintln!("--- {}\n{}", log.display(), tail.into_iter().rev().collect::<Vec<_>>().join("\n"));
                }
            }
        }
        let stopped = self.command(&["demo", "down", "--purge"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !stopped.is_ok_and(|status| status.success()) {
            eprintln!("the demo in {} did not stop", self.home().display());
        }
    }
}

/// A patient's wallet in a network.
pub(crate) struct Patient<'a> {
    network: &'a Network,
    pub(crate) name: String,
    pub(crate) passphrase: String,
    pub(crate) words: String,
    at: Vec<(String, String, String)>,
}

impl Patient<'_> {
    fn enrol(&mut self, hospital: &str) {
        let enrolled = self.run(&["enrol", hospital]);
        assert_eq!(enrolled.code, 0, "{enrolled:?}");
        let field = |name: &str| enrolled.json[name].as_str().unwrap().to_owned();
        let mrn = format!("MRN-{}-{hospital}", self.name);
        self.network.ok(&["hospital", "patient", "link", &mrn, "--code", &field("code"), "--profile", hospital]);
        self.at.push((hospital.to_owned(), field("relationship"), field("slip")));
    }

    /// The same seed in a new wallet that remembers nothing.
    pub(crate) fn recovered(&self, name: &str) -> Self {
        let (passphrase, words) = (self.passphrase.clone(), self.words.clone());
        self.network.ok(&["wallet", "recover", name, "--words-file", &words, "--passphrase-file", &passphrase]);
        Self { network: self.network, name: name.to_owned(), passphrase, words, at: self.at.clone() }
    }

    /// Runs a command with this wallet.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        let mut all = args.to_vec();
        all.extend(["--profile", &self.name, "--passphrase-file", &self.passphrase]);
        self.network.run(&all)
    }

    fn entry(&self, hospital: &str) -> &(String, String, String) {
        self.at.iter().find(|(name, ..)| name == hospital).unwrap()
    }

    /// `P-…` at this hospital.
    pub(crate) fn at(&self, hospital: &str) -> &str {
        &self.entry(hospital).1
    }

    /// The slip of this relationship.
    pub(crate) fn slip(&self, hospital: &str) -> &str {
        &self.entry(hospital).2
    }

    /// Grants and takes the one consent.
    pub(crate) fn grant(&self, who: &str, what: &str, records_at: &str) -> Value {
        let answer = self.try_grant(who, what, records_at, "15s");
        assert_eq!(answer.code, 0, "{answer:?}");
        let consent = answer.json["consents"][0].clone();
        assert_eq!(consent["final"], true);
        consent
    }

    pub(crate) fn try_grant(&self, who: &str, what: &str, records_at: &str, timeout: &str) -> Answer {
        let what_for = ["--what", what, "--why", "treatment", "--until", "90d", "--records-at", records_at];
        let mut args = vec!["grant", who];
        args.extend(what_for);
        args.extend(["--yes", "--timeout", timeout]);
        self.run(&args)
    }

    /// Asks this patient's custodian for a decision.
    pub(crate) fn check(&self, custodian: &str, who: &str, what: &str, why: &str) -> Answer {
        let patient = self.at(custodian);
        self.network.run(&[
            "hospital",
            "check",
            patient,
            "--as",
            who,
            "--what",
            what,
            "--why",
            why,
            "--profile",
            custodian,
        ])
    }

    /// The verified log of one custodian.
    pub(crate) fn log(&self, custodian: &str) -> (i32, Value) {
        let answer = self.run(&["log"]);
        let found = answer.json["custodians"].as_array().into_iter().flatten().find(|c| c["custodian"] == custodian);
        (answer.code, found.cloned().unwrap_or_else(|| panic!("{answer:?}")))
    }
}

/// Asks again until there is an answer; fails loudly when there is none within `limit`.
pub(crate) fn eventually<T>(limit: Duration, failure: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "{failure} within {limit:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A base port with the forty ports of a demo free behind it, given out once by this process.
pub(crate) fn free_ports() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 200).unwrap() * 50;
    for _ in 0..300 {
        let base = first + GIVEN.fetch_add(50, Ordering::Relaxed) % 20_000;
        let mut offsets = (0..4).flat_map(|hospital| (0..3).map(move |port| hospital * 10 + port));
        if offsets.all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok()) {
            return base;
        }
    }
    panic!("no forty free ports on this machine");
}

/// A copy of a file's bytes.
pub(crate) fn bytes_of(path: &str) -> Vec<u8> {
    fs::read(PathBuf::from(path)).unwrap()
}
