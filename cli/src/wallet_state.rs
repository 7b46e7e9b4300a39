//! What a wallet remembers beside its seed: relationships, consents, how far each log was verified. Sealed on disk.
//!
//! The file is canonical bytes under a key derived from the seed, so it says nothing to whoever finds it. It is
//! replaced whole. What it holds can be brought back from the 24 words and the custodians.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::keystore::Seed;
use crate::sealed_file::Seal;
use amanah_ledger::access::{LogEntry, Position};
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::document::ConsentDocument;
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Height;
use amanah_ledger::time::{Day, UnixMs};
use bincode::{Decode, Encode};
use std::path::Path;
use zeroize::Zeroizing;

/// Format that this program writes and reads.
const FORMAT: u16 = 1;
/// Longest state: 1024 consents with documents of usual size fit many times.
const STATE_BYTES_MAX: usize = codec::BYTES_MAX;
/// Most hospitals of one wallet.
const RELATIONSHIPS_MAX: usize = 64;
/// Most consents of one wallet.
const CONSENTS_MAX: usize = 4096;
/// Most entries of a log that are remembered before an anchor covers them.
pub(crate) const HELD_MAX: usize = 1024;
const FORMAT_BYTES: [u8; 2] = FORMAT.to_le_bytes();
const KEY_CONTEXT: &str = "amanah wallet state file v1";

/// One hospital and what is between it and this wallet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Relationship {
    pub(crate) custodian: MemberId,
    pub(crate) generation: u32,
    /// Index of the next consent.
    pub(crate) next_index: u32,
    /// Whether entry 1 of the log has been accepted.
    pub(crate) accepted: bool,
    /// How far the log has been verified.
    pub(crate) position: Position,
    /// Signed entries behind it that no anchor covered yet: promises that a later log must keep.
    pub(crate) held: BoundedVec<LogEntry, HELD_MAX>,
}

/// How far a consent has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Phase {
    /// Signed; perhaps sent; not seen final. No other item of this version is signed before `submit_by` has passed.
    Pending {
        /// Last block time at which it may become final.
        submit_by: UnixMs,
    },
    /// The custodian refused it.
    Refused {
        /// Last block time at which it may become final all the same.
        submit_by: UnixMs,
    },
    /// In force from this height on.
    Granted {
        /// That height.
        height: Height,
    },
    /// Over from this height on.
    Revoked {
        /// That height.
        height: Height,
    },
}

/// One consent that this wallet signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Consent {
    pub(crate) consent: PublicKey,
    pub(crate) custodian: MemberId,
    pub(crate) index: u32,
    pub(crate) commitment: Digest,
    pub(crate) document: ConsentDocument,
    pub(crate) phase: Phase,
}

/// Everything a wallet remembers about one network.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(crate) struct WalletState {
    format: u16,
    pub(crate) chain: Digest,
    pub(crate) relationships: BoundedVec<Relationship, RELATIONSHIPS_MAX>,
    pub(crate) consents: BoundedVec<Consent, CONSENTS_MAX>,
}

impl Relationship {
    /// A relationship whose log was surely empty on `day`.
    pub(crate) fn new(custodian: MemberId, day: Day) -> Self {
        let (position, held) = (Position::start(day), BoundedVec::new());
        Self { custodian, generation: 0, next_index: 0, accepted: false, position, held }
    }
}

impl WalletState {
    /// Nothing yet.
    pub(crate) fn new(chain: Digest) -> Self {
        Self { format: FORMAT, chain, relationships: BoundedVec::new(), consents: BoundedVec::new() }
    }

    /// Reads the state sealed under `seed`; `None` if there is none yet.
    pub(crate) fn read(path: &Path, seed: &Seed) -> Fallible<Option<Self>> {
        let Some(opened) = seal(seed).read(path, STATE_BYTES_MAX as u64)? else { return Ok(None) };
        let state: Self = codec::decode(&opened, STATE_BYTES_MAX).map_err(|why| Failure::damaged(path, why))?;
        if state.format == FORMAT { Ok(Some(state)) } else { Err(Failure::damaged(path, "another format")) }
    }

    /// Seals the state into `path`, in place of what is there.
    pub(crate) fn write(&self, path: &Path, seed: &Seed) -> Fallible<()> {
        seal(seed).write(path, &Zeroizing::new(codec::encode(self)))
    }

    /// What is between this wallet and `custodian`.
    pub(crate) fn relationship(&self, custodian: &MemberId) -> Option<&Relationship> {
        self.relationships.iter().find(|r| r.custodian == *custodian)
    }

    /// Adds or replaces the relationship with its custodian.
    pub(crate) fn put_relationship(&mut self, relationship: Relationship) -> Fallible<()> {
        let mut all = std::mem::take(&mut self.relationships).into_vec();
        all.retain(|r| r.custodian != relationship.custodian);
        all.push(relationship);
        all.sort_by_key(|r| r.custodian);
        self.relationships = BoundedVec::try_from(all).map_err(|e| full("relationships", e.max))?;
        Ok(())
    }

    /// Adds or replaces a consent.
    pub(crate) fn put_consent(&mut self, consent: Consent) -> Fallible<()> {
        let mut all = std::mem::take(&mut self.consents).into_vec();
        match all.iter_mut().find(|c| c.consent == consent.consent) {
            Some(known) => *known = consent,
            None => all.push(consent),
        }
        self.consents = BoundedVec::try_from(all).map_err(|e| full("consents", e.max))?;
        Ok(())
    }

    /// Takes note of how far a consent has come.
    pub(crate) fn set_phase(&mut self, consent: &PublicKey, phase: Phase) -> Fallible<()> {
        match self.consents.iter().find(|c| c.consent == *consent).cloned() {
            Some(known) => self.put_consent(Consent { phase, ..known }),
            None => Ok(()),
        }
    }
}

fn seal(seed: &Seed) -> Seal<'static> {
    Seal::new(seed, KEY_CONTEXT, &FORMAT_BYTES)
}

fn full(what: &str, max: usize) -> Box<Failure> {
    Failure::new(
        Exit::Failed,
        118,
        format!("a wallet holds at most {max} {what}"),
        "make a second wallet: amanah wallet new NAME",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::private_file::{self, Existing};

    fn relationship(byte: u8, next_index: u32) -> Relationship {
        Relationship {
            custodian: MemberId(Digest([byte; 32])),
            generation: 0,
            next_index,
            accepted: true,
            position: Position::start(amanah_ledger::time::Day(20_000)),
            held: BoundedVec::new(),
        }
    }

    #[test]
    fn the_state_opens_with_its_own_seed_only_and_says_nothing_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (mine, other) = (Zeroizing::new([1; 32]), Zeroizing::new([2; 32]));
        assert_eq!(WalletState::read(&path, &mine).unwrap(), None);
        let mut state = WalletState::new(Digest([9; 32]));
        state.put_relationship(relationship(7, 3)).unwrap();
        state.write(&path, &mine).unwrap();
        assert_eq!(WalletState::read(&path, &mine).unwrap(), Some(state.clone()));
        assert!(WalletState::read(&path, &other).is_err());
        let mut bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(32).any(|w| w == [7; 32]), "a custodian's id stands in the file");
        *bytes.last_mut().unwrap() ^= 1;
        private_file::write(&path, &bytes, Existing::Replace).unwrap();
        assert!(WalletState::read(&path, &mine).is_err());
    }

    #[test]
    fn a_relationship_is_replaced_not_doubled() {
        let mut state = WalletState::new(Digest::ZERO);
        state.put_relationship(relationship(7, 3)).unwrap();
        state.put_relationship(relationship(5, 1)).unwrap();
        state.put_relationship(relationship(7, 4)).unwrap();
        assert_eq!(state.relationships.len(), 2);
        assert_eq!(state.relationship(&MemberId(Digest([7; 32]))).unwrap().next_index, 4);
    }
}
