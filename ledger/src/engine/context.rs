//! Whether a rule is about this requester, purpose, act and moment (CE-1 step 2), and whether the engine understands it
//! at all (step 0).

use super::question::{Cover, Inquiry, Subject};
use super::{Class, Rule};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, system};

impl Inquiry<'_> {
    /// How much of what is asked the rule speaks about: context and data together.
    pub(super) fn cover(&self, rule: &Rule) -> Cover {
        if !self.is_understood(rule) {
            return Cover::Nothing;
        }
        Cover::all([self.context(rule), self.data(&rule.data, rule.effect)])
    }

    /// Step 0: a part that the engine does not know keeps a permit from fitting, and a refusal is read without it.
    pub(super) fn is_understood(&self, rule: &Rule) -> bool {
        let permits_anyway = lacks(Mutant::UnknownPartPermits);
        let refuses_nothing = lacks(Mutant::UnknownPartRefusesNothing);
        match rule.effect {
            Effect::Permit => rule.unknown.is_empty() || permits_anyway,
            Effect::Deny => rule.unknown.is_empty() || !refuses_nothing,
        }
    }

    /// Step 2: AND over period, actor, purpose and action, each only if the rule has it. For a query the custodian and
    /// the author of a record are open, so such an actor covers a part of it.
    pub(super) fn context(&self, rule: &Rule) -> Cover {
        if self.is_of_this_exchange(rule) { self.actors(rule) } else { Cover::Nothing }
    }

    /// The same whoever the actors are.
    fn is_of_this_exchange(&self, rule: &Rule) -> bool {
        let holds = rule.period.contains(self.as_of) || lacks(Mutant::RulePeriodIgnored);
        holds && self.is_for_purpose(rule) && self.is_for_action(rule)
    }

    /// Types in a category that the rules of this exchange name.
    pub(super) fn classes_in_categories<'b>(&self, rules: impl IntoIterator<Item = &'b Rule>) -> Vec<&'b Class> {
        let mut all = Vec::new();
        for rule in rules.into_iter().filter(|rule| self.is_of_this_exchange(rule)) {
            all.extend(rule.data.classes.iter().filter(|class| class.category.is_some()));
            all.extend(self.classes_in_categories(&rule.exceptions));
        }
        all
    }

    fn is_for_purpose(&self, rule: &Rule) -> bool {
        if rule.purposes.is_empty() || lacks(Mutant::PurposeIgnored) {
            return true;
        }
        let Some(asked) = &self.question.purpose else { return false };
        rule.purposes.iter().any(|purpose| self.purpose_covers(purpose, asked))
    }

    /// Same system, and the same code or one above it; with the emergency carve-out of the vocabulary.
    fn purpose_covers(&self, rule: &Coding, asked: &Coding) -> bool {
        rule.system == asked.system
            && match rule.system.as_str() {
                system::PURPOSE => self.vocabulary.purpose_covers(&rule.code, &asked.code),
                _foreign => rule.code == asked.code,
            }
    }

    fn is_for_action(&self, rule: &Rule) -> bool {
        rule.actions.is_empty() || !rule.actions.is_disjoint(&self.question.actions) || lacks(Mutant::ActionIgnored)
    }

    /// What a fact that nobody states does: it helps no permit and meets every refusal; a query leaves it open.
    pub(super) fn unstated(&self, effect: Effect) -> Cover {
        match self.subject {
            Subject::Query { .. } => Cover::Part,
            Subject::Record(_) => Cover::whole_if(effect == Effect::Deny),
        }
    }
}
