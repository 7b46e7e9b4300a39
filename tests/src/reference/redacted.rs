//! Step 9: "if a requested type itself is redacted -> DENY".
//!
//! What is redacted are the codes that a refusal names, and such a list knows no AND: a refusal of observations of one
//! year, or of one label, names observations as much as a refusal of all of them. So a kind that is asked for and named
//! is denied, though a part of it may be permitted to those who ask without naming it.

use super::asking::Asking;
use super::context::Case;
use super::tree::Word;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Class, Consent, ConsentRoot, Data, Record, Rule};
use amanah_ledger::vocabulary::Coding;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds that the refusals of consents name, each with the consents that do.
#[derive(Debug, Clone, Default)]
pub struct NamedKinds(BTreeMap<Coding, BTreeSet<usize>>);

impl NamedKinds {
    /// Adds what is named by the refusals that hold for a record which a query may find: those that the engine of
    /// step 4 looks at, which may be about this exchange and this record, and which nothing below them lifts for it. A
    /// refusal that is lifted for all that it is about holds for none, and names nothing.
    pub fn add(&mut self, asking: &Asking<'_>, record: &Record) {
        for (place, case, consent) in asking.heard(record) {
            for kind in case.kinds_refused(consent) {
                self.0.entry(kind).or_default().insert(place);
            }
        }
    }

    /// The consents because of which a kind that is asked for is denied: it is named, or it is a category and each type
    /// that can be in it is.
    pub fn denying(&self, kind: &Coding) -> BTreeSet<usize> {
        let by = |kind: &Coding| self.0.get(kind).cloned().unwrap_or_default();
        let types: Vec<BTreeSet<usize>> =
            Table::NEWEST.types_of(kind).into_iter().map(|of| by(&Coding::resource_type(of))).collect();
        let mut all = by(kind);
        if types.iter().all(|of| !of.is_empty()) {
            all.extend(types.into_iter().flatten());
        }
        all
    }
}

/// Whether any refusal of a consent names a kind at all, whatever it is about: if not, no record needs a look.
pub fn names_kinds(consent: &Consent) -> bool {
    let root = match &consent.root {
        ConsentRoot::Rule(root) => refuses_kinds(root),
        ConsentRoot::Decision(_) => false,
    };
    root || consent.rules.iter().any(refuses_kinds)
}

fn refuses_kinds(rule: &Rule) -> bool {
    (rule.effect == Effect::Deny && kinds(&rule.data).next().is_some()) || rule.exceptions.iter().any(refuses_kinds)
}

/// The kinds that data names: the category where one stands, as it is what narrows its kind.
fn kinds(data: &Data) -> impl Iterator<Item = Coding> {
    let name = |class: &Class| class.category.clone().unwrap_or_else(|| class.of.clone());
    data.classes.iter().map(name).chain(data.documents.iter().cloned())
}

impl Case<'_> {
    /// The kinds that are named by those refusals of a consent that hold for this record.
    fn kinds_refused(&self, consent: &Consent) -> BTreeSet<Coding> {
        let mut all = BTreeSet::new();
        self.add_refused(&consent.rules, &mut all);
        match &consent.root {
            ConsentRoot::Rule(root) if root.effect == Effect::Deny => {
                if matches!(self.says(consent), Word::Deny { .. }) && self.rules(&consent.rules).is_none() {
                    all.extend(kinds(&root.data));
                }
            }
            ConsentRoot::Rule(_) | ConsentRoot::Decision(_) => {}
        }
        all
    }

    fn add_refused(&self, rules: &[Rule], all: &mut BTreeSet<Coding>) {
        for rule in rules.iter().filter(|rule| self.fits(rule)) {
            if rule.effect == Effect::Deny && matches!(self.rule(rule), Word::Deny { .. }) {
                all.extend(kinds(&rule.data));
            }
            self.add_refused(&rule.exceptions, all);
        }
    }
}
