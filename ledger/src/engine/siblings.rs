//! What rules of one depth say together: deny prevails, and exceptions speak in their rule's place (CE-1 step 4).

use super::Rule;
use super::listing::{By, Listable, Reach};
use super::part::Part;
use super::unsaid::Unsaid;
use crate::document::Effect;
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{BREAK_THE_GLASS, system};

/// What rules of one depth say. What [`Voice`](super::voice::Voice) has too means the same.
#[derive(Debug, Default)]
pub(super) struct Siblings<'a> {
    pub(super) verdict: Option<Verdict<'a>>,
    /// Rules that permit a part of a query.
    pub(super) released: Vec<Part<'a>>,
    pub(super) withheld: Vec<Listable<'a>>,
    pub(super) barred: Vec<Listable<'a>>,
    /// Permits of this depth: what they except is left to the rule above.
    permitting: Vec<&'a Rule>,
    /// Deeper ones, that leave it to a refusal.
    pub(super) leaving_refused: Vec<&'a Rule>,
    pub(super) leaving_barred: Vec<&'a Rule>,
    pub(super) unsaid: Vec<Unsaid<'a>>,
}

#[derive(Debug)]
pub(super) struct Verdict<'a> {
    pub(super) effect: Effect,
    pub(super) rule: &'a Rule,
    /// Parts of a query that exceptions release from a refusal.
    pub(super) released: Vec<Part<'a>>,
    pub(super) names_break_glass: bool,
    /// Whether it is about a part, and if it refuses, refuses all because no list can say which.
    pub(super) is_of_part: bool,
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
    /// Siblings: deny prevails. Two refusals release what both do.
    pub(super) fn collect(&mut self, new: Verdict<'a>) {
        let permit_prevails = lacks(Mutant::SiblingPermitPrevails);
        self.verdict = Some(match self.verdict.take() {
            None => new,
            Some(old) => match (old.effect, new.effect) {
                (Effect::Deny, Effect::Deny) => Verdict {
                    released: Part::both(&old.released, &new.released),
                    names_break_glass: old.names_break_glass || new.names_break_glass,
                    is_of_part: old.is_of_part && new.is_of_part,
                    ..old
                },
                (Effect::Deny, Effect::Permit) if permit_prevails => new,
                (Effect::Permit, Effect::Deny) if permit_prevails => old,
                (Effect::Permit, Effect::Deny) => new,
                (Effect::Permit, Effect::Permit) => Verdict { is_of_part: old.is_of_part && new.is_of_part, ..old },
                (Effect::Deny, Effect::Permit) => old,
            },
        });
    }

    /// What a rule's exceptions withhold. Below a rule that names breaking the glass they refuse that by name, and what
    /// the permits among them except is refused as it was.
    fn withhold_below(&mut self, rule: &'a Rule, below: &Self) {
        if names_break_glass(rule) {
            self.barred.extend(&below.withheld);
            self.leaving_barred.extend(below.excepting().iter().chain(&below.leaving_refused));
        } else {
            self.barred.extend(&below.barred);
            self.leaving_barred.extend(&below.leaving_barred);
        }
        self.withheld.extend(&below.withheld);
        self.leaving_refused.extend(&below.leaving_refused);
        if rule.effect == Effect::Deny {
            self.leaving_refused.extend(below.excepting());
        }
    }

    /// Permits of this depth that leave what they except to the rule above; none, where one of them excepts nothing.
    pub(super) fn excepting(&self) -> &[&'a Rule] {
        let permits_all = |verdict: &Verdict<'_>| verdict.effect == Effect::Permit && !verdict.is_of_part;
        if self.verdict.as_ref().is_some_and(permits_all) { &[] } else { &self.permitting }
    }

    /// Whether a rule with these below it refuses what it is about, but for what they release of it.
    pub(super) fn refuses(&self, rule: &Rule) -> bool {
        self.verdict.as_ref().map_or(rule.effect, |verdict| verdict.effect) == Effect::Deny
    }

    /// Whether they permit a part, whatever the rule above does.
    pub(super) fn permits_some(&self) -> bool {
        match &self.verdict {
            Some(Verdict { effect: Effect::Deny, released, .. }) => !released.is_empty(),
            Some(Verdict { effect: Effect::Permit, .. }) | None => {
                !(self.released.is_empty() && self.unsaid.is_empty())
            }
        }
    }

    /// Whether what these refuse of a permit is a part that no list can say.
    fn spares_some_of(&self, rule: &Rule) -> bool {
        let refuses_part = |verdict: &Verdict<'_>| verdict.effect == Effect::Deny && verdict.is_of_part;
        rule.effect == Effect::Permit && self.verdict.as_ref().is_some_and(refuses_part)
    }

    /// A rule that covers all that is asked speaks, or its exceptions do in its place.
    pub(super) fn whole(&mut self, rule: &'a Rule, below: Self, extent: Extent) {
        self.withhold_below(rule, &below);
        self.unsaid.extend(below.unsaid);
        let (own, excepts_some) = (names_break_glass(rule), extent == Extent::ButExcepted);
        let verdict = match below.verdict {
            Some(verdict) => Verdict {
                names_break_glass: own || verdict.names_break_glass,
                is_of_part: verdict.is_of_part || (verdict.effect == Effect::Permit && excepts_some),
                ..verdict
            },
            None => {
                let (released, is_of_part) = (below.released, excepts_some);
                Verdict { effect: rule.effect, rule, released, names_break_glass: own, is_of_part }
            }
        };
        if verdict.effect == Effect::Permit || !verdict.released.is_empty() {
            // What it excepts is not reached by the rules below it either.
            self.permitting.push(rule);
        }
        self.collect(verdict);
    }

    /// A rule that covers a part of a query: what it permits is released but for what its exceptions withhold; what it
    /// refuses is withheld, also what its exceptions release in part. What no list can say is not released.
    pub(super) fn part(&mut self, mut part: Listable<'a>, mut below: Self) {
        let rule = part.rule;
        below.withheld.iter_mut().chain(&mut below.barred).for_each(|one| *one = one.below(part));
        if part.reach == Reach::All && (below.permits_some() || below.spares_some_of(rule)) {
            part.reach = Reach::Lifted;
        }
        let (effect, named_below) =
            below.verdict.as_ref().map_or((rule.effect, false), |verdict| (verdict.effect, verdict.names_break_glass));
        let names_break_glass = named_below || names_break_glass(rule);
        match effect {
            Effect::Permit => {
                self.withhold_below(rule, &below);
                if part.can_be_released() {
                    self.released.push(part.into());
                    self.unsaid.extend(below.unsaid.into_iter().filter_map(|one| one.below(part, &[])));
                } else {
                    self.unsaid.push(part.into());
                }
                self.permitting.push(rule);
            }
            Effect::Deny if part.can_be_left_out() => {
                self.withheld.push(part);
                self.unsaid.extend(below.unsaid_of(part));
                self.barred.extend(if names_break_glass { vec![part] } else { below.barred });
                self.leaving_barred.extend(below.leaving_barred);
            }
            Effect::Deny => {
                let released = below.released_of(part);
                if released.is_empty() {
                    self.barred.extend(below.barred);
                    self.leaving_barred.extend(below.leaving_barred);
                } else {
                    self.withhold_below(rule, &below);
                    self.permitting.push(rule);
                }
                self.collect(Verdict { effect: Effect::Deny, rule, released, names_break_glass, is_of_part: true });
            }
        }
    }

    /// What these release of a refusal above them, if a list can say it.
    fn released_of(&self, refusal: Listable<'a>) -> Vec<Part<'a>> {
        let released = self.verdict.as_ref().map_or(&self.released, |verdict| &verdict.released);
        if refusal.can_be_released() { Part::both(&[refusal.into()], released) } else { Vec::new() }
    }

    /// What these permit of a rule above them that refuses, where no list can say it.
    fn unsaid_of(&self, part: Listable<'a>) -> Vec<Unsaid<'a>> {
        match &self.verdict {
            None => {
                let deeper = self.unsaid.iter().cloned().filter_map(|one| one.below(part, &self.withheld));
                Unsaid::of(part, &self.released, &self.withheld).into_iter().chain(deeper).collect()
            }
            // What they leave to a permit above.
            Some(_) if self.spares_some_of(part.rule) => vec![part.into()],
            Some(verdict) => Unsaid::of(part, &verdict.released, &self.withheld),
        }
    }

    /// A refusal of other kinds than the one that is asked for: what is also of that kind is refused, and what its exceptions
    /// give back is not released as such.
    pub(super) fn of_other_kinds(&mut self, part: Listable<'a>, mut below: Self, may_be_of_kind: bool) {
        if !below.refuses(part.rule) {
            self.unsaid.extend(may_be_of_kind.then(|| Listable::by_data(part.rule).into()));
            return self.apart(part.rule, below);
        }
        below.unsaid.extend(below.released.drain(..).map(Unsaid::from));
        if let Some(verdict) = &mut below.verdict {
            verdict.released.clear();
        }
        self.part(part, below);
    }

    /// A permit of other kinds than the one that is asked for releases none of it. A record may still be of both kinds,
    /// and then what the permit's exceptions refuse is refused.
    pub(super) fn apart(&mut self, rule: &'a Rule, mut below: Self) {
        below.withheld.iter_mut().for_each(|part| part.reach = Reach::Apart);
        match below.verdict.as_ref().map(|verdict| verdict.effect) {
            Some(Effect::Deny) => {
                self.part(Listable { by: By::Kinds, reach: Reach::Apart, ..Listable::by_data(rule) }, below)
            }
            Some(Effect::Permit) | None => self.withhold_below(rule, &below),
        }
    }
}
