//! What a wallet reads of its own: its log, the proofs of its days, its acceptance, its consents.

use super::{Desk, StoreError, decode};
use crate::custodian::vault::{Address, Kind, Writes};
use amanah_ledger::access::day_tree::DayProof;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Ed25519, PublicKey};
use amanah_ledger::exchange::{
    DayQuery, GRANT_REQUEST_BYTES_MAX, HELD_CONSENTS_MAX, HeldConsent, HeldConsents, LOG_PAGE_ENTRIES_MAX, LogPage,
    MESSAGE_BYTES_MAX, SignedAcceptance,
};

/// Longest page of a log or of consents; at least one entry is on it.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// Why something of one's own cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not linked.
    #[error("the relationship is not linked")]
    NotLinked,
    /// Not a root this custodian anchored and still serves.
    #[error("no tree with that root is served")]
    RootUnknown,
}

/// Why an acceptance is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// Not linked.
    #[error("the relationship is not linked")]
    NotLinked,
    /// It does not accept this log's first entry.
    #[error("the acceptance does not fit the log's first entry")]
    Differs,
}

impl Desk {
    /// Entries of a log from number `from` on.
    ///
    /// # Errors
    /// Fails when the store does; refuses who is not linked.
    pub fn log(&self, relationship: &PublicKey, from: u64) -> Result<Result<LogPage, LogError>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(Err(LogError::NotLinked)) };
        let numbers = self.vault.numbers(keys.folder, Kind::Entry, from, LOG_PAGE_ENTRIES_MAX)?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for number in numbers {
            let entry = self.entry(keys, number)?.ok_or(StoreError::Damaged)?;
            bytes += codec::encode(&entry).len();
            if bytes > PAGE_BYTES_MAX && !entries.is_empty() {
                break;
            }
            entries.push(entry);
        }
        let entries = BoundedVec::try_from(entries).expect("no more numbers were listed");
        Ok(Ok(LogPage { total: self.book.end(relationship).count, entries }))
    }

    /// What the access trees of these days say about a relationship.
    ///
    /// # Errors
    /// Fails when the store does; refuses who is not linked, and roots that are not served.
    pub fn days(
        &mut self,
        relationship: &PublicKey,
        queries: &[DayQuery],
    ) -> Result<Result<Vec<DayProof>, LogError>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(Err(LogError::NotLinked)) };
        let log_key = keys.log_key();
        let mut proofs = Vec::with_capacity(queries.len());
        for DayQuery { day, root } in queries {
            let Some(proof) = self.anchoring.prove(*day, root, &log_key)? else {
                return Ok(Err(LogError::RootUnknown));
            };
            proofs.push(proof);
        }
        Ok(Ok(proofs))
    }

    /// Keeps the wallet's word that the log's first entry is right. A second one changes nothing.
    ///
    /// # Errors
    /// Fails when the store does; refuses what does not fit the first entry.
    pub fn accept(&mut self, acceptance: &SignedAcceptance) -> Result<Result<(), AcceptError>, StoreError> {
        let Some(keys) = self.keys.get(&acceptance.relationship) else { return Ok(Err(AcceptError::NotLinked)) };
        let first = self.entry(keys, 1)?.ok_or(StoreError::Damaged)?;
        if acceptance.verify(&self.chain, &first, &Ed25519).is_err() {
            return Ok(Err(AcceptError::Differs));
        }
        let mut writes = Writes::default();
        let at = Address { folder: keys.folder, kind: Kind::Acceptance, number: 1 };
        writes.put(at, &keys.receipts, &codec::encode(acceptance))?;
        self.write(writes)?;
        Ok(Ok(()))
    }

    /// The wallet's word about its log's first entry, if it gave it.
    ///
    /// # Errors
    /// Fails when the store does.
    pub fn acceptance(&self, relationship: &PublicKey) -> Result<Option<SignedAcceptance>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(None) };
        let at = Address { folder: keys.folder, kind: Kind::Acceptance, number: 1 };
        match self.vault.get(at, &keys.receipts)? {
            Some(plain) => decode(&plain, MESSAGE_BYTES_MAX).map(Some),
            None => Ok(None),
        }
    }

    /// The documents a custodian holds for a relationship, all versions, by consent and version. Documents that were
    /// erased are left out.
    ///
    /// # Errors
    /// Fails when the store does; refuses who is not linked.
    pub fn held_consents(&self, relationship: &PublicKey) -> Result<Result<HeldConsents, LogError>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(Err(LogError::NotLinked)) };
        let mut held: Vec<HeldConsent> = Vec::new();
        for number in self.vault.numbers(keys.folder, Kind::Document, 0, HELD_CONSENTS_MAX)? {
            held.extend(self.document(keys, number)?);
        }
        held.sort_by_key(|held| (held.document.consent, held.document.version));
        Ok(Ok(BoundedVec::try_from(held).expect("no more numbers were listed")))
    }

    /// Document number `number`, unless it is missing, does not open, or its key was erased.
    pub(super) fn document(
        &self,
        keys: &crate::custodian::key_file::RelationshipKeys,
        number: u64,
    ) -> Result<Option<HeldConsent>, StoreError> {
        let Some(key) = &keys.documents else { return Ok(None) };
        let at = Address { folder: keys.folder, kind: Kind::Document, number };
        match self.vault.get(at, key) {
            Ok(Some(plain)) => decode(&plain, GRANT_REQUEST_BYTES_MAX).map(Some),
            // A document that does not open is a missing document: decisions fail closed on it.
            Ok(None) | Err(crate::custodian::VaultError::DoesNotOpen(_)) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}
