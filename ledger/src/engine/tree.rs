//! What the rules of one consent say together (CE-1 step 4).
//!
//! About a record the rules say permit, deny or nothing. About a query they may say so for a part of it: what is
//! withheld from a permit, and what is released from a refusal, stands beside the answer as the rules that say it.

use super::listing::{By, Labels, Listable, Reach};
use super::question::{Cover, Inquiry};
use super::siblings::{Extent, Siblings, names_break_glass};
use super::voice::{Beyond, Stance, Voice};
use super::{Consent, ConsentRoot, Data, Rule};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};

impl<'a> Inquiry<'a> {
    /// Step 4. The frame around the tree is the caller's.
    pub(super) fn ask(&self, consent: &'a Consent) -> Voice<'a> {
        match &consent.root {
            ConsentRoot::Decision(effect) => self.under_decision(*effect, &consent.rules),
            ConsentRoot::Rule(root) => self.under_root(root, &consent.rules),
        }
    }

    fn listable(&self, rule: &'a Rule) -> Listable<'a> {
        let by = if self.actors(rule) == Cover::Part { By::DataAndActors } else { By::Data };
        let has_labels = self.data(&Data { labels: rule.data.labels.clone(), ..Data::default() }, rule.effect);
        let labels = if has_labels == Cover::Whole { Labels::Given } else { Labels::Tell };
        Listable { by, labels, ..Listable::by_data(rule) }
    }

    fn rules(&self, rules: &'a [Rule]) -> Siblings<'a> {
        let mut said = Siblings::default();
        for rule in rules {
            let below =
                || if lacks(Mutant::ExceptionsIgnored) { Siblings::default() } else { self.rules(&rule.exceptions) };
            match self.cover(rule) {
                Cover::Whole if self.excepts_some(rule) => {
                    let below = below();
                    if below.refuses(rule) {
                        said.part(self.listable(rule), below);
                    } else {
                        said.whole(rule, below, Extent::ButExcepted);
                    }
                }
                Cover::Whole => said.whole(rule, below(), Extent::All),
                Cover::Part if rule.effect == Effect::Deny && self.is_of_other_kinds(rule) => {
                    said.of_other_kinds(self.listable(rule), below(), self.may_be_of_kind(rule));
                }
                Cover::Part => said.part(self.listable(rule), below()),
                Cover::Nothing if lacks(Mutant::ExceptionsUngated) => {
                    if let Some(verdict) = below().verdict {
                        said.collect(verdict);
                    }
                }
                Cover::Nothing if self.may_meet(rule) => {
                    said.unsaid.extend(self.may_be_of_kind(rule).then(|| Listable::by_data(rule).into()));
                    said.apart(rule, below());
                }
                Cover::Nothing => {}
            }
        }
        said
    }

    /// R5: the rules, or else the base decision. A base refusal of a document whose rules permit something only bounds
    /// what they permit.
    fn under_decision(&self, decision: Effect, rules: &'a [Rule]) -> Voice<'a> {
        let permits_something = rules.iter().any(Rule::permits_something) || lacks(Mutant::BaseRefusalBounds);
        let unlifted = match decision {
            Effect::Permit => Stance::Permit,
            Effect::Deny if permits_something && !lacks(Mutant::BaseRefusalExplicit) => Stance::NotCovered,
            Effect::Deny => Stance::Deny(Vec::new()),
        };
        self.rules(rules).voice(unlifted, None)
    }

    /// R4: the rules below the root, whether it fits or not; or else the root, which its data narrows.
    fn under_root(&self, root: &'a Rule, rules: &'a [Rule]) -> Voice<'a> {
        let context = self.context(root);
        let is_gated = context == Cover::Nothing && lacks(Mutant::RootGatesRules);
        let mut said = if is_gated { Siblings::default() } else { self.rules(rules) };
        let cover = if lacks(Mutant::RootDataIgnored) { context } else { self.cover(root) };
        let part = self.listable(root);
        let own = match (root.effect, context, cover) {
            (_, Cover::Nothing, _) => Stance::Silent,
            (Effect::Permit, _, Cover::Whole) => Stance::Permit,
            (Effect::Permit, _, Cover::Part) if part.can_be_released() => {
                // Of other data than its own it permits less; of other keepers' and authors' records it says nothing.
                let is_of_other_data = self.data(&root.data, root.effect) != Cover::Whole;
                let beyond = match context {
                    Cover::Part if is_of_other_data => Beyond::NotCoveredOf(part),
                    _whole if is_of_other_data => Beyond::NotCovered,
                    _of_all_data => Beyond::Silent,
                };
                Stance::Within { parts: vec![part.into()], beyond }
            }
            (Effect::Permit, _, Cover::Part | Cover::Nothing) => {
                let may_meet = cover == Cover::Part || (self.may_meet(root) && self.may_be_of_kind(root));
                said.unsaid.extend(may_meet.then(|| Listable::by_data(root).into()));
                if context == Cover::Part { Stance::NotCoveredOf(part) } else { Stance::NotCovered }
            }
            // Where the rules speak of all of it, the root speaks of what they except.
            (Effect::Deny, _, Cover::Whole | Cover::Part) if said.verdict.is_some() => Stance::Deny(Vec::new()),
            (Effect::Deny, _, _) if (cover == Cover::Part || self.excepts_some(root)) && part.can_be_left_out() => {
                let reach = if said.permits_some() { Reach::Lifted } else { Reach::All };
                let part = Listable { reach, ..part };
                said.withheld.push(part);
                said.barred.extend(names_break_glass(root).then_some(part));
                Stance::Silent
            }
            (Effect::Deny, _, Cover::Whole | Cover::Part) => Stance::Deny(Vec::new()),
            (Effect::Deny, _, Cover::Nothing) => Stance::Silent,
        };
        said.voice(own, Some(root))
    }
}
