//! Which consents permit something of a query, or of what is released of it: they are its ground, and their duties are due.

use super::answer::Ground;
use super::combine::{Hall, Speaker};
use super::left_out::LeftOut;
use super::listing::Listable;
use super::part::Part;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::Remainder;
use super::unsaid::Unsaid;
use super::voice::{Stance, Voice};
use super::{Applicability, Consent, ReasonCode, Rule};
use std::collections::BTreeSet;

/// What all that speak refuse for sure.
struct Refused<'b, 'a> {
    left_out: LeftOut<'b>,
    /// What they refuse below rules that are about a part: of such a part that is more.
    nested: Vec<&'b Listable<'a>>,
}

impl<'a> Hall<'a> {
    /// The first that permits something of it that is not refused for sure, be it in force or not.
    pub(super) fn permitting_part(&self, state: Applicability, code: ReasonCode) -> Option<Ground> {
        let Some(asked) = self.asked else { return self.first(state, |stance| *stance == Stance::Permit, code) };
        let lists = self.refused_for_sure(asked)?;
        let refused = self.refused(&lists);
        let permits = |speaker: &Speaker<'_>, voice: &Voice<'a>| match &voice.stance {
            Stance::Permit => {
                let own = self.surely_refused(asked, speaker.consent, voice, &voice.excepting().collect::<Vec<_>>());
                own.is_some_and(|own| asked.is_left(&refused.left_out.with(&own)))
            }
            Stance::Within { parts, .. } | Stance::Deny(parts) => {
                self.permits_some_of(&refused, speaker.consent, voice, parts)
            }
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) => false,
        };
        self.first_voice(state, permits, code)
    }

    /// What all that speak refuse for sure; `None` if that is all of it.
    fn refused_for_sure(&self, asked: Remainder<'_>) -> Option<Vec<Redaction>> {
        let all = self.speaking().map(|(speaker, voice)| self.surely_refused(asked, speaker.consent, voice, &[]));
        all.collect::<Option<Vec<_>>>().map(|lists| lists.concat())
    }

    fn refused<'b>(&'b self, lists: &'b [Redaction]) -> Refused<'b, 'a> {
        let spoken = self.speaking().flat_map(|(_, voice)| &voice.withheld);
        let nested = spoken.filter(|one| one.above.is_some()).collect();
        Refused { left_out: LeftOut::of(lists), nested }
    }

    fn permits_some_of(
        &self,
        refused: &Refused<'_, 'a>,
        consent: &Consent,
        voice: &Voice<'a>,
        parts: &[Part<'a>],
    ) -> bool {
        let Some(asked) = self.asked.filter(|_| !parts.is_empty()) else { return false };
        let own = self.surely_refused(asked, consent, voice, &voice.excepting().collect::<Vec<_>>());
        let Some(own) = own else { return false };
        let left_out = refused.left_out.with(&own);
        let nested = || refused.nested.iter().copied().chain(voice.withheld.iter().filter(|one| one.above.is_some()));
        parts.iter().any(|part| {
            let below = nested().filter_map(|one| one.within(part.rules().map(|rule| rule.rule)));
            let inside = below.map(|one| asked.surely_refused(self.lister, &one)).collect::<Option<Vec<_>>>();
            inside.is_some_and(|lists| asked.may_be_of(self.lister, part, &left_out.with(&lists.concat())))
        })
    }

    /// Those that permit something of what is released, as far as that can be told: their duties are due.
    pub(super) fn permitting(&self, within: &[Part<'_>]) -> BTreeSet<usize> {
        let left_out = self.left_out(within);
        let left_out = LeftOut::of(&left_out);
        self.places_of(|voice| self.permits_of(voice, &left_out))
    }

    /// Those that permit something of what an emergency opens, which is all but this, also as exceptions give it back.
    pub(super) fn opening(&self, barred: &[Redaction]) -> BTreeSet<usize> {
        let barred = LeftOut::of(barred);
        self.places_of(|voice| self.permits_of(voice, &barred))
    }

    fn places_of(&self, is_meant: impl Fn(&Voice<'a>) -> bool) -> BTreeSet<usize> {
        self.speaking().filter(|(_, voice)| is_meant(voice)).map(|(speaker, _)| speaker.at).collect()
    }

    /// Whether a consent permits something of what these leave. What no list can say for one of them, somebody else may
    /// release.
    fn permits_of(&self, voice: &Voice<'a>, left_out: &LeftOut<'_>) -> bool {
        let is_left = |part: &Part<'_>| self.asked.is_none_or(|asked| asked.may_be_of(self.lister, part, left_out));
        let is_so = match &voice.stance {
            Stance::Permit => self.permits_any(voice, left_out),
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) | Stance::Within { .. } | Stance::Deny(_) => {
                voice.stance.parts().iter().any(is_left)
            }
        };
        is_so || voice.unsaid.iter().any(|one| self.gives_back(one, left_out))
    }

    /// Whether a part is left that no list says, but for what is refused of it.
    fn gives_back(&self, unsaid: &Unsaid<'a>, left_out: &LeftOut<'_>) -> bool {
        let Some(asked) = self.asked else { return false };
        let within = |one: &Listable<'a>| one.within(unsaid.part.rules().map(|rule| rule.rule)).unwrap_or(*one);
        let refused = unsaid.withheld.iter().map(|one| asked.surely_refused(self.lister, &within(one)));
        let refused = refused.collect::<Option<Vec<_>>>();
        refused.is_some_and(|lists| asked.may_be_of(self.lister, &unsaid.part, &left_out.with(&lists.concat())))
    }

    /// Whether a consent that permits all but what it excepts permits something of what these leave.
    pub(super) fn permits_any(&self, voice: &Voice<'a>, left_out: &LeftOut<'_>) -> bool {
        let leaves_any = |permit: &&Rule| {
            let excepted = Redaction { of: Redacted::AnyOf, listed: Listed::codes(&permit.data.except_labels) };
            self.asked.is_none_or(|asked| asked.is_left(&left_out.with([&excepted])))
        };
        voice.leaving_open.is_empty() || voice.leaving_open.iter().any(leaves_any)
    }
}
