//! One answer for several kinds that a query asks for. What is left out is left out of all of them, so where that leaves
//! nothing of one, all are answered by the narrowest lists; a kind of which nothing is left is refused.

use super::evaluate::{Council, Ruling};
use super::query::kinds;
use super::question::Query;
use super::redaction::{Redacted, Redaction};
use super::remainder::{Remainder, may_be_both};
use super::{Class, Obligation};
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, system};
use std::cell::Cell;
use std::collections::BTreeSet;

impl Council<'_> {
    /// These rulings, if they leave something of each kind; else others that do; else those of which nothing is left are
    /// refusals.
    pub(super) fn together(&self, query: &Query, alone: Vec<Ruling>, looked: &Cell<usize>) -> Vec<Ruling> {
        if alone.len() < 2 || lacks(Mutant::WithheldKindReleased) {
            return alone;
        }
        let left = self.kinds_left(query, &alone);
        if !left.contains(&false) {
            return alone;
        }
        let found = self.narrowed_together(query, &alone, looked);
        let refused = |(ruling, is_left): (Ruling, bool)| if is_left { ruling } else { ruling.of_nothing() };
        found.unwrap_or_else(|| alone.into_iter().zip(left).map(refused).collect())
    }

    /// A kind of which nothing is left by what consents that permit it ask to be left out for themselves.
    pub(super) fn with_own_lists(
        &self,
        query: &Query,
        class: Option<&Coding>,
        named: &[&Class],
        alone: Ruling,
    ) -> Ruling {
        let own = self.left_out_by_permits([&alone]);
        let lists = || alone.obligations.iter().chain(&own).filter_map(Obligation::redaction);
        let is_left = own.is_empty() || self.remainder(query, class, named).is_any(lists().collect::<Vec<_>>());
        if is_left || lacks(Mutant::WithheldKindReleased) { alone } else { alone.of_nothing() }
    }

    /// Whether something is left of each kind that is not refused, of what is released of it.
    fn kinds_left(&self, query: &Query, rulings: &[Ruling]) -> Vec<bool> {
        let named = self.classes_in_categories(query);
        let by_permits = self.left_out_by_permits(rulings);
        let of_all = rulings.iter().flat_map(|ruling| &ruling.obligations).filter_map(Obligation::redaction);
        let of_all = of_all.filter(|list| list.of == Redacted::AnyOf);
        let of_all: Vec<&Redaction> = of_all.chain(by_permits.iter().filter_map(Obligation::redaction)).collect();
        let is_left = |(class, ruling): (Option<&Coding>, &Ruling)| {
            let own = ruling.obligations.iter().filter_map(Obligation::redaction);
            let lists: Vec<&Redaction> = own.chain(of_all.iter().copied()).collect();
            !ruling.is_open() || self.remainder(query, class, &named).is_any(lists)
        };
        kinds(query).into_iter().zip(rulings).map(is_left).collect()
    }

    /// What consents that permit something ask to be left out of it.
    fn left_out_by_permits<'a>(&self, rulings: impl IntoIterator<Item = &'a Ruling>) -> BTreeSet<Obligation> {
        let permitting: BTreeSet<usize> = rulings.into_iter().flat_map(|ruling| &ruling.permitting).copied().collect();
        let consents = self.speakers.iter().filter(|one| permitting.contains(&one.at));
        let own = consents.flat_map(|one| &one.consent.obligations);
        own.filter(|one| one.redaction().is_some()).cloned().collect()
    }

    /// Whether these leave something of each kind.
    pub(super) fn is_left_of_each(&self, query: &Query, left_out: &BTreeSet<Obligation>) -> Vec<bool> {
        let named = self.classes_in_categories(query);
        let is_left = |class| {
            let kind = self.remainder(query, class, &named);
            kind.is_any(left_out.iter().filter_map(Obligation::redaction))
        };
        kinds(query).into_iter().map(is_left).collect()
    }

    fn remainder<'b>(&'b self, query: &'b Query, class: Option<&'b Coding>, named: &'b [&'b Class]) -> Remainder<'b> {
        Remainder { query, class, custodian: self.question.custodian.as_ref(), named, at_least: 0 }
    }
}

impl Ruling {
    /// Without types that are asked for as well, each with its own ruling, and that this kind cannot be of.
    pub(super) fn without_other_kinds(mut self, query: &Query, class: Option<&Coding>, named: &[&Class]) -> Self {
        let is_other = |code: &Coding| {
            let is_asked = code.system == system::RESOURCE_TYPE && query.classes.contains(code);
            is_asked && class.is_some_and(|class| !may_be_both(class, code, named))
        };
        let without = |one: Obligation| match one {
            Obligation::Redact(Redaction { of: Redacted::AnyOf, mut listed }) => {
                listed.codes.retain(|code| !is_other(code));
                (!listed.is_empty()).then_some(Obligation::Redact(Redaction { of: Redacted::AnyOf, listed }))
            }
            Obligation::Redact(Redaction { of: Redacted::AllBut, .. }) | Obligation::Duty(_) => Some(one),
        };
        self.obligations = self.obligations.into_iter().filter_map(without).collect();
        self
    }
}
