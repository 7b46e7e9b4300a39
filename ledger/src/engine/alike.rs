//! Records that lists may not tell from some others: all that can be made of the facts of those.

use super::named::Named;
use super::narrowest::is_of_kind;
use super::redaction::{Listed, Redacted, Redaction};
use super::search::Narrowing;
use super::witness::{Witness, at_level, ladder};
use super::{Identifier, Moment, Record, Span};
use crate::vocabulary::{Coding, Vocabulary};
use std::collections::BTreeSet;

/// More of them than anybody looks at, and moments that they may begin or end at.
const ALIKE_MAX: usize = 2_048;
const MOMENTS_MAX: usize = 64;

/// Records of which some facts are told, and that are not left out by them.
struct Alike<'a> {
    records: Vec<Record>,
    lists: &'a [&'a Redaction],
}

impl Narrowing<'_> {
    /// Records of the facts of these that no list leaves out; `None` if they are too many.
    pub(super) fn alike(&self, all: &[Witness<'_>], lists: &[&Redaction]) -> Option<Vec<Record>> {
        let records: Vec<&Record> = all.iter().map(|one| &one.record).collect();
        let is_kept = |listed: Listed| lists.iter().any(|list| list.of == Redacted::AllBut && list.listed == listed);
        let (query, named) = (self.query, &self.named);
        // Of a confidentiality first, as a record without one has one of them.
        let levels = ladder().into_iter().map(Some).chain([None]);
        let asked = Record { labels: query.labels.clone(), ..Record::default() };
        let alike = Alike { records: vec![asked], lists };
        let alike = alike.each(levels, |record, level| record.labels.extend(level))?;
        let types = records.iter().filter_map(|record| record.of.clone()).chain(named.other_type());
        let alike = alike.each(types.collect::<BTreeSet<Coding>>(), |record, of| record.of = Some(of))?;
        let codes = |of: fn(&Record) -> Option<&BTreeSet<Coding>>, asked: &BTreeSet<Coding>| {
            some_of(facts(&records, of), |code| asked.contains(code) || is_kept(Listed::codes([code])))
        };
        let categories = codes(|record| record.categories.as_ref(), &BTreeSet::new());
        let alike = alike.each(categories, |record, some| record.categories = Some(some))?;
        let clinical = codes(|record| record.codes.as_ref(), &query.codes);
        let alike = alike.each(clinical, |record, some| record.codes = Some(some))?;
        let alike = alike.of_kinds(all);
        // A part of a label may stand for it, and not every consent may know that.
        let labels = some_of(facts(&records, |record| Some(&record.labels)), |label| query.labels.contains(label));
        let alike = alike.each(labels, |record, some| record.labels.extend(some))?;
        let alike = alike.with_wider_labels(named, &self.council.later(named))?;
        let alike = alike.each(self.dates(lists)?, |record, date| record.date = Some(date))?;
        let parties = |of: fn(&Record) -> Option<&BTreeSet<Identifier>>, listed: fn(Identifier) -> Listed| {
            some_of(facts(&records, of), |one| is_kept(listed(one.clone())))
        };
        let authors =
            parties(|record| record.author.as_ref(), |one| Listed { authors: [one].into(), ..Listed::default() });
        let alike = alike.each(authors, |record, some| record.author = Some(some))?;
        let names =
            parties(|record| record.names.as_ref(), |one| Listed { instances: [one].into(), ..Listed::default() });
        let alike = alike.each(names, |record, some| record.names = Some(some))?;
        let related = some_of(facts(&records, |record| record.related.as_ref()), |_| false);
        let alike = alike.each(related, |record, some| record.related = Some(some))?;
        let custodians = match &self.council.question.custodian {
            Some(keeper) => vec![keeper.clone()],
            None => parties(
                |record| record.custodian.as_ref(),
                |one| Listed { custodians: [one].into(), ..Listed::default() },
            ),
        };
        let alike = alike.each(custodians, |record, some| record.custodian = Some(some))?;
        let is_left = |record: &Record| !lists.iter().any(|list| list.leaves_out(record));
        Some(alike.records.into_iter().filter(is_left).collect())
    }

    /// Times, one for each way to lie in those that are named or to meet them; `None` if they are too many.
    fn dates(&self, lists: &[&Redaction]) -> Option<Vec<Span>> {
        let says_only_times =
            |list: &&&Redaction| list.listed == Listed { periods: list.listed.periods.clone(), ..Listed::default() };
        let lists: Vec<&&Redaction> = lists.iter().filter(says_only_times).collect();
        let is_open = |from: Moment, until: Moment| {
            let date = Span { from: Some(from), until: Some(until) };
            let dated = Record { date: Some(date), ..Record::default() };
            let is_asked = self.query.period.is_none_or(|period| date.lies_in(&period));
            (is_asked && !lists.iter().any(|list| list.leaves_out(&dated))).then_some(date)
        };
        // What begins or ends where nothing is let out is not let out either.
        let moments = self.named.moments().into_iter().filter(|at| is_open(*at, *at).is_some());
        let moments: Vec<Moment> = moments.take(MOMENTS_MAX + 1).collect();
        if moments.len() > MOMENTS_MAX {
            return None;
        }
        let later = |from: Moment| moments.iter().filter(move |until| from <= **until);
        let spans = moments.iter().flat_map(|from| later(*from).filter_map(|until| is_open(*from, *until)));
        let mut ways = BTreeSet::new();
        let way =
            |date: &Span| self.named.periods().map(|span| (date.lies_in(&span), date.meets(&span))).collect::<Vec<_>>();
        Some(spans.filter(|date| ways.insert(way(date))).collect())
    }
}

impl Alike<'_> {
    /// With each of these, but for what is left out by it.
    fn each<T: Clone>(self, values: impl IntoIterator<Item = T>, tell: impl Fn(&mut Record, T)) -> Option<Self> {
        let values: Vec<T> = values.into_iter().collect();
        let any_of: Vec<&&Redaction> = self.lists.iter().filter(|list| list.of == Redacted::AnyOf).collect();
        let with = |record: &Record, value: &T| {
            let mut record = record.clone();
            tell(&mut record, value.clone());
            record
        };
        let all = self.records.iter().flat_map(|record| values.iter().map(move |value| (record, value)));
        let all = all.map(|(record, value)| with(record, value));
        let open = all.filter(|record| !any_of.iter().any(|list| list.leaves_out(record)));
        let records: Vec<Record> = open.take(ALIKE_MAX + 1).collect();
        (records.len() <= ALIKE_MAX).then_some(Self { records, ..self })
    }

    fn of_kinds(mut self, all: &[Witness<'_>]) -> Self {
        self.records.retain(|record| all.iter().any(|one| is_of_kind(record, one.class)));
        self
    }

    /// With labels that no list can leave out beside what is let out, as they are wider than one of its labels.
    fn with_wider_labels(self, named: &Named, later: &BTreeSet<Coding>) -> Option<Self> {
        let any_of: Vec<&&Redaction> = self.lists.iter().filter(|list| list.of == Redacted::AnyOf).collect();
        let is_open = |label: &Coding| {
            let lowest = Record { labels: [label.clone()].into(), ..Record::default() };
            let lowest = at_level(&lowest, ladder().into_iter().next());
            !any_of.iter().any(|list| list.leaves_out(&lowest))
        };
        let wider = some_of(named.labels().filter(is_open).collect(), |_| false);
        let later = one_of_each(later.iter().filter(|label| is_open(label)), named).into_iter().map(Some).chain([None]);
        let alike = self.each(wider, |record, some| record.labels.extend(some))?;
        alike.each(later, |record, label| record.labels.extend(label))
    }
}

/// What some of these records have of one sort.
fn facts<T: Ord + Clone>(records: &[&Record], of: fn(&Record) -> Option<&BTreeSet<T>>) -> BTreeSet<T> {
    records.iter().filter_map(|record| of(record)).flatten().cloned().collect()
}

/// Of labels that no consent names and that stand alike to those that are named one is enough.
fn one_of_each<'a>(labels: impl Iterator<Item = &'a Coding>, named: &Named) -> Vec<Coding> {
    let newest = Vocabulary::newest();
    let covers = |one: &Coding, other: &Coding| newest.sensitivity_covers(&one.code, &other.code);
    let mut ways = BTreeSet::new();
    let way = |label: &Coding| named.labels().map(|one| (covers(&one, label), covers(label, &one))).collect::<Vec<_>>();
    labels.filter(|label| ways.insert(way(label))).cloned().collect()
}

/// All sets of these that have each one which all have.
fn some_of<T: Ord + Clone>(all: BTreeSet<T>, all_have: impl Fn(&T) -> bool) -> Vec<BTreeSet<T>> {
    let (each, open): (BTreeSet<T>, BTreeSet<T>) = all.into_iter().partition(|one| all_have(one));
    let mut sets = vec![each];
    for one in open {
        if sets.len() > ALIKE_MAX {
            // Too many already, whoever counts them.
            break;
        }
        let with = |set: &BTreeSet<T>| set.iter().chain([&one]).cloned().collect();
        let more: Vec<BTreeSet<T>> = sets.iter().map(with).collect();
        sets.extend(more);
    }
    sets
}
