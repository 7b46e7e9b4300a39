//! Step 9 by its promise: what a query releases after its redactions is nothing that would be refused by itself.

use super::words::Table;
use amanah_ledger::engine::{Listed, Obligation, Query, Record, Redacted, Redaction};
use amanah_ledger::vocabulary::{Coding, system};

/// Whether a fully stated record is among what a query asks for.
pub fn is_asked(query: &Query, record: &Record) -> bool {
    let is_kind = |kind: &Coding| {
        record.of.as_ref() == Some(kind) || record.categories.as_ref().is_some_and(|own| own.contains(kind))
    };
    let has_label = |label: &Coding| match Table::confidentiality(label) {
        Some(rank) => Table::highest(record.labels.iter().cloned()) == rank,
        None => record.labels.iter().any(|own| Table::NEWEST.sensitivity_fits(label, own)),
    };
    let is_of_period = query.period.is_none_or(|period| record.date.is_some_and(|date| date.lies_in(&period)));
    let has_code = |code: &Coding| record.codes.as_ref().is_some_and(|own| own.contains(code));
    (query.classes.is_empty() || query.classes.iter().any(is_kind))
        && query.labels.iter().all(has_label)
        && query.codes.iter().all(has_code)
        && is_of_period
}

/// Whether an enforcement point releases a fully stated record under these obligations.
pub fn is_released(obligations: &[Obligation], record: &Record) -> bool {
    obligations.iter().all(|obligation| match obligation {
        Obligation::Duty(_) => true,
        Obligation::Redact(Redaction { of: Redacted::AnyOf, listed }) => !is_listed(listed, record, true),
        Obligation::Redact(Redaction { of: Redacted::AllBut, listed }) => is_listed(listed, record, false),
    })
}

/// A confidentiality withheld means it and higher, one released means it and lower.
fn is_listed(listed: &Listed, record: &Record, withheld: bool) -> bool {
    let highest = Table::highest(record.labels.iter().cloned());
    let by_code = listed.codes.iter().any(|code| match Table::confidentiality(code) {
        Some(rank) if withheld => highest >= rank,
        Some(rank) => highest <= rank,
        None => has(record, code),
    });
    // A label that no table has could be any of those withheld.
    let names_sensitivity = listed.codes.iter().any(|code| code.system == system::ACT_CODE);
    let by_doubt = withheld && names_sensitivity && record.labels.iter().any(|label| Table::NEWEST.could_be_any(label));
    let by_instance = record.names.as_ref().is_some_and(|own| !own.is_disjoint(&listed.instances));
    let names = [&record.names, &record.related].into_iter().flatten();
    let by_record = names.into_iter().any(|own| !own.is_disjoint(&listed.records));
    let by_author = record.author.as_ref().is_some_and(|own| !own.is_disjoint(&listed.authors));
    let by_keeper = record.custodian.as_ref().is_some_and(|own| !own.is_disjoint(&listed.custodians));
    let by_period = listed.periods.iter().any(|period| match record.date {
        Some(date) if withheld => date.meets(period),
        Some(date) => date.lies_in(period),
        None => withheld,
    });
    by_code || by_doubt || by_instance || by_record || by_author || by_keeper || by_period
}

fn has(record: &Record, code: &Coding) -> bool {
    let is_in = |own: &Option<std::collections::BTreeSet<Coding>>| own.as_ref().is_some_and(|own| own.contains(code));
    record.of.as_ref() == Some(code)
        || is_in(&record.categories)
        || is_in(&record.codes)
        || record.labels.iter().any(|own| Table::NEWEST.sensitivity_fits(code, own))
}
