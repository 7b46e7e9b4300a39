//! Who: parties by their identifiers, as consents name them and as they ask.

use super::{Moment, Span};
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

/// One way to name a party or a record. Two are the same byte for byte, or not at all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// A reference such as `Practitioner/f204`.
    Reference(String),
    /// A value that somebody assigned.
    Assigned {
        /// Who assigns, as an address; empty if nobody says.
        system: String,
        /// The value.
        value: String,
    },
}

/// All known names of one party. Two parties are the same if they share one.
pub type Identifiers = BTreeSet<Identifier>;

impl Identifier {
    /// A reference.
    pub fn reference(to: &str) -> Self {
        Self::Reference(to.to_owned())
    }

    /// A value assigned within a system.
    pub fn assigned(system: &str, value: &str) -> Self {
        Self::Assigned { system: system.to_owned(), value: value.to_owned() }
    }
}

/// Whether two parties share a name.
pub(super) fn is_same(one: &Identifiers, other: &Identifiers) -> bool {
    !one.is_disjoint(other)
}

/// On which side of an exchange a rule looks for its actor (CE-1 step 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Who asks.
    Recipient,
    /// Who keeps the record.
    Custodian,
    /// Who wrote the record.
    Author,
    /// A role that says nothing to this engine: part of no permit, and on any side of a refusal.
    Unknown,
}

/// Somebody a rule speaks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Where to look for them.
    pub side: Side,
    /// Who they are.
    pub party: Party,
}

/// Who an actor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// Whoever stands on that side.
    Anyone,
    /// One party. An organisation covers its sub-units and its people, because those who ask carry its names too.
    Named(Identifiers),
    /// Whoever holds a role; any one of these codes.
    Role {
        /// The role, in one code or several.
        codes: BTreeSet<Coding>,
        /// Only at this organisation.
        at: Option<Identifiers>,
    },
    /// A group, a care team, a list of viewers.
    Group(Group),
    /// A software agent, in one version if the rule names one.
    Agent {
        /// Its names.
        names: Identifiers,
        /// The only version meant.
        version: Option<String>,
    },
}

/// A group with its members over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its names.
    pub names: Identifiers,
    /// Its members; `None` if nobody here knows them. Then a requester who claims to belong to it does, and nobody else
    /// is known to be outside: such a group helps no other permit and meets every refusal.
    pub members: Option<Vec<Membership>>,
}

/// That somebody belongs to a group for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub who: Identifiers,
    /// When.
    pub period: Span,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asker {
    /// Every name they go by: their own, their device's, their organisation's and those of what it is a part of.
    pub names: Identifiers,
    /// Roles they hold.
    pub roles: Vec<HeldRole>,
    /// Groups they claim to belong to.
    pub groups: Identifiers,
    /// The software agent that asks, if one does.
    pub agent: Option<Agent>,
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// The role.
    pub code: Coding,
    /// Where they hold it; anywhere they work if that is not said.
    pub at: Option<Identifiers>,
}

/// A software agent in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its names.
    pub names: Identifiers,
    /// Its version, if it says.
    pub version: Option<String>,
}

/// Whether somebody belongs to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    Yes,
    No,
    Unknown,
}

impl Group {
    /// The group's names and those of all known to belong to it at `as_of`.
    pub(super) fn everybody(&self, as_of: Moment) -> Identifiers {
        let belonging = self.members.iter().flatten().filter(|one| one.period.contains(as_of));
        self.names.iter().chain(belonging.flat_map(|one| &one.who)).cloned().collect()
    }

    /// Whether a party of these names belongs to the group at `as_of`.
    pub(super) fn has(&self, names: &Identifiers, claims: &Identifiers, as_of: Moment) -> Belongs {
        let timeless = crate::mutant::lacks(crate::mutant::Mutant::MembershipTimeless);
        let is_member = |one: &Membership| is_same(&one.who, names) && (timeless || one.period.contains(as_of));
        match &self.members {
            _ if is_same(&self.names, names) => Belongs::Yes,
            Some(members) if members.iter().any(is_member) => Belongs::Yes,
            Some(_) => Belongs::No,
            None if is_same(&self.names, claims) => Belongs::Yes,
            None => Belongs::Unknown,
        }
    }
}
