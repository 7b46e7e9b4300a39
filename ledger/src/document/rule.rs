//! One rule of a decision tree: AND between its parts, OR inside a part, an empty part says nothing.

use super::{Actor, Period};
use crate::codec::{BoundedString, BoundedVec};
use crate::vocabulary::Code;
use bincode::{Decode, Encode};

/// Most actors, purposes or actions of one rule.
pub const PARTS_MAX: usize = 16;
/// Most kinds of data of one scope.
pub const TYPES_MAX: usize = 64;
/// Most labels of one scope.
pub const LABELS_MAX: usize = 32;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Allows.
    Permit,
    /// Refuses.
    Deny,
}

impl Effect {
    /// The other one: what an exception does unless it says so itself.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Permit => Self::Deny,
            Self::Deny => Self::Permit,
        }
    }
}

/// What is done with data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Read it.
    Access,
    /// Work with it.
    Use,
    /// Pass it on.
    Disclose,
    /// Change it.
    Correct,
    /// Collect more of it.
    Collect,
}

/// A kind of data: a resource type, all of it or one category.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct TypeScope {
    /// Resource type, for example `Observation`.
    pub of: Code,
    /// One category of it, for example `laboratory`.
    pub category: Option<Code>,
}

/// Whether a rule means a record itself or what hangs on it. Not active yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Meaning {
    /// The record itself.
    Instance(BoundedString<96>),
    /// The record and what refers to it.
    Related(BoundedString<96>),
    /// Everything that this party wrote.
    AuthoredBy(Actor),
}

/// A clinical code. Not active yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ClinicalCode {
    /// Code system.
    pub system: BoundedString<128>,
    /// Code.
    pub code: BoundedString<64>,
}

/// Which data. All parts empty: the whole record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Encode, Decode)]
pub struct DataScope {
    /// Only these kinds.
    pub types: BoundedVec<TypeScope, TYPES_MAX>,
    /// Only data so labelled: a confidentiality in a permit means "up to", in a deny "from", a sensitivity means it
    /// and its parts.
    pub labels: BoundedVec<Code, LABELS_MAX>,
    /// Left out: data with one of these sensitivities or their parts, or as confidential as one of these or more.
    pub except_labels: BoundedVec<Code, LABELS_MAX>,
    /// Only data from this time. Not active yet.
    pub data_period: Option<Period>,
    /// Only these records, or what hangs on them. Not active yet.
    pub meanings: BoundedVec<Meaning, PARTS_MAX>,
    /// Only data about these. Not active yet.
    pub codes: BoundedVec<ClinicalCode, PARTS_MAX>,
}

impl DataScope {
    /// Whether it says anything at all.
    pub fn is_whole_record(&self) -> bool {
        *self == Self::default()
    }
}

/// The content of a rule, the root's or a nested one's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct RuleBody {
    /// What it does.
    pub effect: Effect,
    /// Who.
    pub actors: BoundedVec<Actor, PARTS_MAX>,
    /// Why, by purpose code.
    pub purposes: BoundedVec<Code, PARTS_MAX>,
    /// What is done.
    pub actions: BoundedVec<Action, PARTS_MAX>,
    /// When the rule holds, within the consent's own period.
    pub period: Option<Period>,
    /// Which data.
    pub data: DataScope,
}

/// A rule below the root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Rule {
    /// 1 for an exception to the root, one more for an exception to the rule before it.
    pub depth: u8,
    /// The rule.
    pub body: RuleBody,
}
