//! How whoever enforces an answer reads its redactions.

use super::context::share;
use super::data::{lies_in, meets};
use super::words::Table;
use amanah_ledger::engine::{Identifier, Identifiers, Listed, Record, Redacted, Redaction};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// Whether a redaction leaves a record out, all of whose facts are stated. `asked` keeps what nobody else is said to.
pub fn leaves_out(redaction: &Redaction, record: &Record, asked: Option<&Identifiers>) -> bool {
    let has_one = has_one(&redaction.listed, redaction.of, record, asked);
    match redaction.of {
        Redacted::AnyOf => has_one,
        Redacted::AllBut => !has_one,
    }
}

fn has_one(listed: &Listed, of: Redacted, record: &Record, asked: Option<&Identifiers>) -> bool {
    let is_among =
        |names: Option<&Identifiers>, listed: &BTreeSet<Identifier>| names.is_some_and(|names| share(names, listed));
    let Listed { codes, instances, records, authors, custodians, periods } = listed;
    let is_from = |period| {
        record.date.is_some_and(|date| match of {
            Redacted::AnyOf => meets(date, period),
            Redacted::AllBut => lies_in(date, period),
        })
    };
    codes.iter().any(|code| has_code(code, of, record))
        || is_among(record.names.as_ref(), instances)
        || is_among(record.names.as_ref(), records)
        || is_among(record.related.as_ref(), records)
        || is_among(record.author.as_ref(), authors)
        || is_among(record.custodian.as_ref().or(asked), custodians)
        || periods.iter().any(|period| is_from(*period))
}

/// A code stands for what it covers: a confidentiality that is left out for itself and higher, one that is released for
/// itself and lower, a sensitivity for itself and its parts, and left out also for what the tables do not know.
fn has_code(code: &Coding, of: Redacted, record: &Record) -> bool {
    let highest = Table::highest(record.labels.iter().cloned());
    match (Table::confidentiality(code), of) {
        (Some(place), Redacted::AnyOf) => return highest >= place,
        (Some(place), Redacted::AllBut) => return highest <= place,
        (None, Redacted::AnyOf | Redacted::AllBut) => {}
    }
    let is_label = record.labels.iter().any(|label| {
        let could_be = code.system == system::ACT_CODE && Table::NEWEST.could_be_any(label);
        Table::NEWEST.sensitivity_fits(code, label) || (of == Redacted::AnyOf && could_be)
    });
    let is_in = |codes: Option<&BTreeSet<Coding>>| codes.is_some_and(|codes| codes.contains(code));
    is_label || record.of.as_ref() == Some(code) || is_in(record.categories.as_ref()) || is_in(record.codes.as_ref())
}
