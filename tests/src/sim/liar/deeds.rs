//! How often each adversary managed to do its thing: one that never did tests nothing.

use super::Adversary;
use std::collections::BTreeMap;

/// Counts by adversary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deeds(BTreeMap<Adversary, u64>);

impl Deeds {
    /// One more.
    pub(super) fn did(&mut self, adversary: Adversary) {
        *self.0.entry(adversary).or_default() += 1;
    }

    /// How often this one did it.
    pub fn of(&self, adversary: Adversary) -> u64 {
        self.0.get(&adversary).copied().unwrap_or(0)
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (adversary, times) in &other.0 {
            *self.0.entry(*adversary).or_default() += times;
        }
    }
}
