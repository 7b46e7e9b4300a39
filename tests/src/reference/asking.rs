//! Step 9: what a query may find, and what is said of all of it.

use super::applicable::Stand;
use super::combined::{Combined, combined};
use super::context::Case;
use super::found::{Found, is_sound};
use super::kind::KindVerdict;
use super::named::{Named, named};
use super::obligations::part_2;
use super::pairs::Pair;
use super::release::Basis;
use super::verdict::{ItemVerdict, item, permitting};
use super::words::Table;
use amanah_ledger::engine::{Outcome, Query, Record};
use amanah_ledger::vocabulary::Coding;
use std::collections::BTreeSet;

/// A query with what its answer rests on.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The consents, the question, the time and the terms.
    pub pair: &'a Pair,
    /// The query.
    pub query: &'a Query,
    /// How each consent stands.
    pub stands: &'a [Stand],
}

impl Asking<'_> {
    /// Steps 2 to 5 for one record.
    pub fn said_of(&self, record: &Record) -> Combined {
        let Pair { consents, question, as_of, .. } = self.pair;
        combined(consents, self.stands, question, record, *as_of)
    }

    /// Steps 2 to 6 for one record.
    pub fn item(&self, record: &Record) -> ItemVerdict {
        item(&self.said_of(record), &self.pair.question, record, &self.pair.terms)
    }

    /// What a query may find of a kind.
    pub fn found(&self, kind: Option<&Coding>) -> Found {
        Found::of(kind, self.query, &self.named(), self.pair.question.custodian.as_ref())
    }

    /// Whether there are such records.
    pub fn may_exist(&self, record: &Record) -> bool {
        let facts = record.of.as_ref().zip(record.categories.as_ref());
        facts.is_none_or(|(of, categories)| is_sound(of, categories, &self.named()))
    }

    /// What the consents and the query name.
    pub(super) fn named(&self) -> Named {
        let Pair { consents, question, as_of, .. } = self.pair;
        let nothing = Record::default();
        let case = Case { table: Table::NEWEST, question, record: &nothing, as_of: *as_of };
        named(consents, self.stands, self.query, &case)
    }

    /// What a query may find, each kind by itself.
    pub fn all_found(&self) -> Vec<Found> {
        self.kinds().iter().map(|kind| self.found(kind.as_ref())).collect()
    }

    /// The kinds that are asked for.
    pub fn kinds(&self) -> Vec<Option<Coding>> {
        let named = self.query.classes.iter().cloned().map(Some);
        if self.query.classes.is_empty() { vec![None] } else { named.collect() }
    }

    /// The consents that permit something of what is let out, and whether it is what the notice of 42 CFR part 2 goes
    /// with: "NORDSCLCD (+ notice text) for 42CFRPart2".
    ///
    /// A decision, as CE-1 says it of records: the notice is due where a query names that label and such records are
    /// let out. Where they may merely be among what is found, whoever releases them sees their labels.
    ///
    /// Only records that are meant are looked at, and none where nothing depends on it.
    ///
    /// Of a kind that is denied no consent counts as permitting, as of a record: what an emergency opens does not rest
    /// on it.
    pub fn let_out(
        &self,
        basis: &Basis,
        kinds: &[KindVerdict],
        is_meant: impl Fn(&Record) -> bool,
    ) -> (BTreeSet<usize>, bool) {
        let mut by = BTreeSet::new();
        let mut has_part_2 = false;
        let names_part_2 = self.query.labels.contains(&part_2());
        let has_duties = self.pair.consents.iter().any(|consent| !consent.obligations.is_empty());
        if *basis == Basis::Nothing || !(names_part_2 || has_duties) {
            return (by, has_part_2);
        }
        for kind in kinds {
            for record in self.found(kind.kind.as_ref()).each() {
                if !is_meant(&record) || !basis.opens(self, &record) {
                    continue;
                }

                if kind.outcome == Outcome::Permit {
                    by.extend(permitting(&self.said_of(&record)));
                }
                has_part_2 = has_part_2 || (names_part_2 && basis.releases(self, &record));
            }
        }
        (by, has_part_2)
    }
}
