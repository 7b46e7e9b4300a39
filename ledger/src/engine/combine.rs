//! What all consents together say about one thing (CE-1 step 5 c): an explicit refusal prevails, then any permit, then
//! that a permit covers less. Of a query, what to leave out (step 9).

use super::answer::{Ground, Said};
use super::listing::{Listable, Lister, later_sensitivities};
use super::question::Subject;
use super::tree::{Stance, Voice};
use super::{Applicability, Consent, Moment, Obligation, ReasonCode};
use crate::mutant::{Mutant, lacks};
use crate::vocabulary::{Coding, Vocabulary};
use std::collections::BTreeSet;

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
            Self::NotCovered => Some(Said::NotCovered),
            Self::Permit => Some(Said::Permit),
            Self::Within(_) => Some(Said::PermitPart),
            Self::Deny(released) if released.is_empty() => Some(Said::Deny),
            Self::Deny(_) => Some(Said::PermitPart),
        }
    }
}

/// What each consent says about one thing.
pub(super) struct Hall<'a> {
    lister: Lister,
    voices: Vec<(&'a Speaker<'a>, Voice<'a>)>,
}

/// What comes of it.
pub(super) enum Verdict<'a> {
    Deny(Ground),
    /// Of a query only what these rules are about; empty: all of it.
    Permit(Ground, Vec<Listable<'a>>),
    NoConsent(Ground),
}

impl<'a> Hall<'a> {
    pub(super) fn new(as_of: Moment, voices: impl Iterator<Item = (&'a Speaker<'a>, Voice<'a>)>) -> Self {
        Self { lister: Lister(as_of), voices: voices.collect() }
    }

    /// What each said that was not silent.
    pub(super) fn said(&self) -> Vec<(usize, Said)> {
        self.voices.iter().filter_map(|(speaker, voice)| Some((speaker.at, voice.stance.said()?))).collect()
    }

    /// Whether a refusal of all that is asked names breaking the glass.
    pub(super) fn refuses_break_glass(&self, subject: Subject<'_>) -> bool {
        let is_whole = self.speaking().any(|(_, voice)| voice.refuses_break_glass);
        is_whole || asked_class(subject).is_some_and(|class| self.names(class, |voice| &voice.barred).is_some())
    }

    /// What of a query is refused to breaking the glass by name, and so left out in an emergency too.
    pub(super) fn barred(&self) -> BTreeSet<Obligation> {
        let parts = self.speaking().flat_map(|(_, voice)| voice.barred.iter().copied());
        let lifting = self.speaking().flat_map(|(_, voice)| voice.lifting.iter().copied());
        let later = self
            .speaking()
            .filter_map(|(speaker, voice)| later_sensitivities(speaker.consent.vocabulary, voice.barred_labels(), []));
        self.lister.withheld(parts, lifting).into_iter().chain(later).map(Obligation::Redact).collect()
    }

    /// Those that apply.
    fn speaking(&self) -> impl Iterator<Item = &(&'a Speaker<'a>, Voice<'a>)> {
        self.voices.iter().filter(|(speaker, _)| speaker.state == Applicability::Applies)
    }

    fn first(&self, state: Applicability, says: impl Fn(&Stance<'_>) -> bool, code: ReasonCode) -> Option<Ground> {
        let found = self.voices.iter().find(|(speaker, voice)| speaker.state == state && says(&voice.stance));
        found.map(|(speaker, voice)| Ground {
            code,
            consent: Some(speaker.at),
            rule: voice.rule.map(|rule| rule.place.clone()),
        })
    }

    /// Step 5 c.
    pub(super) fn verdict(&self, subject: Subject<'_>) -> Verdict<'a> {
        use Applicability::{Applies, Ended, Expired};
        let denies = |stance: &Stance<'_>| matches!(stance, Stance::Deny(_)) && !lacks(Mutant::RefusalYields);
        let permits_any = |stance: &Stance<'_>| matches!(stance, Stance::Permit | Stance::Within(_));
        let is_not_covered = |stance: &Stance<'_>| *stance == Stance::NotCovered && !lacks(Mutant::NotCoveredIsSilent);
        let refusal = self.first(Applies, denies, ReasonCode::Denied);
        let released = self.released();
        if let (Some(ground), None) = (&refusal, &released) {
            return Verdict::Deny(ground.clone());
        }
        if let Some(ground) = self.asked_for_withheld(subject) {
            return Verdict::Deny(ground);
        }
        if let (Some(ground), Some(rules)) = (refusal, released) {
            return Verdict::Permit(Ground { code: ReasonCode::Permitted, ..ground }, rules);
        }
        let is_whole = |stance: &Stance<'_>| *stance == Stance::Permit;
        if let Some(ground) = self.first(Applies, is_whole, ReasonCode::Permitted) {
            return Verdict::Permit(ground, Vec::new());
        }
        if let Some(ground) = self.first(Applies, permits_any, ReasonCode::Permitted) {
            return Verdict::Permit(ground, self.within());
        }
        if let Some(ground) = self.first(Applies, is_not_covered, ReasonCode::NotCovered) {
            return Verdict::Deny(ground);
        }
        let once = self.first(Ended, permits_any, ReasonCode::Revoked);
        let once = once.or_else(|| self.first(Expired, permits_any, ReasonCode::Expired));
        Verdict::NoConsent(once.unwrap_or(Ground::NO_CONSENT))
    }

    /// What the only refusal releases of a query; two refusals release nothing.
    fn released(&self) -> Option<Vec<Listable<'a>>> {
        let mut refusals = self.speaking().filter_map(|(_, voice)| match &voice.stance {
            Stance::Deny(released) => Some(released),
            Stance::Silent | Stance::NotCovered | Stance::Permit | Stance::Within(_) => None,
        });
        let only = refusals.next()?;
        (refusals.next().is_none() && !only.is_empty()).then(|| only.clone())
    }

    fn within(&self) -> Vec<Listable<'a>> {
        let rules = self.speaking().filter_map(|(_, voice)| match &voice.stance {
            Stance::Within(rules) => Some(rules.clone()),
            Stance::Silent | Stance::NotCovered | Stance::Permit | Stance::Deny(_) => None,
        });
        rules.flatten().collect()
    }

    /// Step 9: if a kind that was asked for is itself withheld, there is nothing to release, by any default either.
    fn asked_for_withheld(&self, subject: Subject<'_>) -> Option<Ground> {
        let class = asked_class(subject).filter(|_| !lacks(Mutant::WithheldKindReleased))?;
        let (at, place) = self.names(class, |voice| &voice.withheld)?;
        Some(Ground { code: ReasonCode::Denied, consent: Some(at), rule: Some(place) })
    }

    /// The consent and the rule among these parts that name a kind, or every type that can be of a category.
    fn names(
        &self,
        kind: &Coding,
        parts: impl for<'b> Fn(&'b Voice<'a>) -> &'b [Listable<'a>],
    ) -> Option<(usize, String)> {
        self.speaking().find_map(|(speaker, voice)| {
            let names = |part: &&Listable<'_>| {
                let redaction = self.lister.withheld([**part], []);
                redaction.is_some_and(|redaction| covers(&redaction.listed.codes, kind))
            };
            parts(voice).iter().find(names).map(|part| (speaker.at, part.rule.place.clone()))
        })
    }

    /// What to leave out of what a query releases. Of records each is released or not.
    pub(super) fn redactions(&self, subject: Subject<'_>, within: &[Listable<'_>]) -> BTreeSet<Obligation> {
        if let Subject::Record(_) = subject {
            return BTreeSet::new();
        }
        let rules = self.speaking().flat_map(|(_, voice)| voice.withheld.iter().copied());
        let permits = self.speaking().flat_map(|(_, voice)| voice.permitting.iter().copied());
        let mut all = BTreeSet::new();
        if !lacks(Mutant::WithheldNotRedacted) {
            all.extend(self.lister.withheld(rules, permits).map(Obligation::Redact));
            let later = |(speaker, voice): &(&Speaker<'_>, Voice<'_>)| {
                later_sensitivities(speaker.consent.vocabulary, voice.left_out(), voice.given())
            };
            all.extend(self.speaking().filter_map(later).map(Obligation::Redact));
        }
        if !within.is_empty() && !lacks(Mutant::PartReleasedWhole) {
            all.extend(self.lister.all_but(within).into_iter().map(Obligation::Redact));
        }
        all
    }

    /// Those that permit something of what is released, as far as that can be told: their duties are due.
    pub(super) fn permitting(&self) -> BTreeSet<usize> {
        let permits = |voice: &Voice<'_>| match &voice.stance {
            Stance::Permit | Stance::Within(_) => true,
            Stance::Deny(released) => !released.is_empty(),
            // No list can say what it permits, and somebody else may permit more.
            Stance::Silent | Stance::NotCovered => !voice.permitting.is_empty(),
        };
        self.speaking().filter(|(_, voice)| permits(voice)).map(|(speaker, _)| speaker.at).collect()
    }
}

/// Whether what is listed leaves nothing of a kind.
fn covers(listed: &[Coding], kind: &Coding) -> bool {
    let types = Vocabulary::newest().types_of(kind);
    let is_listed = |of: &&str| listed.contains(&Coding::resource_type(of));
    listed.contains(kind) || (!types.is_empty() && types.iter().all(is_listed))
}

fn asked_class(subject: Subject<'_>) -> Option<&Coding> {
    match subject {
        Subject::Record(_) => None,
        Subject::Query { class, .. } => class,
    }
}
