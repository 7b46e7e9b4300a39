//! The desk's answer, as a card of the hook and as the Parameters of `$consent-decision`; and what describes both.

use crate::capability::definition;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Outcome, ReasonCode};
use amanah_ledger::vocabulary::{Code, Coding, Kind, Vocabulary};
use serde_json::{Value, json};

/// The hook, which is the id of the one service too.
pub const HOOK: &str = "patient-consent-consult";
/// The operation.
pub const OPERATION: &str = "consent-decision";
/// Version of the operation's definition.
const DEFINITION_VERSION: &str = "1.0.0";

/// What was decided and written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What the consents say.
    pub decision: Outcome,
    /// What the hospital does.
    pub effect: Effect,
    /// Why.
    pub code: ReasonCode,
    /// `A-…`.
    pub access: String,
    /// Id of the AuditEvent.
    pub event: String,
    /// Final height as of which it was decided.
    pub height: u64,
    /// Ids of the Consents that it rests on.
    pub consents: Vec<String>,
    /// Ids of the Consents in force that were looked at.
    pub considered: Vec<String>,
    /// What must be done with the data.
    pub obligations: Vec<Code>,
    /// How many keys of the question say nothing here.
    pub ignored: usize,
}

const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
    }
}

/// Why, in a sentence.
pub const fn sentence(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::Permitted => "A consent permits it.",
        ReasonCode::Denied => "A consent refuses it.",
        ReasonCode::NotCovered => "A consent speaks about this requester and purpose, and not about all of this data.",
        ReasonCode::NoConsent => "No consent speaks about it.",
        ReasonCode::Revoked => "A consent would have permitted it, and was revoked.",
        ReasonCode::Expired => "A consent would have permitted it, and its time is over.",
        ReasonCode::Incident => "The document of a consent is missing here, so nothing is permitted.",
    }
}

/// An obligation or refrain of v3-ActCode.
fn obligation(code: &Code) -> Coding {
    let is_refrain = Vocabulary::v1().knows(Kind::Refrain, code.as_str());
    if is_refrain { Kind::Refrain.coding(code.as_str()) } else { Kind::Obligation.coding(code.as_str()) }
}

fn coding(coding: &Coding) -> Value {
    json!({ "system": coding.system, "code": coding.code })
}

impl Reply {
    fn passed_over(&self) -> Option<String> {
        (self.ignored > 0).then(|| format!("{} keys of the context say nothing here.", self.ignored))
    }

    /// The one card (CDS Hooks 2.0). `base` is where the resources are, `display` whose answer it is.
    pub fn cards(&self, base: &str, display: &str) -> Value {
        let (summary, indicator) = match self.decision {
            Outcome::Permit => ("CONSENT_PERMIT", "info"),
            Outcome::Deny => ("CONSENT_DENY", "critical"),
            Outcome::NoConsent | Outcome::Review => ("NO_CONSENT", "warning"),
        };
        let detail = [Some(sentence(self.code).to_owned()), self.passed_over()].into_iter().flatten();
        let address = |of: &str, id: &str| format!("{base}/{of}/{id}");
        json!({ "cards": [{
            "summary": summary,
            "detail": detail.collect::<Vec<_>>().join(" "),
            "indicator": indicator,
            "source": { "label": format!("Amanah at {display}"), "url": base },
            "extension": {
                "decision": summary,
                "effect": effect(self.effect),
                "code": self.code.as_str(),
                "access": self.access,
                "auditEvent": address("AuditEvent", &self.event),
                "height": self.height,
                "basedOn": self.consents.iter().map(|id| address("Consent", id)).collect::<Vec<_>>(),
                "obligations":
                    self.obligations.iter().map(|one| json!({ "id": coding(&obligation(one)) })).collect::<Vec<_>>(),
            },
        }] })
    }

    /// The Parameters that the operation's definition describes.
    pub fn parameters(&self) -> Value {
        let word = |name: &str, value: &str| json!({ "name": name, "valueCode": value });
        let text = |name: &str, value: &str| json!({ "name": name, "valueString": value });
        let to = |name: &str, reference: String| json!({ "name": name, "valueReference": { "reference": reference } });
        let mut all = vec![
            word("decision", self.decision.as_str()),
            word("effect", effect(self.effect)),
            word("code", self.code.as_str()),
            text("reason", sentence(self.code)),
            text("access", &self.access),
            to("event", format!("AuditEvent/{}", self.event)),
            text("height", &self.height.to_string()),
        ];
        all.extend(self.passed_over().iter().map(|passed_over| text("reason", passed_over)));
        let consent = |name: &'static str| move |id: &String| to(name, format!("Consent/{id}"));
        all.extend(self.consents.iter().map(consent("consent")));
        all.extend(self.considered.iter().map(consent("considered")));
        let obligations = self.obligations.iter().map(|one| coding(&obligation(one)));
        all.extend(obligations.map(|coding| json!({ "name": "obligation", "valueCoding": coding })));
        json!({ "resourceType": "Parameters", "parameter": all })
    }
}

/// What the node offers to those who discover hooks.
pub fn services() -> Value {
    json!({ "services": [{
        "hook": HOOK,
        "id": HOOK,
        "title": "Patient consent consult",
        "description": "May they? Decided by the patient's consents, and written into the patient's log before it is answered.",
    }] })
}

/// `OperationDefinition` of the operation.
pub fn operation_definition(base: &str, date: &str) -> Value {
    let one = |way: &str, name: &str, min: u32, max: &str, of: &str, says: &str| json!({ "name": name, "use": way, "min": min, "max": max, "type": of, "documentation": says });
    json!({
        "resourceType": "OperationDefinition",
        "id": OPERATION,
        "url": definition(base, OPERATION),
        "version": DEFINITION_VERSION,
        "name": "ConsentDecision",
        "title": "May they?",
        "status": "active",
        "kind": "operation",
        "date": date,
        "description": "Decides one access by the patient's consents. The answer is a numbered access in the patient's own log, with a receipt on disk, before it leaves; so asking again is another access.",
        "affectsState": true,
        "code": OPERATION,
        "system": true,
        "type": false,
        "instance": false,
        "parameter": [
            one("in", "patient", 1, "1", "Identifier", "urn:amanah:patient with P-…, urn:amanah:mrn:HOSPITAL with the record number, or urn:amanah:relationship:CHAIN with the key."),
            one("in", "requester", 1, "2", "Identifier", "urn:amanah:member with a member's name, urn:amanah:practitioner:MEMBER with the name of one of this hospital's own staff, or urn:amanah:directory-entry with what another member has signed about one of theirs."),
            one("in", "purpose", 1, "1", "Coding", "A purpose of v3-ActReason."),
            one("in", "class", 0, "*", "Coding", "Kinds of data: a resource type, or a category of observations or reports."),
            one("in", "scope", 0, "1", "Coding", "patient-privacy or research; the one that the purpose belongs to."),
            one("in", "content", 0, "1", "Bundle", "Resources that are to go out, each by its type, categories and labels."),
            one("out", "decision", 1, "1", "code", "What the consents say: permit, deny, no-consent."),
            one("out", "effect", 1, "1", "code", "What this hospital does: permit or deny."),
            one("out", "code", 1, "1", "code", "Why, as a word in capitals."),
            one("out", "reason", 1, "*", "string", "Why, as a sentence."),
            one("out", "access", 1, "1", "string", "The number under which the patient finds it, A-…."),
            one("out", "event", 1, "1", "Reference", "The same access as an AuditEvent."),
            one("out", "height", 1, "1", "string", "The final block as of which it was decided."),
            one("out", "consent", 0, "*", "Reference", "Consents that it rests on."),
            one("out", "considered", 0, "*", "Reference", "Consents in force that were looked at."),
            one("out", "obligation", 0, "*", "Coding", "What must be done with the data. Whoever does not know one of them treats the answer as a deny."),
        ],
    })
}
