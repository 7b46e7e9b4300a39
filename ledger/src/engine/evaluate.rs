//! What one consent says about one item (CE-1 steps 2 to 4, the R4 shape).

use super::{Item, Request};
use crate::document::rule::{DataScope, RuleBody, TypeScope};
use crate::document::{Actor, ConsentDocument, Effect, Root, Rule};
use crate::time::UnixMs;
use crate::vocabulary::{Kind, NORMAL, Vocabulary};

/// What one consent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Voice {
    /// Nothing: it is about somebody or something else.
    Silent,
    /// It permits this requester and purpose less than this.
    NotCovered,
    /// It permits.
    Permit,
    /// It refuses.
    Deny,
}

/// The question as each rule is asked it.
pub(super) struct Question<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) request: &'a Request,
    pub(super) item: &'a Item,
    pub(super) as_of: UnixMs,
}

impl Question<'_> {
    /// Step 4. The consent's own period is the caller's.
    pub(super) fn ask(&self, document: &ConsentDocument) -> Voice {
        // Imported documents with a base decision are refused at grant; one found here says nothing it could permit.
        let Root::Rule(root) = &document.root else { return Voice::Silent };
        match self.nested(&document.rules, 1) {
            Some(Effect::Deny) => return Voice::Deny,
            Some(Effect::Permit) => return Voice::Permit,
            None => {}
        }
        if !self.context_fits(root) {
            return Voice::Silent;
        }
        match (root.effect, self.data_fits(root)) {
            (Effect::Permit, true) => Voice::Permit,
            (Effect::Permit, false) => Voice::NotCovered,
            (Effect::Deny, true) => Voice::Deny,
            (Effect::Deny, false) => Voice::Silent,
        }
    }

    /// Rules of one depth: any that fits speaks, or its own exceptions do in its place; deny prevails.
    fn nested(&self, rules: &[Rule], depth: u8) -> Option<Effect> {
        let mut answer = None;
        let mut rest = rules;
        while let Some((rule, below)) = rest.split_first() {
            let own = below.iter().take_while(|exception| exception.depth > depth).count();
            let (exceptions, next) = below.split_at(own);
            rest = next;
            if rule.depth != depth || !self.context_fits(&rule.body) || !self.data_fits(&rule.body) {
                continue;
            }
            let effect = self.nested(exceptions, depth.saturating_add(1)).unwrap_or(rule.body.effect);
            answer = match (answer, effect) {
                (Some(Effect::Deny), _) | (_, Effect::Deny) => Some(Effect::Deny),
                (_, Effect::Permit) => Some(Effect::Permit),
            };
        }
        answer
    }

    /// Step 2: period, actor, purpose, action; an empty part fits.
    fn context_fits(&self, body: &RuleBody) -> bool {
        let asked = self.request.purpose.as_str();
        body.period.is_none_or(|period| period.contains(self.as_of))
            && (body.actors.is_empty() || body.actors.iter().any(|actor| self.is_actor(actor)))
            && (body.purposes.is_empty()
                || body.purposes.iter().any(|rule| self.vocabulary.purpose_covers(rule.as_str(), asked)))
            && (body.actions.is_empty() || body.actions.contains(&self.request.action))
    }

    /// A member covers its practitioners; a practitioner is only themselves.
    fn is_actor(&self, actor: &Actor) -> bool {
        let requester = &self.request.requester;
        match actor {
            Actor::Member(member) => member.id == requester.member,
            Actor::Practitioner(person) => {
                person.member.id == requester.member && requester.practitioner.as_ref() == Some(&person.handle)
            }
            // Refused at grant: nobody is known to be one of these.
            Actor::Role(..) | Actor::Group(..) | Actor::Device(..) | Actor::Agent(..) => false,
        }
    }

    /// Step 3.
    fn data_fits(&self, body: &RuleBody) -> bool {
        let scope = &body.data;
        (scope.types.is_empty() || scope.types.iter().any(|of| self.is_of(of)))
            && (scope.labels.is_empty()
                || scope.labels.iter().any(|label| self.is_labelled(label.as_str(), body.effect)))
            && !scope.except_labels.iter().any(|label| self.is_labelled(label.as_str(), Effect::Deny))
            && no_unknown_part(scope, body.effect)
    }

    fn is_of(&self, scope: &TypeScope) -> bool {
        scope.of == self.item.of && scope.category.as_ref().is_none_or(|one| self.item.categories.contains(one))
    }

    /// A confidentiality means "up to" where something is permitted and "from" where it is refused; the item's
    /// highest label counts, and no label is `N`.
    fn is_labelled(&self, rule: &str, effect: Effect) -> bool {
        let labels = &self.item.labels;
        let Some(limit) = self.vocabulary.confidentiality(rule) else {
            return labels.iter().any(|label| self.is_sensitive(rule, label.as_str(), effect));
        };
        let rank = |label: &str| self.vocabulary.confidentiality(label);
        let highest = labels.iter().filter_map(|label| rank(label.as_str())).max().or(rank(NORMAL));
        match effect {
            Effect::Permit => highest.is_some_and(|highest| highest <= limit),
            Effect::Deny => highest.is_some_and(|highest| highest >= limit),
        }
    }

    /// A label that the vocabulary does not know could be any sensitivity: it never helps a permit and always meets a
    /// refusal.
    fn is_sensitive(&self, rule: &str, label: &str, effect: Effect) -> bool {
        let known = self.vocabulary.knows(Kind::Sensitivity, label) || self.vocabulary.confidentiality(label).is_some();
        match effect {
            Effect::Deny if !known => true,
            Effect::Deny | Effect::Permit => self.vocabulary.sensitivity_covers(rule, label),
        }
    }
}

/// A part that this engine does not evaluate keeps a permit from matching and a refusal from not matching (step 0).
fn no_unknown_part(scope: &DataScope, effect: Effect) -> bool {
    let unknown = scope.data_period.is_some() || !scope.meanings.is_empty() || !scope.codes.is_empty();
    match effect {
        Effect::Permit => !unknown,
        Effect::Deny => true,
    }
}
