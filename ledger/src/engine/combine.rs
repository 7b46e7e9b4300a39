//! What all consents together say about one thing (CE-1 step 5 c): an explicit refusal prevails, then any permit, then
//! that a permit covers less. Of a query what is left of it counts (step 9).

use super::answer::{Ground, Said};
use super::left_out::LeftOut;
use super::listing::Lister;
use super::part::Part;
use super::question::Subject;
use super::redaction::Redaction;
use super::remainder::Remainder;
use super::voice::{Beyond, Stance, Voice};
use super::withheld::Choice;
use super::{Applicability, Consent, Moment, Question, ReasonCode};
use crate::mutant::{Mutant, lacks};

/// A consent with its place in the list and how it stands to the question.
pub(super) struct Speaker<'a> {
    pub(super) at: usize,
    pub(super) consent: &'a Consent,
    pub(super) state: Applicability,
}

impl Speaker<'_> {
    /// Whether what it says is looked at: it applies, or did once and explains why nothing does now.
    pub(super) fn is_heard(&self) -> bool {
        match self.state {
            Applicability::Applies | Applicability::Ended | Applicability::Expired => true,
            Applicability::Missing
            | Applicability::NotBegun
            | Applicability::Replaced
            | Applicability::OtherPatient
            | Applicability::OtherCustodian
            | Applicability::OtherClass
            | Applicability::NoAuthority
            | Applicability::NeverInForce => false,
        }
    }
}

impl Stance<'_> {
    fn said(&self) -> Option<Said> {
        match self {
            Self::Silent => None,
            Self::NotCovered | Self::NotCoveredOf(_) => Some(Said::NotCovered),
            Self::Permit => Some(Said::Permit),
            Self::Within { .. } => Some(Said::PermitPart),
            Self::Deny(released) if released.is_empty() => Some(Said::Deny),
            Self::Deny(_) => Some(Said::PermitPart),
        }
    }
}

/// What each consent says about one thing.
pub(super) struct Hall<'a> {
    pub(super) lister: Lister,
    /// What a query asks for; `None` for a record, which is released or not.
    pub(super) asked: Option<Remainder<'a>>,
    pub(super) voices: Vec<(&'a Speaker<'a>, Voice<'a>)>,
    /// What refusals and exceptions leave out of a query.
    pub(super) withheld: Vec<Redaction>,
}

/// What comes of it.
pub(super) enum Verdict<'a> {
    Deny(Ground),
    /// Of a query only what these rules are about; empty: all of it.
    Permit(Ground, Vec<Part<'a>>),
    NoConsent(Ground),
}

impl<'a> Hall<'a> {
    pub(super) fn new(
        question: &'a Question,
        subject: Subject<'a>,
        as_of: Moment,
        voices: impl Iterator<Item = (&'a Speaker<'a>, Voice<'a>)>,
    ) -> Self {
        let asked = match subject {
            Subject::Record(_) => None,
            Subject::Query { query, class, named } => {
                Some(Remainder { query, class, custodian: question.custodian.as_ref(), named, at_least: 0 })
            }
        };
        let mut hall = Self { lister: Lister(as_of), asked, voices: voices.collect(), withheld: Vec::new() };
        if hall.asked.is_some() {
            hall.withheld = hall.withheld_of_query(Choice::Each);
        }
        hall
    }

    /// What each said that was not silent.
    pub(super) fn said(&self) -> Vec<(usize, Said)> {
        self.voices.iter().filter_map(|(speaker, voice)| Some((speaker.at, voice.stance.said()?))).collect()
    }

    /// Those that apply.
    pub(super) fn speaking(&self) -> impl Iterator<Item = &(&'a Speaker<'a>, Voice<'a>)> {
        self.voices.iter().filter(|(speaker, _)| speaker.state == Applicability::Applies)
    }

    pub(super) fn first(
        &self,
        state: Applicability,
        says: impl Fn(&Stance<'a>) -> bool,
        code: ReasonCode,
    ) -> Option<Ground> {
        self.first_voice(state, |_, voice| says(&voice.stance), code)
    }

    pub(super) fn first_voice(
        &self,
        state: Applicability,
        says: impl Fn(&Speaker<'a>, &Voice<'a>) -> bool,
        code: ReasonCode,
    ) -> Option<Ground> {
        let found = self.voices.iter().find(|(speaker, voice)| speaker.state == state && says(speaker, voice));
        found.map(|(speaker, voice)| Ground {
            code,
            consent: Some(speaker.at),
            rule: voice.rule.map(|rule| rule.place.clone()),
        })
    }

    fn rank(&self, ground: &Ground) -> Option<usize> {
        self.voices.iter().position(|(speaker, _)| Some(speaker.at) == ground.consent)
    }

    /// Step 5 c, and of a query only as far as something is left of it.
    pub(super) fn verdict(&self) -> Verdict<'a> {
        use Applicability::{Applies, Ended, Expired};
        let denies = |stance: &Stance<'_>| matches!(stance, Stance::Deny(_)) && !lacks(Mutant::RefusalYields);
        let refusal = self.first(Applies, denies, ReasonCode::Denied);
        let released = self.released();
        if let (Some(ground), true) = (&refusal, released.is_empty()) {
            // Some refusal is named that is about what is asked, the first of them.
            let denies_some = |stance: &Stance<'_>| denies(stance) && self.refuses_some(stance);
            let whole = self.first(Applies, denies_some, ReasonCode::Denied).or_else(|| Some(ground.clone()));
            let first = whole.into_iter().chain(self.refuses_all()).min_by_key(|ground| self.rank(ground));
            return Verdict::Deny(first.unwrap_or_else(|| ground.clone()));
        }
        if let Some(ground) = self.refuses_all() {
            return Verdict::Deny(ground);
        }
        if let Some(ground) = refusal {
            return Verdict::Permit(Ground { code: ReasonCode::Permitted, ..ground }, released);
        }
        let is_whole = |stance: &Stance<'_>| *stance == Stance::Permit;
        let withheld = LeftOut::of(&self.withheld);
        let permits_any =
            |_: &Speaker<'_>, voice: &Voice<'a>| is_whole(&voice.stance) && self.permits_any(voice, &withheld);
        let permit = self.first_voice(Applies, permits_any, ReasonCode::Permitted);
        if let Some(ground) = permit.or_else(|| self.first(Applies, is_whole, ReasonCode::Permitted)) {
            return if self.leaves_any(&[]) {
                Verdict::Permit(ground, Vec::new())
            } else {
                let withheld = self.asked_for_withheld().or_else(|| self.first_withheld());
                Verdict::Deny(withheld.unwrap_or(Ground { code: ReasonCode::NotCovered, ..ground }))
            };
        }
        let permits_part = |stance: &Stance<'a>| self.permits_part(stance);
        if let Some(ground) = self.first(Applies, permits_part, ReasonCode::Permitted) {
            return Verdict::Permit(ground, self.within());
        }
        let is_not_covered = |stance: &Stance<'_>| {
            let is_so = matches!(stance, Stance::NotCovered | Stance::Within { beyond: Beyond::NotCovered, .. });
            is_so && !lacks(Mutant::NotCoveredIsSilent)
        };
        let not_covered = self.first(Applies, is_not_covered, ReasonCode::NotCovered);
        // What somebody permits or refuses is not left to a default because no list can say it.
        let unsaid = not_covered.or_else(|| self.asked_for_withheld());
        let unsaid = unsaid.or_else(|| self.refuses_all_between());
        if let Some(ground) = unsaid.or_else(|| self.permitting_part(Applies, ReasonCode::NotCovered)) {
            return Verdict::Deny(ground);
        }
        let is_not_covered_of = |stance: &Stance<'_>| stance.not_covered_of().is_some();
        if let (Some(ground), false) =
            (self.first(Applies, is_not_covered_of, ReasonCode::NotCovered), self.leaves_any_but(&self.left_open()))
        {
            return Verdict::Deny(ground);
        }
        let once = self.permitting_part(Ended, ReasonCode::Revoked);
        let once = once.or_else(|| self.permitting_part(Expired, ReasonCode::Expired));
        Verdict::NoConsent(once.unwrap_or(Ground::NO_CONSENT))
    }
}
