//! A search for records that a query may find and of which the consents say one thing. They are built from what rules name:
//! where a consent says something else of one, it is built again with what this consent permits, or excepts.

use super::evaluate::{Council, Ruling};
use super::facts::{Fact, Facts, escaping};
use super::named::{Named, rules_of};
use super::naming::Naming;
use super::question::{Inquiry, Query, Subject};
use super::remainder::rank;
use super::witness::Witness;
use super::{Applicability, Class, Consent, ConsentRoot, Outcome, Record, Rule};
use crate::document::Effect;
use crate::vocabulary::Coding;
use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};

/// More rules than these nobody looks through, more facts than these nobody puts together, and more records than these nobody
/// looks at.
const RULES_MAX: usize = 256;
const FACTS_MAX: usize = 1_024;
const RECORDS_MAX: usize = 16_384;

/// What a query may find, and the consents before it.
pub(super) struct Narrowing<'a> {
    pub(super) council: &'a Council<'a>,
    pub(super) query: &'a Query,
    /// Types in a category, as consents name them.
    pub(super) classes: Vec<&'a Class>,
    pub(super) named: Named,
    /// How many records were looked at, of all kinds.
    pub(super) looked: &'a Cell<usize>,
}

impl Narrowing<'_> {
    /// What is said of a record; `None` if too many were looked at.
    pub(super) fn ruling_for(&self, record: &Record) -> Option<Ruling> {
        self.looked.set(self.looked.get().saturating_add(1));
        (!self.is_over()).then(|| self.council.rule(Subject::Record(record)))
    }

    fn is_over(&self) -> bool {
        self.looked.get() > RECORDS_MAX
    }
}

/// What is looked for.
pub(super) struct Search<'s> {
    pub(super) of: &'s Narrowing<'s>,
    pub(super) class: Option<&'s Coding>,
    pub(super) outcome: Outcome,
    /// Of what no consent speaks about, only what the default policy permits.
    pub(super) by_default: bool,
    /// Whether a record is permitted that was looked at, or not all were looked at.
    pub(super) may_be_permitted: Cell<bool>,
}

impl<'s> Search<'s> {
    /// So many records of which this is said, if there are.
    pub(super) fn witnesses(&self, max: usize) -> Vec<Witness<'s>> {
        let beginnings = self.beginnings();
        if beginnings.is_empty() || self.of.named.rules > RULES_MAX {
            self.may_be_permitted.set(!beginnings.is_empty());
            return Vec::new();
        }
        let naming: Vec<Naming<'_>> = self.naming();
        let found = self.explored(beginnings, &naming, max);
        let is_narrower = |one: &Naming<'_>| found.iter().any(|witness| one.is_narrower(self, witness));
        let naming: Vec<Naming<'_>> = naming.into_iter().filter(|one| !is_narrower(one)).collect();
        self.let_out(found.into_iter(), &naming, max)
    }

    /// Records with these facts, and with more of them where that may change what is said.
    fn explored(&self, beginnings: Vec<Facts>, naming: &[Naming<'_>], max: usize) -> Vec<Witness<'s>> {
        let mut found = Vec::new();
        let mut open: VecDeque<Facts> = beginnings.iter().cloned().collect();
        let mut seen = beginnings;
        while let Some(facts) = open.pop_front().filter(|_| !self.of.is_over()) {
            let mut others = BTreeSet::new();
            for looked in self.records(&facts).into_iter().map(|record| self.look(record)) {
                match looked {
                    Ok(witness) if self.is_left_out_by_permits(&witness) => {
                        others.extend(&witness.permitting);
                        found.push(witness);
                    }
                    Ok(witness) => found.push(witness),
                    Err(consents) => others.extend(consents),
                }
            }
            if found.len() >= max && naming.is_empty() && others.is_empty() {
                return found;
            }
            for more in self.ways_on(others, naming) {
                let next = facts.and(&more).filter(|next| seen.len() < FACTS_MAX && !seen.contains(next));
                seen.extend(next.clone());
                open.extend(next);
            }
        }
        let is_cut = self.of.is_over() || seen.len() >= FACTS_MAX;
        self.may_be_permitted.set(self.may_be_permitted.get() || is_cut);
        found
    }

    /// What these consents permit or except, and what the refusals of a kind are about: then they may give it back.
    fn ways_on(&self, mut consents: BTreeSet<usize>, naming: &[Naming<'_>]) -> Vec<Facts> {
        consents.extend(naming.iter().map(|one| one.at));
        let met_by = naming.iter().flat_map(|one| one.met_by.iter().cloned());
        consents.into_iter().flat_map(|at| self.ways_with(at)).chain(met_by).collect()
    }

    /// The same records with one more thing that somebody names, as far as the same is said of them.
    pub(super) fn with_more(&self, witnesses: &[Witness<'s>], max: usize) -> Vec<Witness<'s>> {
        let facts = self.of.named.facts(self.of.council.question.custodian.as_ref());
        let more = witnesses.iter().flat_map(|one| {
            let known = Facts::of(&one.record);
            facts.iter().filter_map(move |fact| Some(known.with([*fact])?.record).filter(|more| *more != one.record))
        });
        let found = more.filter(|record| self.may_exist(record)).filter_map(|record| self.look(record).ok());
        self.let_out(found, &self.naming(), max)
    }

    /// Those that may be let out.
    fn let_out(&self, found: impl Iterator<Item = Witness<'s>>, naming: &[Naming<'_>], max: usize) -> Vec<Witness<'s>> {
        let spared = found.filter_map(|one| self.spared(naming, one));
        spared.filter(|one| self.is_asked_for(one) && !self.is_left_out_by_permits(one)).take(max).collect()
    }

    /// What all have that are asked for.
    fn asked(&self) -> Option<Facts> {
        let query = self.of.query;
        let kind = self.class.into_iter().map(Fact::Kind);
        let labels = query.labels.iter().filter(|label| rank(label).is_none()).map(Fact::Label);
        let codes = query.codes.iter().map(Fact::Code);
        let time = query.period.into_iter().map(Fact::Time);
        self.nothing().with(kind.chain(labels).chain(codes).chain(time))
    }

    fn nothing(&self) -> Facts {
        Facts::none(self.of.council.question.custodian.as_ref())
    }

    fn beginnings(&self) -> Vec<Facts> {
        let asked = self.asked();
        match self.outcome {
            Outcome::Permit => {
                let permits = self.speaking().flat_map(|(_, consent)| self.permits(consent));
                permits.filter_map(|facts| asked.as_ref()?.and(&facts)).take(FACTS_MAX).collect()
            }
            Outcome::NoConsent | Outcome::Deny | Outcome::Review => asked.into_iter().collect(),
        }
    }

    pub(super) fn speaking(&self) -> impl Iterator<Item = (usize, &'s Consent)> {
        let speaking = self.of.council.speakers.iter().filter(|one| one.state == Applicability::Applies);
        speaking.map(|one| (one.at, one.consent))
    }

    /// What a consent permits, and what its rules except.
    fn ways_with(&self, at: usize) -> Vec<Facts> {
        let Some((_, consent)) = self.speaking().find(|(place, _)| *place == at) else { return Vec::new() };
        let escapes = rules_of(self.inquiry(consent), consent).into_iter().flat_map(escaping);
        let nothing = self.nothing();
        self.permits(consent).into_iter().chain(escapes.filter_map(|fact| nothing.with([fact]))).collect()
    }

    /// What a record has to have so that one of a consent's permits is about it, whatever the others say.
    fn permits(&self, consent: &Consent) -> Vec<Facts> {
        let nothing = vec![self.nothing()];
        let inquiry = self.inquiry(consent);
        let mut all = match &consent.root {
            ConsentRoot::Decision(Effect::Permit) => nothing.clone(),
            ConsentRoot::Rule(root) if root.effect == Effect::Permit => inquiry.fitting_each(root, &nothing),
            ConsentRoot::Decision(Effect::Deny) | ConsentRoot::Rule(_) => Vec::new(),
        };
        add_permits(&mut all, inquiry, &consent.rules, &nothing);
        all
    }

    /// What a record of the kind has to have so that all these rules are about it.
    pub(super) fn fitting(&self, chain: &[&Rule], consent: &Consent) -> Vec<Facts> {
        let inquiry = self.inquiry(consent);
        let asked: Vec<Facts> = self.asked().into_iter().collect();
        chain.iter().fold(asked, |above, rule| inquiry.fitting_each(rule, &above))
    }

    pub(super) fn inquiry(&self, consent: &Consent) -> Inquiry<'_> {
        let Narrowing { council, query, classes, .. } = self.of;
        council.inquiry(consent, Subject::Query { query, class: self.class, named: classes })
    }
}

fn add_permits(all: &mut Vec<Facts>, inquiry: Inquiry<'_>, rules: &[Rule], above: &[Facts]) {
    for rule in rules {
        let own = inquiry.fitting_each(rule, above);
        if rule.effect == Effect::Permit {
            all.extend(own.iter().cloned());
        }
        if !own.is_empty() {
            add_permits(all, inquiry, &rule.exceptions, &own);
        }
    }
}
