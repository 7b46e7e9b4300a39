//! Step 4: what one consent says of one thing.

use super::context::Case;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Consent, ConsentRoot, Data, Rule};
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Nothing.
    Silent,
    /// It permits it.
    Permit,
    /// It permits something else.
    NotCovered,
    /// It refuses it; `glass` says that it does so for breaking the glass by name.
    Deny {
        /// By a rule for that purpose, or below one. An R4 root does not speak for the rules below it, which are looked
        /// at even where it does not fit.
        glass: bool,
    },
}

fn names_glass(rule: &Rule) -> bool {
    rule.purposes.contains(&Coding::new(system::PURPOSE, BREAK_THE_GLASS))
}

/// Step 0: a permit with something unknown in it matches nothing.
fn is_understood(rule: &Rule) -> bool {
    rule.effect == Effect::Deny || rule.unknown.is_empty()
}

fn permits_something(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| rule.effect == Effect::Permit || permits_something(&rule.exceptions))
}

impl Case<'_> {
    /// EVAL(consent, item).
    pub fn says(&self, consent: &Consent) -> Word {
        match &consent.root {
            ConsentRoot::Decision(base) => self.five(*base, &consent.rules),
            ConsentRoot::Rule(root) => self.four(root, &consent.rules),
        }
    }

    /// Whether a rule is looked at.
    pub(super) fn fits(&self, rule: &Rule) -> bool {
        is_understood(rule) && self.context(rule) && self.data(rule)
    }

    /// What a rule that fits says with those below it.
    pub(super) fn rule(&self, rule: &Rule) -> Word {
        let own = match rule.effect {
            Effect::Permit => Word::Permit,
            Effect::Deny => Word::Deny { glass: false },
        };
        match self.rules(&rule.exceptions).unwrap_or(own) {
            Word::Deny { glass } => Word::Deny { glass: glass || names_glass(rule) },
            other @ (Word::Silent | Word::Permit | Word::NotCovered) => other,
        }
    }

    /// Sibling rules: any refusal, else any permit, else nothing.
    pub(super) fn rules(&self, rules: &[Rule]) -> Option<Word> {
        let words: Vec<Word> = rules.iter().filter(|rule| self.fits(rule)).map(|rule| self.rule(rule)).collect();
        let by_name = words.contains(&Word::Deny { glass: true });
        if by_name || words.contains(&Word::Deny { glass: false }) {
            Some(Word::Deny { glass: by_name })
        } else {
            words.contains(&Word::Permit).then_some(Word::Permit)
        }
    }

    /// R5: a base refusal that no rule lifted is *not covered* where the rules permit something.
    fn five(&self, base: Effect, rules: &[Rule]) -> Word {
        match (self.rules(rules), base) {
            (Some(word), _) => word,
            (None, Effect::Permit) => Word::Permit,
            (None, Effect::Deny) if permits_something(rules) => Word::NotCovered,
            (None, Effect::Deny) => Word::Deny { glass: false },
        }
    }

    /// R4: the rules below the root first, then the root. A root that is out of its time is silent (2.1, expiry).
    fn four(&self, root: &Rule, rules: &[Rule]) -> Word {
        if let Some(word) = self.rules(rules) {
            return word;
        }
        if !self.context(root) {
            return Word::Silent;
        }
        let covers = is_understood(root) && (root.data == Data::default() || self.data(root));
        match (root.effect, covers) {
            (Effect::Permit, true) => Word::Permit,
            (Effect::Permit, false) => Word::NotCovered,
            (Effect::Deny, true) => Word::Deny { glass: names_glass(root) },
            (Effect::Deny, false) => Word::Silent,
        }
    }
}
