//! What to leave out of what a query releases (CE-1 step 9), as a list that an enforcement point can follow.
//!
//! A code stands for what it covers: a confidentiality withheld means it and higher, one released means it and lower, a
//! sensitivity means it and its parts. The list knows no AND. What it cannot say exactly is withheld: a refusal of
//! laboratory results labelled `R` withholds both, and of permits that need an AND only one is said.

use super::{Actor, Data, Identifier, Identifiers, Party, Records, Rule, Side, Span};
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

/// One list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Redaction {
    /// Whether what is listed is left out, or everything else.
    pub of: Redacted,
    /// What is listed, at least one thing.
    pub listed: Listed,
}

/// Which side of the list is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Redacted {
    /// What has one of these.
    AnyOf,
    /// What has none of these.
    AllBut,
}

/// Codes and other marks of data.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Listed {
    /// Labels, kinds and clinical codes, in the order of the rules.
    pub codes: Vec<Coding>,
    /// Records, and what refers to them.
    pub records: BTreeSet<Identifier>,
    /// Who wrote it.
    pub authors: BTreeSet<Identifier>,
    /// Who keeps it.
    pub custodians: BTreeSet<Identifier>,
    /// When it is from.
    pub periods: Vec<Span>,
}

impl Listed {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        let Self { codes, records, authors, custodians, periods } = more;
        for code in codes {
            if !self.codes.contains(&code) {
                self.codes.push(code);
            }
        }
        self.records.extend(records);
        self.authors.extend(authors);
        self.custodians.extend(custodians);
        for period in periods {
            if !self.periods.contains(&period) {
                self.periods.push(period);
            }
        }
    }

    fn codes<'a>(codes: impl IntoIterator<Item = &'a Coding>) -> Self {
        Self { codes: codes.into_iter().cloned().collect(), ..Self::default() }
    }
}

/// What a rule says about data, one entry for each part that is joined to the others by AND.
fn parts(rule: &Rule) -> Vec<Listed> {
    let Data { labels, except_labels: _, period, records, classes, documents, codes } = &rule.data;
    let kinds = classes.iter().map(|class| class.category.as_ref().unwrap_or(&class.of));
    let mut all = vec![
        Listed::codes(labels),
        Listed::codes(kinds),
        Listed::codes(documents),
        Listed::codes(codes),
        Listed { periods: period.iter().copied().collect(), ..Listed::default() },
        records_of(records),
        actors_of(&rule.actors),
    ];
    all.retain(|part| !part.is_empty());
    all
}

fn records_of(records: &[Records]) -> Listed {
    let mut listed = Listed::default();
    for one in records {
        match one {
            Records::Instance(names) | Records::Related(names) => listed.records.extend(names.iter().cloned()),
            Records::AuthoredBy(names) => listed.authors.extend(names.iter().cloned()),
        }
    }
    listed
}

/// Custodians and authors narrow a rule by record, like its data.
fn actors_of(actors: &[Actor]) -> Listed {
    let mut listed = Listed::default();
    for Actor { side, party } in actors {
        let names = match party {
            Party::Named(names) => names.clone(),
            Party::Group(group) => group.names.clone(),
            Party::Anyone | Party::Role { .. } | Party::Agent { .. } => Identifiers::new(),
        };
        match side {
            Side::Custodian => listed.custodians.extend(names),
            Side::Author => listed.authors.extend(names),
            Side::Unknown => {
                listed.custodians.extend(names.iter().cloned());
                listed.authors.extend(names);
            }
            Side::Recipient => {}
        }
    }
    listed
}

/// Leaves out all that these rules speak about, and the labels that these permits except.
pub(super) fn withheld<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    permits: impl IntoIterator<Item = &'a Rule>,
) -> Option<Redaction> {
    let mut listed = Listed::default();
    for part in rules.into_iter().flat_map(parts) {
        listed.add(part);
    }
    for permit in permits {
        listed.add(Listed::codes(&permit.data.except_labels));
    }
    (!listed.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed })
}

/// Leaves out all but what these rules speak about. Several redactions hold together, so one rule whose parts are
/// joined by AND is said by one for each part; beside other rules it cannot be said, and is not released.
pub(super) fn all_but(rules: &[&Rule]) -> Vec<Redaction> {
    let (simple, joined): (Vec<_>, Vec<_>) = rules.iter().map(|rule| parts(rule)).partition(|parts| parts.len() <= 1);
    let said = if simple.is_empty() { joined.into_iter().next().unwrap_or_default() } else { vec![union(simple)] };
    said.into_iter().map(|listed| Redaction { of: Redacted::AllBut, listed }).collect()
}

fn union(lists: Vec<Vec<Listed>>) -> Listed {
    let mut all = Listed::default();
    for part in lists.into_iter().flatten() {
        all.add(part);
    }
    all
}
