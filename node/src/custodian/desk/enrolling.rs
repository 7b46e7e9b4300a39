//! How a relationship begins: a wallet shows its key, staff see the person, the two are linked.

use super::{Desk, Dirty, StoreError};
use crate::custodian::key_file::{Mrn, RELATIONSHIPS_MAX, RelationshipKeys};
use crate::custodian::open_enrolments::{Code, CodeError, OpenError};
use crate::custodian::sealing::SecretKey;
use crate::custodian::vault::FolderId;
use amanah_ledger::access::Event;
use amanah_ledger::access::entry::{EnrolmentEntry, Proofing};
use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::derive::LogKey;
use amanah_ledger::exchange::Enrolment;
use amanah_ledger::label::Label;
use amanah_ledger::time::UnixMs;
use std::ops::Bound;

/// Why an enrolment is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// Linked before.
    #[error("the relationship is linked already")]
    AlreadyLinked,
    /// No code can be given out.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a relationship is not linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The code opens nothing.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The number is linked to another relationship.
    #[error("the medical record number is linked already")]
    MrnLinked,
    /// [`RELATIONSHIPS_MAX`] are kept.
    #[error("this hospital keeps as many relationships as it can")]
    Full,
}

/// What a wallet learns about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Me {
    /// Staff have linked it.
    Linked,
    /// Its code waits for staff.
    Waiting,
}

impl Desk {
    /// Opens an enrolment whose signature holds; the code lasts ten minutes.
    ///
    /// # Errors
    /// When the relationship is linked already or too many wait.
    pub fn enrol(&mut self, clock: UnixMs, enrolment: Enrolment) -> Result<(Code, UnixMs), EnrolError> {
        let relationship = enrolment.relationship;
        if self.keys.get(&relationship).is_some() {
            return Err(EnrolError::AlreadyLinked);
        }
        Ok(self.enrolments.open(clock, relationship, enrolment)?)
    }

    /// Links the relationship behind `code` to the patient behind `mrn`, and begins its access log.
    ///
    /// # Errors
    /// Fails when the store does; refuses when code or number are not free.
    pub fn link(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        mrn: Mrn,
        code: Code,
    ) -> Result<Result<PublicKey, LinkError>, StoreError> {
        let (relationship, enrolment) = match self.enrolments.check(clock, code) {
            Ok((relationship, enrolment)) => (relationship, enrolment.clone()),
            Err(e) => return Ok(Err(e.into())),
        };
        if self.keys.of_mrn(&mrn).is_some() {
            return Ok(Err(LinkError::MrnLinked));
        }
        if self.keys.len() >= RELATIONSHIPS_MAX {
            return Ok(Err(LinkError::Full));
        }
        let keys = RelationshipKeys {
            relationship,
            generation: enrolment.generation,
            mrn,
            folder: FolderId::generate()?,
            documents: Some(SecretKey::generate()?),
            receipts: SecretKey::generate()?,
            log: SecretKey::from_bytes(enrolment.log_key),
        };
        let event = Event::Enrolment(EnrolmentEntry {
            log_key: LogKey::new(enrolment.log_key).digest(),
            generation: enrolment.generation,
            proofing: Proofing::InPerson,
        });
        let at = self.time(clock, head);
        self.append(&keys, at, event)?;
        self.keys.insert(keys);
        self.labels.insert(Label::relationship(&relationship), relationship);
        self.dirty = Dirty::VaultAndKeys;
        self.enrolments.close(&relationship);
        Ok(Ok(relationship))
    }

    /// Where a relationship stands here; `None` if it is not known.
    pub fn me(&self, clock: UnixMs, relationship: &PublicKey) -> Option<Me> {
        if self.keys.get(relationship).is_some() {
            return Some(Me::Linked);
        }
        self.enrolments.get(clock, relationship).map(|_| Me::Waiting)
    }

    /// The codes of at most `count` linked relationships, in their order, behind `after`.
    pub fn labels_behind(&self, after: Option<&Label>, count: usize) -> Vec<Label> {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.labels.range((behind, Bound::Unbounded)).map(|(label, _)| *label).take(count).collect()
    }
}
