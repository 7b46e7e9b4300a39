//! Step 9: what a query may find. Nobody states the facts of records that nobody has looked at yet, so they may be
//! anything; but two records differ for the consents only in what these name, so some of each are enough.

use super::facts::{dates, labels};
use super::named::Named;
use super::words::Table;
use amanah_ledger::engine::{Class, Identifier, Identifiers, Query, Record, Span};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// Records that are looked at of one kind, so that no question takes minutes. Where more may be found, what only one
/// combination of facts in very many shows may be missed.
const LOOKED_AT: usize = 60_000;
/// A prime: multiples of it come to every record before they come to one again.
const SPREAD: u128 = 2_654_435_761;

/// For each fact, what it may be.
#[derive(Debug, Clone)]
pub struct Found {
    kinds: Vec<(Coding, BTreeSet<Coding>, BTreeSet<Coding>)>,
    labels: Vec<BTreeSet<Coding>>,
    dates: Vec<Span>,
    authors: Vec<Identifiers>,
    custodians: Vec<Identifiers>,
    records: Vec<Identifiers>,
    related: Vec<Identifiers>,
}

impl Found {
    /// What a query may find of this kind; of whatever there is, for `None`. Whoever is asked keeps it "if nobody says"
    /// otherwise (the declared custodian of a record), and of what is yet to be found nobody does.
    pub fn of(kind: Option<&Coding>, query: &Query, named: &Named, asked: Option<&Identifiers>) -> Self {
        let custodians =
            asked.map_or_else(|| parties(&named.custodians, "Organization/somebody-else"), |asked| vec![asked.clone()]);
        Self {
            kinds: kinds(kind, query, named),
            labels: labels(query, named),
            dates: dates(query, named),
            authors: parties(&named.authors, "Practitioner/somebody-else"),
            custodians,
            records: parties(&named.records, "Basic/something-else"),
            related: some(&named.related),
        }
    }

    /// How many records [`Self::each`] makes.
    pub fn count(&self) -> usize {
        let facts = [self.kinds.len(), self.labels.len(), self.dates.len(), self.authors.len()];
        let more = [self.custodians.len(), self.records.len(), self.related.len()];
        facts.into_iter().chain(more).product()
    }

    /// The record of a number: each fact is one digit of it.
    pub fn record(&self, number: usize) -> Option<Record> {
        let mut rest = number;
        let (of, categories, codes) = digit(&mut rest, &self.kinds)?;
        Some(Record {
            of: Some(of),
            categories: Some(categories),
            codes: Some(codes),
            labels: digit(&mut rest, &self.labels)?,
            date: Some(digit(&mut rest, &self.dates)?),
            author: Some(digit(&mut rest, &self.authors)?),
            custodian: Some(digit(&mut rest, &self.custodians)?),
            names: Some(digit(&mut rest, &self.records)?),
            related: Some(digit(&mut rest, &self.related)?),
        })
    }

    /// Every record; of more than [`LOOKED_AT`] so many, spread evenly.
    pub fn each(&self) -> impl Iterator<Item = Record> {
        let count = self.count();
        (0..count.min(LOOKED_AT)).filter_map(move |number| {
            let spread = || usize::try_from((number as u128 * SPREAD).checked_rem(count as u128)?).ok();
            self.record(if count <= LOOKED_AT { number } else { spread()? })
        })
    }
}

fn digit<T: Clone>(rest: &mut usize, of: &[T]) -> Option<T> {
    let place = rest.checked_rem(of.len())?;
    *rest /= of.len();
    of.get(place).cloned()
}

/// So many of one fact are tried in every way, and so many each two together; of more that would be too many records.
const IN_EVERY_WAY: usize = 4;
const IN_TWOS: usize = 8;

/// None of these, each by itself, all, each two if they are few, and all sets of fewer. What is missed where they are many
/// needs some of them and fits neither one nor all: then the reference says less of it than the engine, and that is a
/// line.
pub(super) fn some<T: Clone + Ord>(of: &BTreeSet<T>) -> Vec<BTreeSet<T>> {
    let mut all = vec![BTreeSet::new(), of.clone()];
    for one in of {
        let others = of.iter().filter(|other| of.len() <= IN_TWOS || *other == one);
        all.extend(others.map(|other| BTreeSet::from([one.clone(), other.clone()])));
        if of.len() <= IN_EVERY_WAY {
            let with_one = |set: &BTreeSet<T>| set.iter().chain([one]).cloned().collect();
            let more: Vec<BTreeSet<T>> = all.iter().map(with_one).collect();
            all.extend(more);
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Parties and records have a name, if only another one.
fn parties(named: &BTreeSet<Identifier>, another: &str) -> Vec<Identifiers> {
    let named_or_other = |names: Identifiers| {
        if names.is_empty() { Identifiers::from([Identifier::reference(another)]) } else { names }
    };
    some(named).into_iter().map(named_or_other).collect()
}

/// Types with categories and codes. Nothing is in a category that its type cannot have by the tables, but for what a
/// consent names so: whoever asked for that consent knew such records (a choice; CE-1 does not know these tables).
fn kinds(kind: Option<&Coding>, query: &Query, named: &Named) -> Vec<(Coding, BTreeSet<Coding>, BTreeSet<Coding>)> {
    let of_category = |category: &Coding| Table::NEWEST.types_of(category).into_iter().map(Coding::resource_type);
    let mut types: BTreeSet<Coding> = named.types.clone();
    types.extend(named.categories.iter().flat_map(of_category));
    types.insert(Coding::resource_type("Basic"));
    let mut all = Vec::new();
    for of in types {
        for categories in some(&named.categories) {
            for mut codes in some(&named.codes) {
                codes.extend(query.codes.iter().cloned());
                if is_sound(&of, &categories, named) && kind.is_none_or(|kind| is_kind(kind, &of, &categories, &codes))
                {
                    all.push((of.clone(), categories.clone(), codes));
                }
            }
        }
    }
    all.dedup();
    all
}

/// Whether there are records of this type in these categories.
pub fn is_sound(of: &Coding, categories: &BTreeSet<Coding>, named: &Named) -> bool {
    let is_named =
        |category: &Coding| named.classes.contains(&Class { of: of.clone(), category: Some(category.clone()) });
    categories.iter().all(|category| may_be(of, category) || is_named(category))
}

/// Whether a record of this type can be in a category; nobody knows it of a category that is in no table.
fn may_be(of: &Coding, category: &Coding) -> bool {
    let types = Table::NEWEST.types_of(category);
    types.is_empty() || types.contains(&of.code.as_str())
}

/// Whether these facts make a record one of a kind (as step 3 reads kinds).
pub fn is_kind(kind: &Coding, of: &Coding, categories: &BTreeSet<Coding>, codes: &BTreeSet<Coding>) -> bool {
    match kind.system.as_str() {
        system::RESOURCE_TYPE => of == kind,
        system::OBSERVATION_CATEGORY | system::DIAGNOSTIC_SERVICE => categories.contains(kind),
        _document => categories.contains(kind) || codes.contains(kind),
    }
}
