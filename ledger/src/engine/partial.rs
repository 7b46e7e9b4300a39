//! Step 9: what of a query is released, and what is left out of that.

use super::answer::Ground;
use super::combine::{Hall, Speaker};
use super::left_out::LeftOut;
use super::listing::{Listable, Reach, later_sensitivities, without_older_parts};
use super::part::Part;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::Remainder;
use super::several::all_but_either;
use super::voice::{Stance, Voice};
use super::withheld::{Choice, Withheld};
use super::{Consent, Obligation, ReasonCode, Rule};
use crate::mutant::{Mutant, lacks};
use std::collections::BTreeSet;

impl<'a> Hall<'a> {
    /// What all refusals release of a query, as far as something is left of it.
    pub(super) fn released(&self) -> Vec<Part<'a>> {
        let refusals = self.speaking().filter_map(|(_, voice)| match &voice.stance {
            Stance::Deny(released) => Some(released.clone()),
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) | Stance::Permit | Stance::Within { .. } => {
                None
            }
        });
        let released = refusals.reduce(|these, those| Part::both(&these, &those));
        self.with_something_left(&released.unwrap_or_default())
    }

    /// What all that permit parts permit.
    pub(super) fn within(&self) -> Vec<Part<'a>> {
        let permits_part = |(_, voice): &&(_, Voice<'a>)| matches!(voice.stance, Stance::Within { .. });
        let voices = self.speaking().filter(permits_part);
        voices.flat_map(|(_, voice)| self.with_something_left(voice.stance.parts())).collect()
    }

    pub(super) fn permits_part(&self, stance: &Stance<'a>) -> bool {
        matches!(stance, Stance::Within { .. }) && !self.with_something_left(stance.parts()).is_empty()
    }

    fn with_something_left(&self, parts: &[Part<'a>]) -> Vec<Part<'a>> {
        let withheld = LeftOut::of(&self.withheld);
        let is_left = |part: &&Part<'a>| self.leaves_any_of(&withheld, std::slice::from_ref(part));
        parts.iter().filter(is_left).cloned().collect()
    }

    /// Whether something is left of what these permit; of everything, if there are none.
    pub(super) fn leaves_any(&self, within: &[Part<'_>]) -> bool {
        self.leaves_any_of(&LeftOut::of(&self.withheld), within)
    }

    fn leaves_any_of(&self, withheld: &LeftOut<'_>, within: &[Part<'_>]) -> bool {
        let all_but = self.all_but(withheld, within);
        let is_left = |asked: Remainder<'_>| asked.is_left(&withheld.with(&all_but));
        self.asked.is_none_or(is_left) || lacks(Mutant::WithheldKindReleased)
    }

    /// Whether these leave something of what was asked for.
    pub(super) fn leaves_any_but(&self, left_out: &BTreeSet<Obligation>) -> bool {
        self.asked.is_none_or(|asked| asked.is_any(left_out.iter().filter_map(Obligation::redaction)))
    }

    /// A refusal that leaves nothing of what was asked for.
    pub(super) fn asked_for_withheld(&self) -> Option<Ground> {
        let asked = self.asked.filter(|_| !lacks(Mutant::WithheldKindReleased))?;
        self.first_refusing(|speaker, part| {
            let may_be_about_it =
                part.reach != Reach::Apart && asked.may_be_of(self.lister, &Part::from(*part), &LeftOut::default());
            may_be_about_it && !asked.is_any(&self.leaving_out(*part, speaker.consent.vocabulary, &Choice::Each))
        })
    }

    /// A refusal that is of all of what was asked for; else the first of a consent whose refusals are so together.
    pub(super) fn refuses_all(&self) -> Option<Ground> {
        let asked = self.asked.filter(|_| !lacks(Mutant::WithheldKindReleased))?;
        let leaves_nothing = |consent: &Consent, voice: &Voice<'a>| {
            self.surely_refused(asked, consent, voice, &[]).is_none_or(|lists| !asked.is_any(&lists))
        };
        self.speaking().find_map(|(speaker, voice)| {
            let part = voice.withheld.iter().find(|part| self.is_all(part)).or_else(|| voice.withheld.first())?;
            leaves_nothing(speaker.consent, voice).then(|| Ground {
                code: ReasonCode::Denied,
                consent: Some(speaker.at),
                rule: Some(part.rule.place.clone()),
            })
        })
    }

    /// The first of several refusals that leave nothing between them: what one excepts, another one is about.
    pub(super) fn refuses_all_between(&self) -> Option<Ground> {
        let excepts = self.withheld.iter().any(|list| list.of == Redacted::AllBut);
        self.first_withheld().filter(|_| excepts && !self.leaves_any(&[]))
    }

    pub(super) fn is_all(&self, part: &Listable<'_>) -> bool {
        self.asked.is_some_and(|asked| asked.surely_refused(self.lister, part).is_none())
    }

    /// Whether a consent that refuses all but what it releases refuses some of what is asked.
    pub(super) fn refuses_some(&self, stance: &Stance<'_>) -> bool {
        let is_all = |part: &Listable<'_>| {
            let data = &part.rule.data;
            data.except_labels.is_empty() && self.asked.is_some_and(|asked| asked.is_all_of(self.lister, data))
        };
        matches!(stance, Stance::Deny(_)) && !stance.parts().iter().any(|part| part.rules().all(is_all))
    }

    /// A refusal of a part, if there is any.
    pub(super) fn first_withheld(&self) -> Option<Ground> {
        self.first_refusing(|_, _| true)
    }

    fn first_refusing(&self, is_meant: impl Fn(&Speaker<'a>, &Listable<'a>) -> bool) -> Option<Ground> {
        self.speaking().find_map(|(speaker, voice)| {
            let part = voice.withheld.iter().find(|part| is_meant(speaker, part))?;
            let rule = Some(part.rule.place.clone());
            Some(Ground { code: ReasonCode::Denied, consent: Some(speaker.at), rule })
        })
    }

    /// What to leave out of what a query releases. Of records each is released or not.
    pub(super) fn redactions(&self, within: &[Part<'_>]) -> BTreeSet<Obligation> {
        let of_query = if self.asked.is_some() { self.left_out(within) } else { Vec::new() };
        of_query.into_iter().map(Obligation::Redact).collect()
    }

    /// What no default releases: what is left out of all, and what consents permit less of.
    pub(super) fn left_open(&self) -> BTreeSet<Obligation> {
        let parts = self.speaking().filter_map(|(_, voice)| voice.stance.not_covered_of());
        let parts = parts.filter(|_| !lacks(Mutant::NotCoveredIsSilent));
        let listed = Listed::union(parts.map(|part| self.lister.released_actors(part.rule)));
        let not_covered = (!listed.is_empty()).then_some(Redaction { of: Redacted::AnyOf, listed });
        self.redactions(&[]).into_iter().chain(not_covered.map(Obligation::Redact)).collect()
    }

    pub(super) fn left_out(&self, within: &[Part<'_>]) -> Vec<Redaction> {
        let all_but = self.all_but(&LeftOut::of(&self.withheld), within);
        self.withheld.iter().cloned().chain(all_but).collect()
    }

    /// All but what is released, as far as that leaves something.
    fn all_but(&self, withheld: &LeftOut<'_>, within: &[Part<'_>]) -> Vec<Redaction> {
        if within.is_empty() || lacks(Mutant::PartReleasedWhole) {
            return Vec::new();
        }
        let alternatives = || within.iter().flat_map(|part| self.lister.released(part));
        let of_asked: Vec<Vec<Listed>> = alternatives().filter(|lists| self.is_any_in(withheld, lists)).collect();
        if of_asked.is_empty() { all_but_either(alternatives()) } else { all_but_either(of_asked) }
    }

    fn is_any_in(&self, withheld: &LeftOut<'_>, lists: &[Listed]) -> bool {
        let only = |listed: &Listed| Redaction { of: Redacted::AllBut, listed: listed.clone() };
        let all_but: Vec<Redaction> = lists.iter().map(only).collect();
        self.asked.is_none_or(|asked| asked.is_left(&withheld.with(&all_but)))
    }

    /// What refusals and exceptions leave out, whatever is permitted.
    pub(super) fn withheld_of_query(&self, choice: Choice) -> Vec<Redaction> {
        if lacks(Mutant::WithheldNotRedacted) {
            return Vec::new();
        }
        let permits_excepted = self.speaking().any(|(_, voice)| voice.permits_all_labels());
        self.withholding(choice, |voice| Withheld {
            rules: &voice.withheld,
            permits: if permits_excepted { voice.leaving_refused.clone() } else { voice.excepting().collect() },
            given: voice.given().collect(),
        })
    }

    /// What a consent surely refuses of it, or does not permit because these except it; `None` if that is all of it.
    pub(super) fn surely_refused(
        &self,
        asked: Remainder<'_>,
        consent: &Consent,
        voice: &Voice<'a>,
        permits: &[&'a Rule],
    ) -> Option<Vec<Redaction>> {
        let mut all = Vec::new();
        for part in &voice.withheld {
            all.extend(asked.surely_refused(self.lister, part)?);
        }
        let excepted = permits.iter().flat_map(|rule| &rule.data.except_labels);
        let any_of = all.iter().filter(|list| list.of == Redacted::AnyOf);
        let labels = any_of.flat_map(|list| &list.listed.codes).chain(excepted);
        let later = later_sensitivities(consent.vocabulary, labels, []);
        all.extend(later.map(|list| without_older_parts(consent.vocabulary, list)));
        Some(all)
    }
}
