//! Steps 5 and 6: what all consents say together of one thing, and what happens where none speaks.

use super::applicable::Stand;
use super::context::Case;
use super::tree::Word;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Consent, Moment, Outcome, Question, ReasonCode, Record};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::{BREAK_THE_GLASS, Coding, system};

/// What is said of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combined {
    /// Together.
    pub outcome: Outcome,
    /// Why.
    pub code: ReasonCode,
    /// The consent with the smallest id among those that say so.
    pub consent: Option<usize>,
    /// What each consent says by itself; `Silent` where it does not apply.
    pub words: Vec<Word>,
    /// What those say that would apply, but were ended or are over.
    pub once: Vec<Word>,
}

fn smallest(consents: &[Consent], is_meant: impl Fn(usize) -> bool) -> Option<usize> {
    let mut best: Option<(usize, &Consent)> = None;
    for (place, consent) in consents.iter().enumerate() {
        if is_meant(place) && best.is_none_or(|(_, other)| consent.id < other.id) {
            best = Some((place, consent));
        }
    }
    best.map(|(place, _)| place)
}

/// COMBINE for one record.
pub fn combined(
    consents: &[Consent],
    stands: &[Stand],
    question: &Question,
    record: &Record,
    as_of: Moment,
) -> Combined {
    let says = |consent: &Consent| {
        let table = Table::of(consent.vocabulary);
        Case { table, question, record, as_of }.says(consent)
    };
    let of_stand = |meant: Stand| -> Vec<Word> {
        let pairs = consents.iter().zip(stands);
        pairs.map(|(consent, stand)| if *stand == meant { says(consent) } else { Word::Silent }).collect()
    };
    let words = of_stand(Stand::Applies);
    let first =
        |of: &[Word], is_meant: &dyn Fn(&Word) -> bool| smallest(consents, |place| of.get(place).is_some_and(is_meant));
    let is_permit = |word: &Word| *word == Word::Permit;
    let missing = smallest(consents, |place| stands.get(place) == Some(&Stand::Missing));
    let found = [
        (Outcome::Deny, ReasonCode::Incident, missing),
        (Outcome::Deny, ReasonCode::Denied, first(&words, &|word| matches!(word, Word::Deny { .. }))),
        (Outcome::Permit, ReasonCode::Permitted, first(&words, &is_permit)),
        (Outcome::Deny, ReasonCode::NotCovered, first(&words, &|word| *word == Word::NotCovered)),
        (Outcome::NoConsent, ReasonCode::Revoked, first(&of_stand(Stand::Ended), &is_permit)),
        (Outcome::NoConsent, ReasonCode::Expired, first(&of_stand(Stand::Over), &is_permit)),
    ];
    let rests_on = found.into_iter().find(|(_, _, consent)| consent.is_some());
    let (outcome, code, consent) = rests_on.unwrap_or((Outcome::NoConsent, ReasonCode::NoConsent, None));
    let once = of_stand(Stand::Ended).into_iter().zip(of_stand(Stand::Over));
    let once = once.map(|(ended, over)| if ended == Word::Silent { over } else { ended }).collect();
    Combined { outcome, code, consent, words, once }
}

/// DEFAULT where no consent speaks.
pub fn by_default(default: DefaultPolicy, question: &Question, record: &Record) -> Effect {
    let purpose = question.purpose.as_ref();
    let treatment = Coding::new(system::PURPOSE, "TREAT");
    let glass = Coding::new(system::PURPOSE, BREAK_THE_GLASS);
    let is_normal = Table::highest(record.labels.iter().cloned()) <= 3;
    let is_glass = purpose == Some(&glass);
    let is_treatment = purpose.is_some_and(|asked| Table::NEWEST.purpose_fits(&treatment, asked));
    let is_permitted = match default {
        DefaultPolicy::Deny => false,
        DefaultPolicy::BasicNormal => is_normal && is_treatment,
        DefaultPolicy::AllNormal => is_normal && !is_glass,
        DefaultPolicy::BreakGlassOnly => is_glass && question.emergency.is_some(),
    };
    if is_permitted { Effect::Permit } else { Effect::Deny }
}
