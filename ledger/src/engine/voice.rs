//! What one consent says of what is asked (CE-1 step 4), before it is heard together with the others.

use super::Rule;
use super::listing::Listable;
use super::part::Part;
use super::siblings::{Siblings, Verdict, names_break_glass};
use super::unsaid::Unsaid;
use crate::document::Effect;
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

/// What one consent says.
#[derive(Debug, Clone, Default)]
pub(super) struct Voice<'a> {
    pub(super) stance: Stance<'a>,
    /// Rules whose data is withheld, also from what other consents permit. Empty for a record.
    pub(super) withheld: Vec<Listable<'a>>,
    /// Those of them that are refused to breaking the glass by name.
    pub(super) barred: Vec<Listable<'a>>,
    /// Permits that leave the labels which they except to other consents.
    pub(super) leaving_open: Vec<&'a Rule>,
    /// Permits that leave them to a refusal.
    pub(super) leaving_refused: Vec<&'a Rule>,
    /// Permits that leave them to a refusal of breaking the glass by name.
    pub(super) leaving_barred: Vec<&'a Rule>,
    /// Rules that permit a part of a query which no list can say: nothing is released by them.
    pub(super) unsaid: Vec<Unsaid<'a>>,
    /// The rule that the stance rests on; `None` for a base decision.
    pub(super) rule: Option<&'a Rule>,
    pub(super) break_glass: BreakGlass,
}

/// Whether what a consent refuses of all that is asked names breaking the glass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum BreakGlass {
    #[default]
    Open,
    Refused,
    /// By its root: what its rules refuse beside that is not refused by name.
    RefusedByRoot,
}

impl BreakGlass {
    fn refused_if(is_refused: bool) -> Self {
        if is_refused { Self::Refused } else { Self::Open }
    }
}

/// The answer of one consent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stance<'a> {
    /// Nothing: it is about somebody or something else.
    #[default]
    Silent,
    /// It permits this requester and purpose less than this.
    NotCovered,
    /// The same of what this rule's actors wrote; of other records of a query it says nothing.
    NotCoveredOf(Listable<'a>),
    /// It permits.
    Permit,
    /// It permits of a query what these rules are about.
    Within { parts: Vec<Part<'a>>, beyond: Beyond<'a> },
    /// It refuses; of a query, all but what these rules are about.
    Deny(Vec<Part<'a>>),
}

/// What a consent that permits a part of a query says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond<'a> {
    Silent,
    NotCovered,
    /// It permits less of what this rule's actors wrote, and says nothing of other records.
    NotCoveredOf(Listable<'a>),
}

impl<'a> Voice<'a> {
    /// Permits of which it permits nothing else that they except.
    pub(super) fn excepting(&self) -> impl Iterator<Item = &'a Rule> {
        self.leaving_open.iter().chain(&self.leaving_refused).copied()
    }

    /// Whether it permits all that it does not refuse, whatever its labels.
    pub(super) fn permits_all_labels(&self) -> bool {
        self.stance == Stance::Permit && self.leaving_open.iter().all(|rule| rule.data.except_labels.is_empty())
    }

    /// Labels of each rule by which it narrows what a query releases.
    pub(super) fn given(&self) -> impl Iterator<Item = &'a BTreeSet<Coding>> {
        self.stance.parts().iter().flat_map(Part::rules).map(|one| &one.rule.data.labels)
    }
}

impl<'a> Stance<'a> {
    /// The same where rules permit these parts of a query.
    pub(super) fn with(self, released: Vec<Part<'a>>) -> Self {
        match self {
            Self::Permit => Self::Permit,
            Self::Within { mut parts, beyond } => {
                parts.extend(released);
                Self::Within { parts, beyond }
            }
            Self::Silent | Self::NotCovered | Self::NotCoveredOf(_) if released.is_empty() => self,
            Self::Silent => Self::Within { parts: released, beyond: Beyond::Silent },
            Self::NotCovered => Self::Within { parts: released, beyond: Beyond::NotCovered },
            Self::NotCoveredOf(part) => Self::Within { parts: released, beyond: Beyond::NotCoveredOf(part) },
            Self::Deny(_) => Self::Deny(released),
        }
    }

    /// Of whose records alone it permits less than is asked.
    pub(super) fn not_covered_of(&self) -> Option<&Listable<'a>> {
        match self {
            Self::NotCoveredOf(part) | Self::Within { beyond: Beyond::NotCoveredOf(part), .. } => Some(part),
            Self::Silent | Self::NotCovered | Self::Permit | Self::Within { .. } | Self::Deny(_) => None,
        }
    }

    /// The rules about a part of a query that it permits beside or in spite of what it says of the rest.
    pub(super) fn parts(&self) -> &[Part<'a>] {
        match self {
            Self::Within { parts, .. } | Self::Deny(parts) => parts,
            Self::Silent | Self::NotCovered | Self::NotCoveredOf(_) | Self::Permit => &[],
        }
    }
}

impl<'a> Siblings<'a> {
    /// What the consent says, given what it says where its rules say nothing.
    pub(super) fn voice(self, unlifted: Stance<'a>, root: Option<&'a Rule>) -> Voice<'a> {
        let bars_by_root = root.is_some_and(|root| root.effect == Effect::Deny && names_break_glass(root));
        let (leaving_open, leaving_refused) = self.leaving(&unlifted, root);
        let Self { verdict, released, withheld, barred, mut leaving_barred, unsaid, .. } = self;
        let (stance, rule, break_glass) = match verdict {
            Some(Verdict { effect: Effect::Permit, rule, .. }) => {
                if bars_by_root {
                    // What the permits except is left to the root.
                    leaving_barred.extend(&leaving_refused);
                }
                (Stance::Permit, Some(rule), BreakGlass::Open)
            }
            Some(Verdict { effect: Effect::Deny, rule, released, names_break_glass, is_of_part }) => {
                let break_glass = BreakGlass::refused_if(names_break_glass || (is_of_part && bars_by_root));
                (Stance::Deny(released), Some(rule), break_glass)
            }
            None => {
                let stance = unlifted.with(released);
                let is_refused = matches!(stance, Stance::Deny(_)) && root.is_some_and(names_break_glass);
                (stance, root, if is_refused { BreakGlass::RefusedByRoot } else { BreakGlass::Open })
            }
        };
        Voice { stance, withheld, barred, leaving_open, leaving_refused, leaving_barred, unsaid, rule, break_glass }
    }

    /// The permits that leave what they except to nobody in this consent, and those that leave it to a refusal.
    fn leaving(&self, unlifted: &Stance<'_>, root: Option<&'a Rule>) -> (Vec<&'a Rule>, Vec<&'a Rule>) {
        let own = self.excepting().to_vec();
        if matches!(unlifted, Stance::Deny(_)) {
            return (Vec::new(), [own, self.leaving_refused.clone()].concat());
        }
        let permits_rest = *unlifted == Stance::Permit && root.is_none_or(|root| root.data.except_labels.is_empty());
        let is_by_root = self.verdict.is_none() && matches!(unlifted, Stance::Permit | Stance::Within { .. });
        let open = if permits_rest { Vec::new() } else { own };
        (open.into_iter().chain(root.filter(|_| is_by_root)).collect(), self.leaving_refused.clone())
    }
}
