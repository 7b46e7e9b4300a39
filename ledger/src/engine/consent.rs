//! A consent as the engine evaluates it, whatever format it was written in: a tree of rules and the frame around it.
//!
//! Native documents and FHIR Consents both become this; foreign words stop before it. What a format says that this has
//! no place for goes into [`Rule::unknown`].

use super::{Actor, Identifiers, Obligation, Span};
use crate::document::Effect;
use crate::vocabulary::{Coding, Vocabulary};
use std::collections::BTreeSet;

/// A consent.
#[derive(Debug, Clone)]
pub struct Consent {
    /// Its name in answers, and what `supersedes` of others means; unique among the consents of one question.
    pub id: String,
    /// The table its codes are read with.
    pub vocabulary: &'static Vocabulary,
    /// Where it stands.
    pub standing: ConsentStanding,
    /// When it came into force among the others, in any growing unit: a consent is replaced only by one that is not
    /// older.
    pub since: u64,
    /// Whose data it is about.
    pub patient: Identifiers,
    /// Whose records; none named: everybody's.
    pub custodians: Vec<Identifiers>,
    /// What requests it is about (patient privacy, research), one of these; `None`: any.
    pub classes: Option<BTreeSet<Coding>>,
    /// When it holds.
    pub period: Span,
    /// When whoever gave it had the right to: always for patients themselves.
    pub authority: Span,
    /// Ids of the consents it replaces.
    pub supersedes: BTreeSet<String>,
    /// How the tree begins.
    pub root: ConsentRoot,
    /// The rules below the root.
    pub rules: Vec<Rule>,
    /// What it asks of those it permits.
    pub obligations: Vec<Obligation>,
}

/// Where a consent stands: the state of its chain, never its content (CE-1 step 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentStanding {
    /// In force.
    InForce,
    /// In force by the ledger, but nobody here has the document: everything is refused until it is found.
    Missing,
    /// It was in force and was ended.
    Ended,
    /// It never came into force: a draft, a proposal, an error.
    Never,
}

/// How the tree begins (CE-1 step 4).
#[expect(clippy::large_enum_variant, reason = "a consent has one root")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentRoot {
    /// R4 shape: a rule of its own. Rules below it are looked at even where it does not fit.
    Rule(Rule),
    /// R5 shape: a base decision, which the rules lift.
    Decision(Effect),
}

/// One rule: AND between its parts, OR inside a part, an empty part says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it stands in its document, for people.
    pub place: String,
    /// What it does: as it says, or the opposite of the rule above it.
    pub effect: Effect,
    /// When it holds.
    pub period: Span,
    /// Who.
    pub actors: Vec<Actor>,
    /// Why.
    pub purposes: BTreeSet<Coding>,
    /// What is done.
    pub actions: BTreeSet<Coding>,
    /// Which data.
    pub data: Data,
    /// Parts of it that this engine does not know, by name: a permit with one never fits, a refusal is read without it
    /// (CE-1 step 0).
    pub unknown: Vec<String>,
    /// Rules below it, looked at where it fits.
    pub exceptions: Vec<Self>,
}

/// Which data. All parts empty: the whole record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Data {
    /// Only data so labelled. A confidentiality means "up to" in a permit and "from" in a refusal; a sensitivity means
    /// it and its parts.
    pub labels: BTreeSet<Coding>,
    /// Left out: data with one of these sensitivities or their parts, or as confidential as one of these or more.
    pub except_labels: BTreeSet<Coding>,
    /// Only data from this time.
    pub period: Option<Span>,
    /// Only these records, what hangs on them, or what somebody wrote.
    pub records: Vec<Records>,
    /// Only these kinds.
    pub classes: BTreeSet<Class>,
    /// Only documents of these kinds.
    pub documents: BTreeSet<Coding>,
    /// Only data about these.
    pub codes: BTreeSet<Coding>,
}

/// A kind of data: a resource type, a category or a kind of document, and one category within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// The kind.
    pub of: Coding,
    /// Only this category of it.
    pub category: Option<Coding>,
}

/// Single records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// This record.
    Instance(Identifiers),
    /// This record and what refers to it.
    Related(Identifiers),
    /// What this party wrote.
    AuthoredBy(Identifiers),
}

impl Data {
    /// Whether it says anything at all.
    pub fn is_whole_record(&self) -> bool {
        *self == Self::default()
    }
}

impl Rule {
    /// A rule that says only what it does.
    pub fn bare(effect: Effect, place: &str) -> Self {
        Self {
            place: place.to_owned(),
            effect,
            period: Span::ALWAYS,
            actors: Vec::new(),
            purposes: BTreeSet::new(),
            actions: BTreeSet::new(),
            data: Data::default(),
            unknown: Vec::new(),
            exceptions: Vec::new(),
        }
    }

    /// Whether it or a rule below it permits.
    pub(super) fn permits_something(&self) -> bool {
        self.effect == Effect::Permit || self.exceptions.iter().any(Self::permits_something)
    }
}

impl Consent {
    /// Its root, if that is a rule, and the rules below it.
    pub(super) fn outermost_rules(&self) -> impl Iterator<Item = &Rule> {
        let root = match &self.root {
            ConsentRoot::Rule(root) => Some(root),
            ConsentRoot::Decision(_) => None,
        };
        root.into_iter().chain(&self.rules)
    }

    /// Elements that this engine does not know, each by its place.
    pub fn not_understood(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.outermost_rules().for_each(|rule| rule.add_unknown(&mut found));
        found
    }
}

impl Rule {
    fn add_unknown(&self, found: &mut Vec<String>) {
        found.extend(self.unknown.iter().map(|part| format!("{}.{part}", self.place)));
        self.exceptions.iter().for_each(|rule| rule.add_unknown(found));
    }
}
