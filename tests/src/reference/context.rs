//! Step 2: whether a rule is about this exchange.

use super::fit::Fit;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{
    Actor, Asker, Group, HeldRole, Identifiers, Moment, Party, Question, Record, Rule, Side, Span,
};
use std::collections::BTreeSet;

/// What a rule is held against.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The table of the consent.
    pub table: Table,
    /// The question.
    pub question: &'a Question,
    /// One thing asked for.
    pub record: &'a Record,
    /// When.
    pub as_of: Moment,
}

pub(super) fn share(one: &Identifiers, other: &Identifiers) -> bool {
    one.iter().any(|name| other.contains(name))
}

fn holds_at(span: Span, moment: Moment) -> bool {
    span.from.is_none_or(|from| from <= moment) && span.until.is_none_or(|until| moment <= until)
}

impl Case<'_> {
    /// CTX(rule): AND across its parts, each only if present.
    pub fn context(&self, rule: &Rule) -> bool {
        let purpose = match &self.question.purpose {
            Some(asked) => rule.purposes.iter().any(|purpose| self.table.purpose_fits(purpose, asked)),
            None => false,
        };
        let action = rule.actions.iter().any(|action| self.question.actions.contains(action));
        let actor = self.actor(rule).counts_for(rule.effect);
        holds_at(rule.period, self.as_of)
            && (rule.purposes.is_empty() || purpose)
            && (rule.actions.is_empty() || action)
            && (rule.actors.is_empty() || actor)
    }

    fn actor(&self, rule: &Rule) -> Fit {
        let fits: Vec<Fit> = rule.actors.iter().map(|actor| self.one_actor(actor, rule.effect)).collect();
        Fit::any(&fits)
    }

    fn one_actor(&self, actor: &Actor, effect: Effect) -> Fit {
        let keeper = self.record.custodian.as_ref().or(self.question.custodian.as_ref());
        let asks = || self.asker(&actor.party);
        let keeps = || self.other(&actor.party, keeper);
        let wrote = || self.other(&actor.party, self.record.author.as_ref());
        match (actor.side, effect) {
            (Side::Recipient, _) => asks(),
            (Side::Custodian, _) => keeps(),
            (Side::Author, _) => wrote(),
            (Side::Unknown, Effect::Permit) => Fit::No,
            (Side::Unknown, Effect::Deny) => Fit::any(&[asks(), keeps(), wrote()]),
        }
    }

    /// IRCP, PRCP or no role: the requester.
    fn asker(&self, party: &Party) -> Fit {
        let asker = &self.question.asker;
        match party {
            Party::Anyone => Fit::Yes,
            Party::Named(names) => Fit::of(share(names, &asker.names)),
            Party::Role { codes, at } => {
                Fit::of(asker.roles.iter().any(|held| holds_role(asker, held, codes, at.as_ref())))
            }
            Party::Group(group) => self.belongs(group, &asker.names, &asker.groups),
            Party::Agent { names, version } => match &asker.agent {
                None => Fit::No,
                Some(agent) if !share(names, &agent.names) => Fit::No,
                Some(agent) => match (version, &agent.version) {
                    (None, _) => Fit::Yes,
                    // CE-1 does not say what an agent is that hides its version; the engine takes it for another one.
                    (Some(_), None) => Fit::No,
                    (Some(meant), Some(stated)) => Fit::of(meant == stated),
                },
            },
        }
    }

    /// CST: the record's custodian. AUT: its author.
    fn other(&self, party: &Party, who: Option<&Identifiers>) -> Fit {
        match (party, who) {
            (Party::Anyone, _) => Fit::Yes,
            (_, None) | (Party::Role { .. }, Some(_)) => Fit::Unstated,
            (Party::Named(names), Some(who)) => Fit::of(share(names, who)),
            (Party::Group(group), Some(who)) => self.belongs(group, who, &Identifiers::new()),
            (Party::Agent { names, .. }, Some(who)) if !share(names, who) => Fit::No,
            (Party::Agent { version: None, .. }, Some(_)) => Fit::Yes,
            (Party::Agent { version: Some(_), .. }, Some(_)) => Fit::Unstated,
        }
    }

    /// Groups and care teams: membership at the moment of the question.
    fn belongs(&self, group: &Group, names: &Identifiers, claims: &Identifiers) -> Fit {
        if share(&group.names, names) {
            return Fit::Yes;
        }
        match &group.members {
            Some(members) => {
                Fit::of(members.iter().any(|one| share(&one.who, names) && holds_at(one.period, self.as_of)))
            }
            None if share(&group.names, claims) => Fit::Yes,
            None => Fit::Unstated,
        }
    }
}

fn holds_role(
    asker: &Asker,
    held: &HeldRole,
    codes: &BTreeSet<amanah_ledger::vocabulary::Coding>,
    at: Option<&Identifiers>,
) -> bool {
    let there = match (at, &held.at) {
        (None, _) => true,
        (Some(at), Some(held_at)) => share(at, held_at),
        (Some(at), None) => share(at, &asker.names),
    };
    codes.contains(&held.code) && there
}
