//! Step 9: whether the answer to a query lets a record out, straight from steps 2 to 7 for that record alone.

use super::asking::Asking;
use super::context::share;
use super::data::lies_in;
use super::emergency::is_barred;
use super::found::is_kind;
use super::kind::KindVerdict;
use super::pairs::Pair;
use super::verdict::permitting;
use super::withheld::leaves_out;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Identifiers, Obligation, Outcome, Query, Record};
use amanah_ledger::vocabulary::Coding;

/// What lets records out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Nothing: the answer is no.
    Nothing,
    /// An emergency, whatever the consents say.
    Emergency,
    /// The consents; and for these kinds, of which no consent permits anything, the default.
    Consents {
        /// Of a query that names no kinds `None`.
        by_default: Vec<Option<Coding>>,
    },
}

impl Basis {
    /// What an answer rests on.
    ///
    /// What no consent speaks about goes out only where the answer says so (no consent). Where it says permit, the
    /// default lets out nothing beside what the consents permit, "so that nobody mistakes the default for the patient's
    /// word" (the consent model; CE-1 leaves it open).
    pub fn of(effect: Effect, is_override: bool, kinds: &[KindVerdict]) -> Self {
        let without = kinds.iter().filter(|kind| kind.outcome == Outcome::NoConsent);
        match (effect, is_override) {
            (Effect::Deny, _) => Self::Nothing,
            (Effect::Permit, true) => Self::Emergency,
            (Effect::Permit, false) => Self::Consents { by_default: without.map(|kind| kind.kind.clone()).collect() },
        }
    }

    /// Whether a record that is asked for is let out.
    pub fn releases(&self, asking: &Asking<'_>, record: &Record) -> bool {
        let is_left_out = match self {
            // "Access whatever the consents say" (the consent model): a choice, as CE-1 does not say whether what a
            // consent asks to be left out for itself holds in an emergency. What it refuses does not either.
            Self::Emergency => false,
            Self::Nothing | Self::Consents { .. } => is_left_out(asking, record),
        };
        self.opens(asking, record) && !is_left_out
    }

    /// The same before what a consent asks itself to be left out: that is one of its obligations, and it permits still.
    pub fn opens(&self, asking: &Asking<'_>, record: &Record) -> bool {
        let said = asking.said_of(record);
        let is_of = |kind: &Option<Coding>| kind.as_ref().is_none_or(|kind| is_of_kind(kind, record));
        match (self, said.outcome) {
            (Self::Nothing, _) => false,
            (Self::Emergency, _) => !is_barred(&said, asking.pair.terms.emergency),
            (Self::Consents { .. }, Outcome::Permit) => true,
            (Self::Consents { .. }, Outcome::Deny | Outcome::Review) => false,
            (Self::Consents { by_default }, Outcome::NoConsent) => {
                asking.item(record).effect == Effect::Permit && by_default.iter().any(is_of)
            }
        }
    }
}

/// Whether a consent that permits this record asks for it to be left out.
fn is_left_out(asking: &Asking<'_>, record: &Record) -> bool {
    let Pair { consents, question, .. } = asking.pair;
    let said = asking.said_of(record);
    let asked_by = permitting(&said).filter_map(|place| consents.get(place));
    asked_by.flat_map(|consent| &consent.obligations).any(|one| withholds(one, record, question.custodian.as_ref()))
}

/// Whether an enforcement point lets a record out, all of whose facts are stated: every redaction is applied (step 8).
pub fn is_released(obligations: &[Obligation], record: &Record) -> bool {
    !obligations.iter().any(|one| withholds(one, record, None))
}

/// Whether an obligation leaves a record out. `asked` keeps what nobody else is said to keep.
pub(super) fn withholds(obligation: &Obligation, record: &Record, asked: Option<&Identifiers>) -> bool {
    match obligation {
        Obligation::Redact(redaction) => leaves_out(redaction, record, asked),
        Obligation::Duty(_) => false,
    }
}

/// Whether a query asks for this record, all of whose facts are stated.
///
/// A decision, as CE-1 leaves it open: whoever is asked is asked for what they keep themselves, and a query for a time
/// is for what lies in it whole, as a permit for a time is (step 3).
pub fn is_asked(query: &Query, asked: Option<&Identifiers>, record: &Record) -> bool {
    let is_of_kind = query.classes.is_empty() || query.classes.iter().any(|kind| is_of_kind(kind, record));
    let has_codes = record.codes.as_ref().is_some_and(|codes| query.codes.is_subset(codes));
    let is_from_then = query.period.is_none_or(|period| record.date.is_some_and(|date| lies_in(date, period)));
    let is_kept_there = match (&record.custodian, asked) {
        (Some(keeper), Some(asked)) => share(keeper, asked),
        (None, _) | (_, None) => true,
    };
    is_of_kind && has_codes && is_from_then && is_kept_there && query.labels.is_subset(&record.labels)
}

fn is_of_kind(kind: &Coding, record: &Record) -> bool {
    match (&record.of, &record.categories, &record.codes) {
        (Some(of), Some(categories), Some(codes)) => is_kind(kind, of, categories, codes),
        (None, _, _) | (_, None, _) | (_, _, None) => false,
    }
}
