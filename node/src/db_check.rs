//! Examining the home of a node that does not run: what is in order, what is damaged, and what to do about it. Nothing
//! in the home is changed; databases are opened as copies, which need as much room again while they are read.

use crate::custodian::{self, KeyFilePaths, PrivatePart};
use crate::exit::{Exit, Failure};
use crate::home::{Home, HomeError, Role, Seed};
use crate::vote_log::{self, Identity, KeyHistory, VoteLogError};
use amanah_ledger::crypto::{Ed25519, Signer as _};
use amanah_ledger::position::{Epoch, Height};
use amanah_ledger::store::{Copied, Store, StoreError};
use std::path::{Path, PathBuf};

/// How a part was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In order, or not there because nothing was ever written.
    Ok,
    /// Something in it does not hold.
    Damaged,
    /// It was there once.
    Missing,
}

/// One part of the home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is.
    pub what: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// How it was found.
    pub state: State,
    /// How much is in order, or what is not.
    pub detail: String,
    /// What to do, if something is to be done.
    pub fix: Option<&'static str>,
}

const NEW_KEY: &str = "put votes/ of the very last stop back; if it is lost, this key must not vote again";
const LEDGER: &str = "nothing: the node moves it aside at its next start and fills a new one from its peers";
const PRIVATE: &str = "restore private/ and keys/private/ from one and the same backup";
const KEYS: &str = "restore the key from its backup";

impl State {
    /// For programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Damaged => "damaged",
            Self::Missing => "missing",
        }
    }
}

impl Check {
    fn ok(what: &'static str, path: PathBuf, detail: impl ToString) -> Self {
        Self { what, path, state: State::Ok, detail: detail.to_string(), fix: None }
    }

    fn bad(what: &'static str, path: PathBuf, state: State, detail: impl ToString, fix: &'static str) -> Self {
        Self { what, path, state, detail: detail.to_string(), fix: Some(fix) }
    }
}

/// Examines the home at `dir`.
///
/// # Errors
/// When a node runs there, it is no home, its configuration or genesis cannot be used, or the disk fails.
pub fn check(dir: &Path) -> Result<Vec<Check>, Failure> {
    let home = Home::open(dir)?;
    let mut checks = vec![root_key(&home), check_vote_log(&home)?, check_ledger(&home)?];
    checks.extend(check_private(&home)?);
    Ok(checks)
}

/// The failure that these findings are, if they are one.
pub fn verdict(checks: &[Check]) -> Option<Failure> {
    let with = |state: State| checks.iter().find(|check| check.state == state);
    let (check, exit, code) = match (with(State::Damaged), with(State::Missing)) {
        (Some(damaged), _) => (damaged, Exit::Damaged, "AMN-1306"),
        (None, Some(missing)) => (missing, Exit::VoteLogMissing, "AMN-1401"),
        (None, None) => return None,
    };
    let detail = format!("{} ({}): {}", check.what, check.path.display(), check.detail);
    Some(Failure::new(exit, code, detail, check.fix.unwrap_or(PRIVATE)))
}

/// The other keys were compared with the genesis when the home was opened; this one a node does not need.
fn root_key(home: &Home) -> Check {
    let path = Role::Root.path(&home.dir().join("keys"));
    match Seed::read(&path) {
        Ok(seed) if seed.keypair().public_key() == home.founder().keys.root => {
            Check::ok("keys", home.dir().join("keys"), "all are the registered ones")
        }
        Ok(_other) => Check::bad("keys", path, State::Damaged, "not the root key that is registered", KEYS),
        Err(HomeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Check::ok("keys", home.dir().join("keys"), "all are the registered ones; the root key is kept elsewhere")
        }
        Err(error) => Check::bad("keys", path, State::Damaged, error, KEYS),
    }
}

fn check_vote_log(home: &Home) -> Result<Check, Failure> {
    let (what, path) = ("vote log", home.votes_dir());
    let key = home.keys().consensus.keypair().public_key();
    let identity = Identity { chain: home.chain(), epoch: Epoch(0), key };
    Ok(match vote_log::survey(&path, &identity) {
        Ok(found) => Check::ok(what, path, format!("{} segments, {} bytes", found.segments, found.bytes)),
        Err(VoteLogError::Missing) if home.key_history() == KeyHistory::Unused => {
            Check::ok(what, path, "no node ran here yet")
        }
        Err(error @ VoteLogError::Missing) => Check::bad(what, path, State::Missing, error, NEW_KEY),
        Err(error @ VoteLogError::Io { .. }) => {
            return Err(Failure::new(Exit::Failed, "AMN-0108", error, "check the disk"));
        }
        Err(error) => Check::bad(what, path, State::Damaged, error, NEW_KEY),
    })
}

fn check_ledger(home: &Home) -> Result<Check, Failure> {
    let (what, path) = ("ledger", home.ledger_dir());
    if !path.join("db").exists() {
        return Ok(Check::ok(what, path, "none yet: the node fills it from its peers"));
    }
    let copy = copy(&path, &home.dir().join("ledger.checked"))?;
    match read_ledger(home, copy.dir()) {
        Ok((height, leaves)) => Ok(Check::ok(what, path, format!("height {height}, {leaves} leaves"))),
        Err(StoreError::Io(error)) => Err(disk(&path, error)),
        Err(error) => Ok(Check::bad(what, path, State::Damaged, error, LEDGER)),
    }
}

/// What start and scrub check.
fn read_ledger(home: &Home, dir: &Path) -> Result<(Height, usize), StoreError> {
    let store = Store::open(dir, home.genesis())?;
    let tip = store.load_state(&Ed25519)?;
    let head = tip.header().height;
    let mut height = Height(1);
    while height <= head {
        store.check_block(height, &Ed25519)?;
        height = height.next();
    }
    Ok((head, tip.state().len()))
}

fn check_private(home: &Home) -> Result<Vec<Check>, Failure> {
    let private = home.private_dir();
    let (vault, days) = (private.join("vault"), private.join("days"));
    let keys = KeyFilePaths { table: private.join("keys.table"), table_key_dir: home.private_keys_dir() };
    let copied = if vault.join("db").exists() { Some(copy(&vault, &private.join("vault.checked"))?) } else { None };
    let found = custodian::survey(&keys, copied.as_ref().map(Copied::dir), &days);
    let checks = found.into_iter().map(|(part, outcome)| {
        let (what, path) = match part {
            PrivatePart::KeyFile => ("key file", keys.table.clone()),
            PrivatePart::Vault => ("vault", vault.clone()),
            PrivatePart::DayFiles => ("day files", days.clone()),
        };
        match outcome {
            Ok(detail) => Check::ok(what, path, detail),
            Err(error) => Check::bad(what, path, State::Damaged, error, PRIVATE),
        }
    });
    Ok(checks.collect())
}

fn copy(dir: &Path, to: &Path) -> Result<Copied, Failure> {
    if to.exists() {
        // Left behind by a check that was cut off.
        std::fs::remove_dir_all(to).map_err(|error| disk(to, error))?;
    }
    Copied::make(dir, to).map_err(|error| disk(dir, error))
}

fn disk(path: &Path, source: std::io::Error) -> Failure {
    Failure::from(HomeError::Io { path: path.to_owned(), source })
}
