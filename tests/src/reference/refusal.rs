//! Step 9: the refusals of a consent, each with the rules that it stands below.

use super::context::Case;
use super::tree::Word;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Consent, ConsentRoot, Data, Rule};

/// A rule that refuses, wherever it stands.
#[derive(Debug, Clone)]
pub(super) struct Refusal<'a> {
    /// The rules that it is looked at below, the outermost first. An R4 root is none of them: rules below it are looked
    /// at even where it does not fit.
    above: Vec<&'a Rule>,
    /// The rule.
    pub(super) rule: &'a Rule,
    is_root: bool,
}

/// All of a consent. A base decision is none: it names nothing.
pub(super) fn refusals(consent: &Consent) -> Vec<Refusal<'_>> {
    let mut all = Vec::new();
    if let ConsentRoot::Rule(root) = &consent.root {
        all.push(Refusal { above: Vec::new(), rule: root, is_root: true });
    }
    add_all(&mut all, &[], &consent.rules);
    all.retain(|one| one.rule.effect == Effect::Deny);
    all
}

fn add_all<'a>(all: &mut Vec<Refusal<'a>>, above: &[&'a Rule], rules: &'a [Rule]) {
    for rule in rules {
        if says_more(above.last().copied(), rule) && !is_within_another(rule, rules) {
            all.push(Refusal { above: above.to_vec(), rule, is_root: false });
        }
        add_all(all, &[above, &[rule]].concat(), &rule.exceptions);
    }
}

/// Whether a refusal beside it refuses everything, and this with it.
fn is_within_another(rule: &Rule, rules: &[Rule]) -> bool {
    let refuses_all = |one: &&Rule| **one == Rule::bare(Effect::Deny, &one.place);
    rule.effect == Effect::Deny && rules.iter().filter(refuses_all).any(|one| one != rule)
}

/// What is refused again below a refusal is refused already, unless a permit beside it would give it back.
fn says_more(above: Option<&Rule>, rule: &Rule) -> bool {
    let gives_back = |above: &Rule| above.exceptions.iter().any(|one| one.effect == Effect::Permit);
    above.is_none_or(|above| above.effect == Effect::Permit || rule.effect == Effect::Permit || gives_back(above))
}

impl Refusal<'_> {
    /// It and the rules above it, all of which fit what it refuses.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Rule> {
        self.above.iter().copied().chain([self.rule])
    }

    /// Whether it stands below other rules.
    pub(super) fn is_below(&self) -> bool {
        !self.above.is_empty()
    }

    /// Whether one of its exceptions permits all of it but what has some labels: these are what is left out then ("what
    /// a permit excepts is left out", ADR 19), and what the rules below that permit refuse.
    pub(super) fn is_taken_up(&self, case: &Case<'_>) -> bool {
        !self.is_root && is_taken_up(self.rule, case)
    }

    /// Whether it stands below another refusal that is left out by what that is about, and this with it.
    pub(super) fn is_left_out_above(&self, case: &Case<'_>) -> bool {
        let is_refusal = |rule: &&Rule| rule.effect == Effect::Deny && rule.data != Data::default();
        self.above.iter().copied().filter(is_refusal).any(|rule| !is_taken_up(rule, case))
    }

    /// What it says with its exceptions; `None` where it is not looked at. Whatever it refuses is refused: no rule
    /// beside it or above it takes a refusal back.
    pub(super) fn says(&self, consent: &Consent, case: &Case<'_>) -> Option<Word> {
        if !self.chain().all(|rule| case.fits(rule)) {
            return None;
        }
        let own = || Word::Deny { glass: false };
        Some(if self.is_root { case.rules(&consent.rules).unwrap_or_else(own) } else { case.rule(self.rule) })
    }
}

fn is_taken_up(rule: &Rule, case: &Case<'_>) -> bool {
    let is_about_all = |one: &Rule| {
        let Data { except_labels, .. } = &one.data;
        one.data == Data { except_labels: except_labels.clone(), ..Data::default() } && case.context(one)
    };
    let refuses_all = |below: &[Rule]| below.iter().any(|one| one.effect == Effect::Deny && is_about_all(one));
    let takes_up = |one: &Rule| {
        one.effect == Effect::Permit && one.unknown.is_empty() && is_about_all(one) && !refuses_all(&one.exceptions)
    };
    rule.exceptions.iter().any(takes_up) && !refuses_all(&rule.exceptions)
}
