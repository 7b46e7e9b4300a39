//! What to leave out of what a query releases (CE-1 step 9), as a list that an enforcement point can follow.
//!
//! A code stands for what it covers: a confidentiality withheld means it and higher, one released means it and lower, a
//! sensitivity means it and its parts; one withheld also means every label of its system that the reader's tables lack,
//! which could be any. Lists are held to together, so they say any OR of ANDs of what is released, and of what is withheld
//! an OR, but no AND: a refusal of laboratory results labelled `R` withholds both.

use super::{Identifier, Span};
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
    /// Records by themselves.
    pub instances: BTreeSet<Identifier>,
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

    /// All of these in one list, each entry once and in its order.
    pub(super) fn union(lists: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Self::default();
        for Self { codes, instances, records, authors, custodians, periods } in lists {
            all.codes.extend(codes);
            all.instances.extend(instances);
            all.records.extend(records);
            all.authors.extend(authors);
            all.custodians.extend(custodians);
            all.periods.extend(periods);
        }
        Self { codes: once_each(all.codes), periods: once_each(all.periods), ..all }
    }

    pub(super) fn codes<'a>(codes: impl IntoIterator<Item = &'a Coding>) -> Self {
        Self { codes: codes.into_iter().cloned().collect(), ..Self::default() }
    }
}

fn once_each<T: Ord>(all: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let is_first: Vec<bool> = all.iter().map(|one| seen.insert(one)).collect();
    all.into_iter().zip(is_first).filter_map(|(one, is_first)| is_first.then_some(one)).collect()
}
