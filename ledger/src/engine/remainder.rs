//! Whether what a query leaves out leaves anything of what is asked (CE-1 step 9): if not, nothing is permitted, in words
//! either. Looked for is one record that is asked for and that no list leaves out, by its type, its time and the rest.

use super::left_out::LeftOut;
use super::redaction::{Listed, Redaction};
use super::{Class, Identifier, Identifiers, Moment, Query, Span};
use crate::vocabulary::{Coding, Vocabulary, system};
use std::collections::BTreeSet;

/// What is asked for, of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remainder<'a> {
    pub(super) query: &'a Query,
    pub(super) class: Option<&'a Coding>,
    pub(super) custodian: Option<&'a Identifiers>,
    pub(super) named: &'a [&'a Class],
    /// How confidential what is looked for is at least, whatever the query says.
    pub(super) at_least: usize,
}

/// One record that is asked for, as far as it is decided. What is open is as no list leaves it out.
struct Found<'a> {
    of: Option<&'a str>,
    date: Moment,
}

impl Remainder<'_> {
    /// Whether something is left.
    pub(super) fn is_any<'b>(&self, lists: impl IntoIterator<Item = &'b Redaction>) -> bool {
        self.is_left(&LeftOut::of(lists))
    }

    /// Whether these leave something.
    pub(super) fn is_left(&self, out: &LeftOut<'_>) -> bool {
        if self.is_out(out) {
            return false;
        }
        let all_but: Vec<&Listed> = out.all_but().collect();
        let dates = self.dates(out, &all_but);
        let types = self.types(out, &all_but);
        types.iter().any(|of| {
            dates.iter().any(|date| {
                let found = Found { of: *of, date: *date };
                all_but.iter().all(|listed| self.may_have_one(&found, listed, out))
            })
        })
    }

    /// Whether something is left of each kind that is asked for together with this one.
    pub(super) fn is_any_of_each<'b>(&self, redactions: impl IntoIterator<Item = &'b Redaction> + Clone) -> bool {
        self.is_any(redactions.clone())
            && self.query.classes.iter().all(|class| Self { class: Some(class), ..*self }.is_any(redactions.clone()))
    }

    /// Whether what every record has that is asked for is left out.
    fn is_out(&self, out: &LeftOut<'_>) -> bool {
        let asked = self.query.labels.iter().chain(&self.query.codes).chain(self.class);
        let is_kept_out = |keeper: &Identifiers| keeper.iter().any(|one| out.has(one, |list| &list.custodians));
        asked.into_iter().any(|code| rank(code).is_none() && out.has_code(code))
            || out.is_from(self.least())
            || self.custodian.is_some_and(is_kept_out)
    }

    /// How confidential a record that is asked for is at least.
    fn least(&self) -> usize {
        self.query.labels.iter().filter_map(rank).max().unwrap_or(0).max(self.at_least)
    }

    /// The types that it may be of and that are not left out; `None` stands for one that no list names.
    fn types<'b>(&'b self, out: &LeftOut<'_>, all_but: &[&'b Listed]) -> Vec<Option<&'b str>> {
        let is_out = |of: &str| out.has_code(&Coding::new(system::RESOURCE_TYPE, of));
        let types = self.class.map(|class| types_of(class, self.named)).unwrap_or_default();
        if !types.is_empty() {
            return types.into_iter().filter(|of| !is_out(of)).map(Some).collect();
        }
        let named: BTreeSet<&str> =
            all_but.iter().flat_map(|listed| &listed.codes).flat_map(|code| types_of(code, self.named)).collect();
        named.into_iter().filter(|of| !is_out(of)).map(Some).chain([None]).collect()
    }

    /// Moments that may decide: the ends of all times that are named, and those beside them.
    fn dates(&self, out: &LeftOut<'_>, all_but: &[&Listed]) -> Vec<Moment> {
        let asked = self.query.period.unwrap_or(Span::ALWAYS);
        let closed = out.times();
        let spans = all_but.iter().flat_map(|listed| &listed.periods).chain(&closed).chain([&asked]);
        let ends = spans.flat_map(|span| [span.from, span.until]).flatten();
        let near = ends.flat_map(|Moment(at)| [at.saturating_sub(1), at, at.saturating_add(1)].map(Moment));
        let is_closed = |at: &Moment| {
            let after = closed.partition_point(|span| !span.begins_after(*at));
            after.checked_sub(1).and_then(|last| closed.get(last)).is_some_and(|span| span.contains(*at))
        };
        near.chain([Moment(0)]).filter(|at| asked.contains(*at) && !is_closed(at)).collect()
    }

    fn may_have_one(&self, found: &Found<'_>, listed: &Listed, out: &LeftOut<'_>) -> bool {
        let Listed { codes, instances, records, authors, custodians, periods } = listed;
        codes.iter().any(|code| self.may_have(found, code, out))
            || instances.iter().any(|one| !out.has(one, |list| &list.instances) && !out.has(one, |list| &list.records))
            || records.iter().any(|one| !out.has(one, |list| &list.records))
            || authors.iter().any(|one| !out.has(one, |list| &list.authors))
            || custodians.iter().any(|one| self.may_be_kept_by(one, out))
            || periods.iter().any(|span| span.contains(found.date))
    }

    fn may_be_kept_by(&self, one: &Identifier, out: &LeftOut<'_>) -> bool {
        self.custodian.map_or_else(|| !out.has(one, |list| &list.custodians), |keeper| keeper.contains(one))
    }

    fn may_have(&self, found: &Found<'_>, code: &Coding, out: &LeftOut<'_>) -> bool {
        if let Some(limit) = rank(code) {
            return self.least() <= limit;
        }
        let types = types_of(code, self.named);
        let is_of_type = types.is_empty() || found.of.is_some_and(|of| types.contains(&of));
        is_of_type && !out.has_code(code)
    }
}

/// The types that can be of a kind, by the tables and as consents name them; none if any can.
pub(super) fn types_of<'a>(kind: &'a Coding, named: &'a [&Class]) -> Vec<&'a str> {
    if kind.system == system::RESOURCE_TYPE {
        return vec![&kind.code];
    }
    let by_tables = Vocabulary::newest().types_of(kind);
    let of_kind = named.iter().filter(|class| !by_tables.is_empty() && class.category.as_ref() == Some(kind));
    by_tables.iter().copied().chain(of_kind.map(|class| class.of.code.as_str())).collect()
}

pub(super) fn rank(code: &Coding) -> Option<usize> {
    let is_confidentiality = code.system == system::CONFIDENTIALITY;
    is_confidentiality.then(|| Vocabulary::newest().confidentiality(&code.code)).flatten()
}

/// Whether a record can be of both kinds, by the types that categories have.
pub(super) fn may_be_both(one: &Coding, other: &Coding, named: &[&Class]) -> bool {
    let (one, other) = (types_of(one, named), types_of(other, named));
    one.is_empty() || other.is_empty() || one.iter().any(|of| other.contains(of))
}
