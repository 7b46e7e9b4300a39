//! An answer of the engine as JSON, with consents and records by the names they came under.

use crate::date::written;
use crate::request::Request;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::data_use::UseAnswer;
use amanah_ledger::engine::{
    Answer, Consent, Due, ENGINE_VERSION, Ground, Identifier, ItemAnswer, Listed, Moment, Obligation, Outcome, Policy,
    ReasonCode, Redacted, Redaction, Span,
};
use amanah_ledger::vocabulary::{Coding, Vocabulary};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The answer: `decision, effect, items[], obligations[], reasons[], considered[]`, and what replays it.
pub fn json(answer: &Answer, request: &Request, consents: &[Consent], policy: &Policy) -> Value {
    let effect = effect(answer.effect);
    let mut fields = json!({
        "decision": answer.outcome.as_str(),
        "effect": effect,
        "code": answer.ground.code.as_str(),
        "items": items(answer, request),
        "obligations": answer.obligations.iter().map(obligation).collect::<Vec<_>>(),
        "reasons": reasons(answer, request, consents),
        "considered": considered(answer, consents),
        "policy": policy.digest(),
        "vocabulary": Vocabulary::v2().digest(),
        "engine": ENGINE_VERSION,
    });
    if let (Some(emergency), Some(fields)) = (&answer.emergency, fields.as_object_mut()) {
        let overriding = json!({
            "code": "PERMIT_OVERRIDE",
            "until": written(emergency.until),
            "review_due": written(emergency.review_due),
            "notify_patient": true,
        });
        fields.insert("emergency".to_owned(), overriding);
    }
    fields
}

/// Whether a research purpose is within a use.
pub fn use_json(answer: &UseAnswer) -> Value {
    let effect = if answer.outcome == Outcome::Permit { Effect::Permit } else { Effect::Deny };
    json!({
        "decision": answer.outcome.as_str(),
        "effect": self::effect(effect),
        "reasons": answer.findings.iter().map(|finding| json!({ "text": finding.to_string() })).collect::<Vec<_>>(),
        "returns_results": answer.returns_results,
        "engine": ENGINE_VERSION,
    })
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
    }
}

fn coding(coding: &Coding) -> Value {
    json!({ "system": coding.system, "code": coding.code })
}

/// Records by their names; for a query without any, its kinds.
fn items(answer: &Answer, request: &Request) -> Vec<Value> {
    let one = |item: &ItemAnswer| {
        let mut fields = Map::new();
        fields.insert("decision".to_owned(), item.outcome.as_str().into());
        fields.insert("effect".to_owned(), effect(item.effect).into());
        fields.insert("code".to_owned(), item.ground.code.as_str().into());
        fields
    };
    let named = |(name, item): (&String, &ItemAnswer)| {
        let mut fields = one(item);
        fields.insert("reference".to_owned(), name.as_str().into());
        Value::Object(fields)
    };
    if !request.records.is_empty() {
        let records = if answer.along.is_empty() { &answer.items } else { &answer.along };
        return request.records.iter().zip(records).map(named).collect();
    }
    let of_kind = |(kind, item): (&Coding, &ItemAnswer)| {
        let mut fields = one(item);
        fields.insert("class".to_owned(), coding(kind));
        Value::Object(fields)
    };
    request.kinds.iter().zip(&answer.items).map(of_kind).collect()
}

/// One reason for each different one, with a sentence.
fn reasons(answer: &Answer, request: &Request, consents: &[Consent]) -> Vec<Value> {
    let mut told = BTreeSet::new();
    let mut all = Vec::new();
    for item in answer.items.iter().chain(&answer.along) {
        let consent = item.ground.consent.and_then(|at| consents.get(at)).map(|consent| consent.id.clone());
        let text = sentence(&item.ground, consent.as_deref());
        if told.insert((item.outcome.as_str(), text.clone())) {
            all.push(json!({
                "decision": item.outcome.as_str(),
                "code": item.ground.code.as_str(),
                "consent": consent,
                "rule": item.ground.rule,
                "text": text,
            }));
        }
    }
    let ignored =
        request.ignored.iter().map(|key| json!({ "text": format!("{key} of the request says nothing here") }));
    all.into_iter().chain(ignored).collect()
}

/// Why, for people.
fn sentence(ground: &Ground, consent: Option<&str>) -> String {
    let consent = consent.unwrap_or("a consent");
    let rule = ground.rule.as_deref().map_or_else(|| "its base decision".to_owned(), |rule| format!("its {rule}"));
    match ground.code {
        ReasonCode::Permitted => format!("{consent} permits it, by {rule}"),
        ReasonCode::Denied => format!("{consent} refuses it, by {rule}"),
        ReasonCode::NotCovered => format!("{consent} permits this requester and purpose, but not this data"),
        ReasonCode::NoConsent => "no consent speaks about it".to_owned(),
        ReasonCode::Revoked => format!("{consent} would permit it, and was ended"),
        ReasonCode::Expired => format!("{consent} would permit it, and its time is over"),
        ReasonCode::Incident => format!("the document of {consent} is missing here"),
    }
}

fn considered(answer: &Answer, consents: &[Consent]) -> Vec<Value> {
    let one = |(consent, stood): (&Consent, &amanah_ledger::engine::Consideration)| {
        json!({
            "consent": consent.id,
            "state": stood.applicability.as_str(),
            "says": stood.said.iter().map(|said| said.as_str()).collect::<Vec<_>>(),
            "not_understood": consent.not_understood(),
        })
    };
    consents.iter().zip(&answer.considered).map(one).collect()
}

fn obligation(obligation: &Obligation) -> Value {
    let mut parameters = Map::new();
    match obligation {
        Obligation::Redact(redaction) => redact(redaction, &mut parameters),
        Obligation::Duty(duty) => {
            match duty.by {
                Some(Due::At(moment)) => drop(parameters.insert("by".to_owned(), written(moment).into())),
                Some(Due::DaysAfterRelease(days)) => {
                    drop(parameters.insert("days_after_release".to_owned(), days.into()));
                }
                None => {}
            }
            if let Some(notice) = duty.notice {
                parameters.insert("notice".to_owned(), notice.into());
            }
        }
    }
    let mut fields = Map::new();
    fields.insert("id".to_owned(), coding(&obligation.code()));
    if !parameters.is_empty() {
        fields.insert("parameters".to_owned(), Value::Object(parameters));
    }
    Value::Object(fields)
}

/// `codes` and its like are left out; `exceptAnyOfCodes` and its like are all that is not.
fn redact(redaction: &Redaction, parameters: &mut Map<String, Value>) {
    let Listed { codes, instances, records, authors, custodians, periods } = &redaction.listed;
    let name = |withheld: &str, released: &str| match redaction.of {
        Redacted::AnyOf => withheld.to_owned(),
        Redacted::AllBut => released.to_owned(),
    };
    let parties = |parties: &BTreeSet<Identifier>| parties.iter().map(identifier).collect::<Vec<_>>();
    let lists = [
        (name("codes", "exceptAnyOfCodes"), codes.iter().map(coding).collect::<Vec<_>>()),
        (name("instances", "exceptAnyOfInstances"), parties(instances)),
        (name("records", "exceptAnyOfRecords"), parties(records)),
        (name("authors", "exceptAnyOfAuthors"), parties(authors)),
        (name("custodians", "exceptAnyOfCustodians"), parties(custodians)),
        (name("periods", "exceptAnyOfPeriods"), periods.iter().map(period).collect()),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            parameters.insert(name, Value::Array(list));
        }
    }
}

fn identifier(identifier: &Identifier) -> Value {
    match identifier {
        Identifier::Reference(to) => json!({ "reference": to }),
        Identifier::Assigned { system, value } => json!({ "system": system, "value": value }),
    }
}

fn period(span: &Span) -> Value {
    let end = |moment: Option<Moment>| moment.map(written);
    json!({ "start": end(span.from), "end": end(span.until) })
}
