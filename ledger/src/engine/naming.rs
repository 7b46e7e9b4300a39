//! Kinds that a refusal names: of one that is asked for nothing is released but what the refusal itself gives back.

use super::facts::Facts;
use super::question::{Cover, Inquiry, Subject};
use super::redaction::{Listed, Redacted};
use super::search::Search;
use super::witness::{Witness, at_level, ladder};
use super::{Consent, ConsentRoot, Data, Outcome, Record, Rule};
use crate::document::Effect;
use crate::vocabulary::{Coding, system};

/// A refusal that names the kind which is asked for.
pub(super) struct Naming<'a> {
    /// The place of its consent.
    pub(super) at: usize,
    consent: &'a Consent,
    /// What it stands below, and itself last.
    chain: Vec<&'a Rule>,
    /// What a record has to have so that it meets it.
    pub(super) met_by: Vec<Facts>,
}

impl<'s> Search<'s> {
    /// All that there are, and that some record can meet: what stands above one may except all that it is about.
    pub(super) fn naming(&self) -> Vec<Naming<'s>> {
        let Some(kind) = self.class else { return Vec::new() };
        let of_consent = |(at, consent): (usize, &'s Consent)| {
            let inquiry = self.inquiry(consent);
            let names = move |chain: &Vec<&Rule>| match chain.split_last() {
                Some((rule, above)) => {
                    let is_open = is_root(consent, rule) || !is_taken_up(inquiry, rule);
                    names(rule, kind) && is_open && !above.iter().any(|rule| leaves_out_below(inquiry, rule))
                }
                None => false,
            };
            chains(consent).into_iter().filter(names).map(move |chain| {
                let met_by = self.fitting(&chain, consent);
                Naming { at, consent, chain, met_by }
            })
        };
        let with_level = |record: Record| ladder().into_iter().map(move |level| at_level(&record, Some(level)));
        let is_met = |one: &Naming<'_>| {
            let records = one.met_by.iter().flat_map(|facts| self.records(facts));
            records.flat_map(with_level).any(|record| one.is_about(self, &record))
        };
        self.speaking().flat_map(of_consent).filter(is_met).collect()
    }

    /// The same record, as confidential as all these give it back.
    pub(super) fn spared(&self, naming: &[Naming<'_>], witness: Witness<'s>) -> Option<Witness<'s>> {
        let mut levels = (witness.at..=witness.up_to).map(|at| Witness { at, ..witness.clone() });
        levels.find(|one| {
            let record = one.labelled();
            naming.iter().all(|naming| self.outcome == Outcome::Permit && naming.is_about(self, &record))
        })
    }
}

impl Naming<'_> {
    fn inquiry<'b>(&self, search: &'b Search<'_>, record: &'b Record) -> Inquiry<'b> {
        search.of.council.inquiry(self.consent, Subject::Record(record))
    }

    fn is_about(&self, search: &Search<'_>, record: &Record) -> bool {
        let inquiry = self.inquiry(search, record);
        self.chain.iter().all(|rule| inquiry.cover(rule) == Cover::Whole)
    }

    /// Whether its single records, its time, whose they are or what it excepts can be listed in place of its kinds, as that
    /// leaves this one.
    pub(super) fn is_narrower(&self, search: &Search<'_>, witness: &Witness<'_>) -> bool {
        let record = &witness.record;
        let inquiry = self.inquiry(search, record);
        self.chain.iter().any(|rule| {
            let bare = || Rule::bare(Effect::Deny, &rule.place);
            let records = Data { records: rule.data.records.clone(), ..Data::default() };
            let time = Data { period: rule.data.period, ..Data::default() };
            let actors = Rule { actors: rule.actors.clone(), ..bare() };
            let mut parts = [Rule { data: records, ..bare() }, Rule { data: time, ..bare() }, actors].into_iter();
            let excepted = rule.data.except_labels.iter().filter(|label| label.system == system::ACT_CODE);
            parts.any(|part| inquiry.cover(&part) == Cover::Nothing)
                || Listed::codes(excepted).has_one(record, Redacted::AllBut)
        })
    }
}

fn names(rule: &Rule, kind: &Coding) -> bool {
    let is_class = rule.data.classes.iter().any(|class| class.category.is_none() && class.of == *kind);
    rule.effect == Effect::Deny && (is_class || rule.data.documents.contains(kind))
}

/// Whether it is the root: what rules below that permit are no exceptions of it.
fn is_root(consent: &Consent, rule: &Rule) -> bool {
    match &consent.root {
        ConsentRoot::Rule(root) => std::ptr::eq(root, rule),
        ConsentRoot::Decision(_) => false,
    }
}

/// Whether what stands below a rule is left out with it, by what it is about itself.
fn leaves_out_below(inquiry: Inquiry<'_>, rule: &Rule) -> bool {
    rule.effect == Effect::Deny && !rule.data.is_whole_record() && !is_taken_up(inquiry, rule)
}

/// Whether one of its exceptions permits all of it but some labels: then these are left out.
fn is_taken_up(inquiry: Inquiry<'_>, rule: &Rule) -> bool {
    let is_about_all = |one: &Rule| {
        let but_labels = Data { except_labels: one.data.except_labels.clone(), ..Data::default() };
        one.data == but_labels && inquiry.context(one) != Cover::Nothing
    };
    let refuses_all = |below: &[Rule]| below.iter().any(|one| one.effect == Effect::Deny && is_about_all(one));
    let takes_up = |one: &Rule| {
        one.effect == Effect::Permit && one.unknown.is_empty() && is_about_all(one) && !refuses_all(&one.exceptions)
    };
    rule.exceptions.iter().any(takes_up) && !refuses_all(&rule.exceptions)
}

/// Each rule of a consent with those that it stands below. An R4 root is none of them.
fn chains(consent: &Consent) -> Vec<Vec<&Rule>> {
    let mut all = Vec::new();
    if let ConsentRoot::Rule(root) = &consent.root {
        all.push(vec![root]);
    }
    consent.rules.iter().for_each(|rule| add_chains(&mut all, &[], rule));
    all
}

fn add_chains<'a>(all: &mut Vec<Vec<&'a Rule>>, above: &[&'a Rule], rule: &'a Rule) {
    let chain = [above, &[rule]].concat();
    rule.exceptions.iter().for_each(|below| add_chains(all, &chain, below));
    all.push(chain);
}
