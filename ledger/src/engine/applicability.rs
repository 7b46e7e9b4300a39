//! Which consents speak at all (CE-1 step 1, and step 5 b: what another one replaced).

use super::party::is_same;
use super::{Consent, ConsentStanding, Moment, Question};
use crate::mutant::{Mutant, lacks};

/// Whether a consent speaks about a question, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// It does.
    Applies,
    /// Its document is missing: everything is refused until it is found.
    Missing,
    /// It was ended.
    Ended,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotBegun,
    /// Another consent replaced it.
    Replaced,
    /// It is about somebody else.
    OtherPatient,
    /// It is about the records of somebody else.
    OtherCustodian,
    /// It is about another class of requests.
    OtherClass,
    /// Whoever gave it has no authority now.
    NoAuthority,
    /// It never came into force.
    NeverInForce,
}

impl Applicability {
    /// As interfaces spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applies => "applies",
            Self::Missing => "document-missing",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::NotBegun => "not-begun",
            Self::Replaced => "replaced",
            Self::OtherPatient => "other-patient",
            Self::OtherCustodian => "other-custodian",
            Self::OtherClass => "other-class",
            Self::NoAuthority => "no-authority",
            Self::NeverInForce => "never-in-force",
        }
    }
}

/// How each consent stands to the question, in the order given.
pub(super) fn applicabilities(consents: &[&Consent], question: &Question, as_of: Moment) -> Vec<Applicability> {
    let about: Vec<Option<Applicability>> =
        consents.iter().map(|one| about_something_else(one, question, as_of)).collect();
    // What was replaced stays replaced when its successor ends: an old, wider consent does not come back. Nobody
    // replaces a consent before they have the right to give one, and none replaces itself.
    let is_replaced = |old: &Consent| {
        consents.iter().zip(&about).any(|(new, elsewhere)| {
            elsewhere.is_none()
                && !new.authority.begins_after(as_of)
                && new.id != old.id
                && new.supersedes.contains(&old.id)
                && new.since >= old.since
        }) && !lacks(Mutant::ReplacedSpeaks)
    };
    let one = |(consent, elsewhere): (&&Consent, &Option<Applicability>)| match elsewhere {
        Some(elsewhere) => *elsewhere,
        None if is_replaced(consent) => Applicability::Replaced,
        None => of_its_state(consent, question, as_of),
    };
    consents.iter().zip(&about).map(one).collect()
}

/// Whether it has nothing to do with this patient and custodian, or not yet.
fn about_something_else(consent: &Consent, question: &Question, as_of: Moment) -> Option<Applicability> {
    let is_this_patient = is_same(&consent.patient, &question.patient) || lacks(Mutant::PatientUnchecked);
    let is_kept_here = consent.custodians.is_empty()
        || question.custodian.as_ref().is_none_or(|asked| consent.custodians.iter().any(|one| is_same(one, asked)))
        || lacks(Mutant::CustodianUnchecked);
    match consent.standing {
        ConsentStanding::Missing => Some(Applicability::Missing),
        ConsentStanding::Never if !lacks(Mutant::DraftSpeaks) => Some(Applicability::NeverInForce),
        _ if !is_this_patient => Some(Applicability::OtherPatient),
        _ if !is_kept_here => Some(Applicability::OtherCustodian),
        _ if consent.period.begins_after(as_of) && !lacks(Mutant::ConsentPeriodIgnored) => {
            Some(Applicability::NotBegun)
        }
        ConsentStanding::InForce | ConsentStanding::Ended | ConsentStanding::Never => None,
    }
}

fn of_its_state(consent: &Consent, question: &Question, as_of: Moment) -> Applicability {
    let is_of_class = match (&consent.classes, &question.classes) {
        (Some(own), Some(asked)) => !own.is_disjoint(asked) || lacks(Mutant::ClassUnchecked),
        (None, _) | (_, None) => true,
    };
    let is_ended = consent.standing == ConsentStanding::Ended && !lacks(Mutant::EndedSpeaks);
    if !is_of_class {
        Applicability::OtherClass
    } else if is_ended {
        Applicability::Ended
    } else if consent.period.ends_before(as_of) && !lacks(Mutant::ConsentPeriodIgnored) {
        Applicability::Expired
    } else if !consent.authority.contains(as_of) && !lacks(Mutant::AuthorityUnchecked) {
        Applicability::NoAuthority
    } else {
        Applicability::Applies
    }
}
