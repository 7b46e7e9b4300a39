//! A patient and their consents as the hospital's own systems ask for them: by any of the patient's names, and as of now.

use super::{Desk, StoreError};
use crate::custodian::key_file::{Mrn, RelationshipKeys};
use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::exchange::HeldConsent;
use amanah_ledger::label::{Label, LabelPrefix};
use amanah_ledger::leaf::ConsentLeaf;
use amanah_ledger::position::Height;
use std::collections::BTreeMap;

/// What the hospital calls a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatientName {
    /// `P-…`, or a part of it from its start that no other code begins with.
    Code(LabelPrefix),
    /// The relationship's key.
    Key(PublicKey),
    /// The hospital's record number.
    Number(Mrn),
}

/// A consent as the ledger has it now, with its document if it is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentNow {
    /// Its key.
    pub consent: PublicKey,
    /// Its newest version that is final.
    pub version: u32,
    /// The block that made this version final.
    pub since: Height,
    /// Whether it has been ended: a revocation of it is final, or on its way from here.
    pub is_ended: bool,
    /// Document, salt and certificate; `None` once they were erased, or if they are lost.
    pub held: Option<HeldConsent>,
}

/// A part of a patient's consents, in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentsPage {
    /// Some of them.
    pub consents: Vec<ConsentNow>,
    /// Whether there are more behind the last.
    pub has_more: bool,
}

/// A consent that is final, and where its versions lie here.
pub(super) struct FinalConsent<'a> {
    pub(super) leaf: &'a ConsentLeaf,
    /// By version and commitment: a version that failed and was signed again is held twice, and the commitment tells which
    /// the ledger means.
    pub(super) numbers: BTreeMap<(u32, Digest), u64>,
}

impl Desk {
    /// Whose name this is; `None` if nobody's.
    pub fn patient(&self, name: &PatientName) -> Option<PublicKey> {
        match name {
            PatientName::Code(code) => self.find(code).ok(),
            PatientName::Key(key) => self.keys.get(key).map(|keys| keys.relationship),
            PatientName::Number(number) => self.keys.of_mrn(number).copied(),
        }
    }

    /// Whose whole code this is; `None` if nobody's.
    pub fn patient_of(&self, code: &Label) -> Option<PublicKey> {
        self.labels.get(code).copied()
    }

    /// At most `limit` consents of a relationship that are final, behind `after`; none of somebody unknown. What is on
    /// its way to the ledger is no consent yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn consents_now(
        &self,
        relationship: &PublicKey,
        head: &Tip,
        after: Option<&Label>,
        limit: usize,
    ) -> Result<ConsentsPage, StoreError> {
        let Some(keys) = self.keys.get(relationship) else {
            return Ok(ConsentsPage { consents: Vec::new(), has_more: false });
        };
        let all = self.final_versions(keys, head)?;
        let begins = after.map_or(0, |after| {
            all.iter().position(|(leaf, _)| Label::consent(&leaf.consent) == *after).map_or(all.len(), |at| at + 1)
        });
        let rest = all.get(begins..).unwrap_or_default();
        let consents = rest.iter().take(limit).map(|(leaf, number)| self.consent_now(keys, leaf, *number));
        Ok(ConsentsPage { consents: consents.collect::<Result<_, _>>()?, has_more: rest.len() > limit })
    }

    /// One consent of a relationship by its code, if it is final.
    ///
    /// # Errors
    /// When the store fails.
    pub fn consent_of(
        &self,
        relationship: &PublicKey,
        head: &Tip,
        code: &Label,
    ) -> Result<Option<ConsentNow>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(None) };
        let all = self.final_versions(keys, head)?;
        let found = all.into_iter().find(|(leaf, _)| Label::consent(&leaf.consent) == *code);
        found.map(|(leaf, number)| self.consent_now(keys, leaf, number)).transpose()
    }

    fn consent_now(
        &self,
        keys: &RelationshipKeys,
        leaf: &ConsentLeaf,
        number: Option<u64>,
    ) -> Result<ConsentNow, StoreError> {
        let held = number.map_or(Ok(None), |number| self.document(keys, number))?;
        Ok(ConsentNow {
            consent: leaf.consent,
            version: leaf.version,
            since: leaf.since,
            is_ended: !leaf.is_active() || self.revocations.is_pending(&leaf.consent),
            held,
        })
    }

    /// The consents of a relationship that are on the ledger, in the order of their keys, each with the number under
    /// which the document of just that version lies here.
    pub(super) fn final_versions<'a>(
        &self,
        keys: &RelationshipKeys,
        head: &'a Tip,
    ) -> Result<Vec<(&'a ConsentLeaf, Option<u64>)>, StoreError> {
        let all = self.final_consents(keys, head)?;
        let newest = |one: &FinalConsent<'_>| one.numbers.get(&(one.leaf.version, one.leaf.commitment)).copied();
        Ok(all.iter().map(|one| (one.leaf, newest(one))).collect())
    }

    /// The consents of a relationship that are on the ledger, in the order of their keys.
    pub(super) fn final_consents<'a>(
        &self,
        keys: &RelationshipKeys,
        head: &'a Tip,
    ) -> Result<Vec<FinalConsent<'a>>, StoreError> {
        let mut all: BTreeMap<PublicKey, BTreeMap<(u32, Digest), u64>> = BTreeMap::new();
        for (number, record) in self.consent_records(keys)? {
            all.entry(record.consent).or_default().insert((record.version, record.commitment), number);
        }
        let is_granted_here = |leaf: &ConsentLeaf| leaf.version > 0 && leaf.custodian == self.setup.member;
        let stands = |(consent, numbers)| {
            let leaf = head.state().consent(&consent).filter(|leaf| is_granted_here(leaf))?;
            Some(FinalConsent { leaf, numbers })
        };
        Ok(all.into_iter().filter_map(stands).collect())
    }
}
