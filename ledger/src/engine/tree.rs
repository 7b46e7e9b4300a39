//! What the rules of one consent say together (CE-1 step 4).
//!
//! About a record the rules say permit, deny or nothing. About a query they may say so for a part of it: what is
//! withheld from a permit, and what is released from a refusal, stands beside the answer as the rules that say it.

use super::listing::{By, Listable, Reach};
use super::question::{Cover, Inquiry};
use super::{Consent, ConsentRoot, Rule};
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{BREAK_THE_GLASS, Coding, system};

/// What one consent says.
#[derive(Debug, Clone, Default)]
pub(super) struct Voice<'a> {
    pub(super) stance: Stance<'a>,
    /// Rules whose data is withheld, also from what other consents permit. Empty for a record.
    pub(super) withheld: Vec<Listable<'a>>,
    /// Those of them that are refused to breaking the glass by name.
    pub(super) barred: Vec<Listable<'a>>,
    /// Permits that lift such a refusal, but not of what they except.
    pub(super) lifting: Vec<&'a Rule>,
    /// Rules that permit all but their excepted labels.
    pub(super) permitting: Vec<&'a Rule>,
    /// Rules that permit a part of a query which no list can say: nothing is released by them.
    pub(super) unsaid: Vec<&'a Rule>,
    /// The rule that the stance rests on; `None` for a base decision.
    pub(super) rule: Option<&'a Rule>,
    /// Whether a refusal names breaking the glass.
    pub(super) refuses_break_glass: bool,
}

/// The answer of one consent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Stance<'a> {
    /// Nothing: it is about somebody or something else.
    #[default]
    Silent,
    /// It permits this requester and purpose less than this.
    NotCovered,
    /// It permits.
    Permit,
    /// It permits of a query what these rules are about.
    Within { parts: Vec<Listable<'a>>, beyond: Beyond },
    /// It refuses; of a query, all but what these rules are about.
    Deny(Vec<Listable<'a>>),
}

/// What a consent that permits a part of a query says of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    Silent,
    NotCovered,
}

impl<'a> Voice<'a> {
    /// Labels by which it narrows what a query releases.
    pub(super) fn given(&self) -> impl Iterator<Item = &'a Coding> {
        self.stance.parts().iter().flat_map(|part| &part.rule.data.labels)
    }
}

impl<'a> Stance<'a> {
    /// The rules about a part of a query that it permits beside or in spite of what it says of the rest.
    pub(super) fn parts(&self) -> &[Listable<'a>] {
        match self {
            Self::Within { parts, .. } | Self::Deny(parts) => parts,
            Self::Silent | Self::NotCovered | Self::Permit => &[],
        }
    }
}

/// What rules of one depth say.
#[derive(Debug, Default)]
struct Said<'a> {
    verdict: Option<Verdict<'a>>,
    /// Rules that permit a part of a query.
    released: Vec<Listable<'a>>,
    withheld: Vec<Listable<'a>>,
    barred: Vec<Listable<'a>>,
    lifting: Vec<&'a Rule>,
    permitting: Vec<&'a Rule>,
    unsaid: Vec<&'a Rule>,
}

#[derive(Debug)]
struct Verdict<'a> {
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
enum Extent {
    All,
    /// All but labels that it excepts, which a query leaves open.
    ButExcepted,
}

fn names_break_glass(rule: &Rule) -> bool {
    rule.purposes.iter().any(|one| one.system == system::PURPOSE && one.code == BREAK_THE_GLASS)
}

impl<'a> Said<'a> {
    /// Siblings: deny prevails. What one refusal releases another one may hold back, so two release nothing.
    fn collect(&mut self, new: Verdict<'a>) {
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
    fn refuses(&self, rule: &Rule) -> bool {
        let refuses_all = |one: &Verdict<'_>| one.effect == Effect::Deny && one.released.is_empty();
        self.released.is_empty() && self.verdict.as_ref().map_or(rule.effect == Effect::Deny, refuses_all)
    }

    /// A rule that covers all that is asked speaks, or its exceptions do in its place.
    fn whole(&mut self, rule: &'a Rule, below: Self, extent: Extent) {
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
    fn part(&mut self, mut part: Listable<'a>, below: Self) {
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
    fn apart(&mut self, rule: &'a Rule, mut below: Self) {
        below.withheld.iter_mut().for_each(|part| part.reach = Reach::Apart);
        match below.verdict.as_ref().map(|verdict| verdict.effect) {
            Some(Effect::Deny) => self.part(Listable { rule, by: By::Kinds, reach: Reach::Apart }, below),
            Some(Effect::Permit) | None => self.withhold_below(rule, &below),
        }
    }

    /// What the consent says, given what it says where its rules say nothing.
    fn voice(self, unlifted: Stance<'a>, root: Option<&'a Rule>) -> Voice<'a> {
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
        Listable { rule, by, reach: Reach::All }
    }

    fn rules(&self, rules: &'a [Rule]) -> Said<'a> {
        let mut said = Said::default();
        for rule in rules {
            let below =
                || if lacks(Mutant::ExceptionsIgnored) { Said::default() } else { self.rules(&rule.exceptions) };
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
                Cover::Part => said.part(self.listable(rule), below()),
                Cover::Nothing if lacks(Mutant::ExceptionsUngated) => {
                    if let Some(verdict) = below().verdict {
                        said.collect(verdict);
                    }
                }
                Cover::Nothing if self.may_meet(rule) => {
                    said.unsaid.extend(self.may_be_of_kind(rule).then_some(rule));
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
        let mut said = if is_gated { Said::default() } else { self.rules(rules) };
        let cover = if lacks(Mutant::RootDataIgnored) { context } else { self.cover(root) };
        let part = self.listable(root);
        let own = match (root.effect, context, cover) {
            (_, Cover::Nothing, _) => Stance::Silent,
            (Effect::Permit, _, Cover::Whole) => Stance::Permit,
            (Effect::Permit, _, Cover::Part) if part.can_be_released() => {
                // Of other data than its own it permits less; of other keepers' and authors' records it says nothing.
                let is_of_other_data = self.data(&root.data, root.effect) != Cover::Whole;
                let beyond = if is_of_other_data { Beyond::NotCovered } else { Beyond::Silent };
                Stance::Within { parts: vec![part], beyond }
            }
            (Effect::Permit, _, Cover::Part | Cover::Nothing) => {
                let may_meet = cover == Cover::Part || (self.may_meet(root) && self.may_be_of_kind(root));
                said.unsaid.extend(may_meet.then_some(root));
                Stance::NotCovered
            }
            // Where the rules speak of all of it, the root does not.
            (Effect::Deny, _, _) if said.verdict.is_some() => Stance::Silent,
            (Effect::Deny, _, _) if (cover == Cover::Part || self.excepts_some(root)) && part.can_be_left_out() => {
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
