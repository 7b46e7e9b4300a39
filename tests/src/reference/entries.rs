//! Step 9: what lists of what to leave out can name, and which of it a record has.

use super::named::Named;
use super::withheld::leaves_out;
use super::words::Table;
use amanah_ledger::engine::{Identifier, Identifiers, Listed, Record, Redacted, Redaction, Span};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::{BTreeMap, BTreeSet};

/// Which of a row of things are so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// One for each.
    pub(super) fn of(all: impl IntoIterator<Item = bool>) -> Self {
        let mut words = Vec::new();
        for (place, is_so) in all.into_iter().enumerate() {
            if place % 64 == 0 {
                words.push(0);
            }
            if let Some(word) = words.last_mut() {
                *word |= u64::from(is_so) << (place % 64);
            }
        }
        Self(words)
    }

    /// Whether one is so here and not there.
    pub(super) fn is_beyond(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & !other != 0)
    }

    /// Those that are so in either; both are of the same row.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(one, other)| one | other).collect())
    }
}

/// All that lists know of a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    /// The entries that leave it out.
    pub(super) out: Bits,
    /// The entries that keep it where all else is left out.
    pub(super) kept: Bits,
}

impl Mark {
    fn or(&self, other: &Self) -> Self {
        Self { out: self.out.or(&other.out), kept: self.kept.or(&other.kept) }
    }
}

/// One entry, alone on a list.
#[derive(Debug, Clone)]
struct Entry {
    out: Redaction,
    /// `None` where what it keeps cannot be told.
    kept: Option<Redaction>,
    is_level: bool,
}

/// What lists can name: all that the consents and the query name, the types of what may be found, all
/// confidentialities.
///
/// Nothing else is needed. What nobody names ("somebody else") is no entry: it stands for anybody. What a refused
/// record has beside that is not named (a code, a label, also one that no table knows) can be left out by its own name,
/// where no record that is meant has it. Times other than those named tell apart only dates that reach over an end of
/// one.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    all: Vec<Entry>,
    /// Labels are looked up in the tables once for each set of them.
    by_labels: BTreeMap<BTreeSet<Coding>, Mark>,
}

impl Entries {
    pub(super) fn of(named: &Named, types: &BTreeSet<Coding>, asked: Option<&Identifiers>) -> Self {
        let levels = ["U", "L", "M", "N", "R", "V"].map(|code| Coding::new(system::CONFIDENTIALITY, code));
        let facts: BTreeSet<&Coding> = types.iter().chain(&named.categories).chain(&named.codes).collect();
        let codes: BTreeSet<&Coding> = levels.iter().chain(&named.labels).chain(facts.iter().copied()).collect();
        let records: Identifiers = named.records.union(&named.related).cloned().collect();
        let custodians = named.custodians.iter().chain(asked.into_iter().flatten());
        let periods: BTreeSet<Span> = named.periods.iter().copied().collect();
        let is_kept = |code: &Coding| match code.system.as_str() {
            system::CONFIDENTIALITY | system::ACT_CODE => named.labels.contains(code),
            _other => facts.contains(code),
        };
        let mut all: Vec<Entry> = codes.iter().map(|code| Entry::code(code, is_kept(code))).collect();
        all.extend(records.iter().map(|one| Entry::of(Listed { instances: just(one), ..Listed::default() })));
        all.extend(records.iter().map(|one| Entry::of(Listed { records: just(one), ..Listed::default() })));
        all.extend(named.authors.iter().map(|one| Entry::of(Listed { authors: just(one), ..Listed::default() })));
        all.extend(custodians.map(|one| Entry::of(Listed { custodians: just(one), ..Listed::default() })));
        all.extend(periods.into_iter().map(|one| Entry::of(Listed { periods: vec![one], ..Listed::default() })));
        Self { all, by_labels: BTreeMap::new() }
    }

    /// Which of them records have, each once.
    pub(super) fn marks<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>) -> Vec<Mark> {
        let marks: BTreeSet<Mark> = records.into_iter().map(|record| self.mark(record)).collect();
        marks.into_iter().collect()
    }

    /// Which of them a record has. An entry is held against one fact after the other, so labels are looked at apart.
    pub(super) fn mark(&mut self, record: &Record) -> Mark {
        let unlabelled = Record { labels: BTreeSet::new(), ..record.clone() };
        let rest = self.read(&unlabelled, |entry| !entry.is_level);
        if let Some(of_labels) = self.by_labels.get(&record.labels) {
            return of_labels.or(&rest);
        }
        let of_labels = self.read(&Record { labels: record.labels.clone(), ..Record::default() }, |_| true);
        let mark = of_labels.or(&rest);
        self.by_labels.insert(record.labels.clone(), of_labels);
        mark
    }

    fn read(&self, record: &Record, is_read: impl Fn(&Entry) -> bool) -> Mark {
        let is_kept = |entry: &Entry| entry.kept.as_ref().is_some_and(|kept| !leaves_out(kept, record, None));
        Mark {
            out: Bits::of(self.all.iter().map(|entry| is_read(entry) && leaves_out(&entry.out, record, None))),
            kept: Bits::of(self.all.iter().map(|entry| is_read(entry) && is_kept(entry))),
        }
    }
}

impl Entry {
    fn of(listed: Listed) -> Self {
        let kept = Some(Redaction { of: Redacted::AllBut, listed: listed.clone() });
        Self { out: Redaction { of: Redacted::AnyOf, listed }, kept, is_level: false }
    }

    /// A list does not say whether a code is a label or another fact. Labels have systems of their own. One of another
    /// system keeps nothing: a record that has it as a code is like one without it for every consent, and is kept too.
    fn code(code: &Coding, is_kept: bool) -> Self {
        let is_level = Table::confidentiality(code).is_some();
        let entry = Self::of(Listed { codes: vec![code.clone()], ..Listed::default() });
        Self { kept: entry.kept.filter(|_| is_kept || is_level), is_level, ..entry }
    }
}

fn just(one: &Identifier) -> Identifiers {
    Identifiers::from([one.clone()])
}

#[cfg(test)]
#[test]
fn facts_are_read_apart_as_they_are_together() {
    use super::{applicable::stands, asking::Asking, pairs::pair};
    use amanah_ledger::engine::Asked;
    let mut read = 0;
    for seed in 0..2000 {
        let pair = pair(seed);
        let Asked::Query(query) = &pair.question.asked else { continue };
        let stands = stands(&pair.consents, &pair.question, pair.as_of);
        let asking = Asking { pair: &pair, query, stands: &stands };
        let mut entries = Entries::of(&asking.named(), &BTreeSet::new(), None);
        for record in asking.all_found().iter().flat_map(|found| found.each().take(200).collect::<Vec<_>>()) {
            let together = entries.read(&record, |_| true);
            assert_eq!(entries.mark(&record), together, "{seed}: {record:?}");
            read += 1;
        }
    }
    assert!(read > 2000, "{read}");
}
