//! One command, its answer, and what holds for every answer: one object with schema, an error exactly where the exit
//! code says so, no JSON on stderr, no escape bytes, no secret anywhere.

use crate::harness::Network;
use serde_json::Value;
use std::cell::RefCell;

/// Runs commands in a network and checks what every answer promises.
pub(super) struct Script<'a> {
    pub(super) network: &'a Network,
    secrets: RefCell<Vec<String>>,
    passphrase: String,
}

impl<'a> Script<'a> {
    pub(super) fn new(network: &'a Network) -> Self {
        let passphrase = network.home().join("scratch/mira.passphrase").to_str().unwrap().to_owned();
        Self { network, secrets: RefCell::default(), passphrase }
    }

    /// From now on no answer may hold `secret`.
    pub(super) fn keeps_secret(&self, secret: &str) {
        assert!(secret.len() > 8, "too short to be told from chance");
        self.secrets.borrow_mut().push(secret.to_owned());
    }

    pub(super) fn passphrase(&self) -> String {
        self.passphrase.clone()
    }

    /// A place in the scratch folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.network.home().join("scratch").join(name).to_str().unwrap().to_owned()
    }

    /// The slip of mira's relationship.
    pub(super) fn slip(&self, hospital: &str) -> String {
        let slips = std::fs::read_dir(self.network.home().join("slips/mira")).unwrap();
        let mut paths = slips.map(|entry| entry.unwrap().path().to_str().unwrap().to_owned());
        paths.find(|path| path.contains(&format!("/{hospital}-"))).unwrap()
    }

    /// `args` with mira's wallet.
    pub(super) fn mira<'b>(&'b self, args: &[&'b str]) -> Vec<&'b str> {
        [args, &["--profile", "mira", "--passphrase-file", &self.passphrase]].concat()
    }

    /// A grant by mira for 90 days.
    pub(super) fn grant<'b>(&'b self, who: &'b str, what: &'b str, more: &[&'b str]) -> Vec<&'b str> {
        let grant = ["grant", who, "--what", what, "--why", "treatment", "--until", "90d", "--yes"];
        self.mira(&[&grant, more].concat())
    }

    /// A grant by mira until `until`.
    pub(super) fn grant_until<'b>(&'b self, who: &'b str, until: &'b str) -> Vec<&'b str> {
        self.mira(&["grant", who, "--what", "labs", "--why", "treatment", "--until", until, "--yes"])
    }

    /// A question to cedar.
    pub(super) fn check<'b>(&self, patient: &'b str, who: &'b str, what: &'b str) -> Vec<&'b str> {
        vec!["hospital", "check", patient, "--as", who, "--what", what, "--why", "treatment", "--profile", "cedar"]
    }

    /// Runs with `--json`; the answer must be one object of this schema.
    pub(super) fn json(&self, exit: i32, schema: &str, args: &[&str]) -> Value {
        let answer = self.network.run(args);
        assert_eq!(answer.code, exit, "{args:?}: {answer:?}");
        assert_eq!(answer.json["schema"], format!("amanah.{schema}/1"), "{args:?}");
        let error = answer.json.get("error");
        assert_eq!(error.is_some(), !matches!(exit, 0 | 3), "{args:?}: {answer:?}");
        if let Some(error) = error {
            fields(error, "code:text detail:text fix:text");
            assert!(error["code"].as_str().unwrap().starts_with("AMN-"), "{error}");
        }
        assert!(!answer.stderr.lines().any(|line| line.trim_start().starts_with(['{', '['])), "{answer:?}");
        self.holds_no_secret(args, &[&answer.json.to_string(), &answer.stderr]);
        answer.json
    }

    /// Runs for a person; what stdout says.
    pub(super) fn plain(&self, exit: i32, args: &[&str]) -> String {
        self.for_people(exit, args).0
    }

    /// Runs for a person; what stderr says.
    pub(super) fn stderr(&self, exit: i32, args: &[&str]) -> String {
        self.for_people(exit, args).1
    }

    fn for_people(&self, exit: i32, args: &[&str]) -> (String, String) {
        let (code, stdout, stderr) = self.network.run_plain(args);
        assert_eq!(code, exit, "{args:?}: {stdout} {stderr}");
        assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{args:?}: escape bytes");
        if matches!(exit, 0 | 3) {
            assert!(!stdout.trim().is_empty() && !stdout.starts_with('{'), "{args:?}: {stdout}");
        } else {
            let said = stderr.split("error[AMN-").nth(1).unwrap_or_else(|| panic!("{args:?}: {stderr}"));
            assert!(said.lines().last().unwrap().starts_with("  fix: "), "{args:?}: the fix comes last: {stderr}");
        }
        // A receipt is shown on request, and an enrolment code is there to be shown.
        self.holds_no_secret(args, &[&stdout, &stderr]);
        (stdout, stderr)
    }

    fn holds_no_secret(&self, args: &[&str], printed: &[&str]) {
        for secret in self.secrets.borrow().iter() {
            assert!(
                printed.iter().all(|text| !text.contains(secret.as_str())),
                "{args:?} prints a secret: {printed:?}"
            );
        }
    }
}

/// Checks that an object has these fields, each of its kind: `name:kind`, kinds as in the match below.
pub(super) fn fields(object: &Value, expected: &str) {
    for field in expected.split_whitespace() {
        let (name, kind) = field.split_once(':').unwrap();
        let value = object.get(name).unwrap_or_else(|| panic!("no {name} in {object}"));
        let fits = match kind {
            "text" => value.as_str().is_some_and(|text| !text.is_empty()),
            "int" => value.is_u64(),
            "bool" => value.is_boolean(),
            "list" => value.is_array(),
            "object" => value.is_object(),
            "file" => value.as_str().inspect(|path| super::private(path)).is_some(),
            letter => value.as_str().is_some_and(|text| is_label(letter, text)),
        };
        assert!(fits, "{name} is no {kind} in {object}");
    }
}

/// A whole code: the letter, 16 characters and two check characters, in groups of four.
fn is_label(letter: &str, text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().skip(1).map(|group| group.len()).collect();
    let crockford = |c: char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !"ILOU".contains(c));
    groups[0] == letter && lengths == [4, 4, 4, 4, 2] && groups[1..].iter().all(|group| group.chars().all(crockford))
}
