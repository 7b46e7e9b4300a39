//! All that rules name which may be about a query: two records that differ in nothing of it are alike to all consents.

use super::evaluate::Council;
use super::facts::Fact;
use super::listing::Lister;
use super::question::{Cover, Inquiry, Query, Subject};
use super::redaction::Listed;
use super::{Applicability, Consent, Identifiers, Moment, Rule, Span};
use crate::vocabulary::{Coding, Kind, Vocabulary, system};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// What is named, and by how many rules.
pub(super) struct Named {
    pub(super) listed: Listed,
    pub(super) rules: usize,
    instants: OnceCell<Vec<Moment>>,
}

impl Council<'_> {
    pub(super) fn named(&self, query: &Query) -> Named {
        let subject = Subject::Query { query, class: None, named: &[] };
        let speaking = self.speakers.iter().filter(|one| one.state == Applicability::Applies);
        let rules: Vec<&Rule> =
            speaking.flat_map(|one| rules_of(self.inquiry(one.consent, subject), one.consent)).collect();
        let lister = Lister(self.as_of);
        let period = query.period.into_iter();
        let of_query = Listed {
            periods: period.collect(),
            ..Listed::codes(query.classes.iter().chain(&query.labels).chain(&query.codes))
        };
        let lists = rules.iter().map(|rule| lister.all_of(rule)).chain([of_query]);
        Named { listed: Listed::union(lists), rules: rules.len(), instants: OnceCell::new() }
    }
}

/// The rules of a consent that may be about this exchange.
pub(super) fn rules_of<'a>(inquiry: Inquiry<'_>, consent: &'a Consent) -> Vec<&'a Rule> {
    let mut all = Vec::new();
    consent.outermost_rules().for_each(|rule| add_rules(&mut all, inquiry, rule));
    all
}

fn add_rules<'a>(all: &mut Vec<&'a Rule>, inquiry: Inquiry<'_>, rule: &'a Rule) {
    if inquiry.context(rule) != Cover::Nothing {
        all.push(rule);
        rule.exceptions.iter().for_each(|below| add_rules(all, inquiry, below));
    }
}

impl Lister {
    /// All that a rule names of records.
    fn all_of(self, rule: &Rule) -> Listed {
        let data = &rule.data;
        let in_classes = data.classes.iter().flat_map(|class| [&class.of].into_iter().chain(&class.category));
        let codes =
            data.labels.iter().chain(&data.except_labels).chain(in_classes).chain(&data.documents).chain(&data.codes);
        let periods = Listed { periods: data.period.iter().copied().collect(), ..Listed::codes(codes) };
        Listed::union([periods, Self::of_records(&data.records), self.actors_of(&rule.actors)])
    }
}

impl Named {
    pub(super) fn periods(&self) -> impl Iterator<Item = Span> {
        self.listed.periods.iter().copied()
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = Coding> {
        self.listed.codes.iter().filter(|code| code.system == system::ACT_CODE).cloned()
    }

    /// The ends of all times, and the moments beside them.
    pub(super) fn moments(&self) -> BTreeSet<Moment> {
        let ends = self.periods().flat_map(|span| [span.from, span.until]).flatten();
        let near = ends.flat_map(|Moment(at)| [at.saturating_sub(1), at, at.saturating_add(1)].map(Moment));
        near.chain([Moment(0)]).collect()
    }

    /// Of these one for each way to lie in the times.
    pub(super) fn instants(&self) -> &[Moment] {
        self.instants.get_or_init(|| {
            let mut ways = BTreeSet::new();
            let way = |at: &Moment| self.periods().map(|span| span.contains(*at)).collect::<Vec<_>>();
            self.moments().into_iter().filter(|at| ways.insert(way(at))).collect()
        })
    }

    /// A type that nobody names.
    pub(super) fn other_type(&self) -> Option<Coding> {
        let all = Vocabulary::newest().codes(Kind::Type).into_iter();
        all.map(|code| Coding::new(system::RESOURCE_TYPE, code)).find(|of| !self.listed.codes.contains(of))
    }

    /// Facts that a record may have of it beside its type and its time.
    pub(super) fn facts(&self, keeper: Option<&Identifiers>) -> Vec<Fact<'_>> {
        let is_fact =
            |code: &&Coding| ![system::RESOURCE_TYPE, system::CONFIDENTIALITY].contains(&code.system.as_str());
        let codes = self.listed.codes.iter().filter(is_fact);
        let codes =
            codes.map(|code| if code.system == system::ACT_CODE { Fact::Label(code) } else { Fact::Kind(code) });
        let custodians = self.listed.custodians.iter().filter(|_| keeper.is_none()).map(Fact::Custodian);
        let authors = self.listed.authors.iter().map(Fact::Author);
        let related = self.listed.records.iter().map(Fact::Related);
        let instances = self.listed.instances.iter().map(Fact::Instance);
        codes.chain(custodians).chain(authors).chain(related).chain(instances).collect()
    }

    /// One list of each thing that is named.
    pub(super) fn each(&self) -> Vec<Listed> {
        let Listed { codes, instances, records, authors, custodians, periods } = &self.listed;
        let codes = codes.iter().map(|code| Listed::codes([code]));
        let instances = instances.iter().map(|one| Listed { instances: [one.clone()].into(), ..Listed::default() });
        let records = records.iter().map(|one| Listed { records: [one.clone()].into(), ..Listed::default() });
        let authors = authors.iter().map(|one| Listed { authors: [one.clone()].into(), ..Listed::default() });
        let custodians = custodians.iter().map(|one| Listed { custodians: [one.clone()].into(), ..Listed::default() });
        let periods = periods.iter().map(|one| Listed { periods: vec![*one], ..Listed::default() });
        codes.chain(instances).chain(records).chain(authors).chain(custodians).chain(periods).collect()
    }
}
