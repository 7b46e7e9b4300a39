//! Step 1: which consents speak at all.

use amanah_ledger::engine::{Consent, ConsentStanding, Identifiers, Moment, Question};

/// How a consent stands to a question before its rules are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It applies.
    Applies,
    /// In force, and its document is missing: everything is refused.
    Missing,
    /// It would apply, and was ended.
    Ended,
    /// It would apply, and its time is over.
    Over,
    /// Another consent replaces it.
    Replaced,
    /// It does not apply for another reason.
    No,
}

fn share(one: &Identifiers, other: &Identifiers) -> bool {
    one.iter().any(|name| other.contains(name))
}

fn is_about(consent: &Consent, question: &Question) -> bool {
    let patient = share(&consent.patient, &question.patient);
    let custodian = match &question.custodian {
        None => true,
        Some(asked) => consent.custodians.is_empty() || consent.custodians.iter().any(|one| share(one, asked)),
    };
    patient && custodian
}

/// Whether a consent has come into force here at all, whatever became of it since.
fn came_into_force(consent: &Consent, question: &Question, as_of: Moment) -> bool {
    let stood = match consent.standing {
        ConsentStanding::InForce | ConsentStanding::Ended => true,
        ConsentStanding::Missing | ConsentStanding::Never => false,
    };
    let has_begun = consent.period.from.is_none_or(|from| from <= as_of);
    stood && has_begun && is_about(consent, question)
}

/// The stand of a consent by itself. Nobody knows what a missing document is about, so it stands in every way.
fn alone(consent: &Consent, question: &Question, as_of: Moment) -> Stand {
    let is_over = consent.period.until.is_some_and(|until| until < as_of);
    let authority = consent.authority;
    let is_authorised =
        authority.from.is_none_or(|from| from <= as_of) && authority.until.is_none_or(|until| as_of <= until);
    let fits_class = match (&consent.classes, &question.classes) {
        (Some(of), Some(asked)) => of.iter().any(|class| asked.contains(class)),
        (None, _) | (_, None) => true,
    };
    let could = came_into_force(consent, question, as_of) && fits_class;
    match consent.standing {
        ConsentStanding::Missing => Stand::Missing,
        ConsentStanding::Ended if could => Stand::Ended,
        ConsentStanding::InForce if could && is_over => Stand::Over,
        ConsentStanding::InForce if could && is_authorised => Stand::Applies,
        ConsentStanding::Ended | ConsentStanding::InForce | ConsentStanding::Never => Stand::No,
    }
}

/// The stands of all: step 5 b takes out what another, later consent of somebody who may replaces. What was replaced
/// stays so when its successor ends (the project's consent model; CE-1 leaves it open).
pub fn stands(consents: &[Consent], question: &Question, as_of: Moment) -> Vec<Stand> {
    let mut all = Vec::new();
    for consent in consents {
        let is_replaced = consents.iter().any(|other| {
            came_into_force(other, question, as_of)
                && other.authority.from.is_none_or(|from| from <= as_of)
                && other.id != consent.id
                && other.supersedes.contains(&consent.id)
                && consent.since <= other.since
        });
        let stand = alone(consent, question, as_of);
        all.push(if is_replaced && came_into_force(consent, question, as_of) { Stand::Replaced } else { stand });
    }
    all
}
