//! Lists of what is left out, all together, so that one thing after another can be looked up in them.

use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::rank;
use super::{Identifier, Span};
use crate::vocabulary::{Coding, Kind, Vocabulary, system};
use std::collections::BTreeSet;

/// What is left out.
#[derive(Default)]
pub(super) struct LeftOut<'a> {
    /// What is left out already.
    before: Option<&'a Self>,
    any_of: Vec<&'a Listed>,
    all_but: Vec<&'a Listed>,
    codes: BTreeSet<&'a Coding>,
    /// Those of the codes that are sensitivities which the tables know: they have parts.
    sensitivities: BTreeSet<&'a Coding>,
    /// Whether any code is a sensitivity: then what nobody knows could be one.
    has_sensitivity: bool,
    /// The confidentiality from which on everything is left out.
    from: Option<usize>,
    periods: Vec<Span>,
}

impl<'a> LeftOut<'a> {
    pub(super) fn of(lists: impl IntoIterator<Item = &'a Redaction>) -> Self {
        let mut all = Self::default();
        for Redaction { of, listed } in lists {
            match of {
                Redacted::AnyOf => all.add(listed),
                Redacted::AllBut => all.all_but.push(listed),
            }
        }
        all
    }

    /// With more lists.
    pub(super) fn with(&'a self, more: impl IntoIterator<Item = &'a Redaction>) -> Self {
        Self { before: Some(self), ..Self::of(more) }
    }

    fn add(&mut self, listed: &'a Listed) {
        let vocabulary = Vocabulary::newest();
        let is_known = |code: &&Coding| vocabulary.knows(Kind::Sensitivity, &code.code);
        let sensitivities = listed.codes.iter().filter(|code| code.system == system::ACT_CODE);
        self.has_sensitivity |= sensitivities.clone().next().is_some();
        self.sensitivities.extend(sensitivities.filter(is_known));
        self.from = self.from.into_iter().chain(listed.codes.iter().filter_map(rank)).min();
        self.codes.extend(&listed.codes);
        self.periods.extend(&listed.periods);
        self.any_of.push(listed);
    }

    /// These lists and those before them.
    fn each(&'a self) -> impl Iterator<Item = &'a Self> {
        std::iter::successors(Some(self), |one| one.before)
    }

    /// Lists of which everything else is left out.
    pub(super) fn all_but(&'a self) -> impl Iterator<Item = &'a Listed> {
        self.each().flat_map(|one| &one.all_but).copied()
    }

    pub(super) fn has(&self, one: &Identifier, among: impl Fn(&Listed) -> &BTreeSet<Identifier>) -> bool {
        self.each().flat_map(|lists| &lists.any_of).any(|list| among(list).contains(one))
    }

    pub(super) fn is_from(&self, confidentiality: usize) -> bool {
        self.each().filter_map(|lists| lists.from).any(|from| from <= confidentiality)
    }

    /// Whether whoever has this is left out.
    pub(super) fn has_code(&self, code: &Coding) -> bool {
        if self.each().any(|lists| lists.codes.contains(code)) {
            return true;
        }
        let vocabulary = Vocabulary::newest();
        let is_part = |one: &&Coding| vocabulary.sensitivity_covers(&one.code, &code.code);
        code.system == system::ACT_CODE
            && (self.each().flat_map(|lists| &lists.sensitivities).any(is_part)
                || (self.each().any(|lists| lists.has_sensitivity) && !vocabulary.knows_label(&code.code)))
    }

    /// The times that are left out, one after the other.
    pub(super) fn times(&self) -> Vec<Span> {
        let mut all: Vec<Span> = self.each().flat_map(|lists| &lists.periods).copied().collect();
        all.sort_by_key(|span| span.from);
        let mut closed: Vec<Span> = Vec::new();
        for span in all {
            match closed.last_mut() {
                Some(last) if last.meets(&span) => {
                    last.until = last.until.zip(span.until).map(|(one, other)| one.max(other));
                }
                Some(_) | None => closed.push(span),
            }
        }
        closed
    }
}
