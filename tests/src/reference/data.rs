//! Step 3: whether a rule is about this data.

use super::context::{Case, share};
use super::fit::Fit;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Class, Identifiers, Records, Rule, Span};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

fn unless_unstated<T>(fact: Option<&T>, fits: impl Fn(&T) -> bool) -> Fit {
    fact.map_or(Fit::Unstated, |fact| Fit::of(fits(fact)))
}

impl Case<'_> {
    /// DATA(rule, item): AND over what is present; nothing present is the whole record.
    pub fn data(&self, rule: &Rule) -> bool {
        let data = &rule.data;
        let mut parts = Vec::new();
        if !data.labels.is_empty() {
            parts.push(Fit::of(data.labels.iter().any(|label| self.label(label, rule.effect))));
        }
        if !data.except_labels.is_empty() {
            parts.push(Fit::of(!data.except_labels.iter().any(|label| self.label(label, Effect::Deny))));
        }
        if let Some(period) = data.period {
            parts.push(unless_unstated(self.record.date.as_ref(), |date| match rule.effect {
                Effect::Permit => lies_in(*date, period),
                Effect::Deny => meets(*date, period),
            }));
        }
        if !data.records.is_empty() {
            parts.push(Fit::any(&data.records.iter().map(|one| self.records(one)).collect::<Vec<_>>()));
        }
        if !data.classes.is_empty() {
            parts.push(Fit::any(&data.classes.iter().map(|class| self.class(class)).collect::<Vec<_>>()));
        }
        if !data.documents.is_empty() {
            parts.push(Fit::any(&data.documents.iter().map(|kind| self.kind(kind)).collect::<Vec<_>>()));
        }
        if !data.codes.is_empty() {
            parts.push(unless_unstated(self.record.codes.as_ref(), |codes| !codes.is_disjoint(&data.codes)));
        }
        Fit::all(&parts).counts_for(rule.effect)
    }

    /// Confidentiality: up to it in a permit, from it on in a refusal, by the item's highest label.
    fn label(&self, label: &Coding, effect: Effect) -> bool {
        let of_item = self.record.labels.iter().cloned();
        match (Table::confidentiality(label), effect) {
            (Some(rank), Effect::Permit) => Table::highest(of_item) <= rank,
            (Some(rank), Effect::Deny) => Table::highest(of_item) >= rank,
            (None, _) => of_item.into_iter().any(|own| {
                let unknown = label.system == system::ACT_CODE && self.table.could_be_any(&own);
                self.table.sensitivity_fits(label, &own) || (effect == Effect::Deny && unknown)
            }),
        }
    }

    fn records(&self, records: &Records) -> Fit {
        let named = |names: &Identifiers| unless_unstated(self.record.names.as_ref(), |own| share(own, names));
        match records {
            Records::Instance(names) => named(names),
            Records::Related(names) => {
                let refers = unless_unstated(self.record.related.as_ref(), |own| share(own, names));
                Fit::any(&[named(names), refers])
            }
            Records::AuthoredBy(names) => unless_unstated(self.record.author.as_ref(), |own| share(own, names)),
        }
    }

    /// A resource type is held against the type, a category against the categories, a kind of document against both
    /// categories and codes. A record whose type cannot be in a category is not.
    fn kind(&self, kind: &Coding) -> Fit {
        let categories = || {
            let types = self.table.types_of(kind);
            let may = types.is_empty() || self.record.of.as_ref().is_none_or(|of| types.contains(&of.code.as_str()));
            match unless_unstated(self.record.categories.as_ref(), |own| own.contains(kind)) {
                Fit::Unstated if !may => Fit::No,
                fit => fit,
            }
        };
        match kind.system.as_str() {
            system::RESOURCE_TYPE => unless_unstated(self.record.of.as_ref(), |of| of == kind),
            system::OBSERVATION_CATEGORY | system::DIAGNOSTIC_SERVICE => categories(),
            _document => self.has_code_or_category(&BTreeSet::from([kind.clone()])),
        }
    }

    fn class(&self, class: &Class) -> Fit {
        let of = self.kind(&class.of);
        let category = class.category.as_ref().map_or(Fit::Yes, |category| {
            unless_unstated(self.record.categories.as_ref(), |categories| categories.contains(category))
        });
        Fit::all(&[of, category])
    }

    fn has_code_or_category(&self, meant: &BTreeSet<Coding>) -> Fit {
        let by_category = unless_unstated(self.record.categories.as_ref(), |own| !own.is_disjoint(meant));
        let by_code = unless_unstated(self.record.codes.as_ref(), |own| !own.is_disjoint(meant));
        Fit::any(&[by_category, by_code])
    }
}

/// A permit for data of a period is for what lies in it whole.
pub(super) fn lies_in(date: Span, period: Span) -> bool {
    let begins = period.from.is_none_or(|from| date.from.is_some_and(|own| from <= own));
    let ends = period.until.is_none_or(|until| date.until.is_some_and(|own| own <= until));
    begins && ends
}

/// A refusal meets whatever may be of its period.
pub(super) fn meets(date: Span, period: Span) -> bool {
    let before = matches!((date.until, period.from), (Some(last), Some(first)) if last < first);
    let after = matches!((period.until, date.from), (Some(last), Some(first)) if last < first);
    !before && !after
}
