//! Research: from which times data may be taken, by consents that permit and refuse pieces of use for spans of days.
//!
//! Consents are read in the order they were given. A consent permits only if it permits every piece that is required;
//! what it refuses it takes away from what was permitted before, and a later consent may give it again. A gate says
//! whether consent holds now, and nothing about the time of the data. A retroactive permit takes the piece it belongs
//! to back to a fixed day, within the same consent.

use crate::mutant::{Mutant, lacks};
use std::collections::{BTreeMap, BTreeSet};

/// Days since 1970-01-01, negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilDay(pub i32);

/// From one day to another; both belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days {
    /// First day.
    pub from: CivilDay,
    /// Last day.
    pub until: CivilDay,
}

/// What a piece of a consent does for a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What is permitted or refused.
    pub code: String,
    /// Which.
    pub effect: crate::document::Effect,
    /// When.
    pub days: Days,
}

/// One consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedConsent {
    /// When it was given, in any growing unit; those without a date come first.
    pub given: Option<i64>,
    /// Its pieces.
    pub pieces: Vec<Piece>,
}

/// What is required.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirement {
    /// Pieces that must all be permitted.
    pub required: BTreeSet<String>,
    /// Of them, those that only say whether consent holds now.
    pub gates: BTreeSet<String>,
    /// Retroactive pieces, each with the piece it extends and the day it extends it to.
    pub retroactive: BTreeMap<String, (String, CivilDay)>,
}

/// What is permitted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permitted {
    /// For each required piece its days, in order and apart; a piece without any does not stand here.
    pub by_code: BTreeMap<String, Vec<Days>>,
    /// Days on which every required piece is permitted. Empty if a gate is closed: then nothing may be used.
    pub windows: Vec<Days>,
    /// Gates that are closed today.
    pub closed: BTreeSet<String>,
}

impl Requirement {
    /// What these consents permit, seen on `today`.
    pub fn permitted(&self, consents: &[DatedConsent], today: CivilDay) -> Permitted {
        let mut order: Vec<&DatedConsent> = consents.iter().collect();
        order.sort_by_key(|consent| consent.given);
        let mut given: BTreeMap<&str, Given> = BTreeMap::new();
        for consent in order {
            self.add(consent, &mut given);
        }
        let whole = |(code, Given { own, extension }): (&str, Given)| {
            (code.to_owned(), union(own.into_iter().chain(extension).collect()))
        };
        let mut by_code: BTreeMap<String, Vec<Days>> = given.into_iter().map(whole).collect();
        by_code.retain(|_, days| !days.is_empty());
        let holds = |gate: &&String| {
            by_code.get(*gate).is_some_and(|days| days.iter().any(|one| one.from <= today && today <= one.until))
        };
        let closed: BTreeSet<String> = self.gates.iter().filter(|gate| !holds(gate)).cloned().collect();
        let is_open = closed.is_empty() || lacks(Mutant::GateIgnored);
        let windows = if is_open { self.windows(&by_code) } else { Vec::new() };
        Permitted { by_code, windows, closed }
    }

    /// Later consents add to and take from earlier ones.
    fn add<'a>(&'a self, consent: &DatedConsent, given: &mut BTreeMap<&'a str, Given>) {
        use crate::document::Effect::{Deny, Permit};
        let of = |code: &str, effect| -> Vec<Days> {
            let pieces = consent.pieces.iter().filter(|piece| piece.code == code && piece.effect == effect);
            pieces.map(|piece| piece.days).collect()
        };
        let permits_all = self.required.iter().all(|code| !of(code, Permit).is_empty());
        for code in &self.required {
            let given = given.entry(code).or_default();
            let own = if permits_all || lacks(Mutant::PiecesCombined) { of(code, Permit) } else { Vec::new() };
            for (retroactive, (extended, back_to)) in &self.retroactive {
                if extended == code && !lacks(Mutant::RetroactiveIgnored) {
                    given.extension.extend(extension(&own, &of(retroactive, Permit), *back_to));
                    // A retroactive refusal is about what lies before, not about the piece itself.
                    given.extension = without(&given.extension, &of(retroactive, Deny));
                }
            }
            given.own.extend(own);
            let refused = of(code, Deny);
            *given = Given { own: without(&given.own, &refused), extension: without(&given.extension, &refused) };
        }
    }

    fn windows(&self, by_code: &BTreeMap<String, Vec<Days>>) -> Vec<Days> {
        let data: Vec<&String> = self.required.difference(&self.gates).collect();
        // Where gates are all that is required, they say when.
        let data = if data.is_empty() { self.required.iter().collect() } else { data };
        let mut each = data.into_iter().map(|code| by_code.get(code).cloned().unwrap_or_default());
        let first = each.next().unwrap_or_default();
        each.fold(first, |windows, days| intersection(&windows, &days))
    }
}

/// What is permitted of one piece: for its own days, and for those before that a retroactive permit adds.
#[derive(Debug, Default)]
struct Given {
    own: Vec<Days>,
    extension: Vec<Days>,
}

/// The days from `back_to` to each permit that a retroactive permit overlaps.
fn extension(own: &[Days], retroactive: &[Days], back_to: CivilDay) -> Vec<Days> {
    let overlaps = |one: &&Days| retroactive.iter().any(|other| one.from <= other.until && other.from <= one.until);
    own.iter().filter(overlaps).map(|one| Days { from: back_to, until: one.from.previous() }).collect()
}

impl CivilDay {
    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// In order, apart from one another, with neighbours joined.
fn union(mut days: Vec<Days>) -> Vec<Days> {
    days.retain(|one| one.from <= one.until);
    days.sort();
    let mut joined: Vec<Days> = Vec::new();
    for one in days {
        match joined.last_mut() {
            Some(last) if one.from <= last.until.next() => last.until = last.until.max(one.until),
            _ => joined.push(one),
        }
    }
    joined
}

fn without(days: &[Days], taken: &[Days]) -> Vec<Days> {
    taken.iter().fold(union(days.to_vec()), |days, taken| days.iter().flat_map(|one| one.parts_beside(taken)).collect())
}

impl Days {
    /// What lies before and what lies after `taken`, as far as there is any.
    fn parts_beside(&self, taken: &Self) -> Vec<Self> {
        if self.until < taken.from || taken.until < self.from {
            return vec![*self];
        }
        let before = Self { until: taken.from.previous(), ..*self };
        let after = Self { from: taken.until.next(), ..*self };
        [before, after].into_iter().filter(|part| part.from <= part.until).collect()
    }
}

fn intersection(one: &[Days], other: &[Days]) -> Vec<Days> {
    let meet = |a: &Days, b: &Days| Days { from: a.from.max(b.from), until: a.until.min(b.until) };
    union(one.iter().flat_map(|a| other.iter().map(move |b| meet(a, b))).collect())
}

#[cfg(test)]
mod tests;
