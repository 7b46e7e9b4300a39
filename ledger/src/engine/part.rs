//! A part of a query that is permitted: what several rules are about together, such as a refusal and the exception that
//! lifts it.

use super::left_out::LeftOut;
use super::listing::{Listable, Lister};
use super::redaction::Listed;
use super::remainder::Remainder;

/// More parts than anybody looks for, and rules of one: then less is released.
const PARTS_MAX: usize = 64;
const RULES_MAX: usize = 8;

/// What all these rules are about, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<'a> {
    first: Listable<'a>,
    others: Vec<Listable<'a>>,
}

impl<'a> From<Listable<'a>> for Part<'a> {
    fn from(rule: Listable<'a>) -> Self {
        Self { first: rule, others: Vec::new() }
    }
}

impl<'a> Part<'a> {
    pub(super) fn rules(&self) -> impl Iterator<Item = &Listable<'a>> {
        [&self.first].into_iter().chain(&self.others)
    }

    /// What both are about.
    pub(super) fn and(&self, other: &Self) -> Self {
        let more = other.rules().filter(|rule| !self.rules().any(|own| own == *rule)).copied();
        Self { first: self.first, others: self.others.iter().copied().chain(more).collect() }
    }

    /// What one of these is about and one of those.
    pub(super) fn both(these: &[Self], those: &[Self]) -> Vec<Self> {
        let open = these.iter().filter(|one| one.others.len() + 1 < RULES_MAX);
        open.flat_map(|one| those.iter().map(|other| one.and(other))).take(PARTS_MAX).collect()
    }
}

impl Lister {
    /// What a part releases: of some entry one of each list.
    pub(super) fn released(self, part: &Part<'_>) -> Vec<Vec<Listed>> {
        joined(part.rules().map(|rule| self.released_by(*rule)))
    }
}

impl Remainder<'_> {
    /// Whether a part may be about some of it, of what these leave.
    pub(super) fn may_be_of(&self, lister: Lister, part: &Part<'_>, left_out: &LeftOut<'_>) -> bool {
        let alternatives = joined(part.rules().map(|rule| lister.at_most(rule)));
        let at_least = part.rules().map(Listable::at_least).max().unwrap_or(0);
        let of_part = Self { at_least, ..*self };
        alternatives.iter().any(|about| of_part.is_left(&left_out.with(about)))
    }
}

/// OR of AND for each, as one.
pub(super) fn joined<T: Clone>(each: impl IntoIterator<Item = Vec<Vec<T>>>) -> Vec<Vec<T>> {
    let mut all = vec![Vec::new()];
    for alternatives in each {
        all = all.iter().flat_map(|one| alternatives.iter().map(|more| [one.clone(), more.clone()].concat())).collect();
    }
    all
}
