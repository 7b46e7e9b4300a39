//! Step 9 for all kinds of a query together: a ruling for each, and what is left out of the answer.

use super::answer::{Ground, ItemAnswer};
use super::evaluate::{Council, Ruling};
use super::question::{Asked, Query, Subject};
use super::redaction::{Listed, Redacted};
use super::remainder::Remainder;
use super::several::all_but_kinds;
use super::{Class, Obligation, Outcome, ReasonCode, obligation};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

impl Council<'_> {
    /// One ruling for each kind asked for.
    pub(super) fn rule_query(&self, query: &Query) -> Vec<Ruling> {
        let named = self.classes_in_categories(query);
        let one = |class| self.rule(Subject::Query { query, class, named: &named });
        self.with_something_left(query, kinds(query).into_iter().map(one).collect())
    }

    fn classes_in_categories(&self, query: &Query) -> Vec<&Class> {
        let subject = Subject::Query { query, class: None, named: &[] };
        let heard = self.speakers.iter().filter(|one| one.is_heard());
        let classes =
            heard.flat_map(|one| self.inquiry(one, subject).classes_in_categories(one.consent.outermost_rules()));
        classes.collect::<BTreeSet<&Class>>().into_iter().collect()
    }

    /// A kind of which nothing is left beside the others is not permitted together with them.
    fn with_something_left(&self, query: &Query, mut rulings: Vec<Ruling>) -> Vec<Ruling> {
        if rulings.len() > 1 && !lacks(Mutant::WithheldKindReleased) {
            let is_left = self.kinds_left(query, &self.left_out(&rulings));
            for (ruling, is_left) in rulings.iter_mut().zip(is_left) {
                if ruling.item.outcome == Outcome::Permit && !is_left {
                    let ground = Ground { code: ReasonCode::NotCovered, ..ruling.item.ground.clone() };
                    ruling.item = ItemAnswer { outcome: Outcome::Deny, effect: Effect::Deny, ground };
                    (ruling.permitting, ruling.opening) = (BTreeSet::new(), BTreeSet::new());
                }
            }
        }
        rulings
    }

    /// Whether something is left of each kind.
    fn kinds_left(&self, query: &Query, left_out: &BTreeSet<Obligation>) -> Vec<bool> {
        let named = self.classes_in_categories(query);
        let is_left = |class| {
            let kind =
                Remainder { query, class, custodian: self.question.custodian.as_ref(), named: &named, at_least: 0 };
            kind.is_any(left_out.iter().filter_map(Obligation::redaction))
        };
        kinds(query).into_iter().map(is_left).collect()
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
                let is_any_left = self.kinds_left(query, left_out).contains(&true);
                obligation::of_labels(&query.labels).filter(|_| is_any_left)
            }
        }
    }
}

/// The kinds that are asked for; one that is open, if none is named.
fn kinds(query: &Query) -> Vec<Option<&Coding>> {
    if query.classes.is_empty() { vec![None] } else { query.classes.iter().map(Some).collect() }
}
