//! Step 9 for all kinds of a query together: a ruling for each, and what is left out of the answer.

use super::evaluate::{Council, Ruling};
use super::question::{Asked, Query, Subject};
use super::redaction::{Listed, Redacted};
use super::several::all_but_kinds;
use super::{Class, Obligation, obligation};
use crate::vocabulary::Coding;
use std::cell::Cell;
use std::collections::BTreeSet;

impl Council<'_> {
    /// One ruling for each kind asked for.
    pub(super) fn rule_query(&self, query: &Query) -> Vec<Ruling> {
        let named = self.classes_in_categories(query);
        let looked = Cell::new(0);
        let alone = |class| {
            let ruling = self.rule(Subject::Query { query, class, named: &named });
            let ruling = self.with_own_lists(query, class, &named, ruling.without_other_kinds(query, class, &named));
            self.narrowed(query, class, ruling, &looked)
        };
        self.together(query, kinds(query).into_iter().map(alone).collect(), &looked)
    }

    pub(super) fn classes_in_categories(&self, query: &Query) -> Vec<&Class> {
        let subject = Subject::Query { query, class: None, named: &[] };
        let heard = self.speakers.iter().filter(|one| one.is_heard());
        let classes = heard
            .flat_map(|one| self.inquiry(one.consent, subject).classes_in_categories(one.consent.outermost_rules()));
        classes.collect::<BTreeSet<&Class>>().into_iter().collect()
    }

    /// What each kind leaves out, and all but what is released of one or another.
    pub(super) fn left_out(&self, rulings: &[Ruling]) -> BTreeSet<Obligation> {
        let all = || rulings.iter().flat_map(|ruling| ruling.obligations.clone());
        let several = match &self.question.asked {
            Asked::Query(query) if query.classes.len() > 1 => &query.classes,
            Asked::Query(_) | Asked::Records(_) => return all().collect(),
        };
        let is_all_but = |one: &Obligation| one.redaction().is_some_and(|list| list.of == Redacted::AllBut);
        let lists = |ruling: &Ruling| -> Vec<Listed> {
            let narrowing = ruling.obligations.iter().filter(|one| is_all_but(one));
            narrowing.filter_map(Obligation::redaction).map(|list| list.listed.clone()).collect()
        };
        let kinds: Vec<(&Coding, Vec<Listed>)> = several.iter().zip(rulings.iter().map(lists)).collect();
        let either = all_but_kinds(&kinds).into_iter().map(Obligation::Redact);
        all().filter(|one| !is_all_but(one)).chain(either).collect()
    }

    /// What goes with the labels of what is released; of a query with those that it names, if it releases anything.
    pub(super) fn notice(&self, left_out: &BTreeSet<Obligation>) -> Option<Obligation> {
        match &self.question.asked {
            Asked::Records(records) => records.iter().find_map(|record| obligation::of_labels(&record.labels)),
            Asked::Query(query) => {
                let is_any_left = self.is_left_of_each(query, left_out).contains(&true);
                obligation::of_labels(&query.labels).filter(|_| is_any_left)
            }
        }
    }
}

/// The kinds that are asked for; one that is open, if none is named.
pub(super) fn kinds(query: &Query) -> Vec<Option<&Coding>> {
    if query.classes.is_empty() { vec![None] } else { query.classes.iter().map(Some).collect() }
}
