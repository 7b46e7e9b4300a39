//! What is asked, whatever format it was asked in.

use super::{Asker, Class, Identifiers, Moment, Span};
use crate::vocabulary::{Coding, Vocabulary};
use std::collections::BTreeSet;

/// One access that is asked for: one purpose, one act.
#[derive(Debug, Clone)]
pub struct Question {
    /// Whose data.
    pub patient: Identifiers,
    /// Who is asked; `None` if nobody says, and then no consent is about somebody else's records.
    pub custodian: Option<Identifiers>,
    /// Who asks.
    pub asker: Asker,
    /// Why; `None` if nobody says, and then no rule that names a purpose fits.
    pub purpose: Option<Coding>,
    /// What will be done, in the words that fit the one act.
    pub actions: BTreeSet<Coding>,
    /// What consents may be about, at least one of these; `None`: anything.
    pub classes: Option<BTreeSet<Coding>>,
    /// For what.
    pub asked: Asked,
    /// That an emergency was declared by somebody who may.
    pub emergency: Option<Attestation>,
}

/// For what data.
#[derive(Debug, Clone)]
pub enum Asked {
    /// For these records or kinds of records, each of which has its answer.
    Records(Vec<Record>),
    /// For whatever the record holds, or of some kinds: the answer says what to leave out.
    Query(Query),
}

/// One piece or kind of data, as its keeper describes it. `None` is what nobody states: it helps no permit and meets
/// every refusal. An empty list is none of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Its names.
    pub names: Option<Identifiers>,
    /// Resource type.
    pub of: Option<Coding>,
    /// Its categories.
    pub categories: Option<BTreeSet<Coding>>,
    /// Its confidentiality and sensitivity labels; without a confidentiality it counts as `N`.
    pub labels: BTreeSet<Coding>,
    /// What it is about, by clinical code.
    pub codes: Option<BTreeSet<Coding>>,
    /// When it is from.
    pub date: Option<Span>,
    /// Who wrote it.
    pub author: Option<Identifiers>,
    /// Who keeps it; if nobody says, who is asked.
    pub custodian: Option<Identifiers>,
    /// What it refers to: its order, encounter, care plan.
    pub related: Option<Identifiers>,
}

/// A question about kinds of data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Kinds asked for, each of which must be permitted; none: whatever there is.
    pub classes: Vec<Coding>,
    /// Only data with all these labels.
    pub labels: BTreeSet<Coding>,
    /// Only data about all these.
    pub codes: BTreeSet<Coding>,
    /// Only data from this time.
    pub period: Option<Span>,
    /// Records that came along: each is answered too, and changes nothing for the question.
    pub along: Vec<Record>,
}

/// That an emergency was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// By what authority, in words.
    pub authority: String,
    /// When.
    pub at: Moment,
}

/// What one tree is asked about: a record, or one kind of data of a query.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    Record(&'a Record),
    /// `named` are types in a category as consents name them: such records there are, whatever the tables say.
    Query {
        query: &'a Query,
        class: Option<&'a Coding>,
        named: &'a [&'a Class],
    },
}

/// A question at a moment, as each rule is asked it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inquiry<'a> {
    pub(super) vocabulary: &'static Vocabulary,
    pub(super) question: &'a Question,
    pub(super) subject: Subject<'a>,
    pub(super) as_of: Moment,
}

/// How much of what is asked a rule speaks about. A single record is never covered in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    Nothing,
    Part,
    Whole,
}

impl Cover {
    /// Whole or nothing.
    pub(super) fn whole_if(fits: bool) -> Self {
        if fits { Self::Whole } else { Self::Nothing }
    }

    /// AND between parts of a rule.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().min().unwrap_or(Self::Whole)
    }

    /// OR inside a part of a rule.
    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or(Self::Nothing)
    }
}
