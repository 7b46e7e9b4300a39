//! Step 9: "if a requested type itself is redacted -> DENY". Lists know no AND, so a refusal that names a kind beside other
//! parts (psychiatric observations) is said by its kind, and nothing is left of that.

use super::asking::Asking;
use super::context::Case;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Class, ConsentRoot, Data, Record, Rule};
use amanah_ledger::vocabulary::Coding;

impl Asking<'_> {
    /// Whether a refusal of some of this, which no record or time narrows, names a kind that is asked for and that all of
    /// this kind is of.
    pub fn is_redacted(&self, kind: &Coding) -> bool {
        let found = self.all_records();
        let around = |one: &&Coding| self.found(Some(kind)).each().all(|record| is_of(one, &record));
        let kinds: Vec<&Coding> = self.query.classes.iter().filter(around).chain([kind]).collect();
        self.pair.consents.iter().any(|consent| {
            let table = Table::of(consent.vocabulary);
            let root = match &consent.root {
                ConsentRoot::Rule(root) => Some(root),
                ConsentRoot::Decision(_) => None,
            };
            root.into_iter().chain(&consent.rules).any(|rule| self.names_one(rule, table, &kinds, &found))
        })
    }

    fn names_one(&self, rule: &Rule, table: Table, kinds: &[&Coding], found: &[Record]) -> bool {
        let is_about_some = found.iter().any(|record| self.case(table, record).fits(rule));
        let is_of_all = |data: Data| {
            let rule = Rule { data, ..rule.clone() };
            found.iter().all(|record| self.case(table, record).data(&rule))
        };
        let Data { period, records, classes, documents, .. } = rule.data.clone();
        let narrower = [Data { records, ..Data::default() }, Data { period, ..Data::default() }];
        let names_it = |kind: &&Coding| {
            let is_class = |class: &Class| class.of == **kind && class.category.is_none();
            documents.contains(*kind) || classes.iter().any(is_class)
        };
        let refuses_it =
            rule.effect == Effect::Deny && kinds.iter().any(names_it) && narrower.into_iter().all(is_of_all);
        let mut below = rule.exceptions.iter();
        is_about_some && (refuses_it || below.any(|below| self.names_one(below, table, kinds, found)))
    }

    fn case<'a>(&'a self, table: Table, record: &'a Record) -> Case<'a> {
        Case { table, question: &self.pair.question, record, as_of: self.pair.as_of }
    }
}

fn is_of(kind: &Coding, record: &Record) -> bool {
    record.of.as_ref() == Some(kind) || record.categories.iter().flatten().any(|one| one == kind)
}
