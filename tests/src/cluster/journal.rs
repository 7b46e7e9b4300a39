//! What patients were promised, to be held against what stands in the end.

use amanah_ledger::crypto::PublicKey;
use amanah_ledger::position::Height;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything that was acknowledged to the patients of one cluster.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Inner>);

/// The entries.
#[derive(Debug, Default)]
pub struct Inner {
    /// Every consent that was ever sent.
    pub consents: BTreeMap<PublicKey, ConsentPromises>,
    /// Every decision that was answered.
    pub decisions: Vec<DecisionPromise>,
    /// What contradicted a promise while it happened.
    pub violations: Vec<String>,
}

/// What was promised about one consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPromises {
    /// Number of the hospital that keeps it.
    pub custodian: usize,
    /// How far its beginning is.
    pub granted: Promise,
    /// How far its end is.
    pub revoked: Promise,
}

/// How far an act is, as far as the patient was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Never asked for.
    None,
    /// Asked for, and not answered: it may come about or not.
    Asked,
    /// Taken over by this hospital: it will become final.
    Accepted(usize),
    /// Final at this height.
    Final(Height),
}

/// A decision that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionPromise {
    /// Number of the hospital.
    pub custodian: usize,
    /// Whose records.
    pub relationship: PublicKey,
    /// `A-…`.
    pub access: String,
}

impl Journal {
    /// Everything so far.
    pub fn look(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A consent leaves the wallet.
    pub fn asked(&self, consent: PublicKey, custodian: usize) {
        let promises = ConsentPromises { custodian, granted: Promise::Asked, revoked: Promise::None };
        self.look().consents.insert(consent, promises);
    }

    /// The beginning of a consent is now so far.
    pub fn granted(&self, consent: &PublicKey, promise: Promise) {
        if let Some(known) = self.look().consents.get_mut(consent) {
            known.granted = promise;
        }
    }

    /// The end of a consent is now so far.
    pub fn revoked(&self, consent: &PublicKey, promise: Promise) {
        if let Some(known) = self.look().consents.get_mut(consent) {
            known.revoked = promise;
        }
    }

    /// A decision was answered.
    pub fn decided(&self, decision: DecisionPromise) {
        self.look().decisions.push(decision);
    }

    /// Something contradicts a promise.
    pub fn violated(&self, what: String) {
        self.look().violations.push(what);
    }
}

impl Inner {
    /// Acts that patients were told are final, and decisions they can hold against the hospital.
    pub fn acknowledged(&self) -> u64 {
        let is_final = |promise: &Promise| u64::from(matches!(promise, Promise::Final(_)));
        let acts: u64 = self.consents.values().map(|c| is_final(&c.granted) + is_final(&c.revoked)).sum();
        acts + self.decisions.len() as u64
    }
}
