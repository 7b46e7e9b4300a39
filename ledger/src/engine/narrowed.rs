//! The last way to answer a query. Where the lists that are best for each refusal leave nothing of a kind, one record of it
//! is looked for that the narrowest lists let out.

use super::default::fallback;
use super::evaluate::{Council, Ruling};
use super::query::kinds;
use super::question::{Query, Subject};
use super::search::{Narrowing, Search};
use super::witness::Witness;
use super::{Class, Outcome};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::Coding;
use std::cell::Cell;

/// Records of one kind that lists are made for: alone, and beside those of other kinds, with one more fact too.
const ALONE_MAX: usize = 16;
const BESIDE_MAX: usize = 6;
const WITH_MORE_MAX: usize = 16;
/// Choices of one for each kind.
const CHOICES_MAX: usize = 256;

impl Council<'_> {
    /// A ruling that releases nothing that a consent permits, or one that lets out a record.
    pub(super) fn narrowed(
        &self,
        query: &Query,
        class: Option<&Coding>,
        ruling: Ruling,
        looked: &Cell<usize>,
    ) -> Ruling {
        if ruling.item.outcome == Outcome::Permit || lacks(Mutant::WithheldKindReleased) {
            return ruling;
        }
        let narrowing = self.narrowing(query, looked);
        let permitted = narrowing.search(class, Outcome::Permit);
        if let Some(permit) = narrowing.released(&permitted, &ruling) {
            return permit;
        }
        // What somebody permits is not left to a default because no list can say it.
        let may_be_permitted = permitted.may_be_permitted.get() && !lacks(Mutant::UnsaidLeftToDefault);
        match (may_be_permitted, ruling.is_open()) {
            (true, true) => ruling.of_nothing(),
            (true, false) | (false, true) => ruling,
            (false, false) => {
                narrowing.released(&narrowing.search(class, Outcome::NoConsent), &ruling).unwrap_or(ruling)
            }
        }
    }

    /// Rulings that let out a record of each kind that is not refused, if there are such.
    pub(super) fn narrowed_together(
        &self,
        query: &Query,
        alone: &[Ruling],
        looked: &Cell<usize>,
    ) -> Option<Vec<Ruling>> {
        let narrowing = self.narrowing(query, looked);
        let kinds = kinds(query);
        let open = kinds.iter().zip(alone).filter(|(_, ruling)| ruling.is_open());
        let of_each = open.map(|(class, ruling)| {
            let search = narrowing.search(*class, ruling.item.outcome);
            let witnesses = search.witnesses(BESIDE_MAX);
            let with_more = search.with_more(&witnesses, WITH_MORE_MAX);
            [witnesses, with_more].concat()
        });
        choices(of_each).into_iter().find_map(|choice| {
            let mut chosen = choice.iter();
            let ruled = |before: &Ruling| {
                let own = if before.is_open() { chosen.next() } else { None };
                own.map_or_else(|| before.clone(), |own| narrowing.ruling(std::slice::from_ref(own), &choice, before))
            };
            let rulings: Vec<Ruling> = alone.iter().map(ruled).collect();
            let permitting = narrowing.permitting(&choice, &self.left_out(&rulings))?;
            Some(rulings.into_iter().map(|ruling| ruling.permitted_by(&permitting)).collect())
        })
    }

    fn narrowing<'b>(&'b self, query: &'b Query, looked: &'b Cell<usize>) -> Narrowing<'b> {
        let classes: Vec<&Class> = self.classes_in_categories(query);
        Narrowing { council: self, query, classes, named: self.named(query), looked }
    }
}

impl Narrowing<'_> {
    fn search<'s>(&'s self, class: Option<&'s Coding>, outcome: Outcome) -> Search<'s> {
        let Self { council, query, classes, .. } = self;
        let by_default = fallback(council.policy, council.question, Subject::Query { query, class, named: classes });
        let by_default = by_default.effect == Effect::Permit;
        Search { of: self, class, outcome, by_default, may_be_permitted: Cell::new(false) }
    }
}

impl Narrowing<'_> {
    /// A ruling that lets out a record of which the consents say what is looked for, and others with it.
    fn released(&self, search: &Search<'_>, before: &Ruling) -> Option<Ruling> {
        let mut found: Option<(Vec<Witness<'_>>, Ruling)> = None;
        for one in search.witnesses(ALONE_MAX) {
            let chosen = found.iter().flat_map(|(chosen, _)| chosen).chain([&one]).cloned().collect::<Vec<_>>();
            let ruling = self.ruling(&chosen, &chosen, before);
            if let Some(permitting) = self.permitting(&chosen, &ruling.obligations) {
                found = Some((chosen, ruling.permitted_by(&permitting)));
            }
        }
        found.map(|(_, ruling)| ruling)
    }
}

/// One of each, in every way, as long as they are not too many.
fn choices<'a>(of_each: impl Iterator<Item = Vec<Witness<'a>>>) -> Vec<Vec<Witness<'a>>> {
    of_each.fold(vec![Vec::new()], |before, witnesses| {
        let with =
            |chosen: &Vec<Witness<'a>>, one: &Witness<'a>| [chosen.as_slice(), std::slice::from_ref(one)].concat();
        let all = before.iter().flat_map(|chosen| witnesses.iter().map(move |one| with(chosen, one)));
        all.take(CHOICES_MAX).collect()
    })
}
