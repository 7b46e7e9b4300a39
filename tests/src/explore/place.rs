//! A place: everything about one honest member that decides what can come next, and what it has ever said.

use super::bits::{Contents, Offers};
use amanah_consensus::Machine;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// What surrounds the machine of a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Core {
    /// Contents it ever voted for, lives before a crash included.
    pub(crate) said: Contents,
    /// Proposals it issued.
    pub(crate) proposed: Offers,
    /// Members that it proved to have contradicted themselves, a bit each.
    pub(crate) accused: u8,
    /// Blocks it ever called final, by height from 1.
    pub(crate) finals: Vec<u8>,
    /// How many of them its store holds.
    pub(crate) stored: u8,
    /// The Finalization that its store holds for the last of them, as a record; kept while it can crash.
    pub(crate) finalization: Option<u16>,
    /// Its vote log; `None` once it cannot crash any more.
    pub(crate) log: Option<Log>,
    /// Whether its transactions came.
    pub(crate) is_supplied: bool,
    /// What ended its way.
    pub(crate) fault: Option<Fault>,
}

impl Core {
    /// It broke a promise, which outweighs an alarm.
    pub(crate) fn breaks(&mut self, promise: String) {
        self.fault = Some(Fault::Promise(promise));
    }
}

/// What must not happen to a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// It stopped because certificates exclude each other or what is invalid: more lie than the protocol bears.
    Alarm(String),
    /// It broke a promise all by itself.
    Promise(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alarm(alarm) => write!(f, "alarm: {alarm}"),
            Self::Promise(broken) => f.write_str(broken),
        }
    }
}

/// A vote log as two sets of records; the order of records says nothing to a restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Log {
    /// Records behind a sync, ascending.
    pub(crate) durable: Vec<u16>,
    /// Records that a crash may lose, ascending.
    pub(crate) tail: Vec<u16>,
}

impl Log {
    pub(crate) fn write(&mut self, records: impl IntoIterator<Item = u16>, is_synced: bool) {
        self.tail.extend(records);
        if is_synced {
            self.durable.append(&mut self.tail);
            self.durable.sort_unstable();
            self.durable.dedup();
        }
        self.tail.sort_unstable();
        self.tail.dedup();
    }
}

/// Two hashes at once: 128 bits.
struct Wide(DefaultHasher, DefaultHasher);

impl Hasher for Wide {
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
        self.1.write(bytes);
    }
    fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl Wide {
    fn new() -> Self {
        let mut other = DefaultHasher::new();
        other.write_u8(1);
        Self(DefaultHasher::new(), other)
    }
    fn name(&self) -> u128 {
        u128::from(self.0.finish()) << 64 | u128::from(self.1.finish())
    }
}

/// The name of the state of a machine.
pub(crate) fn machine_name(machine: &Machine) -> u128 {
    let mut wide = Wide::new();
    machine.fingerprint(&mut wide);
    wide.name()
}

/// The name of a place.
pub(crate) fn place_name(machine: u128, core: &Core) -> u128 {
    let mut wide = Wide::new();
    machine.hash(&mut wide);
    core.hash(&mut wide);
    wide.name()
}
