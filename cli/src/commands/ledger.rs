//! `amanah ledger verify`: a node's whole ledger once more from genesis, offline and without the node.
//!
//! A copy is read: opening a sled database may change it, and a damaged one is evidence. The home is locked meanwhile,
//! so that no node starts on it.

use crate::args::LedgerCommand;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::{Reader, Report};
use crate::progress::Progress;
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Ed25519};
use amanah_ledger::genesis::{GENESIS_BYTES_MAX, Genesis};
use amanah_ledger::position::Height;
use amanah_ledger::store::{Copied, Fault, Store, StoreError, Walk};
use serde_json::{Map, json};
use std::fs::File;
use std::path::Path;
use std::time::Instant;

const FIX: &str =
    "move ledger/ aside and start the node: it fills a new one from its peers, which must all lie to fool it";

pub(crate) async fn run(command: LedgerCommand, reader: Reader) -> Fallible<Report> {
    let LedgerCommand::Verify { home } = command;
    // Long work: the keyboard must still be heard.
    let verified = tokio::task::spawn_blocking(move || verify(&home, reader)).await;
    verified.unwrap_or_else(|_panicked| Err(Failure::new(Exit::Failed, 1, "the check broke off", "report this")))
}

/// What was walked through so far.
struct Walked {
    chain: Digest,
    blocks: u64,
    bytes: u64,
    began: Instant,
}

fn verify(home: &Path, reader: Reader) -> Fallible<Report> {
    let _lock = lock(home)?;
    let path = home.join("genesis.bin");
    let bytes = std::fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let genesis: Genesis = codec::decode(&bytes, GENESIS_BYTES_MAX).map_err(|error| {
        let detail = format!("{}: {error}", path.display());
        Failure::new(Exit::NotVerified, 807, detail, "get genesis.bin from another member").field("verified", false)
    })?;
    let copy = copy(home)?;
    let mut walked = Walked { chain: genesis.chain(), blocks: 0, bytes: 0, began: Instant::now() };
    match walk(copy.dir(), &genesis, &mut walked, reader) {
        Ok((leaves, root)) => Ok(report(&walked, leaves, &root)),
        Err(Broken::Fault(fault)) => Err(not_verified(&walked, &fault)),
        Err(Broken::Store(error)) => Err(unusable(&walked, &error)),
    }
}

enum Broken {
    Fault(Fault),
    Store(StoreError),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn walk(dir: &Path, genesis: &Genesis, walked: &mut Walked, reader: Reader) -> Result<(usize, Digest), Broken> {
    let store = Store::open(dir, genesis).map_err(Broken::Store)?;
    let mut walk = Walk::new(store.reader(), &Ed25519)?;
    let progress = Progress::of(reader, "executing", walk.head().0, "blocks");
    while let Some(step) = walk.step()? {
        walked.blocks += 1;
        walked.bytes += step.bytes;
        progress.at(step.height.0);
    }
    progress.now("comparing the state");
    let tip = walk.finish()?;
    Ok((tip.state().len(), tip.state().root()))
}

impl Walked {
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    fn rates(&self) -> (f64, f64, f64) {
        let seconds = self.began.elapsed().as_secs_f64().max(1e-6);
        (seconds, self.blocks as f64 / seconds, self.bytes as f64 / 1e6 / seconds)
    }

    fn fields(&self) -> Map<String, serde_json::Value> {
        let (seconds, blocks_per_s, mb_per_s) = self.rates();
        let object = json!({
            "chain_id": self.chain,
            "blocks": self.blocks,
            "bytes": self.bytes,
            "seconds": seconds,
            "blocks_per_s": blocks_per_s,
            "mb_per_s": mb_per_s,
        });
        object.as_object().cloned().unwrap_or_default()
    }
}

fn report(walked: &Walked, leaves: usize, root: &Digest) -> Report {
    let (seconds, blocks_per_s, mb_per_s) = walked.rates();
    let mut fields = walked.fields();
    fields.extend([
        ("verified".to_owned(), true.into()),
        ("height".to_owned(), walked.blocks.into()),
        ("leaves".to_owned(), leaves.into()),
        ("state_root".to_owned(), json!(root)),
    ]);
    let text = format!(
        "✓ The ledger holds from genesis to height {}: links, certificates, execution, state.\n\
         chain {}\nstate {root}, {leaves} leaves\n\
         {seconds:.1} s, {blocks_per_s:.0} blocks/s, {mb_per_s:.2} MB/s\n\
         Compare chain and state with another hospital's: amanah network status",
        walked.blocks, walked.chain,
    );
    Report { exit: Exit::Ok, fields, text }
}

fn not_verified(walked: &Walked, fault: &Fault) -> Box<Failure> {
    let mut failure = Failure::new(Exit::NotVerified, 808, format!("the ledger does not hold {fault}"), FIX);
    failure.fields = walked.fields();
    failure.field("verified", false).field("height", fault.height.0).field("reason", fault.why.as_str())
}

fn unusable(walked: &Walked, error: &StoreError) -> Box<Failure> {
    match error {
        StoreError::Io(error) => Failure::new(Exit::Failed, 10, format!("the disk fails: {error}"), "check the disk"),
        StoreError::InUse => Failure::new(Exit::Unsafe, 901, error.to_string(), "stop the other process first"),
        StoreError::Damaged(_)
        | StoreError::OtherNetwork(_)
        | StoreError::Format(_)
        | StoreError::Genesis(_)
        | StoreError::NotNext { .. }
        | StoreError::NotCertified(_)
        | StoreError::Failed => not_verified(walked, &Fault { height: Height(walked.blocks), why: error.to_string() }),
    }
}

/// The home's lock, as a node takes it.
fn lock(home: &Path) -> Fallible<File> {
    if !home.join("FORMAT").is_file() {
        let detail = format!("{} is no node's home", home.display());
        return Err(Failure::new(Exit::NotFound, 19, detail, "amanah ledger verify --home DIR"));
    }
    let path = home.join("LOCK");
    let open = File::options().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| Failure::io("lock", &path, &error))?;
    if file.try_lock().is_err() {
        let detail = format!("a process runs on {}", home.display());
        return Err(Failure::new(Exit::Unsafe, 901, detail, "stop the node first, or verify a copy of its home"));
    }
    Ok(file)
}

fn copy(home: &Path) -> Fallible<Copied> {
    let (from, to) = (home.join("ledger"), home.join("ledger.checked"));
    if to.exists() {
        // Left behind by a check that was cut off.
        std::fs::remove_dir_all(&to).map_err(|error| Failure::io("remove", &to, &error))?;
    }
    Copied::make(&from, &to).map_err(|error| Failure::io("copy", &from, &error))
}

#[cfg(test)]
mod tests;
