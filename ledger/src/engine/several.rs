//! Lists that release what one or another of several alternatives is about. All lists are held to together, so an
//! alternative that joins its parts by AND is a list for each part, and several alternatives are each list of one with each
//! list of the others.

use super::Span;
use super::redaction::{Listed, Redacted, Redaction};
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

/// More lists than an answer should have: then not all alternatives are said, and less is released.
const LISTS_MAX: usize = 64;

/// All but what is in all lists of one alternative or another.
pub(super) fn all_but_either(alternatives: impl IntoIterator<Item = Vec<Listed>>) -> Vec<Redaction> {
    let (mut seen, mut joined, mut simple) = (BTreeSet::new(), Vec::new(), Vec::new());
    for lists in alternatives.into_iter().filter(|lists| seen.insert(lists.clone())) {
        match lists.len() {
            0 => return Vec::new(),
            1 => simple.push(lists),
            _more => joined.push(lists),
        }
    }
    let simple = (!simple.is_empty()).then(|| Listed::union(simple.into_iter().flatten()));
    let lists = match (distributed(&joined), simple) {
        (Some(lists), None) => lists,
        (Some(lists), Some(simple)) => lists.into_iter().map(|list| Listed::union([list, simple.clone()])).collect(),
        (None, Some(simple)) => vec![simple],
        (None, None) => joined.into_iter().next().unwrap_or_default(),
    };
    lists.into_iter().map(|listed| Redaction { of: Redacted::AllBut, listed }).collect()
}

/// All but what is released of some kind, where each comes with the lists that it is narrowed to.
pub(super) fn all_but_kinds(kinds: &[(&Coding, Vec<Listed>)]) -> Vec<Redaction> {
    if kinds.iter().all(|(_, lists)| lists.is_empty()) {
        return Vec::new();
    }
    let with_kind = |(kind, lists): &(&Coding, Vec<Listed>)| [vec![Listed::codes([*kind])], lists.clone()].concat();
    let alternatives: Vec<Vec<Listed>> = kinds.iter().map(with_kind).collect();
    let Some(mut lists) = distributed(&alternatives) else {
        // The kinds narrow each other.
        let all = kinds.iter().flat_map(|(_, lists)| lists.clone());
        return all.map(|listed| Redaction { of: Redacted::AllBut, listed }).collect();
    };
    // Everything that is asked for is of some kind.
    lists.retain(|list| !kinds.iter().all(|(kind, _)| list.codes.contains(kind)));
    lists.into_iter().map(|listed| Redaction { of: Redacted::AllBut, listed }).collect()
}

/// OR of AND, as AND of OR; `None` if that is too much.
fn distributed(alternatives: &[Vec<Listed>]) -> Option<Vec<Listed>> {
    if alternatives.len() > LISTS_MAX {
        return None;
    }
    let mut all = vec![Listed::default()];
    for lists in alternatives {
        let mut next: Vec<Listed> = Vec::new();
        for (before, more) in all.iter().flat_map(|before| lists.iter().map(move |more| (before, more))) {
            let list = Listed::union([before.clone(), more.clone()]);
            if !next.contains(&list) {
                next.push(list);
            }
        }
        all = least(next);
        if all.len() > LISTS_MAX {
            return None;
        }
    }
    Some(all)
}

/// Without lists of which another one is a part: whoever holds to that holds to them.
fn least(lists: Vec<Listed>) -> Vec<Listed> {
    let entries: Vec<Entries<'_>> = lists.iter().map(Entries::of).collect();
    let is_least = |(at, own): (usize, &Entries<'_>)| {
        let mut others = entries.iter().enumerate();
        !others.any(|(before, other)| other.is_part_of(own) && (before < at || !own.is_part_of(other)))
    };
    let are_least: Vec<bool> = entries.iter().enumerate().map(is_least).collect();
    lists.into_iter().zip(are_least).filter_map(|(list, is_least)| is_least.then_some(list)).collect()
}

/// What a list has, to be looked up.
struct Entries<'a> {
    listed: &'a Listed,
    codes: BTreeSet<&'a Coding>,
    periods: BTreeSet<Span>,
}

impl<'a> Entries<'a> {
    fn of(listed: &'a Listed) -> Self {
        Self { listed, codes: listed.codes.iter().collect(), periods: listed.periods.iter().copied().collect() }
    }

    fn is_part_of(&self, other: &Self) -> bool {
        self.codes.is_subset(&other.codes)
            && self.periods.is_subset(&other.periods)
            && self.listed.instances.is_subset(&other.listed.instances)
            && self.listed.records.is_subset(&other.listed.records)
            && self.listed.authors.is_subset(&other.listed.authors)
            && self.listed.custodians.is_subset(&other.listed.custodians)
    }
}
