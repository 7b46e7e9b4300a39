//! One record that a query may find, and what the consents say of it.

use super::facts::{Facts, is_category};
use super::remainder::{rank, types_of};
use super::search::Search;
use super::{ItemAnswer, Moment, Obligation, Outcome, Record, Span};
use crate::document::Effect;
use crate::vocabulary::{Coding, Kind, Vocabulary, system};
use std::collections::BTreeSet;

/// Types and times that are tried of the same facts.
const TYPES_MAX: usize = 4;
const TIMES_MAX: usize = 16;

/// One record of a kind, and what is said of it and of the same as long as it is less confidential.
#[derive(Debug, Clone)]
pub(super) struct Witness<'a> {
    pub(super) class: Option<&'a Coding>,
    /// Without its confidentiality.
    pub(super) record: Record,
    /// How confidential it is, as a place on the ladder, and may be beside that.
    pub(super) at: usize,
    pub(super) up_to: usize,
    pub(super) item: ItemAnswer,
    /// The consents that permit it.
    pub(super) permitting: BTreeSet<usize>,
}

impl Witness<'_> {
    /// The record with its confidentiality.
    pub(super) fn labelled(&self) -> Record {
        at_level(&self.record, ladder().into_iter().nth(self.at))
    }
}

/// A record that is so confidential.
pub(super) fn at_level(record: &Record, level: Option<Coding>) -> Record {
    Record { labels: record.labels.iter().cloned().chain(level).collect(), ..record.clone() }
}

/// All confidentialities, the lowest first.
pub(super) fn ladder() -> Vec<Coding> {
    let codes = Vocabulary::newest().codes(Kind::Confidentiality);
    let mut all: Vec<Coding> = codes.into_iter().map(|code| Kind::Confidentiality.coding(code)).collect();
    all.sort_by_key(rank);
    all
}

impl<'s> Search<'s> {
    /// What is said of a record, the least confidential first; or else the consents that say something else of it.
    pub(super) fn look(&self, record: Record) -> Result<Witness<'s>, BTreeSet<usize>> {
        let asked = self.of.query.labels.iter().filter_map(rank).max();
        let is_found = |label: &Coding| asked.is_none_or(|asked| rank(label) >= Some(asked));
        let is_asked = |label: &Coding| asked.is_none_or(|asked| rank(label) == Some(asked));
        let levels = ladder().into_iter().enumerate().filter(|(_, label)| is_found(label));
        let mut found: Option<Witness<'s>> = None;
        let (mut others, mut is_other) = (BTreeSet::new(), false);
        for (level, label) in levels {
            let is_asked = is_asked(&label);
            let Some(ruling) = self.of.ruling_for(&at_level(&record, Some(label))) else { break };
            self.may_be_permitted.set(self.may_be_permitted.get() || ruling.item.outcome == Outcome::Permit);
            if !is_asked || !self.is_meant(&ruling.item) {
                others.extend(ruling.item.ground.consent);
                is_other = true;
            }
            match &mut found {
                _ if is_other => {}
                Some(witness) => {
                    witness.up_to = level;
                    witness.permitting.extend(ruling.permitting);
                }
                None => {
                    let (class, record) = (self.class, record.clone());
                    let (item, permitting) = (ruling.item, ruling.permitting);
                    found = Some(Witness { class, record, at: level, up_to: level, item, permitting });
                }
            }
        }
        found.ok_or(others)
    }

    fn is_meant(&self, item: &ItemAnswer) -> bool {
        let is_spoken_of = self.outcome == Outcome::Permit || !self.by_default || item.effect == Effect::Permit;
        item.outcome == self.outcome && is_spoken_of
    }

    /// Whether consents that permit it ask it to be left out for themselves.
    pub(super) fn is_left_out_by_permits(&self, witness: &Witness<'_>) -> bool {
        let record = witness.labelled();
        let permitting = self.speaking().filter(|(at, _)| witness.permitting.contains(at));
        let mut own = permitting.flat_map(|(_, one)| one.obligations.iter().filter_map(Obligation::redaction));
        own.any(|list| list.leaves_out(&record))
    }

    /// Who asks for one category is not given another.
    pub(super) fn is_asked_for(&self, witness: &Witness<'_>) -> bool {
        let mut categories = witness.record.categories.iter().flatten();
        !self.class.is_some_and(|kind| is_category(kind) && categories.any(|other| other != kind))
    }

    /// Records with these facts, of one type and from one time or another.
    pub(super) fn records(&self, facts: &Facts) -> Vec<Record> {
        let with_time = |of: Coding| {
            let dated = move |at: Moment| Record {
                of: Some(of.clone()),
                date: Some(Span { from: Some(at), until: Some(at) }),
                ..facts.record.clone()
            };
            self.times(facts).into_iter().map(dated)
        };
        self.types(&facts.record).into_iter().flat_map(with_time).collect()
    }

    /// Types that a record of these categories may have; one that nobody names, if there is no other reason.
    fn types(&self, record: &Record) -> Vec<Coding> {
        let of_categories = record.categories.iter().flatten().map(|one| types_of(one, &self.of.classes));
        let of_categories: Vec<Vec<&str>> = of_categories.filter(|types| !types.is_empty()).collect();
        let may_be = |of: &str| of_categories.iter().all(|types| types.contains(&of));
        match (&record.of, of_categories.first()) {
            (Some(of), _) => may_be(&of.code).then(|| of.clone()).into_iter().collect(),
            (None, Some(types)) => {
                let open = types.iter().filter(|of| may_be(of)).take(TYPES_MAX);
                open.map(|of| Coding::new(system::RESOURCE_TYPE, of)).collect()
            }
            (None, None) => self.of.named.other_type().into_iter().collect(),
        }
    }

    /// Whether its type can be in its categories.
    pub(super) fn may_exist(&self, record: &Record) -> bool {
        !self.types(record).is_empty()
    }

    /// Moments in all these times, one for each way to lie in those that are named.
    fn times(&self, facts: &Facts) -> Vec<Moment> {
        let open = self.of.named.instants().iter().filter(|at| facts.times.iter().all(|span| span.contains(**at)));
        open.take(TIMES_MAX).copied().collect()
    }
}
