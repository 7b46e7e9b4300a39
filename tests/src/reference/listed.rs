//! Step 9: what the answer must be for each kind, where that depends on lists of what to leave out.

use super::asking::Asking;
use super::kind::KindVerdict;
use super::sayable::Spoken;
use amanah_ledger::engine::Outcome;
use amanah_ledger::vocabulary::Coding;

/// What is expected of an answer for one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// What is said of the kind.
    Outcome,
    /// A refusal: the kind is itself redacted.
    Redacted,
    /// A refusal: no lists say any of it.
    Unsayable,
    /// A refusal: lists say some of it, but not with some of the other kinds.
    UnsayableTogether,
}

impl Asking<'_> {
    /// What is expected for each kind.
    ///
    /// Lists must go together for those kinds that are not refused by themselves. Of those that are nothing is let out,
    /// as the whole answer is a refusal then; but each kind has its own word, which is the same as if these were not
    /// asked for beside it ("each has its own answer").
    ///
    /// A choice: this is so of what no consent speaks about as of what is permitted, and whatever the default policy
    /// is, as that "changes `effect` and never `decision`" (`amanah policy`).
    pub fn expected(&self, kinds: &[KindVerdict]) -> Vec<Expected> {
        let later = self.later_labels();
        let is_asked = |kind: &KindVerdict| !is_refused(kind.outcome);
        let spoken = |kind: &KindVerdict| is_asked(kind).then(|| self.with_words(kind.kind.as_ref(), &later));
        let spoken: Vec<Option<Spoken>> = kinds.iter().map(spoken).collect();
        let alone: Vec<Expected> = kinds.iter().zip(&spoken).map(|(kind, found)| self.alone(kind, found)).collect();
        let is_open = |(kind, one): &(&KindVerdict, &Expected)| is_asked(kind) && **one == Expected::Outcome;
        let with_spoken = kinds.iter().zip(&alone).zip(&spoken).filter(|(kind, _)| is_open(kind));
        let open: Vec<(Option<&Coding>, Outcome, &Spoken)> = with_spoken
            .filter_map(|((kind, _), found)| Some((kind.kind.as_ref(), kind.outcome, found.as_ref()?)))
            .collect();
        if open.len() < 2 || self.is_sayable(&open) {
            return alone;
        }
        let together = |(kind, one)| if is_open(&(kind, one)) { Expected::UnsayableTogether } else { *one };
        kinds.iter().zip(&alone).map(together).collect()
    }

    fn alone(&self, kind: &KindVerdict, found: &Option<Spoken>) -> Expected {
        let Some(found) = found else { return Expected::Outcome };
        if kind.kind.as_ref().is_some_and(|kind| self.is_itself_redacted(kind, found)) {
            Expected::Redacted
        } else if self.is_sayable(&[(kind.kind.as_ref(), kind.outcome, found)]) {
            Expected::Outcome
        } else {
            Expected::Unsayable
        }
    }
}

fn is_refused(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Permit | Outcome::NoConsent => false,
        Outcome::Deny | Outcome::Review => true,
    }
}
