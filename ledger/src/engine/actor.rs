//! Whether a rule's actors are those of this exchange (CE-1 step 2): who asks, who keeps the record, who wrote it.

use super::party::{Belongs, is_same};
use super::question::{Cover, Inquiry, Subject};
use super::{Actor, Asker, Identifiers, Party, Rule, Side};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::Coding;
use std::collections::BTreeSet;

impl Inquiry<'_> {
    /// OR over the actors; a rule without any is about everybody.
    pub(super) fn actors(&self, rule: &Rule) -> Cover {
        if rule.actors.is_empty() || lacks(Mutant::ActorIgnored) {
            return Cover::Whole;
        }
        Cover::any(rule.actors.iter().map(|actor| self.actor(actor, rule.effect)))
    }

    fn actor(&self, actor: &Actor, effect: Effect) -> Cover {
        let side = if lacks(Mutant::SideIgnored) { Side::Recipient } else { actor.side };
        match (side, effect) {
            (Side::Recipient, _) => self.recipient(&actor.party, effect),
            (Side::Custodian, _) => self.keeper(&actor.party, effect),
            (Side::Author, _) => self.writer(&actor.party, effect),
            // A role without meaning here: no permit rests on it, and a refusal finds its actor on any side.
            (Side::Unknown, Effect::Permit) => Cover::Nothing,
            (Side::Unknown, Effect::Deny) => Cover::any([
                self.recipient(&actor.party, effect),
                self.keeper(&actor.party, effect),
                self.writer(&actor.party, effect),
            ]),
        }
    }

    fn recipient(&self, party: &Party, effect: Effect) -> Cover {
        let asker = &self.question.asker;
        Cover::whole_if(match party {
            Party::Anyone => true,
            Party::Named(names) => is_same(names, &asker.names),
            Party::Role { codes, at } => holds_role(asker, codes, at.as_ref()),
            Party::Group(group) => match group.has(&asker.names, &asker.groups, self.as_of) {
                Belongs::Yes => true,
                Belongs::No => false,
                Belongs::Unknown => effect == Effect::Deny,
            },
            Party::Agent { names, version } => asker
                .agent
                .as_ref()
                .is_some_and(|agent| is_same(names, &agent.names) && (version.is_none() || *version == agent.version)),
        })
    }

    fn keeper(&self, party: &Party, effect: Effect) -> Cover {
        let stated = match self.subject {
            Subject::Record(record) => record.custodian.as_ref().or(self.question.custodian.as_ref()),
            Subject::Query { .. } => self.question.custodian.as_ref(),
        };
        self.named(party, stated, effect)
    }

    fn writer(&self, party: &Party, effect: Effect) -> Cover {
        let stated = match self.subject {
            Subject::Record(record) => record.author.as_ref(),
            Subject::Query { .. } => None,
        };
        self.named(party, stated, effect)
    }

    /// A party that a record names: only its names are known.
    fn named(&self, party: &Party, stated: Option<&Identifiers>, effect: Effect) -> Cover {
        let names = match party {
            Party::Anyone => return Cover::Whole,
            Party::Named(names) => names,
            Party::Group(group) => {
                let Some(stated) = stated else {
                    // Whoever it is, nobody here knows whether they belong.
                    let is_open = group.members.is_none() && effect == Effect::Deny;
                    return if is_open { Cover::Whole } else { self.unstated(effect) };
                };
                return match group.has(stated, &Identifiers::new(), self.as_of) {
                    Belongs::Yes => Cover::Whole,
                    Belongs::No => Cover::Nothing,
                    // Who it is, is stated, if not whether they belong: that helps no permit and meets every refusal.
                    Belongs::Unknown => Cover::whole_if(effect == Effect::Deny),
                };
            }
            Party::Agent { names, version } => {
                // Nothing says in which version somebody kept or wrote a record.
                if version.is_some() && effect == Effect::Permit {
                    return Cover::Nothing;
                }
                names
            }
            // Nor in which role.
            Party::Role { .. } => return Cover::whole_if(effect == Effect::Deny),
        };
        match stated {
            Some(stated) => Cover::whole_if(is_same(names, stated)),
            None => self.unstated(effect),
        }
    }
}

fn holds_role(asker: &Asker, codes: &BTreeSet<Coding>, at: Option<&Identifiers>) -> bool {
    asker.roles.iter().any(|held| {
        let works_there = at.is_none_or(|place| is_same(place, held.at.as_ref().unwrap_or(&asker.names)));
        codes.contains(&held.code) && works_there
    })
}
