//! Which consents permit something of a query, or of what is released of it: they are its ground, and their duties are due.

use super::answer::Ground;
use super::combine::{Hall, Speaker};
use super::left_out::LeftOut;
use super::listing::Listable;
use super::part::Part;
use super::redaction::{Listed, Redacted, Redaction};
use super::remainder::Remainder;
use super::voice::{Stance, Voice};
use super::{Consent, ReasonCode, Rule};
use std::collections::BTreeSet;

impl<'a> Hall<'a> {
    /// Whether a consent permits something of it that is not refused for sure, be it in force or not.
    pub(super) fn permits_something(&self, consent: &Consent, voice: &Voice<'a>) -> bool {
        let Some(asked) = self.asked else { return voice.stance == Stance::Permit };
        match &voice.stance {
            Stance::Permit => {
                self.refused_for_sure(asked, consent, voice, None).is_some_and(|lists| asked.is_any(&lists))
            }
            Stance::Within { parts, .. } | Stance::Deny(parts) => self.permits_some_of(asked, consent, voice, parts),
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) => false,
        }
    }

    fn permits_some_of<'b>(
        &self,
        asked: Remainder<'_>,
        consent: &Consent,
        voice: &Voice<'a>,
        parts: impl IntoIterator<Item = &'b Part<'a>>,
    ) -> bool
    where
        'a: 'b,
    {
        parts.into_iter().any(|part| {
            let refused = self.refused_for_sure(asked, consent, voice, Some(part));
            refused.is_some_and(|lists| asked.may_be_of(self.lister, part, &LeftOut::of(&lists)))
        })
    }

    /// What all that speak refuse for sure of a part, and what this one excepts from it; `None` if that is all of it.
    fn refused_for_sure(
        &self,
        asked: Remainder<'_>,
        consent: &Consent,
        voice: &Voice<'a>,
        part: Option<&Part<'a>>,
    ) -> Option<Vec<Redaction>> {
        let others =
            self.speaking().map(|(speaker, voice)| self.surely_refused(asked, speaker.consent, voice, &[], part));
        let own = self.surely_refused(asked, consent, voice, &voice.excepting().collect::<Vec<_>>(), part);
        others.chain([own]).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
    }

    /// Whether a consent that refuses only parts permits something that no list can say, also as exceptions give it back.
    fn permits_something_unsaid(&self, consent: &Consent, voice: &Voice<'a>) -> bool {
        let Some(asked) = self.asked.filter(|_| !matches!(voice.stance, Stance::Deny(_))) else { return false };
        let gives_back = || {
            let refused = self.refused_for_sure(asked, consent, voice, None);
            refused.is_some_and(|lists| self.gives_back(voice, &LeftOut::of(&lists)))
        };
        self.permits_some_of(asked, consent, voice, &voice.unsaid) || gives_back()
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
        self.places_of(|voice| self.permits_of(voice, &barred) || self.gives_back(voice, &barred))
    }

    fn places_of(&self, is_meant: impl Fn(&Voice<'a>) -> bool) -> BTreeSet<usize> {
        self.speaking().filter(|(_, voice)| is_meant(voice)).map(|(speaker, _)| speaker.at).collect()
    }

    /// Whether a consent permits something of what these leave. What no list can say for one of them, somebody else may
    /// release.
    fn permits_of(&self, voice: &Voice<'a>, left_out: &LeftOut<'_>) -> bool {
        let is_left = |part: &Part<'_>| self.asked.is_none_or(|asked| asked.may_be_of(self.lister, part, left_out));
        match &voice.stance {
            Stance::Permit => self.permits_any(voice, left_out),
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) | Stance::Within { .. } | Stance::Deny(_) => {
                voice.stance.parts().iter().chain(&voice.unsaid).any(is_left)
            }
        }
    }

    /// Whether exceptions of its refusals give back something of it.
    fn gives_back(&self, voice: &Voice<'a>, left_out: &LeftOut<'_>) -> bool {
        let Some(asked) = self.asked else { return false };
        let is_left = |part: &Part<'a>, refused: &[Listable<'a>]| {
            let within = refused.iter().map(|one| one.within(part.rules().map(|rule| rule.rule)));
            let refused = within.map(|one| asked.surely_refused(self.lister, &one)).collect::<Option<Vec<_>>>();
            refused.is_some_and(|lists| asked.may_be_of(self.lister, part, &left_out.with(&lists.concat())))
        };
        voice.lifted.iter().any(|lifted| lifted.parts.iter().any(|part| is_left(part, &lifted.withheld)))
    }

    /// Whether a consent that permits all but what it excepts permits something of what these leave.
    pub(super) fn permits_any(&self, voice: &Voice<'a>, left_out: &LeftOut<'_>) -> bool {
        let leaves_any = |permit: &&Rule| {
            let excepted = Redaction { of: Redacted::AnyOf, listed: Listed::codes(&permit.data.except_labels) };
            self.asked.is_none_or(|asked| asked.is_left(&left_out.with([&excepted])))
        };
        voice.leaving_open.is_empty() || voice.leaving_open.iter().any(leaves_any)
    }

    /// A consent that permits some of it which no list can say: then nothing is released, by any default either.
    pub(super) fn permits_unsaid(&self) -> Option<Ground> {
        let permitting = self.permitting(&[]);
        let is_so = |speaker: &Speaker<'_>, voice: &Voice<'a>| {
            permitting.contains(&speaker.at) || self.permits_something_unsaid(speaker.consent, voice)
        };
        let first = self.speaking().find(|(speaker, voice)| self.asked.is_some() && is_so(speaker, voice));
        first.map(|(speaker, voice)| Ground {
            code: ReasonCode::NotCovered,
            consent: Some(speaker.at),
            rule: voice.rule.map(|rule| rule.place.clone()),
        })
    }
}
