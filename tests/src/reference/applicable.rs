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

/// The stand of a consent by itself.
fn alone(consent: &Consent, question: &Question, as_of: Moment) -> Stand {
    if !is_about(consent, question) {
        return Stand::No;
    }
    let is_over = consent.period.until.is_some_and(|until| until < as_of);
    let has_begun = consent.period.from.is_none_or(|from| from <= as_of);
    let is_authorised = consent.authority.from.is_none_or(|from| from <= as_of)
        && consent.authority.until.is_none_or(|until| as_of <= until);
    let fits_class = match (&consent.classes, &question.classes) {
        (Some(of), Some(asked)) => of.iter().any(|class| asked.contains(class)),
        (None, _) | (_, None) => true,
    };
    let could = has_begun && is_authorised && fits_class;
    match consent.standing {
        ConsentStanding::Never => Stand::No,
        ConsentStanding::Missing => Stand::Missing,
        ConsentStanding::Ended if could && !is_over => Stand::Ended,
        ConsentStanding::InForce if could && is_over => Stand::Over,
        ConsentStanding::InForce if could => Stand::Applies,
        ConsentStanding::Ended | ConsentStanding::InForce => Stand::No,
    }
}

/// The stands of all: step 5 b takes out what a later consent that applies replaces.
pub fn stands(consents: &[Consent], question: &Question, as_of: Moment) -> Vec<Stand> {
    let each: Vec<Stand> = consents.iter().map(|consent| alone(consent, question, as_of)).collect();
    let mut all = Vec::new();
    for (consent, stand) in consents.iter().zip(&each) {
        let is_replaced = consents.iter().zip(&each).any(|(other, stand)| {
            *stand == Stand::Applies
                && other.id != consent.id
                && other.supersedes.contains(&consent.id)
                && consent.since <= other.since
        });
        let counts = matches!(stand, Stand::Applies | Stand::Ended | Stand::Over);
        all.push(if is_replaced && counts { Stand::Replaced } else { *stand });
    }
    all
}
