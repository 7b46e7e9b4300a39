//! Facts of a record that is not there yet: what it has to have so that one rule or another is about it.

use super::listing::Lister;
use super::question::{Cover, Inquiry};
use super::{Class, Identifier, Identifiers, Record, Records, Rule, Span};
use crate::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// Ways to be what one rule is about, more than anybody looks at.
const ALTERNATIVES_MAX: usize = 32;

/// One fact.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fact<'a> {
    /// A type, a category or a kind of document.
    Kind(&'a Coding),
    Category(&'a Coding),
    Label(&'a Coding),
    Code(&'a Coding),
    Instance(&'a Identifier),
    Related(&'a Identifier),
    Author(&'a Identifier),
    Custodian(&'a Identifier),
    Time(Span),
}

/// What a record has, and nothing else of what anybody names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    /// All but its type and its time may be stated.
    pub(super) record: Record,
    /// Times that its own lies in.
    pub(super) times: Vec<Span>,
}

impl Facts {
    /// A record of which nothing is told. `custodian` keeps it, if that is said.
    pub(super) fn none(custodian: Option<&Identifiers>) -> Self {
        let nobody = || Some(Identifiers::new());
        let nothing = || Some(BTreeSet::new());
        let custodian = Some(custodian.cloned().unwrap_or_default());
        let record = Record {
            names: nobody(),
            of: None,
            categories: nothing(),
            labels: BTreeSet::new(),
            codes: nothing(),
            date: None,
            author: nobody(),
            custodian,
            related: nobody(),
        };
        Self { record, times: Vec::new() }
    }

    pub(super) fn of(record: &Record) -> Self {
        Self { record: record.clone(), times: Vec::new() }
    }

    /// With more of them; `None` if no record has both.
    pub(super) fn with<'a>(&self, facts: impl IntoIterator<Item = Fact<'a>>) -> Option<Self> {
        let mut all = self.clone();
        for fact in facts {
            let record = &mut all.record;
            match fact {
                Fact::Kind(kind) if kind.system == system::RESOURCE_TYPE => {
                    if record.of.as_ref().is_some_and(|of| of != kind) {
                        return None;
                    }
                    record.of = Some(kind.clone());
                }
                Fact::Kind(kind) if is_category(kind) => add(&mut record.categories, kind),
                Fact::Kind(code) | Fact::Code(code) => add(&mut record.codes, code),
                Fact::Category(category) => add(&mut record.categories, category),
                Fact::Label(label) => {
                    record.labels.insert(label.clone());
                }
                Fact::Instance(name) => add(&mut record.names, name),
                Fact::Related(name) => add(&mut record.related, name),
                Fact::Author(name) => add(&mut record.author, name),
                Fact::Custodian(name) => add(&mut record.custodian, name),
                Fact::Time(span) => all.times.push(span),
            }
        }
        Some(all)
    }

    /// What has the facts of both.
    pub(super) fn and(&self, other: &Self) -> Option<Self> {
        let Record { names, of, categories, labels, codes, date: _, author, custodian, related } = &other.record;
        let ones = of.iter().map(Fact::Kind).chain(labels.iter().map(Fact::Label));
        let codes = categories.iter().flatten().map(Fact::Category).chain(codes.iter().flatten().map(Fact::Code));
        let records = names.iter().flatten().map(Fact::Instance).chain(related.iter().flatten().map(Fact::Related));
        let parties = author.iter().flatten().map(Fact::Author).chain(custodian.iter().flatten().map(Fact::Custodian));
        let times = other.times.iter().filter(|span| !self.times.contains(span)).copied().map(Fact::Time);
        self.with(ones.chain(codes).chain(records).chain(parties).chain(times))
    }
}

fn add<T: Clone + Ord>(all: &mut Option<BTreeSet<T>>, one: &T) {
    all.get_or_insert_default().insert(one.clone());
}

pub(super) fn is_category(kind: &Coding) -> bool {
    [system::OBSERVATION_CATEGORY, system::DIAGNOSTIC_SERVICE].contains(&kind.system.as_str())
}

impl Inquiry<'_> {
    /// Each of these with what makes a record one that the rule is about, as many ways as there are; none if the rule is
    /// not about this exchange.
    pub(super) fn fitting_each(&self, rule: &Rule, all: &[Facts]) -> Vec<Facts> {
        all.iter().flat_map(|facts| self.fitting(rule, facts)).collect()
    }

    fn fitting(&self, rule: &Rule, facts: &Facts) -> Vec<Facts> {
        if !self.is_understood(rule) || self.context(rule) == Cover::Nothing {
            return Vec::new();
        }
        let actors = Lister(self.as_of).actors_of(&rule.actors);
        let mut all = vec![facts.clone()];
        let mut parts = of_data(rule);
        if self.actors(rule) == Cover::Part {
            let kept = actors.custodians.iter().filter(|_| self.question.custodian.is_none()).map(Fact::Custodian);
            parts.push(actors.authors.iter().map(Fact::Author).chain(kept).map(|fact| vec![fact]).collect());
        }
        for part in parts {
            let with = |before: &Facts| -> Vec<Facts> {
                part.iter().filter_map(|one| before.with(one.iter().copied())).collect()
            };
            all = all.iter().flat_map(with).take(ALTERNATIVES_MAX).collect();
        }
        all
    }
}

/// What a record needs of each part of a rule's data, in one way or another.
fn of_data(rule: &Rule) -> Vec<Vec<Vec<Fact<'_>>>> {
    let data = &rule.data;
    let mut parts = vec![
        data.labels.iter().map(|label| of_label(label).into_iter().collect()).collect(),
        data.period.iter().map(|span| vec![Fact::Time(*span)]).collect(),
        data.records.iter().flat_map(of_records).map(|fact| vec![fact]).collect(),
        data.classes.iter().map(of_class).collect(),
        data.documents.iter().map(|kind| vec![Fact::Kind(kind)]).collect(),
        data.codes.iter().map(|code| vec![Fact::Code(code)]).collect::<Vec<Vec<Fact<'_>>>>(),
    ];
    parts.retain(|alternatives| !alternatives.is_empty());
    parts
}

/// How confidential it is is looked at apart.
fn of_label(label: &Coding) -> Option<Fact<'_>> {
    (label.system != system::CONFIDENTIALITY).then_some(Fact::Label(label))
}

fn of_class(class: &Class) -> Vec<Fact<'_>> {
    [Fact::Kind(&class.of)].into_iter().chain(class.category.as_ref().map(Fact::Category)).collect()
}

fn of_records(records: &Records) -> Vec<Fact<'_>> {
    match records {
        Records::Instance(names) => names.iter().map(Fact::Instance).collect(),
        Records::Related(names) => names.iter().map(Fact::Related).collect(),
        Records::AuthoredBy(names) => names.iter().map(Fact::Author).collect(),
    }
}

/// Facts with which a record escapes a rule: what it excepts.
pub(super) fn escaping(rule: &Rule) -> impl Iterator<Item = Fact<'_>> {
    rule.data.except_labels.iter().filter(|label| label.system == system::ACT_CODE).map(Fact::Label)
}
