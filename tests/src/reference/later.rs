//! Step 9: labels that only newer tables know.

use super::applicable::Stand;
use super::asking::Asking;
use super::words::Table;
use amanah_ledger::vocabulary::Coding;
use std::collections::{BTreeMap, BTreeSet};

impl Asking<'_> {
    /// Labels that a consent takes for any as its older table does not know them: records that have them may be found,
    /// and are refused by it more than others ("what is not known helps no permit and meets every refusal").
    ///
    /// Almost all can be left out by name. Those are here that may not be: they cover a label that is named, so that
    /// what has that one would be left out as well, or a named label could be any itself. Of those that stand alike to
    /// the labels that are named one is enough.
    pub(super) fn later_labels(&self) -> BTreeSet<Coding> {
        let named = self.named().labels;
        let like = |one: &Coding, other: &Coding| Table::NEWEST.sensitivity_fits(one, other);
        let is_hard = |one: &Coding| named.iter().any(|label| Table::NEWEST.could_be_any(label) || like(one, label));
        let place = |one: &Coding| -> Vec<(bool, bool)> {
            named.iter().map(|label| (like(label, one), like(one, label))).collect()
        };
        let heard = self.pair.consents.iter().zip(self.stands).filter(|(_, stand)| **stand == Stand::Applies);
        let later = heard.flat_map(|(consent, _)| Table::of(consent.vocabulary).later_labels());
        let hard = later.filter(|one| !named.contains(one) && is_hard(one));
        let one_each: BTreeMap<Vec<(bool, bool)>, Coding> = hard.map(|one| (place(&one), one)).collect();
        one_each.into_values().collect()
    }
}
