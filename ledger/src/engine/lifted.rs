//! What the exceptions of a refusal give back of it. A query leaves a refusal out whole; where nothing else of what is asked
//! is permitted, what its exceptions permit still may be.

use super::Rule;
use super::listing::Listable;
use super::part::Part;
use super::voice::{Stance, Voice};

/// One refusal of a part, as its exceptions lift it.
#[derive(Debug, Clone)]
pub(super) struct Lifted<'a> {
    pub(super) refusal: Listable<'a>,
    /// What is permitted of it.
    pub(super) parts: Vec<Part<'a>>,
    /// What is refused in its place.
    pub(super) withheld: Vec<Listable<'a>>,
    /// Permits below it that leave what they except to a refusal.
    pub(super) leaving_refused: Vec<&'a Rule>,
}

impl<'a> Lifted<'a> {
    /// The same below a rule that is about a part as well.
    pub(super) fn below(self, rule: Listable<'a>) -> Self {
        Self { parts: Part::both(&[rule.into()], &self.parts), ..self }
    }

    /// The same of a refusal around that one, which refuses this beside.
    pub(super) fn inside(self, refusal: Listable<'a>, withheld: &[Listable<'a>]) -> Self {
        let inner = self.refusal;
        let withheld = withheld.iter().filter(|one| **one != inner).copied();
        let withheld = withheld.chain(self.withheld.iter().copied()).collect();
        Self { refusal, withheld, ..self.below(refusal) }
    }
}

impl<'a> Voice<'a> {
    /// The same voice for each refusal of which something is given back: it says no to all but that.
    pub(super) fn lifting(&self) -> impl Iterator<Item = Self> {
        self.lifted.iter().map(|lifted| {
            let others = self.withheld.iter().filter(|one| **one != lifted.refusal);
            let withheld = others.chain(&lifted.withheld).copied().collect();
            let leaving_refused = [self.leaving_refused.clone(), lifted.leaving_refused.clone()].concat();
            Self { stance: Stance::Deny(lifted.parts.clone()), withheld, leaving_refused, ..self.clone() }
        })
    }
}
