//! The desk: the one owner of the private store. Every promise of the custodian is kept here, one act after another.
//!
//! Acts change memory and write to the vault at once; [`Desk::sync`] makes them durable. Whoever drives the desk gives
//! no answer before that ([`super::owner`]). A [`StoreError`] means that promises can no longer be kept: the desk is
//! dropped then. Acts take the clock and the ledger's newest durable head as arguments.

use super::anchoring::{Anchoring, Found, Grid};
use super::day_file::{DayFileError, DayFiles};
use super::key_file::{KeyFile, KeyFileError, KeyFilePaths, RelationshipKeys};
use super::log_book::{End, LogBook};
use super::open_enrolments::OpenEnrolments;
use super::sealing::{DoesNotOpen, NoRandomness, SecretKey, random};
use super::vault::{Address, Kind, ReadRecords, Vault, VaultError, Writes};
use crate::clock::Moment;
use amanah_ledger::access::entry::ENTRY_BYTES_MAX;
use amanah_ledger::access::{EntryBody, Event, LogEntry};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, Keypair, PublicKey};
use amanah_ledger::exchange::Enrolment;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::label::{FindError, Label, LabelPrefix};
use amanah_ledger::member::MemberId;
use amanah_ledger::time::{Day, UnixMs};
use amanah_ledger::transaction::{AnchorKind, SignedTransaction};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

mod accesses;
mod anchors;
mod answers;
mod decisions;
mod enrolling;
mod grants;
mod logs;
mod patients;
mod requests;
mod revocations;
mod steps;

pub use accesses::{Logs, Looked, Place};
pub use answers::AnswerError;
pub use decisions::{Ask, DecideError, Decided};
pub use enrolling::{EnrolError, LinkError, Me};
pub use grants::GrantError;
pub use logs::{AcceptError, LogError};
pub use patients::{ConsentNow, ConsentsPage, PatientName};
pub use requests::RequestError;
#[cfg(test)]
pub(crate) use requests::{OPEN_REQUESTS_MAX, REQUEST_MS, REQUESTS_MAX};
pub use revocations::RevokeError;
pub use steps::{Became, Step, StepKind, StepName, Steps, StepsPage};

/// Who the custodian is and where its files lie.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The network.
    pub genesis: Arc<Genesis>,
    /// The hospital.
    pub member: MemberId,
    /// Signs receipts, batches, anchors and acceptances.
    pub gateway: Arc<Keypair>,
    /// Directory of the vault.
    pub vault_dir: PathBuf,
    /// Directory of the access trees.
    pub days_dir: PathBuf,
    /// The key file and its table key.
    pub keys: KeyFilePaths,
}

/// Why the private store can no longer keep promises.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The key file.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The access trees.
    #[error(transparent)]
    DayFile(#[from] DayFileError),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The vault holds records and the key file is gone: a new one would open none of them.
    #[error("the private store is there, its key file is not")]
    KeyFileMissing,
    /// The key file knows of records and the vault is gone.
    #[error("the key file is there, the private store is not")]
    VaultMissing,
    /// A record is not what its kind says.
    #[error("a record of the private store is damaged")]
    Damaged,
}

impl From<DoesNotOpen> for StoreError {
    fn from(e: DoesNotOpen) -> Self {
        Self::Vault(e.into())
    }
}

/// The custodian's acts and what they stand on.
pub struct Desk {
    chain: Digest,
    setup: Setup,
    vault: Vault,
    keys: KeyFile,
    labels: BTreeMap<Label, PublicKey>,
    enrolments: OpenEnrolments<Enrolment>,
    book: LogBook,
    anchoring: Anchoring,
    anchors: anchors::Anchors,
    grants: grants::PendingGrants,
    requests: requests::Requests,
    revocations: revocations::PendingRevocations,
    dirty: Dirty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dirty {
    Clean,
    Vault,
    VaultAndKeys,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Desk({} relationships)", self.keys.len())
    }
}

impl Desk {
    /// Opens the private store, or makes it if there is none, and takes up what was pending.
    ///
    /// # Errors
    /// When files are missing, damaged, or the disk refuses.
    pub fn open(setup: Setup, head: &Tip, clock: UnixMs) -> Result<Self, StoreError> {
        let is_new = !setup.vault_dir.join("db").exists();
        let keys = match (KeyFile::exists(&setup.keys), is_new) {
            (true, _) => KeyFile::open(setup.keys.clone())?,
            (false, true) => KeyFile::create(setup.keys.clone())?,
            (false, false) => return Err(StoreError::KeyFileMissing),
        };
        if is_new && keys.len() > 0 {
            return Err(StoreError::VaultMissing);
        }
        let vault = Vault::open(&setup.vault_dir)?;
        let files = DayFiles::open(&setup.days_dir, keys.house().key.clone())?;
        let anchored = head.state().anchor_head(&setup.member, AnchorKind::Access);
        let (mut anchoring, found) = Anchoring::open(files, anchored)?;
        if let Found::Lost { seq } = found {
            tracing::error!(seq, "the ledger has anchors of this hospital that its access tree files do not know");
        }
        anchoring.name_relationships(&keys);
        let mut desk = Self {
            chain: setup.genesis.chain(),
            setup,
            vault,
            labels: keys.iter().map(|k| (Label::relationship(&k.relationship), k.relationship)).collect(),
            keys,
            enrolments: OpenEnrolments::default(),
            book: LogBook::default(),
            anchoring,
            anchors: anchors::Anchors::default(),
            grants: grants::PendingGrants::default(),
            requests: requests::Requests::default(),
            revocations: revocations::PendingRevocations::default(),
            dirty: Dirty::Clean,
        };
        desk.take_up_logs()?;
        desk.take_up_grants()?;
        desk.take_up_requests()?;
        desk.take_up_revocations()?;
        desk.continue_after_restore(clock, head)?;
        desk.sync()?;
        Ok(desk)
    }

    /// Makes everything done so far durable.
    ///
    /// # Errors
    /// When the disk refuses: no answer may be given then.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        // The vault first: records without keys are noise, keys without records would be a log without its beginning.
        if self.dirty >= Dirty::Vault {
            self.vault.sync()?;
        }
        if self.dirty >= Dirty::VaultAndKeys {
            self.keys.write()?;
        }
        self.dirty = Dirty::Clean;
        Ok(())
    }

    /// Records beside the vault how far it reaches, so that a later loss shows. To be called when nothing waits.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn record_reach(&mut self) -> Result<(), StoreError> {
        Ok(self.vault.record_reach()?)
    }

    /// Reads up to `limit` records behind an address, only to see that they can be read; `None` behind the last.
    ///
    /// # Errors
    /// When one cannot.
    pub fn read_records(&self, after: Option<&[u8]>, limit: usize) -> Result<Option<ReadRecords>, StoreError> {
        Ok(self.vault.read_behind(after, limit)?)
    }

    /// Forgets a relationship: afterwards nothing here links its records to a person or opens them. Whether it was
    /// known. Durable after [`Desk::sync`].
    pub fn erase(&mut self, relationship: &PublicKey) -> bool {
        let known = self.keys.remove(relationship);
        if known {
            self.labels.remove(&Label::relationship(relationship));
            self.book.forget(relationship);
            self.grants.forget(relationship);
            self.requests.forget(relationship);
            self.dirty = Dirty::VaultAndKeys;
        }
        known
    }

    /// Forgets what a relationship's documents, and requests for them, are sealed with; its log stays. Whether there was a key.
    pub fn erase_documents(&mut self, relationship: &PublicKey) -> bool {
        let known = self.keys.remove_documents_key(relationship);
        if known {
            self.requests.forget(relationship);
            self.dirty = Dirty::VaultAndKeys;
        }
        known
    }

    /// What is to be sent to the ledger now. May write: call [`Desk::sync`] before sending. By a clock that nobody has
    /// confirmed only revocations go: a grant would be taken for expired, an anchor would be of another day.
    ///
    /// # Errors
    /// When the store fails.
    pub fn to_send(&mut self, clock: Moment, head: &Tip) -> Result<Vec<SignedTransaction>, StoreError> {
        let mut out = Vec::new();
        self.revocations_to_send(clock.time(), head, &mut out)?;
        if let Moment::Confirmed(clock) = clock {
            self.grants_to_send(clock, head, &mut out)?;
            self.anchor_to_send(clock, head, &mut out)?;
        }
        Ok(out)
    }

    /// When [`Desk::to_send`] has something new at the latest, if nothing happens before.
    pub fn next_due(&self) -> Option<UnixMs> {
        [self.grants.next_due(), self.revocations.next_due()].into_iter().flatten().min()
    }

    /// The relationship whose label begins so.
    ///
    /// # Errors
    /// When none does, or several do.
    pub fn find(&self, label: &LabelPrefix) -> Result<PublicKey, FindError> {
        label.find_in(&self.labels).copied()
    }

    fn write(&mut self, writes: Writes) -> Result<(), StoreError> {
        self.vault.write(writes)?;
        self.dirty = self.dirty.max(Dirty::Vault);
        Ok(())
    }

    /// The custodian's time: never before the head's or any time it stated before.
    fn time(&self, clock: UnixMs, head: &Tip) -> UnixMs {
        self.book.time(clock.max(head.header().time))
    }

    fn house(&self, kind: Kind, number: u64) -> (Address, &SecretKey) {
        let house = self.keys.house();
        (Address { folder: house.folder, kind, number }, &house.key)
    }

    fn grid(&self, head: &Tip) -> Grid {
        let parameters = head.state().parameters().unwrap_or(&self.setup.genesis.parameters);
        Grid { grid_ms: parameters.anchor_grid_ms, cover: parameters.cover }
    }

    fn entry(&self, keys: &RelationshipKeys, number: u64) -> Result<Option<LogEntry>, StoreError> {
        let at = Address { folder: keys.folder, kind: Kind::Entry, number };
        match self.vault.get(at, &keys.receipts)? {
            Some(plain) => decode(&plain, ENTRY_BYTES_MAX).map(Some),
            None => Ok(None),
        }
    }

    /// Writes the next entry of a log, or for a gap the one behind it.
    fn append(&mut self, keys: &RelationshipKeys, at: UnixMs, event: Event) -> Result<LogEntry, StoreError> {
        let end = self.book.end(&keys.relationship);
        let (number, previous) = match &event {
            Event::Gap(gap) => (gap.to + 1, gap.head),
            Event::Enrolment(_) | Event::Decision(_) => (end.count + 1, end.head),
        };
        let (custodian, relationship) = (self.setup.member, keys.relationship);
        let body = EntryBody { custodian, relationship, number, previous, time: at, event };
        let entry = body.sign(&self.chain, random()?, &*self.setup.gateway);
        let mut writes = Writes::default();
        let address = Address { folder: keys.folder, kind: Kind::Entry, number };
        writes.put(address, &keys.receipts, &codec::encode(&entry))?;
        self.write(writes)?;
        let end = End { count: number, head: entry.digest(&self.chain) };
        self.book.append(relationship, end, at);
        Ok(entry)
    }

    /// Reads the end of each log, and what of it no final anchor covers.
    fn take_up_logs(&mut self) -> Result<(), StoreError> {
        let covered_until = self.anchoring.covered_until();
        let is_covered = |at: UnixMs| covered_until.is_some_and(|(day, taken)| at.day() <= day && at <= taken);
        let mut open: Vec<(PublicKey, u64, Digest, Day)> = Vec::new();
        for keys in self.keys.iter() {
            let Some(last) = self.vault.last(keys.folder, Kind::Entry)? else { continue };
            let mut number = last;
            let mut end = End::default();
            while number > 0 {
                let Some(entry) = self.entry(keys, number)? else { break };
                let digest = entry.digest(&self.chain);
                if number == last {
                    end = End { count: last, head: digest };
                    self.book.pass(entry.body.time);
                }
                if is_covered(entry.body.time) {
                    break;
                }
                open.push((keys.relationship, number, digest, entry.body.time.day()));
                number -= 1;
            }
            self.book.take_up(keys.relationship, end, number);
        }
        for (relationship, number, head, day) in open {
            self.book.open_entry(relationship, number, head, day);
        }
        if let Some((_, taken)) = covered_until {
            self.book.pass(taken.plus_ms(1));
        }
        Ok(())
    }
}

fn decode<T: bincode::Encode + bincode::Decode<()>>(plain: &[u8], bytes_max: usize) -> Result<T, StoreError> {
    codec::decode(plain, bytes_max).map_err(|_not_canonical| StoreError::Damaged)
}

#[cfg(test)]
mod tests;
