//! How whoever enforces an answer reads its lists: whether a record is left out.

use super::party::is_same;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::rank;
use super::{Identifier, Record};
use crate::vocabulary::{Coding, NORMAL, Vocabulary, system};
use std::collections::BTreeSet;

impl Redaction {
    /// Whether it leaves a record out, all of whose facts are stated.
    pub(super) fn leaves_out(&self, record: &Record) -> bool {
        match self.of {
            Redacted::AnyOf => self.listed.has_one(record, Redacted::AnyOf),
            Redacted::AllBut => !self.listed.has_one(record, Redacted::AllBut),
        }
    }
}

impl Listed {
    /// Whether a record has something of what is listed, as it is left out or released.
    pub(super) fn has_one(&self, record: &Record, of: Redacted) -> bool {
        let Self { codes, instances, records, authors, custodians, periods } = self;
        let is_among =
            |stated: Option<&BTreeSet<Identifier>>, listed| stated.is_some_and(|stated| is_same(stated, listed));
        let is_from = |span| {
            record.date.is_some_and(|date| match of {
                Redacted::AnyOf => date.meets(span),
                Redacted::AllBut => date.lies_in(span),
            })
        };
        codes.iter().any(|code| has_code(code, record, of))
            || is_among(record.names.as_ref(), instances)
            || is_among(record.names.as_ref(), records)
            || is_among(record.related.as_ref(), records)
            || is_among(record.author.as_ref(), authors)
            || is_among(record.custodian.as_ref(), custodians)
            || periods.iter().any(is_from)
    }
}

/// A confidentiality that is left out means "from", one that is released "up to"; a sensitivity that is left out is also
/// what nobody knows.
fn has_code(code: &Coding, record: &Record, of: Redacted) -> bool {
    let vocabulary = Vocabulary::newest();
    if let Some(limit) = rank(code) {
        let highest = record.labels.iter().filter_map(rank).max().or(vocabulary.confidentiality(NORMAL));
        return highest.is_some_and(|highest| match of {
            Redacted::AnyOf => highest >= limit,
            Redacted::AllBut => highest <= limit,
        });
    }
    let is_meant = |label: &Coding| {
        let are_sensitivities = [code, label].iter().all(|one| one.system == system::ACT_CODE);
        let is_part = || vocabulary.sensitivity_covers(&code.code, &label.code);
        let could_be = || of == Redacted::AnyOf && !vocabulary.knows_label(&label.code);
        label == code || (are_sensitivities && (is_part() || could_be()))
    };
    let is_in = |codes: &Option<BTreeSet<Coding>>| codes.iter().flatten().any(|one| one == code);
    record.labels.iter().any(is_meant)
        || record.of.as_ref() == Some(code)
        || is_in(&record.categories)
        || is_in(&record.codes)
}
