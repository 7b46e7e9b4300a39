//! The words of consent: purposes, kinds of data, labels and duties, each with what it is a part of.
//!
//! A table is data with a version and a hash; documents and decision receipts name that hash, so an answer given under
//! an old table can be worked out again for ever. Every version is shipped.

mod coding;

pub use coding::{Coding, system};

use crate::codec::BoundedString;
use crate::crypto::{Context, Digest};
use crate::mutant::{Mutant, lacks};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Longest code, in bytes.
pub const CODE_BYTES_MAX: usize = 32;

/// A code of the vocabulary, such as `TREAT`, `Observation` or `PSY`.
pub type Code = BoundedString<CODE_BYTES_MAX>;

/// What a code is about; codes of different kinds never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Why data is asked for.
    Purpose,
    /// A FHIR resource type.
    Type,
    /// A category within a type.
    Category,
    /// How confidential: U < L < M < N < R < V, in the order of the table.
    Confidentiality,
    /// What makes data sensitive.
    Sensitivity,
    /// What is done with data.
    Action,
    /// What a consent is about.
    Scope,
    /// What somebody who is permitted must do.
    Obligation,
    /// What somebody who is permitted must not do.
    Refrain,
    /// Research that a data use permits.
    Permission,
    /// A condition on that research.
    Modifier,
}

impl Kind {
    /// The kind that a table spells so.
    fn spelt(word: &str) -> Option<Self> {
        let kinds = [
            ("purpose", Self::Purpose),
            ("type", Self::Type),
            ("category", Self::Category),
            ("confidentiality", Self::Confidentiality),
            ("sensitivity", Self::Sensitivity),
            ("action", Self::Action),
            ("scope", Self::Scope),
            ("obligation", Self::Obligation),
            ("refrain", Self::Refrain),
            ("permission", Self::Permission),
            ("modifier", Self::Modifier),
        ];
        kinds.into_iter().find_map(|(spelt, kind)| (spelt == word).then_some(kind))
    }
}

struct Concept {
    parents: Vec<&'static str>,
    word: &'static str,
    rank: usize,
}

/// One version of the table.
pub struct Vocabulary {
    digest: Digest,
    concepts: BTreeMap<Kind, BTreeMap<&'static str, Concept>>,
}

static V1: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::parse(include_str!("vocabulary/v1.txt")));
static V2: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::parse(include_str!("vocabulary/v2.txt")));

/// What unlabelled data counts as.
pub const NORMAL: &str = "N";
/// The purpose of whoever overrides a patient's choices in an emergency.
pub const BREAK_THE_GLASS: &str = "BTG";
const EMERGENCY: [&str; 3] = ["ETREAT", "ERTREAT", BREAK_THE_GLASS];

/// Two tables are the same if their hashes are.
impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Vocabulary {}

/// By its hash: the tables are long, and the same everywhere.
impl std::fmt::Debug for Vocabulary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "vocabulary {:?}", self.digest)
    }
}

impl Vocabulary {
    /// Version 1.
    pub fn v1() -> &'static Self {
        &V1
    }

    /// Version 2: all purposes and sensitivities of FHIR 4.0.1, duties, and data uses.
    pub fn v2() -> &'static Self {
        &V2
    }

    /// The version by which questions are read today.
    pub fn newest() -> &'static Self {
        Self::v2()
    }

    /// The version whose table has this hash, if this program knows it.
    pub fn of(digest: &Digest) -> Option<&'static Self> {
        [Self::v1(), Self::v2()].into_iter().find(|known| known.digest == *digest)
    }

    fn parse(table: &'static str) -> Self {
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let mut concepts: BTreeMap<Kind, BTreeMap<&'static str, Concept>> = BTreeMap::new();
        for (rank, row) in rows.enumerate() {
            let mut cells = row.split('|').map(str::trim);
            let mut cell = || cells.next().unwrap_or_default();
            let Some(kind) = Kind::spelt(cell()) else { continue };
            let (code, parents, word) = (cell(), cell().split_whitespace().collect(), cell());
            concepts.entry(kind).or_default().insert(code, Concept { parents, word, rank });
        }
        Self { digest: Context::Vocabulary.hash(&[table.as_bytes()]), concepts }
    }

    /// Hash of the table.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (&'static str, &Concept)> {
        self.concepts.get(&kind).into_iter().flatten().map(|(code, concept)| (*code, concept))
    }

    fn concept(&self, kind: Kind, code: &str) -> Option<&Concept> {
        self.concepts.get(&kind)?.get(code)
    }

    /// Whether the table has this code.
    pub fn knows(&self, kind: Kind, code: &str) -> bool {
        self.concept(kind, code).is_some()
    }

    /// Whether the table has this code as something that data is labelled with beside its confidentiality.
    pub fn knows_label(&self, code: &str) -> bool {
        [Kind::Sensitivity, Kind::Obligation, Kind::Refrain].iter().any(|kind| self.knows(*kind, code))
    }

    /// Codes of one kind, in the order of the table.
    pub fn codes(&self, kind: Kind) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.of_kind(kind).collect();
        codes.sort_by_key(|(_, concept)| concept.rank);
        codes.into_iter().map(|(code, _)| code).collect()
    }

    /// The code that people mean by a word (`treatment`) or by the code itself in any case (`treat`).
    pub fn code_of(&self, kind: Kind, typed: &str) -> Option<Code> {
        let meant = |code: &str, word: &str| {
            code.eq_ignore_ascii_case(typed) || (!word.is_empty() && word.eq_ignore_ascii_case(typed))
        };
        let (code, _) = self.of_kind(kind).find(|(code, concept)| meant(code, concept.word))?;
        Code::try_from(code).ok()
    }

    /// The word people type for a code, where there is one.
    pub fn word_of(&self, kind: Kind, code: &str) -> Option<&'static str> {
        self.concept(kind, code).map(|concept| concept.word).filter(|word| !word.is_empty())
    }

    /// The types a category belongs to; empty for an unknown category.
    pub fn types_of_category(&self, category: &str) -> &[&'static str] {
        self.parents(Kind::Category, category)
    }

    /// The types a kind of data belongs to, if it is a category of this table's systems; else none.
    pub fn types_of(&self, kind: &Coding) -> &[&'static str] {
        let is_category = kind.system == Kind::Category.system(&kind.code);
        if is_category { self.types_of_category(&kind.code) } else { &[] }
    }

    fn parents(&self, kind: Kind, code: &str) -> &[&'static str] {
        self.concept(kind, code).map_or(&[], |concept| concept.parents.as_slice())
    }

    /// Whether `code` is `ancestor` or a part of it.
    pub fn is_a(&self, kind: Kind, code: &str, ancestor: &str) -> bool {
        code == ancestor || self.parents(kind, code).iter().any(|parent| self.is_a(kind, parent, ancestor))
    }

    /// Whether a rule about `rule` speaks about a request for `asked`: equal, or an ancestor of it. Emergencies are
    /// never inherited from treatment, and breaking the glass is matched by nothing but itself.
    pub fn purpose_covers(&self, rule: &str, asked: &str) -> bool {
        if lacks(Mutant::PurposeExact) {
            return rule == asked;
        }
        if (asked == BREAK_THE_GLASS || rule == BREAK_THE_GLASS) && !lacks(Mutant::BreakGlassInherited) {
            return rule == asked;
        }
        let is_carved_out = EMERGENCY.contains(&asked) && !EMERGENCY.contains(&rule);
        if is_carved_out && !lacks(Mutant::EmergencyInherited) {
            return false;
        }
        self.is_a(Kind::Purpose, asked, rule)
    }

    /// Whether `rule` speaks about data labelled `item`.
    pub fn sensitivity_covers(&self, rule: &str, item: &str) -> bool {
        if lacks(Mutant::SensitivityExact) {
            return rule == item;
        }
        self.is_a(Kind::Sensitivity, item, rule)
    }

    /// How confidential, as a number that grows; `None` if it is no confidentiality code.
    pub fn confidentiality(&self, code: &str) -> Option<usize> {
        self.concept(Kind::Confidentiality, code).map(|concept| concept.rank)
    }
}

#[cfg(test)]
mod tests;
