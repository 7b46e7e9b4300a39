//! What the exceptions of a refusal give back of it. A query leaves a refusal out whole; where nothing else of what is asked
//! is permitted, what its exceptions permit still may be.

use super::Rule;
use super::listing::Listable;
use super::part::Part;
use super::siblings::Siblings;
use super::voice::{Stance, Voice};

/// More refusals than these are not looked at for what their exceptions give back.
const LIFTED_MAX: usize = 8;

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
    pub(super) alone: Alone,
}

/// Whether what is given back is part of the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    Inside,
    /// No list can say the refusal: what else it is about is to be permitted by the same consent.
    Around,
}

impl<'a> Lifted<'a> {
    /// What rules give back of a root, which they go before.
    pub(super) fn by_rules(root: Listable<'a>, rules: &Siblings<'a>) -> Option<Self> {
        let leaving_refused = rules.excepting().to_vec();
        let parts = rules.released.clone();
        let alone = Alone::Inside;
        (!parts.is_empty()).then_some(Self { refusal: root, parts, withheld: Vec::new(), leaving_refused, alone })
    }

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
    /// The same voice for each refusal of which something is given back that may exist: it says no to all but that.
    pub(super) fn lifting<'b>(&'b self, may_exist: impl Fn(&Part<'a>) -> bool + 'b) -> impl Iterator<Item = Self> + 'b {
        let is_open = |lifted: &&Lifted<'a>| lifted.alone == Alone::Inside || self.stance == Stance::Permit;
        self.lifted.iter().filter(is_open).filter_map(move |lifted| {
            let is_given_back = |part: &&Part<'a>| may_exist(&Part::from(lifted.refusal).and(part));
            let parts: Vec<Part<'a>> = lifted.parts.iter().filter(is_given_back).cloned().collect();
            let others = self.withheld.iter().filter(|one| **one != lifted.refusal);
            let withheld = others.chain(&lifted.withheld).copied().collect();
            let leaving_refused = [self.leaving_refused.clone(), lifted.leaving_refused.clone()].concat();
            let is_any = !parts.is_empty();
            is_any.then(|| Self { stance: Stance::Deny(parts), withheld, leaving_refused, ..self.clone() })
        })
    }
}

impl<'a> Siblings<'a> {
    pub(super) fn lift(&mut self, more: impl IntoIterator<Item = Lifted<'a>>) {
        let room = LIFTED_MAX.saturating_sub(self.lifted.len());
        self.lifted.extend(more.into_iter().take(room));
    }

    /// What these release of a refusal above them, if a list can say it.
    pub(super) fn released_of(&self, refusal: Listable<'a>) -> Vec<Part<'a>> {
        let released = self.verdict.as_ref().map_or(&self.released, |verdict| &verdict.released);
        if refusal.can_be_released() { Part::both(&[refusal.into()], released) } else { Vec::new() }
    }

    /// What these give back of a refusal above them.
    pub(super) fn given_back(&self, refusal: Listable<'a>) -> Vec<Lifted<'a>> {
        let is_said = refusal.can_be_released();
        let released = self.verdict.as_ref().map_or(&self.released, |verdict| &verdict.released);
        let (parts, alone) =
            if is_said { (self.released_of(refusal), Alone::Inside) } else { (released.clone(), Alone::Around) };
        let lifted = self.verdict.as_ref().map_or(&self.lifted, |verdict| &verdict.lifted);
        let excepting = self.excepting().iter().chain(&self.leaving_refused).chain([&refusal.rule]);
        let leaving_refused: Vec<&Rule> = excepting.copied().collect();
        let outer = (!parts.is_empty()).then(|| Lifted {
            refusal,
            parts,
            withheld: self.withheld.clone(),
            leaving_refused: leaving_refused.clone(),
            alone,
        });
        let inner = lifted.iter().filter(|_| is_said).cloned().map(|inner| {
            let leaving_refused = [inner.leaving_refused.clone(), leaving_refused.clone()].concat();
            Lifted { leaving_refused, ..inner.inside(refusal, &self.withheld) }
        });
        outer.into_iter().chain(inner).collect()
    }
}
