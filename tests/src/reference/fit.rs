//! Whether a part of a rule fits, where some facts are not stated.

use amanah_ledger::document::Effect;

/// What can be said of a part of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It fits.
    Yes,
    /// It does not.
    No,
    /// Nobody states the fact it asks for.
    Unstated,
}

impl Fit {
    /// Yes or no.
    pub fn of(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }

    /// OR inside a part: one that fits is enough, none at all is no.
    pub fn any(parts: &[Self]) -> Self {
        if parts.contains(&Self::Yes) {
            Self::Yes
        } else if parts.contains(&Self::Unstated) {
            Self::Unstated
        } else {
            Self::No
        }
    }

    /// AND between parts: one that does not fit is enough, none at all is yes.
    pub fn all(parts: &[Self]) -> Self {
        if parts.contains(&Self::No) {
            Self::No
        } else if parts.contains(&Self::Unstated) {
            Self::Unstated
        } else {
            Self::Yes
        }
    }

    /// What is not stated helps no permit and meets every refusal.
    pub fn counts_for(self, effect: Effect) -> bool {
        match effect {
            Effect::Permit => self == Self::Yes,
            Effect::Deny => self != Self::No,
        }
    }
}
