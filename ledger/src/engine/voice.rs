//! What one consent says of what is asked (CE-1 step 4), before it is heard together with the others.

use super::Rule;
use super::listing::Listable;
use crate::vocabulary::Coding;

/// What one consent says.
#[derive(Debug, Clone, Default)]
pub(super) struct Voice<'a> {
    pub(super) stance: Stance<'a>,
    /// Rules whose data is withheld, also from what other consents permit. Empty for a record.
    pub(super) withheld: Vec<Listable<'a>>,
    /// Those of them that are refused to breaking the glass by name.
    pub(super) barred: Vec<Listable<'a>>,
    /// Permits that lift such a refusal, but not of what they except.
    pub(super) lifting: Vec<&'a Rule>,
    /// Rules that permit all but their excepted labels.
    pub(super) permitting: Vec<&'a Rule>,
    /// Rules that permit a part of a query which no list can say: nothing is released by them.
    pub(super) unsaid: Vec<&'a Rule>,
    /// The rule that the stance rests on; `None` for a base decision.
    pub(super) rule: Option<&'a Rule>,
    /// Whether a refusal names breaking the glass.
    pub(super) refuses_break_glass: bool,
}

/// The answer of one consent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stance<'a> {
    /// Nothing: it is about somebody or something else.
    #[default]
    Silent,
    /// It permits this requester and purpose less than this.
    NotCovered,
    /// It permits.
    Permit,
    /// It permits of a query what these rules are about.
    Within { parts: Vec<Listable<'a>>, beyond: Beyond },
    /// It refuses; of a query, all but what these rules are about.
    Deny(Vec<Listable<'a>>),
}

/// What a consent that permits a part of a query says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    Silent,
    NotCovered,
}

impl<'a> Voice<'a> {
    /// Labels by which it narrows what a query releases.
    pub(super) fn given(&self) -> impl Iterator<Item = &'a Coding> {
        self.stance.parts().iter().flat_map(|part| &part.rule.data.labels)
    }
}

impl<'a> Stance<'a> {
    /// The rules about a part of a query that it permits beside or in spite of what it says of the rest.
    pub(super) fn parts(&self) -> &[Listable<'a>] {
        match self {
            Self::Within { parts, .. } | Self::Deny(parts) => parts,
            Self::Silent | Self::NotCovered | Self::Permit => &[],
        }
    }
}
