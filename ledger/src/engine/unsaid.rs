//! What rules permit of a query and no list can say, or none beside the refusal that it is given back from. It is no ground
//! of a permit, but where it is let out after all, the duties of its consent are due.

use super::listing::Listable;
use super::part::Part;

/// A part that is permitted, but for what stands below it.
#[derive(Debug, Clone)]
pub(super) struct Unsaid<'a> {
    pub(super) part: Part<'a>,
    /// What is refused of it.
    pub(super) withheld: Vec<Listable<'a>>,
}

impl<'a> From<Listable<'a>> for Unsaid<'a> {
    fn from(rule: Listable<'a>) -> Self {
        Part::from(rule).into()
    }
}

impl<'a> From<Part<'a>> for Unsaid<'a> {
    fn from(part: Part<'a>) -> Self {
        Self { part, withheld: Vec::new() }
    }
}

impl<'a> Unsaid<'a> {
    /// What is given back of a rule, beside what is refused there.
    pub(super) fn of(rule: Listable<'a>, given_back: &[Part<'a>], withheld: &[Listable<'a>]) -> Vec<Self> {
        let parts = Part::both(&[rule.into()], given_back).into_iter();
        parts.map(|part| Self { part, withheld: withheld.to_vec() }).collect()
    }

    /// The same below a rule, beside what is refused there.
    pub(super) fn below(self, rule: Listable<'a>, withheld: &[Listable<'a>]) -> Option<Self> {
        let part = Part::both(&[rule.into()], std::slice::from_ref(&self.part)).pop()?;
        let is_other = |one: &&Listable<'a>| !self.part.rules().any(|rule| rule == *one);
        let withheld = withheld.iter().filter(is_other).chain(&self.withheld).copied().collect();
        Some(Self { part, withheld })
    }
}
