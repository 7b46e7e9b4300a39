//! Consents and requests in few words, for tests: who, what, why, and the answer.

use crate::answer::json as written;
use crate::consent::{self, Refusal};
use crate::date;
use crate::request;
use crate::resolve::Resolver;
use amanah_ledger::engine::{Answer, Consent, Duty, EmergencyPolicy, EmergencyRefusal, Policy, evaluate};
use amanah_ledger::genesis::DefaultPolicy;
use amanah_ledger::vocabulary::Coding;
use serde_json::{Value, json};

/// The day on which everything is asked unless a test says otherwise.
const TODAY: &str = "2026-11-22T09:00:00Z";

/// Layla's R5 consent with this base decision and these provisions.
pub(crate) fn r5(decision: &str, provisions: Value) -> Value {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "category": [{ "coding": [scope("patient-privacy")] }],
        "subject": { "reference": "Patient/layla" },
        "decision": decision,
        "provision": provisions,
    })
}

/// Layla's R4 consent with this root.
pub(crate) fn r4(root: Value) -> Value {
    json!({
        "resourceType": "Consent",
        "status": "active",
        "scope": { "coding": [scope("patient-privacy")] },
        "patient": { "reference": "Patient/layla" },
        "provision": root,
    })
}

pub(crate) fn scope(code: &str) -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": code })
}

pub(crate) fn purpose(code: &str) -> Value {
    json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": code })
}

/// A confidentiality or a sensitivity.
pub(crate) fn label(code: &str) -> Value {
    let system = match code {
        "U" | "L" | "M" | "N" | "R" | "V" => "v3-Confidentiality",
        _ => "v3-ActCode",
    };
    json!({ "system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code })
}

pub(crate) fn kind(code: &str) -> Value {
    json!({ "system": "http://hl7.org/fhir/resource-types", "code": code })
}

/// An actor in a role such as `IRCP`.
pub(crate) fn actor(role: &str, reference: &str) -> Value {
    let role = json!({ "system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": role });
    json!({ "role": { "coding": [role] }, "reference": { "reference": reference } })
}

/// Fields of `base` with those of `more` in place of or beside them.
pub(crate) fn with(mut base: Value, more: Value) -> Value {
    if let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) {
        base.extend(more);
    }
    base
}

/// Cedar asks for treatment for one of Layla's observations at Qamar.
pub(crate) fn ask(more: Value) -> Value {
    let base = json!({
        "patient": "Patient/layla",
        "requester": { "organisations": ["Organization/cedar"] },
        "purpose": "TREAT",
        "items": [item(json!({}))],
    });
    with(base, more)
}

/// An unlabelled observation of which everything is known.
pub(crate) fn item(more: Value) -> Value {
    let base = json!({
        "reference": "Observation/1",
        "labels": [],
        "categories": [],
        "codes": [],
        "related": [],
        "date": "2026-03-01",
        "author": "Practitioner/omar",
        "custodian": "Organization/qamar",
    });
    with(base, more)
}

/// A case: consents, a request, and what goes with them.
pub(crate) struct Case {
    pub(crate) consents: Vec<Value>,
    pub(crate) request: Value,
    pub(crate) resolve: Value,
    pub(crate) at: &'static str,
    pub(crate) default: DefaultPolicy,
    pub(crate) refusal: EmergencyRefusal,
}

pub(crate) fn case(consents: impl IntoIterator<Item = Value>, request: Value) -> Case {
    Case {
        consents: consents.into_iter().collect(),
        request,
        resolve: json!({}),
        at: TODAY,
        default: DefaultPolicy::Deny,
        refusal: EmergencyRefusal::Reviewed,
    }
}

/// What came of a case.
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) consents: Vec<Consent>,
    /// As it is printed.
    pub(crate) json: Value,
}

impl Case {
    pub(crate) fn resolve(self, resolve: Value) -> Self {
        Self { resolve, ..self }
    }

    pub(crate) fn at(self, at: &'static str) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn decide(&self) -> Result<Outcome, Refusal> {
        self.decide_with(Vec::new(), |_| {})
    }

    /// The same under a policy with these duties, with the consents as `change` leaves them: for what FHIR cannot say.
    pub(crate) fn decide_with(
        &self,
        duties: Vec<(Coding, Duty)>,
        change: impl Fn(&mut Consent),
    ) -> Result<Outcome, Refusal> {
        let resolver = Resolver::read(self.resolve.as_object().unwrap()).unwrap();
        let as_of = date::moment(self.at).unwrap();
        let request = request::read(&self.request, &resolver, as_of).unwrap();
        let mut consents: Vec<Consent> = self
            .consents
            .iter()
            .enumerate()
            .map(|(number, one)| consent::read(one, number, &resolver))
            .collect::<Result<_, _>>()?;
        consents.iter_mut().for_each(change);
        let emergency = EmergencyPolicy { refusal: self.refusal, hours: 24, review_hours: 72 };
        let policy = Policy::offline(self.default, emergency, duties);
        let answer = evaluate(&consents, &request.question, as_of, &policy);
        let json = written(&answer, &request, &consents, &policy);
        Ok(Outcome { answer, consents, json })
    }

    pub(crate) fn said(&self) -> String {
        said(self.decide())
    }

    /// Whether it has this answer.
    pub(crate) fn is(&self, expected: &str) -> bool {
        let said = self.said();
        said == expected || said.split(' ').next() == Some(expected)
    }

    #[track_caller]
    pub(crate) fn check(&self, expected: &str) {
        assert!(self.is(expected), "{} instead of {expected}", self.said());
    }
}

/// The decision and its code, and the codes of what goes with it: `permit PERMITTED REDACT`.
pub(crate) fn said(outcome: Result<Outcome, Refusal>) -> String {
    match outcome {
        Err(refusal) => format!("refused: {refusal}"),
        Ok(Outcome { json, .. }) => {
            let mut said = vec![json["decision"].as_str().unwrap(), json["code"].as_str().unwrap()];
            let codes = json["obligations"].as_array().unwrap();
            said.extend(codes.iter().map(|one| one["id"]["code"].as_str().unwrap()));
            said.join(" ")
        }
    }
}
