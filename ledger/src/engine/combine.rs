//! What all consents together say about a request (CE-1 steps 1, 5, 6).

use super::evaluate::{Question, Voice};
use super::{Candidate, Considered, Content, Decision, Item, ItemDecision, Outcome, Policy, Reason, ReasonCode};
use super::{Request, Standing};
use crate::crypto::PublicKey;
use crate::document::{Class, ConsentDocument, Effect};
use crate::genesis::DefaultPolicy;
use crate::time::UnixMs;
use crate::vocabulary::Vocabulary;

/// Decides `request` at `as_of`, the custodian's clock. The order of `consents` does not matter.
pub fn decide(consents: &[Candidate], request: &Request, as_of: UnixMs, policy: &Policy) -> Decision {
    let mut sorted: Vec<&Candidate> = consents.iter().collect();
    sorted.sort_by_key(|candidate| candidate.consent);
    let items: Vec<ItemDecision> =
        request.items.iter().map(|item| decide_item(&sorted, request, item, as_of)).collect();
    let first = |outcome| items.iter().find(|item| item.outcome == outcome).copied();
    // A request without items asks for nothing, and nothing is what it may have.
    let whole = first(Outcome::Deny).or(first(Outcome::NoConsent)).or(first(Outcome::Permit)).unwrap_or(NO_CONSENT);
    Decision {
        outcome: whole.outcome,
        effect: effect_of(whole.outcome, policy),
        reason: whole.reason,
        items,
        obligations: Vec::new(),
        considered: sorted.iter().filter_map(|candidate| considered(candidate)).collect(),
    }
}

const NO_CONSENT: ItemDecision =
    ItemDecision { outcome: Outcome::NoConsent, reason: Reason { code: ReasonCode::NoConsent, consent: None } };

/// Step 6.
fn effect_of(outcome: Outcome, policy: &Policy) -> Effect {
    match outcome {
        Outcome::Permit => Effect::Permit,
        Outcome::Deny | Outcome::Review => Effect::Deny,
        Outcome::NoConsent => match policy.default_policy() {
            DefaultPolicy::Deny => Effect::Deny,
        },
    }
}

fn considered(candidate: &Candidate) -> Option<Considered> {
    let Candidate { consent, version, commitment, standing, .. } = candidate;
    match standing {
        Standing::InForce | Standing::RevocationPending => {
            Some(Considered { consent: *consent, version: *version, commitment: *commitment, standing: *standing })
        }
        Standing::Revoked => None,
    }
}

/// Why a consent that would speak does not (step 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Applicable {
    Yes,
    Revoked,
    Expired,
    /// Of another class.
    No,
}

/// The consent's document, if it is about this patient at this custodian and has begun.
fn document_of<'a>(candidate: &'a Candidate, request: &Request, as_of: UnixMs) -> Option<&'a ConsentDocument> {
    let Content::Document(document) = candidate.content() else { return None };
    let meant = document.chain == request.chain
        && document.custodian_id() == request.custodian
        && document.relationship == request.relationship
        && document.period.from <= as_of;
    meant.then_some(document)
}

fn applicable(candidate: &Candidate, document: &ConsentDocument, purpose: Class, as_of: UnixMs) -> Applicable {
    match candidate.standing {
        _ if document.class != purpose => Applicable::No,
        Standing::Revoked | Standing::RevocationPending => Applicable::Revoked,
        Standing::InForce if document.period.until < as_of => Applicable::Expired,
        Standing::InForce => Applicable::Yes,
    }
}

/// Step 5 b. What was replaced stays replaced when its successor ends: an old, wider consent does not come back.
fn is_replaced(old: &Candidate, begun: &[(&Candidate, &ConsentDocument)]) -> bool {
    begun.iter().any(|(new, document)| document.supersedes.contains(&old.consent) && new.since >= old.since)
}

fn decide_item(sorted: &[&Candidate], request: &Request, item: &Item, as_of: UnixMs) -> ItemDecision {
    let answer = |outcome, code, consent| ItemDecision { outcome, reason: Reason { code, consent: Some(consent) } };
    let missing = |one: &&&Candidate| one.standing == Standing::InForce && *one.content() == Content::Missing;
    if let Some(candidate) = sorted.iter().find(missing) {
        return answer(Outcome::Deny, ReasonCode::Incident, candidate.consent);
    }
    let begun: Vec<(&Candidate, &ConsentDocument)> = sorted
        .iter()
        .filter_map(|candidate| document_of(candidate, request, as_of).map(|document| (*candidate, document)))
        .collect();
    let mut voices: Vec<(PublicKey, Applicable, Voice)> = Vec::new();
    for (candidate, document) in begun.iter().filter(|(candidate, _)| !is_replaced(candidate, &begun)) {
        let Some(vocabulary) = Vocabulary::of(&document.vocabulary) else { continue };
        let state = applicable(candidate, document, Class::of(vocabulary, &request.purpose), as_of);
        voices.push((candidate.consent, state, Question { vocabulary, request, item, as_of }.ask(document)));
    }
    let order = [
        (Applicable::Yes, Voice::Deny, Outcome::Deny, ReasonCode::Denied),
        (Applicable::Yes, Voice::Permit, Outcome::Permit, ReasonCode::Permitted),
        (Applicable::Yes, Voice::NotCovered, Outcome::Deny, ReasonCode::NotCovered),
        (Applicable::Revoked, Voice::Permit, Outcome::NoConsent, ReasonCode::Revoked),
        (Applicable::Expired, Voice::Permit, Outcome::NoConsent, ReasonCode::Expired),
    ];
    let spoken = order.into_iter().find_map(|(state, voice, outcome, code)| {
        let speaker = voices.iter().find(|(_, s, v)| (*s, *v) == (state, voice));
        speaker.map(|(consent, _, _)| answer(outcome, code, *consent))
    });
    spoken.unwrap_or(NO_CONSENT)
}
