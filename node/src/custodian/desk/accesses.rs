//! An access by its code `A-…`, and what its answer rested on, for whoever looks into it.
//!
//! Nothing on disk leads from a code to its entry: logs are looked through, in pieces, so that others are served between
//! two of them.

use super::{Desk, StoreError};
use crate::custodian::key_file::RelationshipKeys;
use crate::custodian::vault::Kind;
use amanah_ledger::access::{Event, LogEntry};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::engine::{Considered, Standing};
use amanah_ledger::exchange::{AccessRecord, ConsentThen, Kept, RECORD_CONSENTS_MAX, RECORD_DOCUMENTS_BYTES_MAX};
use amanah_ledger::label::Label;
use amanah_ledger::leaf::ConsentStatus;
use amanah_ledger::position::Height;
use std::collections::BTreeMap;
use std::ops::Bound;

/// Whose logs are looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    /// Everybody's, in the order of their codes.
    All,
    /// This relationship's.
    Of(PublicKey),
}

/// Where a search begins or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the first entry of the first log.
    Start,
    /// Behind entry `number` of the log of this relationship's code.
    Behind {
        /// `P-…`.
        log: Label,
        /// Number of the entry.
        number: u64,
    },
}

/// What a piece of a search has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Here it is.
    Found(Box<LogEntry>),
    /// Not yet; it goes on behind here.
    SoFar {
        /// Whose log.
        relationship: PublicKey,
        /// Number of an entry.
        number: u64,
    },
    /// There is none in these logs.
    Nowhere,
}

impl Desk {
    /// Looks for the decision of this code among the next `entries_max` entries, at least one. A log without entries
    /// counts as one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn look_for_access(
        &self,
        code: &Label,
        logs: Logs,
        place: Place,
        entries_max: usize,
    ) -> Result<Looked, StoreError> {
        let range = match (logs, place) {
            (Logs::Of(relationship), _) => {
                let log = Bound::Included(Label::relationship(&relationship));
                (log, log)
            }
            (Logs::All, Place::Start) => (Bound::Unbounded, Bound::Unbounded),
            (Logs::All, Place::Behind { log, .. }) => (Bound::Included(log), Bound::Unbounded),
        };
        let mut left = entries_max.max(1);
        for (label, relationship) in self.labels.range(range) {
            // Behind the place only in the log that it is in: that one may have been erased meanwhile.
            let looked_at = match place {
                Place::Behind { log, number } if log == *label => number,
                Place::Start | Place::Behind { .. } => 0,
            };
            if left == 0 {
                return Ok(Looked::SoFar { relationship: *relationship, number: looked_at });
            }
            let Some(keys) = self.keys.get(relationship) else { continue };
            let numbers = self.vault.numbers(keys.folder, Kind::Entry, looked_at.saturating_add(1), left)?;
            for number in &numbers {
                let entry = self.entry(keys, *number)?.ok_or(StoreError::Damaged)?;
                let is_decision = matches!(entry.body.event, Event::Decision(_));
                if is_decision && Label::access(&entry.digest(&self.chain)) == *code {
                    return Ok(Looked::Found(Box::new(entry)));
                }
            }
            if let Some(last) = numbers.last().filter(|_| numbers.len() == left) {
                return Ok(Looked::SoFar { relationship: *relationship, number: *last });
            }
            left = left.saturating_sub(numbers.len().max(1));
        }
        Ok(Looked::Nowhere)
    }

    /// A decision of this desk with everything that its answer rested on; `None` if the relationship was forgotten
    /// meanwhile, or the entry is no decision.
    ///
    /// # Errors
    /// When the store fails.
    pub fn access_record(&self, entry: LogEntry, head: &Tip) -> Result<Option<AccessRecord>, StoreError> {
        self.record_within(RECORD_DOCUMENTS_BYTES_MAX, entry, head)
    }

    /// The record, with documents of at most `bytes_max` together.
    pub(crate) fn record_within(
        &self,
        bytes_max: usize,
        entry: LogEntry,
        head: &Tip,
    ) -> Result<Option<AccessRecord>, StoreError> {
        let Some(keys) = self.keys.get(&entry.body.relationship) else { return Ok(None) };
        let Event::Decision(receipt) = &entry.body.event else { return Ok(None) };
        let mut stood = receipt.considered.clone().into_vec();
        stood.extend(self.ended_by(keys, receipt.height, head)?);
        let numbers: BTreeMap<(PublicKey, u32, Digest), u64> = self
            .consent_records(keys)?
            .into_iter()
            .map(|(number, record)| ((record.consent, record.version, record.commitment), number))
            .collect();
        let mut left = bytes_max;
        let mut consents = Vec::new();
        for stood in stood {
            let number = numbers.get(&(stood.consent, stood.version, stood.commitment));
            let held = number.map_or(Ok(None), |number| self.document(keys, *number))?;
            let document = match held {
                None => Kept::Gone,
                Some(held) => match left.checked_sub(codec::encode(&held).len()) {
                    Some(rest) => {
                        left = rest;
                        Kept::Held(Box::new(held))
                    }
                    None => Kept::LeftOut,
                },
            };
            consents.push(ConsentThen { stood, document });
        }
        let consents: BoundedVec<ConsentThen, RECORD_CONSENTS_MAX> =
            BoundedVec::try_from(consents).expect("a receipt names no more, and no more are kept of one relationship");
        Ok(Some(AccessRecord { entry, consents }))
    }

    /// The consents of a relationship that had ended by `height`: why an answer says that one was revoked, and what it
    /// had replaced before.
    fn ended_by(&self, keys: &RelationshipKeys, height: Height, head: &Tip) -> Result<Vec<Considered>, StoreError> {
        let all = self.final_versions(keys, head)?;
        let ended = all.into_iter().filter(|(leaf, _)| match leaf.status {
            ConsentStatus::Active => false,
            ConsentStatus::Revoked { height: ended, .. } => ended <= height,
        });
        let stood = ended.map(|(leaf, _)| Considered {
            consent: leaf.consent,
            version: leaf.version,
            commitment: leaf.commitment,
            standing: Standing::Revoked,
        });
        Ok(stood.collect())
    }
}
