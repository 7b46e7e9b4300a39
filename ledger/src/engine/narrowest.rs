//! The narrowest lists: those that let out what is like some records, one of each kind, and nothing else. Lists hold all
//! together, so the most that can be said beside these records is to leave out each single thing that none of them has,
//! and whatever has not one thing of each of them. If these let out what is refused, all lists do that leave something of
//! the records.

use super::default::fallback;
use super::evaluate::{Council, Ruling};
use super::facts::is_category;
use super::listing::later_sensitivities;
use super::named::Named;
use super::question::Subject;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::rank;
use super::search::Narrowing;
use super::several::all_but_either;
use super::witness::{Witness, ladder};
use super::{Applicability, Obligation, Outcome, Record};
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, system};
use std::collections::BTreeSet;

impl Narrowing<'_> {
    /// A ruling that lets out what is like these records of a kind: what none of all has is left out, and of this kind
    /// whatever has not each thing that one or another of these has.
    pub(super) fn ruling(&self, of_kind: &[Witness<'_>], all: &[Witness<'_>], before: &Ruling) -> Ruling {
        let Some(first) = of_kind.first() else { return before.clone() };
        let kept = |own| self.named.each().into_iter().filter(|listed| self.keeps(own, listed)).collect();
        let all_but = all_but_either(of_kind.iter().map(kept));
        let by_default = (first.item.outcome == Outcome::NoConsent).then(|| self.by_default(first.class)).flatten();
        let lists = self.without(all).into_iter().chain(all_but).chain(by_default);
        Ruling { item: first.item.clone(), obligations: lists.map(Obligation::Redact).collect(), ..before.clone() }
    }

    fn by_default(&self, class: Option<&Coding>) -> Option<Redaction> {
        let Self { council, query, classes, .. } = self;
        fallback(council.policy, council.question, Subject::Query { query, class, named: classes }).redaction
    }

    /// Whether a list of this one thing narrows a kind to what is like a record. A confidentiality is said by what is left
    /// out, and what is a label of no system for labels could be a clinical code.
    fn keeps(&self, own: &Witness<'_>, listed: &Listed) -> bool {
        let all_have = |code: &Coding| {
            Some(code) == own.class || self.query.codes.contains(code) || self.query.labels.contains(code)
        };
        let is_foreign = |code: &Coding| code.system != system::ACT_CODE && own.record.labels.contains(code);
        let says_nothing = |code: &Coding| all_have(code) || rank(code).is_some() || is_foreign(code);
        listed.has_one(&own.record, Redacted::AllBut) && !listed.codes.iter().any(says_nothing)
    }

    /// What none of these records has.
    fn without(&self, all: &[Witness<'_>]) -> Option<Redaction> {
        let has_none = |listed: &Listed| !all.iter().any(|one| listed.has_one(&one.record, Redacted::AnyOf));
        let is_level = |listed: &Listed| listed.codes.iter().any(|code| rank(code).is_some());
        let named = self.named.each().into_iter().filter(|listed| !is_level(listed));
        let later = self.council.later(&self.named).into_iter().map(|label| Listed::codes([&label]));
        let above =
            all.iter().map(|one| one.up_to).min().and_then(|up_to| ladder().into_iter().nth(up_to.saturating_add(1)));
        let above = above.map(|level| Listed::codes([&level]));
        let listed = Listed::union(named.chain(later).filter(has_none).chain(above));
        (!listed.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed })
    }

    /// The consents that permit something of what these lists let out; `None` if they do not let out each of these records, or
    /// let out one alike to them that is refused, or that no consent speaks about and is of no kind of which none does.
    pub(super) fn permitting(&self, all: &[Witness<'_>], lists: &BTreeSet<Obligation>) -> Option<BTreeSet<usize>> {
        let lists: Vec<&Redaction> = lists.iter().filter_map(Obligation::redaction).collect();
        let records: Vec<Record> = all.iter().map(Witness::labelled).collect();
        let leave_out =
            |lists: &[&Redaction]| records.iter().any(|record| lists.iter().any(|list| list.leaves_out(record)));
        if leave_out(&lists) {
            return None;
        }
        let may_be_open = |record: &Record| {
            let mut without = all.iter().filter(|one| one.item.outcome == Outcome::NoConsent);
            without.any(|one| is_of_kind(record, one.class)) || lacks(Mutant::ListsUnchecked)
        };
        let mut permitting = BTreeSet::new();
        for record in self.alike(all, &lists)? {
            let ruling = self.ruling_for(&record)?;
            let is_open = match ruling.item.outcome {
                Outcome::Permit => true,
                Outcome::NoConsent => may_be_open(&record),
                Outcome::Deny | Outcome::Review => lacks(Mutant::ListsUnchecked),
            };
            if !is_open {
                return None;
            }
            permitting.extend(ruling.permitting);
        }
        // What these consents ask to be left out for themselves is left out of all of it.
        let consents = self.council.speakers.iter().filter(|one| permitting.contains(&one.at));
        let own: Vec<&Redaction> =
            consents.flat_map(|one| one.consent.obligations.iter().filter_map(Obligation::redaction)).collect();
        (!leave_out(&own)).then_some(permitting)
    }
}

impl Council<'_> {
    /// Sensitivities that some consent takes for any, as it does not know them.
    pub(super) fn later(&self, named: &Named) -> BTreeSet<Coding> {
        let speaking = self.speakers.iter().filter(|one| one.state == Applicability::Applies);
        let later = speaking.filter_map(|one| later_sensitivities(one.consent.vocabulary, &named.listed.codes, []));
        later.flat_map(|list| list.listed.codes).collect()
    }
}

/// Whether a record is of a kind, all of whose facts are stated.
pub(super) fn is_of_kind(record: &Record, kind: Option<&Coding>) -> bool {
    let Some(kind) = kind else { return true };
    let is_in = |codes: &Option<BTreeSet<Coding>>| codes.iter().flatten().any(|one| one == kind);
    if kind.system == system::RESOURCE_TYPE {
        return record.of.as_ref() == Some(kind);
    }
    is_in(&record.categories) || (!is_category(kind) && is_in(&record.codes))
}
