//! What rules of one depth say together: deny prevails, and exceptions speak in their rule's place (CE-1 step 4).

use super::Rule;
use super::listing::{By, Listable, Reach};
use super::voice::{Beyond, Stance, Voice};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{BREAK_THE_GLASS, system};

/// What rules of one depth say.
#[derive(Debug, Default)]
pub(super) struct Siblings<'a> {
    pub(super) verdict: Option<Verdict<'a>>,
    /// Rules that permit a part of a query.
    released: Vec<Listable<'a>>,
    pub(super) withheld: Vec<Listable<'a>>,
    pub(super) barred: Vec<Listable<'a>>,
    lifting: Vec<&'a Rule>,
    permitting: Vec<&'a Rule>,
    pub(super) unsaid: Vec<&'a Rule>,
}

#[derive(Debug)]
pub(super) struct Verdict<'a> {
    effect: Effect,
    rule: &'a Rule,
    /// Parts of a query that exceptions release from a refusal.
    released: Vec<Listable<'a>>,
    names_break_glass: bool,
    /// Whether it is about a part, and if it refuses, refuses all because no list can say which.
    is_of_part: bool,
}

/// How much of what is asked a rule that covers it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    /// All but labels that it excepts, which a query leaves open.
    ButExcepted,
}

pub(super) fn names_break_glass(rule: &Rule) -> bool {
    rule.purposes.iter().any(|one| one.system == system::PURPOSE && one.code == BREAK_THE_GLASS)
}

impl<'a> Siblings<'a> {
    /// Siblings: deny prevails. What one refusal releases another one may hold back, so two release nothing.
    pub(super) fn collect(&mut self, new: Verdict<'a>) {
        let permit_prevails = lacks(Mutant::SiblingPermitPrevails);
        self.verdict = Some(match self.verdict.take() {
            None => new,
            Some(old) => match (old.effect, new.effect) {
                (Effect::Deny, Effect::Deny) => Verdict {
                    released: Vec::new(),
                    names_break_glass: old.names_break_glass || new.names_break_glass,
                    is_of_part: old.is_of_part && new.is_of_part,
                    ..old
                },
                (Effect::Deny, Effect::Permit) if permit_prevails => new,
                (Effect::Permit, Effect::Deny) if permit_prevails => old,
                (Effect::Permit, Effect::Deny) => new,
                (Effect::Deny | Effect::Permit, Effect::Permit) => old,
            },
        });
    }

    /// What a rule's exceptions withhold. Below a rule that names breaking the glass they refuse that by name, and what
    /// the permits among them except is refused as it was.
    fn withhold_below(&mut self, rule: &'a Rule, below: &Self) {
        let (barred, lifting) = if names_break_glass(rule) {
            (&below.withheld, &below.permitting)
        } else {
            (&below.barred, &below.lifting)
        };
        self.barred.extend(barred);
        self.lifting.extend(lifting);
        self.withheld.extend(&below.withheld);
    }

    /// Whether a rule with these below it refuses all that it is about.
    pub(super) fn refuses(&self, rule: &Rule) -> bool {
        let refuses_all = |one: &Verdict<'_>| one.effect == Effect::Deny && one.released.is_empty();
        self.released.is_empty() && self.verdict.as_ref().map_or(rule.effect == Effect::Deny, refuses_all)
    }

    /// A rule that covers all that is asked speaks, or its exceptions do in its place.
    pub(super) fn whole(&mut self, rule: &'a Rule, below: Self, extent: Extent) {
        self.withhold_below(rule, &below);
        self.permitting.extend(below.permitting);
        self.unsaid.extend(below.unsaid);
        let own = names_break_glass(rule);
        let verdict = match below.verdict {
            Some(verdict) => Verdict { names_break_glass: own || verdict.names_break_glass, ..verdict },
            None => {
                let Self { released, .. } = below;
                let is_of_part = extent == Extent::ButExcepted;
                Verdict { effect: rule.effect, rule, released, names_break_glass: own, is_of_part }
            }
        };
        if verdict.effect == Effect::Permit || !verdict.released.is_empty() {
            // What it excepts is not reached by the rules below it either.
            self.permitting.extend([rule, verdict.rule]);
        }
        self.collect(verdict);
    }

    /// A rule that covers a part of a query: what it permits is released but for what its exceptions withhold; what it
    /// refuses is withheld, also what its exceptions release in part. What no list can say is not released.
    pub(super) fn part(&mut self, mut part: Listable<'a>, below: Self) {
        let rule = part.rule;
        if part.reach == Reach::All && !(below.released.is_empty() && below.unsaid.is_empty()) {
            part.reach = Reach::Lifted;
        }
        let (effect, named_below) =
            below.verdict.as_ref().map_or((rule.effect, false), |verdict| (verdict.effect, verdict.names_break_glass));
        let names_break_glass = named_below || names_break_glass(rule);
        match effect {
            Effect::Permit => {
                if part.can_be_released() {
                    self.released.push(part);
                } else {
                    self.unsaid.push(rule);
                }
                self.withhold_below(rule, &below);
                self.permitting.extend(below.permitting);
                self.permitting.push(rule);
            }
            Effect::Deny if part.can_be_left_out() => {
                self.withheld.push(part);
                self.barred.extend(if names_break_glass { vec![part] } else { below.barred });
                self.lifting.extend(below.lifting);
            }
            Effect::Deny => {
                self.barred.extend(below.barred);
                self.lifting.extend(below.lifting);
                let (released, is_of_part) = (Vec::new(), true);
                self.collect(Verdict { effect: Effect::Deny, rule, released, names_break_glass, is_of_part });
            }
        }
    }

    /// A permit of other kinds than the one that is asked for releases none of it. A record may still be of both kinds,
    /// and then what the permit's exceptions refuse is refused.
    pub(super) fn apart(&mut self, rule: &'a Rule, mut below: Self) {
        below.withheld.iter_mut().for_each(|part| part.reach = Reach::Apart);
        match below.verdict.as_ref().map(|verdict| verdict.effect) {
            Some(Effect::Deny) => self.part(Listable { rule, by: By::Kinds, reach: Reach::Apart }, below),
            Some(Effect::Permit) | None => self.withhold_below(rule, &below),
        }
    }

    /// What the consent says, given what it says where its rules say nothing.
    pub(super) fn voice(self, unlifted: Stance<'a>, root: Option<&'a Rule>) -> Voice<'a> {
        let Self { verdict, released, withheld, barred, mut lifting, mut permitting, unsaid } = self;
        let bars_by_root = root.is_some_and(|root| root.effect == Effect::Deny && names_break_glass(root));
        if let Some(Verdict { effect, rule, released, names_break_glass: is_named, is_of_part }) = verdict {
            if bars_by_root && effect == Effect::Permit {
                // What the permits except is left to the root.
                lifting.extend(&permitting);
            }
            let stance = match effect {
                Effect::Permit => Stance::Permit,
                Effect::Deny => Stance::Deny(released),
            };
            let names_it = is_named || (is_of_part && bars_by_root);
            let refuses_break_glass = names_it && effect == Effect::Deny;
            let rule = Some(rule);
            return Voice { stance, withheld, barred, lifting, permitting, unsaid, rule, refuses_break_glass };
        }
        if let (Some(root), Stance::Permit | Stance::Within { .. }) = (root, &unlifted) {
            permitting.push(root);
        }
        let stance = match unlifted {
            Stance::Permit => Stance::Permit,
            Stance::Within { parts, beyond } => {
                Stance::Within { parts: parts.into_iter().chain(released).collect(), beyond }
            }
            Stance::Silent if released.is_empty() => Stance::Silent,
            Stance::Silent => Stance::Within { parts: released, beyond: Beyond::Silent },
            Stance::NotCovered if released.is_empty() => Stance::NotCovered,
            Stance::NotCovered => Stance::Within { parts: released, beyond: Beyond::NotCovered },
            Stance::Deny(_) => Stance::Deny(released),
        };
        let refuses_break_glass = matches!(stance, Stance::Deny(_)) && root.is_some_and(names_break_glass);
        Voice { stance, withheld, barred, lifting, permitting, unsaid, rule: root, refuses_break_glass }
    }
}
