//! Moments and spans of time, before 1970 too: health records are older than computers.

use crate::document::Period;
use crate::time::UnixMs;

/// Milliseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl From<UnixMs> for Moment {
    fn from(time: UnixMs) -> Self {
        Self(i64::try_from(time.0).unwrap_or(i64::MAX))
    }
}

/// From one moment to another; both belong to it, and an end that is not named is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First moment.
    pub from: Option<Moment>,
    /// Last moment.
    pub until: Option<Moment>,
}

impl Span {
    /// Without beginning and end.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// Whether it begins after `moment`.
    pub fn begins_after(&self, moment: Moment) -> bool {
        self.from.is_some_and(|from| moment < from)
    }

    /// Whether it ends before `moment`.
    pub fn ends_before(&self, moment: Moment) -> bool {
        self.until.is_some_and(|until| until < moment)
    }

    /// Whether `moment` lies in it.
    pub fn contains(&self, moment: Moment) -> bool {
        !self.begins_after(moment) && !self.ends_before(moment)
    }

    /// Whether all of it lies in `other`.
    pub fn lies_in(&self, other: &Self) -> bool {
        let from = other.from.is_none_or(|from| self.from.is_some_and(|own| from <= own));
        let until = other.until.is_none_or(|until| self.until.is_some_and(|own| own <= until));
        from && until
    }

    /// Whether some moment lies in both.
    pub fn meets(&self, other: &Self) -> bool {
        let apart = |first: &Self, second: &Self| matches!((first.until, second.from), (Some(until), Some(from)) if until < from);
        !apart(self, other) && !apart(other, self)
    }
}

impl From<Period> for Span {
    fn from(period: Period) -> Self {
        Self { from: Some(period.from.into()), until: Some(period.until.into()) }
    }
}
