//! Step 9: whether any lists of what to leave out say what is meant of each kind, and nothing that is to be withheld.
//!
//! "Each of several kinds keeps its own lists; what is released of one does not narrow another" (ADR 19): the answer
//! has one set of lists, and none says which kind it is for. What is released of one kind leaves another alone where
//! the list names that beside it (all but psychiatric data and conditions); that is a list of one entry from each. What
//! is left out is left out of every kind.

use super::asking::Asking;
use super::choice::is_some_choice_sayable;
use super::combined::{Combined, by_default};
use super::emergency::is_barred;
use super::entries::{Entries, Mark};
use super::found::is_kind;
use super::release::withholds;
use super::verdict::permitting;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Outcome, Record};
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};
use std::collections::BTreeSet;

/// What may be found of a kind, each with what is said of it.
pub(super) type Spoken = Vec<(Record, Combined)>;

/// A kind of which something is meant.
#[derive(Debug, Clone, Copy)]
struct Wanted<'a> {
    kind: Option<&'a Coding>,
    outcome: Outcome,
    /// Whether only what the default policy permits is meant.
    by_default: bool,
}

impl Asking<'_> {
    /// Whether some set of lists lets out a record of each of these kinds, of which just this is said, and none that is
    /// to be withheld.
    ///
    /// Of no consent the default policy speaks: what it permits is meant. Where it permits nothing of a kind, whatever
    /// no consent speaks about is: "it changes `effect` and never `decision`", so what is said of the kind must not
    /// hang on it.
    pub(super) fn is_sayable(&self, kinds: &[(Option<&Coding>, Outcome, &Spoken)]) -> bool {
        let later = self.later_labels();
        let found: Vec<&Spoken> = kinds.iter().map(|(_, _, found)| *found).collect();
        let wanted: Vec<Wanted<'_>> =
            kinds.iter().map(|(kind, outcome, found)| self.wanted((*kind, *outcome), found)).collect();
        let (mut meant, mut others) = (Vec::new(), Vec::new());
        for (kind, found) in wanted.iter().zip(&found) {
            let naming = kind.kind.map(|kind| self.naming(kind, found)).unwrap_or_default();
            let is_meant = |record: &Record, said: &Combined| {
                let is_left = !self.is_left_out_by_itself(record, said) && self.is_spared(&naming, record);
                is_left && self.is_meant(kind, record, said) && record.labels.is_disjoint(&later)
            };
            let of_kind = found.iter().filter(|(record, said)| is_meant(record, said)).map(|(record, _)| record);
            meant.push(of_kind.collect::<Vec<&Record>>());
            let is_shut = |(record, said): &&(Record, Combined)| {
                !self.is_open(record, said, &wanted) || self.is_left_out_by_itself(record, said)
            };
            others.extend(found.iter().filter(is_shut).map(|(record, _)| record));
        }
        if others.is_empty() || meant.iter().any(Vec::is_empty) {
            return !meant.iter().any(Vec::is_empty);
        }
        let mut entries = self.entries(&later, found.into_iter().flatten().map(|(record, _)| record));
        let meant: Vec<Vec<Mark>> = meant.into_iter().map(|of_kind| entries.marks(of_kind)).collect();
        is_some_choice_sayable(&meant, &entries.marks(others))
    }

    /// Whether an emergency may open some of the query: all but what is refused to breaking the glass by name, "and if
    /// that leaves nothing, or no list can say it, it is not opened by a query" (ADR 19).
    pub fn is_openable(&self) -> bool {
        if self.pair.question.purpose != Some(Coding::new(system::PURPOSE, BREAK_THE_GLASS)) {
            return true;
        }
        let later = self.later_labels();
        let all: Spoken = self.kinds().iter().flat_map(|kind| self.with_words(kind.as_ref(), &later)).collect();
        let is_barred = |said: &Combined| is_barred(said, self.pair.terms.emergency);
        if !all.iter().any(|(_, said)| is_barred(said)) {
            return true;
        }
        let mut entries = self.entries(&later, all.iter().map(|(record, _)| record));
        let (barred, others): (Vec<_>, Vec<_>) = all.iter().partition(|(_, said)| is_barred(said));
        let meant = others.into_iter().map(|(record, _)| record).filter(|record| record.labels.is_disjoint(&later));
        let meant = entries.marks(meant);
        is_some_choice_sayable(&[meant], &entries.marks(barred.into_iter().map(|(record, _)| record)))
    }

    fn entries<'a>(&self, later: &BTreeSet<Coding>, found: impl Iterator<Item = &'a Record>) -> Entries {
        let mut named = self.named();
        named.labels.extend(later.iter().cloned());
        Entries::of(
            &named,
            &found.filter_map(|record| record.of.clone()).collect(),
            self.pair.question.custodian.as_ref(),
        )
    }

    /// Whether consents that permit a record ask it to be left out for themselves: "the union over permitting consents"
    /// (step 8), and "a query of which the lists would leave nothing is refused".
    fn is_left_out_by_itself(&self, record: &Record, said: &Combined) -> bool {
        let consents = permitting(said).filter_map(|place| self.pair.consents.get(place));
        consents.flat_map(|consent| &consent.obligations).any(|one| withholds(one, record, None))
    }

    /// What may be found of a kind, and the same with each label that came later, each with what is said of it.
    pub(super) fn with_words(&self, kind: Option<&Coding>, later: &BTreeSet<Coding>) -> Spoken {
        let with_later = |record: Record| {
            let labelled = |label: &Coding| {
                let labels = record.labels.iter().chain([label]).cloned().collect();
                Record { labels, ..record.clone() }
            };
            later.iter().map(labelled).chain([record.clone()]).collect::<Vec<Record>>()
        };
        let with_words = |record: Record| {
            let said = self.said_of(&record);
            (record, said)
        };
        self.found(kind).each().flat_map(with_later).map(with_words).collect()
    }

    fn wanted<'a>(&self, kind: (Option<&'a Coding>, Outcome), found: &[(Record, Combined)]) -> Wanted<'a> {
        let (kind, outcome) = kind;
        let speaks = |(record, said): &(Record, Combined)| {
            said.outcome == Outcome::NoConsent && self.is_by_default(record) && self.is_of_query(kind, record)
        };
        Wanted { kind, outcome, by_default: outcome == Outcome::NoConsent && found.iter().any(speaks) }
    }

    fn is_by_default(&self, record: &Record) -> bool {
        by_default(self.pair.terms.default, &self.pair.question, record) == Effect::Permit
    }

    fn is_meant(&self, wanted: &Wanted<'_>, record: &Record, said: &Combined) -> bool {
        let is_spoken_of = !wanted.by_default || self.is_by_default(record);
        said.outcome == wanted.outcome && is_spoken_of && self.is_of_query(wanted.kind, record)
    }

    /// "Who asks for one category is not given another, though a record may be of both", and "a confidentiality that is
    /// asked for is the least that a record found has: what is higher beside it is left out" (ADR 19).
    fn is_of_query(&self, kind: Option<&Coding>, record: &Record) -> bool {
        let is_in_another = kind.is_some_and(|kind| {
            let is_category =
                [system::OBSERVATION_CATEGORY, system::DIAGNOSTIC_SERVICE].contains(&kind.system.as_str());
            is_category && record.categories.iter().flatten().any(|category| category != kind)
        });
        let most = self.query.labels.iter().filter_map(Table::confidentiality).max();
        !is_in_another && most.is_none_or(|most| Table::highest(record.labels.iter().cloned()) <= most)
    }

    /// What is permitted may be let out beside what is meant. What no consent speaks about may not, "so that nobody
    /// mistakes the default for the patient's word", but for what is of a kind of which none does.
    fn is_open(&self, record: &Record, said: &Combined, wanted: &[Wanted<'_>]) -> bool {
        match said.outcome {
            Outcome::Permit => true,
            Outcome::Deny | Outcome::Review => false,
            Outcome::NoConsent => wanted
                .iter()
                .filter(|one| one.outcome == Outcome::NoConsent)
                .any(|one| is_of(one.kind, record) && (!one.by_default || self.is_by_default(record))),
        }
    }
}

fn is_of(kind: Option<&Coding>, record: &Record) -> bool {
    match (kind, &record.of, &record.categories, &record.codes) {
        (None, _, _, _) => true,
        (Some(kind), Some(of), Some(categories), Some(codes)) => is_kind(kind, of, categories, codes),
        (Some(_), None, _, _) | (Some(_), _, None, _) | (Some(_), _, _, None) => false,
    }
}
