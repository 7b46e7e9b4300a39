//! Step 9: what the consents name, and so what can make a difference between two records.

use super::applicable::Stand;
use super::context::Case;
use super::words::Table;
use amanah_ledger::engine::{
    Actor, Class, Consent, ConsentRoot, Identifier, Identifiers, Obligation, Party, Query, Records, Redaction, Rule,
    Side, Span,
};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// All that is named, by the fact of a record that it is held against.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Resource types.
    pub types: BTreeSet<Coding>,
    /// Categories of data.
    pub categories: BTreeSet<Coding>,
    /// Clinical codes and kinds of documents.
    pub codes: BTreeSet<Coding>,
    /// Labels.
    pub labels: BTreeSet<Coding>,
    /// Times.
    pub periods: Vec<Span>,
    /// Records by themselves, and as what others refer to.
    pub records: BTreeSet<Identifier>,
    /// What others refer to.
    pub related: BTreeSet<Identifier>,
    /// Authors.
    pub authors: BTreeSet<Identifier>,
    /// Categories within a kind.
    pub classes: BTreeSet<Class>,
    /// Custodians.
    pub custodians: BTreeSet<Identifier>,
}

/// What is named by a query and by the rules of consents that are heard, as far as these can be about this exchange.
pub fn named(consents: &[Consent], stands: &[Stand], query: &Query, case: &Case<'_>) -> Named {
    let mut all = Named::default();
    for (consent, stand) in consents.iter().zip(stands) {
        let is_heard = matches!(stand, Stand::Applies | Stand::Ended | Stand::Over);
        let case = Case { table: Table::of(consent.vocabulary), ..*case };
        if is_heard {
            if let ConsentRoot::Rule(root) = &consent.root {
                all.add_rule(root, &case);
            }
            consent.rules.iter().for_each(|rule| all.add_rule(rule, &case));
            consent.obligations.iter().for_each(|one| all.add_obligation(one));
        }
    }
    query.classes.iter().for_each(|kind| all.add_kind(kind));
    all.codes.extend(query.codes.iter().cloned());
    all.labels.extend(query.labels.iter().cloned());
    all.periods.extend(query.period);
    all
}

impl Named {
    /// Rules below one that is about another exchange are not looked at.
    fn add_rule(&mut self, rule: &Rule, case: &Case<'_>) {
        let without_actors = Rule { actors: Vec::new(), exceptions: Vec::new(), ..rule.clone() };
        if !case.context(&without_actors) {
            return;
        }
        rule.actors.iter().for_each(|actor| self.add_actor(actor));
        rule.data.classes.iter().for_each(|class| self.add_class(class));
        rule.data.documents.iter().for_each(|kind| self.add_kind(kind));
        rule.data.records.iter().for_each(|records| self.add_records(records));
        self.codes.extend(rule.data.codes.iter().cloned());
        self.labels.extend(rule.data.labels.union(&rule.data.except_labels).cloned());
        self.periods.extend(rule.data.period);
        rule.exceptions.iter().for_each(|below| self.add_rule(below, case));
    }

    /// What a consent asks to be left out for itself.
    fn add_obligation(&mut self, obligation: &Obligation) {
        match obligation {
            Obligation::Redact(Redaction { listed, .. }) => {
                for code in &listed.codes {
                    match code.system.as_str() {
                        system::CONFIDENTIALITY | system::ACT_CODE => {
                            self.labels.insert(code.clone());
                        }
                        _other => self.add_kind(code),
                    }
                }
                self.records.extend(listed.instances.union(&listed.records).cloned());
                self.related.extend(listed.records.iter().cloned());
                self.authors.extend(listed.authors.iter().cloned());
                self.custodians.extend(listed.custodians.iter().cloned());
                self.periods.extend(listed.periods.iter().copied());
            }
            Obligation::Duty(_) => {}
        }
    }

    fn add_class(&mut self, class: &Class) {
        self.add_kind(&class.of);
        self.categories.extend(class.category.clone());
        self.classes.insert(class.clone());
    }

    fn add_kind(&mut self, kind: &Coding) {
        match kind.system.as_str() {
            system::RESOURCE_TYPE => self.types.insert(kind.clone()),
            system::OBSERVATION_CATEGORY | system::DIAGNOSTIC_SERVICE => self.categories.insert(kind.clone()),
            _document => self.codes.insert(kind.clone()),
        };
    }

    fn add_records(&mut self, records: &Records) {
        match records {
            Records::Instance(names) => self.records.extend(names.iter().cloned()),
            Records::Related(names) => {
                self.records.extend(names.iter().cloned());
                self.related.extend(names.iter().cloned());
            }
            Records::AuthoredBy(names) => self.authors.extend(names.iter().cloned()),
        }
    }

    fn add_actor(&mut self, actor: &Actor) {
        let names = names_of(&actor.party);
        match actor.side {
            Side::Recipient => {}
            Side::Custodian => self.custodians.extend(names),
            Side::Author => self.authors.extend(names),
            Side::Unknown => {
                self.custodians.extend(names.iter().cloned());
                self.authors.extend(names);
            }
        }
    }
}

fn names_of(party: &Party) -> Identifiers {
    match party {
        Party::Anyone | Party::Role { .. } => Identifiers::new(),
        Party::Named(names) | Party::Agent { names, .. } => names.clone(),
        Party::Group(group) => {
            let members = group.members.iter().flatten().flat_map(|member| member.who.iter());
            group.names.iter().chain(members).cloned().collect()
        }
    }
}
