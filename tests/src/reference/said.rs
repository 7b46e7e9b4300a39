//! Step 9: whether any answer could let out a part of a kind. An answer is lists: each leaves out what has one of its
//! entries, or what has none; all are held to. They know no AND, and so there are parts that none of them lets out alone.

use super::asking::Asking;
use super::withheld::leaves_out;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Identifier, Listed, Outcome, Record, Redacted, Redaction};
use amanah_ledger::vocabulary::{Coding, Kind, system};
use std::collections::BTreeSet;

impl Asking<'_> {
    /// Whether lists can let out a record of a kind of which this is said, and with it nothing that is refused.
    ///
    /// A choice: who asks for one category is not given another, though a record may be of both.
    pub fn can_be_said(&self, kind: Option<&Coding>, outcome: Outcome) -> bool {
        let is_meant = |record: &Record| self.said_of(record).outcome == outcome && !is_of_another(kind, record);
        let meant: Vec<Record> = self.found(kind).each().filter(is_meant).collect();
        let shut = self.shut(&[outcome]);
        some_of(&meant, LOOKED_AT).any(|record| {
            let lists = self.least_lists(record);
            shut.iter().all(|other| lists.iter().any(|list| self.leaves_out(list, other)))
        })
    }

    /// The same of several kinds at once, as the lists are those of all of them.
    pub fn can_be_said_together(&self, kinds: &[(Option<&Coding>, Outcome)]) -> bool {
        let outcomes: Vec<Outcome> = kinds.iter().map(|(_, outcome)| *outcome).collect();
        let shut = self.shut(&outcomes);
        let lists_of = |(kind, outcome): &(Option<&Coding>, Outcome)| -> Vec<Vec<Redaction>> {
            let meant: Vec<Record> =
                self.found(*kind).each().filter(|record| self.said_of(record).outcome == *outcome).collect();
            some_of(&meant, TOGETHER).map(|record| self.least_lists(record)).collect()
        };
        let mut together: Vec<Vec<Vec<Redaction>>> = vec![Vec::new()];
        for of_kind in kinds.iter().map(lists_of) {
            let with = |before: &Vec<Vec<Redaction>>| -> Vec<Vec<Vec<Redaction>>> {
                of_kind.iter().map(|lists| [before.clone(), vec![lists.clone()]].concat()).collect()
            };
            together = together.iter().flat_map(with).collect();
        }
        together.iter().any(|records| shut.iter().all(|other| self.is_left_out_of_all(records, other)))
    }

    /// Whether a record is left out by one list that lets out all of some others, of which each has its own: what has an
    /// entry, or what has none of those that they have.
    fn is_left_out_of_all(&self, each: &[Vec<Redaction>], record: &Record) -> bool {
        let [first, others @ ..] = each else { return false };
        let leaves_out =
            |of, lists: &[Redaction]| lists.iter().any(|list| list.of == of && self.leaves_out(list, record));
        let is_of_all = |list: &&Redaction| others.iter().all(|lists| lists.contains(list));
        let by_any_of =
            first.iter().filter(is_of_all).any(|list| leaves_out(Redacted::AnyOf, std::slice::from_ref(list)));
        by_any_of || each.iter().all(|lists| leaves_out(Redacted::AllBut, lists))
    }

    /// Records of which something else is said than that, and that no default lets out.
    fn shut(&self, outcomes: &[Outcome]) -> Vec<Record> {
        let all = self.all_records();
        let is_shut = |record: &Record| {
            let item = self.item(record);
            !outcomes.contains(&item.outcome) && item.effect == Effect::Deny
        };
        let labelled = some_of(&all, LOOKED_AT).flat_map(|record| self.with_later_labels(record));
        labelled.chain(all.iter().cloned()).filter(is_shut).collect()
    }

    /// Everything that may be found, of all kinds.
    pub fn all_records(&self) -> Vec<Record> {
        self.all_found().iter().flat_map(|found| found.each().collect::<Vec<_>>()).collect()
    }

    /// A record, and what it would be with labels that came after a consent, which could be anything to that.
    fn with_later_labels(&self, record: &Record) -> Vec<Record> {
        let tables = self.pair.consents.iter().map(|consent| Table::of(consent.vocabulary));
        let later: BTreeSet<Coding> = tables.flat_map(Table::later_labels).collect();
        let with = |label: Coding| {
            let labels = record.labels.iter().cloned().chain([label]).collect();
            Record { labels, ..record.clone() }
        };
        later.into_iter().map(with).collect()
    }

    fn leaves_out(&self, list: &Redaction, record: &Record) -> bool {
        leaves_out(list, record, self.pair.question.custodian.as_ref())
    }

    /// The lists that let out a record and as little else as lists can.
    fn least_lists(&self, record: &Record) -> Vec<Redaction> {
        let named = self.named();
        let confidentiality = ["U", "L", "M", "N", "R", "V"].map(|code| Kind::Confidentiality.coding(code));
        let labels: BTreeSet<Coding> =
            named.labels.iter().chain(&record.labels).cloned().chain(confidentiality).collect();
        let kinds = named.types.iter().chain(&named.categories).chain(&named.codes).chain(&record.of);
        let entries = |names: &BTreeSet<Identifier>, entry: fn(BTreeSet<Identifier>) -> Listed| -> Vec<Listed> {
            names.iter().map(|name| entry(BTreeSet::from([name.clone()]))).collect()
        };
        let of_code = |code: &Coding| Listed { codes: vec![code.clone()], ..Listed::default() };
        let mut either: Vec<Listed> = kinds.map(of_code).collect();
        either.extend(named.periods.iter().map(|span| Listed { periods: vec![*span], ..Listed::default() }));
        either.extend(entries(&named.records, |instances| Listed { instances, ..Listed::default() }));
        either.extend(entries(&named.related, |records| Listed { records, ..Listed::default() }));
        either.extend(entries(&named.authors, |authors| Listed { authors, ..Listed::default() }));
        either.extend(entries(&named.custodians, |custodians| Listed { custodians, ..Listed::default() }));
        // What is no label of a known system could be a clinical code, and to list it would let out what has that.
        let is_of_labels = |label: &&Coding| [system::CONFIDENTIALITY, system::ACT_CODE].contains(&&*label.system);
        let all_but = labels.iter().filter(is_of_labels).map(of_code).chain(either.iter().cloned());
        let all_but = all_but.map(|listed| Redaction { of: Redacted::AllBut, listed });
        let any_of = labels.iter().map(of_code).chain(either.iter().cloned());
        let any_of = any_of.map(|listed| Redaction { of: Redacted::AnyOf, listed });
        all_but.chain(any_of).filter(|list| !self.leaves_out(list, record)).collect()
    }
}

/// Looked at of very many, so that no question takes minutes.
const LOOKED_AT: usize = 100;

/// The same of each of several kinds.
const TOGETHER: usize = 16;

fn some_of(records: &[Record], most: usize) -> impl Iterator<Item = &Record> {
    records.iter().step_by(records.len().div_ceil(most).max(1))
}

/// Whether a record is in a category beside the one that is asked for.
fn is_of_another(kind: Option<&Coding>, record: &Record) -> bool {
    let categories = [system::OBSERVATION_CATEGORY, system::DIAGNOSTIC_SERVICE];
    let asked = kind.filter(|kind| categories.contains(&kind.system.as_str()));
    asked.is_some_and(|asked| record.categories.iter().flatten().any(|one| one.system == asked.system && one != asked))
}
