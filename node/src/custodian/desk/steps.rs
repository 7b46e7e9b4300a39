//! What became final of a consent, step by step: each of its versions, and its end.
//!
//! The ledger's leaf of a consent has its newest version only. A version that replaces another is kept with the leaf that
//! it replaced ([`Kind::Replaced`]); each of these hashes to the `prev` of the next, so that the steps go down to the
//! first without anybody's word.

use super::patients::FinalConsent;
use super::{Desk, StoreError, decode};
use crate::custodian::key_file::RelationshipKeys;
use crate::custodian::vault::{Address, Kind};
use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::exchange::HeldConsent;
use amanah_ledger::label::Label;
use amanah_ledger::leaf::{ConsentLeaf, ConsentStatus, LEAF_BYTES_MAX};
use amanah_ledger::position::Height;
use std::collections::BTreeMap;

/// Which step of a consent, in the order in which they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepKind {
    /// A version.
    Version(u32),
    /// Its revocation.
    Revocation,
}

/// A step of one of a patient's consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepName {
    /// The consent.
    pub consent: Label,
    /// Which of its steps.
    pub kind: StepKind,
}

/// Which steps of a patient's consents are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// All.
    All,
    /// Those of one consent.
    Of(Label),
    /// One.
    One(StepName),
}

/// What became final of a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The consent.
    pub consent: PublicKey,
    /// What.
    pub became: Became,
}

/// What became final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// A version.
    Version {
        /// Its number.
        version: u32,
        /// The block that made it final; `None` if that was not kept here.
        since: Option<Height>,
        /// Document, salt and certificate; `None` once they were erased, or if they are lost.
        held: Option<Box<HeldConsent>>,
    },
    /// The end, in the block at this height.
    Revoked(Height),
}

/// A part of the steps of a patient's consents: consents in the order of their keys, steps in theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepsPage {
    /// Some of them.
    pub steps: Vec<Step>,
    /// Whether there are more behind the last.
    pub has_more: bool,
}

impl Step {
    /// Its name.
    pub fn name(&self) -> StepName {
        let kind = match &self.became {
            Became::Version { version, .. } => StepKind::Version(*version),
            Became::Revoked(_) => StepKind::Revocation,
        };
        StepName { consent: Label::consent(&self.consent), kind }
    }
}

impl Steps {
    fn have(&self, name: &StepName) -> bool {
        match self {
            Self::All => true,
            Self::Of(consent) => *consent == name.consent,
            Self::One(one) => one == name,
        }
    }
}

impl Desk {
    /// At most `limit` steps of a relationship's consents, behind `after`; none of somebody unknown. What is on its way to
    /// the ledger is no step yet.
    ///
    /// # Errors
    /// When the store fails.
    pub fn steps(
        &self,
        relationship: &PublicKey,
        head: &Tip,
        wanted: &Steps,
        after: Option<&StepName>,
        limit: usize,
    ) -> Result<StepsPage, StoreError> {
        let mut page = StepsPage { steps: Vec::new(), has_more: false };
        let Some(keys) = self.keys.get(relationship) else { return Ok(page) };
        let all = self.final_consents(keys, head)?;
        let is_its = |one: &FinalConsent<'_>, label: &Label| Label::consent(&one.leaf.consent) == *label;
        let begins =
            after.map_or(0, |after| all.iter().position(|one| is_its(one, &after.consent)).unwrap_or(all.len()));
        for one in all.iter().skip(begins) {
            let is_behind =
                |name: &StepName| after.is_none_or(|after| after.consent != name.consent || after.kind < name.kind);
            let is_wanted = |step: &Step| wanted.have(&step.name()) && is_behind(&step.name());
            let room = limit - page.steps.len();
            let mut found: Vec<Step> = steps_of(one.leaf).filter(is_wanted).take(room + 1).collect();
            page.has_more = found.len() > room;
            found.truncate(room);
            self.fill_in(keys, one, &mut found)?;
            page.steps.append(&mut found);
            if page.has_more {
                break;
            }
        }
        Ok(page)
    }

    /// Adds what is kept here about versions.
    fn fill_in(&self, keys: &RelationshipKeys, one: &FinalConsent<'_>, steps: &mut [Step]) -> Result<(), StoreError> {
        if steps.is_empty() {
            return Ok(());
        }
        let leaves = self.leaves(keys, one)?;
        for step in steps {
            let Became::Version { version, since, held } = &mut step.became else { continue };
            let Some(leaf) = leaves.get(version) else { continue };
            *since = Some(leaf.since);
            if let Some(number) = one.numbers.get(&(*version, leaf.commitment)) {
                *held = self.document(keys, *number)?.map(Box::new);
            }
        }
        Ok(())
    }

    /// The leaf that each version made, from the newest down to the first that was not kept.
    fn leaves(
        &self,
        keys: &RelationshipKeys,
        one: &FinalConsent<'_>,
    ) -> Result<BTreeMap<u32, ConsentLeaf>, StoreError> {
        let mut leaves = BTreeMap::new();
        let mut leaf = *one.leaf;
        while let Some(number) = one.numbers.get(&(leaf.version, leaf.commitment)) {
            leaves.insert(leaf.version, leaf);
            let at = Address { folder: keys.folder, kind: Kind::Replaced, number: *number };
            let Some(plain) = self.vault.get(at, &keys.receipts)? else { return Ok(leaves) };
            let replaced: ConsentLeaf = decode(&plain, LEAF_BYTES_MAX)?;
            if replaced.hash() != leaf.prev {
                return Err(StoreError::Damaged);
            }
            leaf = replaced;
        }
        leaves.insert(leaf.version, leaf);
        Ok(leaves)
    }
}

/// The steps of a consent as its newest leaf tells them.
fn steps_of(leaf: &ConsentLeaf) -> impl Iterator<Item = Step> {
    let versions = (1..=leaf.version).map(|version| Became::Version { version, since: None, held: None });
    let end = match leaf.status {
        ConsentStatus::Revoked { height, .. } => Some(Became::Revoked(height)),
        ConsentStatus::Active => None,
    };
    let consent = leaf.consent;
    versions.chain(end).map(move |became| Step { consent, became })
}

#[cfg(test)]
mod tests;
