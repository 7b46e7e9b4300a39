//! Which consents permit something of a query, or of what is released of it: they are its ground, and their duties are due.

use super::answer::Ground;
use super::combine::Hall;
use super::left_out::LeftOut;
use super::part::Part;
use super::redaction::{Listed, Redacted, Redaction};
use super::voice::{Stance, Voice};
use super::{Consent, ReasonCode, Rule};
use std::collections::BTreeSet;

impl<'a> Hall<'a> {
    /// Whether a consent permits something of it that is not refused for sure, be it in force or not.
    pub(super) fn permits_something(&self, consent: &Consent, voice: &Voice<'a>) -> bool {
        let Some(asked) = self.asked else { return voice.stance == Stance::Permit };
        let others = self.speaking().map(|(speaker, voice)| self.surely_refused(asked, speaker.consent, voice, &[]));
        let refused =
            others.chain([self.surely_refused(asked, consent, voice, &voice.excepting().collect::<Vec<_>>())]);
        let Some(left_out) = refused.collect::<Option<Vec<_>>>().map(|lists| lists.concat()) else { return false };
        let left_out = LeftOut::of(&left_out);
        match &voice.stance {
            Stance::Permit => asked.is_left(&left_out),
            Stance::Within { parts, .. } | Stance::Deny(parts) => {
                parts.iter().any(|part| asked.may_be_of(self.lister, part, &left_out))
            }
            Stance::Silent | Stance::NotCovered | Stance::NotCoveredOf(_) => false,
        }
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
        voice.lifted.iter().any(|lifted| {
            let refused = lifted.withheld.iter().map(|part| asked.surely_refused(self.lister, part));
            let Some(refused) = refused.collect::<Option<Vec<_>>>().map(|lists| lists.concat()) else { return false };
            let left_out = left_out.with(&refused);
            lifted.parts.iter().any(|part| asked.may_be_of(self.lister, part, &left_out))
        })
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
        let first = self.speaking().find(|(speaker, _)| permitting.contains(&speaker.at) && self.asked.is_some());
        first.map(|(speaker, voice)| Ground {
            code: ReasonCode::NotCovered,
            consent: Some(speaker.at),
            rule: voice.rule.map(|rule| rule.place.clone()),
        })
    }
}
