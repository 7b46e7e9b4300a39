//! Which list leaves a refusal out of a query: the narrowest that leaves something of what is asked for, by itself or, in an
//! emergency, beside those chosen before; and of other kinds that are asked for as well, if there is one.

use super::Rule;
use super::combine::Hall;
use super::listing::{Listable, later_sensitivities};
use super::redaction::{Listed, Redacted, Redaction};
use super::voice::Voice;
use super::way::Way;
use crate::vocabulary::{Coding, Vocabulary};
use std::collections::BTreeSet;

/// How lists are chosen.
pub(super) enum Choice {
    /// For each refusal the narrowest by itself.
    Each,
    /// In an emergency: those that leave something beside these and the ones chosen before, also of a kind that a refusal
    /// names.
    Opening(Vec<Redaction>),
}

/// What of one consent is left out.
pub(super) struct Withheld<'v, 'a> {
    /// What these are about.
    pub(super) rules: &'v [Listable<'a>],
    /// The labels that these except.
    pub(super) permits: Vec<&'a Rule>,
    /// Of the labels by which each rule releases, what they did not mean when it was written.
    pub(super) given: Vec<&'a BTreeSet<Coding>>,
}

impl Choice {
    fn add(&mut self, list: &Redaction) {
        match self {
            Self::Each => {}
            Self::Opening(beside) => beside.push(list.clone()),
        }
    }
}

impl<'a> Hall<'a> {
    /// What leaves out what a rule is about: the narrowest list that leaves something of each kind that is asked for, or
    /// of this one.
    pub(super) fn leaving_out(
        &self,
        part: Listable<'a>,
        vocabulary: &Vocabulary,
        choice: &Choice,
    ) -> Option<Redaction> {
        let of = |part: Listable<'a>| {
            part.ways().filter(move |way| self.is_open(*way, part, choice)).map(move |way| self.said_in(way, part))
        };
        let of_above = |above: Listable<'a>| {
            let (by_class, by_document) = self.names(part, choice);
            let by_name = by_class || by_document;
            let is_open = move |way: &Way| !by_name || matches!(way, Way::Records | Way::Period | Way::Actors);
            above.ways().filter(is_open).map(move |way| self.said_in(way, above))
        };
        let ways = || of(part).chain(part.above().into_iter().flat_map(of_above));
        let beside: &[Redaction] = match choice {
            Choice::Each => &[],
            Choice::Opening(beside) => beside,
        };
        let leaves_any = |list: &Redaction| {
            let later = later_sensitivities(vocabulary, part.labels_left_out(&list.listed), []);
            self.asked.is_none_or(|asked| asked.is_any(beside.iter().chain([list]).chain(&later)))
        };
        let leaves_each = |list: &Redaction| self.asked.is_none_or(|asked| asked.is_any_of_each([list]));
        let leaves_all = |list: &Redaction| leaves_any(list) && leaves_each(list);
        ways().find(leaves_all).or_else(|| ways().find(leaves_any)).or_else(|| ways().last())
    }

    /// Leaves out what each consent says so of.
    pub(super) fn withholding(
        &self,
        mut choice: Choice,
        of: impl for<'v> Fn(&'v Voice<'a>) -> Withheld<'v, 'a>,
    ) -> Vec<Redaction> {
        let (mut any_of, mut later, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for (speaker, voice) in self.speaking() {
            let Withheld { rules, permits, given } = of(voice);
            let mut labels: Vec<&Coding> = permits.iter().flat_map(|permit| &permit.data.except_labels).collect();
            let excepted = Listed::codes(labels.iter().copied());
            choice.add(&Redaction { of: Redacted::AnyOf, listed: excepted.clone() });
            any_of.push(excepted);
            for rule in rules {
                let Some(list) = self.leaving_out(*rule, speaker.consent.vocabulary, &choice) else { continue };
                choice.add(&list);
                let left_out: Vec<&Coding> = rule.labels_left_out(&list.listed).collect();
                let later = later_sensitivities(speaker.consent.vocabulary, left_out.iter().copied(), []);
                later.iter().for_each(|list| choice.add(list));
                labels.extend(left_out);
                let Redaction { of, listed } = list;
                match of {
                    Redacted::AnyOf => any_of.push(listed),
                    Redacted::AllBut => all.push(Redaction { of, listed }),
                }
            }
            later.extend(later_sensitivities(speaker.consent.vocabulary, labels, given).map(|list| list.listed));
        }
        let unions = [later, any_of].map(Listed::union).into_iter().filter(|listed| !listed.is_empty());
        all.extend(unions.map(|listed| Redaction { of: Redacted::AnyOf, listed }));
        all
    }
}
