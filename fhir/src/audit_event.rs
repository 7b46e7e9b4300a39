//! An access as an `AuditEvent` (FHIR R4 4.0.1), after the pattern that IHE BALP has for decisions by consent
//! (`IHE.BasicAudit.AuthZconsent`).
//!
//! Deviations: no profile is claimed. The log does not hold which program asked, from which address, so the agent
//! `client` is missing; where no consent speaks there is no entity `consent`; and where a whole organisation asks, it is
//! the requestor itself. `outcome` is what the hospital did: 0, or 8 with the reason.

use crate::consult::reply::sentence;
use crate::datatype::coding;
use crate::import::{PRACTITIONER, written};
use crate::organization::{self, Organization};
use crate::patient;
use amanah_ledger::access::entry::DecisionReceipt;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::Item;
use amanah_ledger::time::UnixMs;
use amanah_ledger::vocabulary::{Code, Coding, Kind};
use serde_json::{Value, json};

/// One access of a patient's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access<'a> {
    /// Id of the resource.
    pub id: &'a str,
    /// `A-…`.
    pub code: &'a str,
    /// Its number in the log.
    pub number: u64,
    /// When, by the custodian's clock.
    pub at: UnixMs,
    /// `P-…`.
    pub patient: &'a str,
    /// Who decided.
    pub custodian: &'a Organization,
    /// Where whoever asked belongs to.
    pub requester: &'a Organization,
    /// What was asked and answered.
    pub receipt: &'a DecisionReceipt,
    /// Ids of the Consents that were in force or that it rests on.
    pub consents: &'a [String],
}

fn of_vocabulary(kind: Kind, code: &Code) -> Value {
    let Coding { system, code } = kind.coding(code.as_str());
    json!({ "system": system, "code": code })
}

/// The event.
pub fn audit_event(access: &Access<'_>) -> Value {
    let Access { id, at, custodian, receipt, .. } = access;
    let (outcome, why) = match receipt.effect {
        Effect::Permit => ("0", None),
        Effect::Deny => ("8", Some(format!("{}: {}", receipt.reason.code.as_str(), sentence(receipt.reason.code)))),
    };
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": id,
        "type": coding("http://dicom.nema.org/resources/ontology/DCM", "110113", "Security Alert"),
        "subtype": [coding(
            "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType",
            "AuthZ-Consent",
            "Authorization Decision using Roles and Consent",
        )],
        "action": "E",
        "recorded": written(*at),
        "outcome": outcome,
        "purposeOfEvent": [{ "coding": [of_vocabulary(Kind::Purpose, &receipt.purpose)] }],
        "agent": agents(access),
        "source": {
            "observer": organization::reference(custodian),
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "6", "Security Server")],
        },
        "entity": entities(access),
    });
    if let Some(why) = why {
        event["outcomeDesc"] = why.into();
    }
    event
}

fn agents(access: &Access<'_>) -> Vec<Value> {
    let Access { custodian, requester, receipt, .. } = access;
    let agent = |role: Value, who: Value, requestor: bool| json!({ "type": { "coding": [role] }, "who": who, "requestor": requestor });
    let recipient =
        coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient");
    let purpose = json!([{ "coding": [of_vocabulary(Kind::Purpose, &receipt.purpose)] }]);
    let mut agents = match &receipt.requester.practitioner {
        None => vec![agent(recipient, organization::reference(requester), true)],
        Some(handle) => {
            let system = format!("{PRACTITIONER}{}", requester.id);
            let person =
                json!({ "type": "Practitioner", "identifier": { "system": system, "value": handle.as_str() } });
            let place = coding("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV", "healthcare provider");
            vec![agent(recipient, person, true), agent(place, organization::reference(requester), false)]
        }
    };
    if let Some(asking) = agents.first_mut() {
        asking["purposeOfUse"] = purpose;
    }
    let server =
        coding("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver", "authorization server");
    agents.push(agent(server, organization::reference(custodian), false));
    agents
}

fn entities(access: &Access<'_>) -> Vec<Value> {
    let Access { code, number, patient, receipt, consents, .. } = access;
    let effect = match receipt.effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
    };
    let detail = |kind: &str, value: String| json!({ "type": kind, "valueString": value });
    let mut details = vec![
        detail("access", (*code).to_owned()),
        detail("number", number.to_string()),
        detail("decision", receipt.outcome.as_str().to_owned()),
        detail("effect", effect.to_owned()),
        detail("code", receipt.reason.code.as_str().to_owned()),
        detail("height", receipt.height.0.to_string()),
    ];
    details.extend(receipt.items.iter().map(|one| detail("item", item(one))));
    details.extend(receipt.obligations.iter().map(|one| detail("obligation", one.to_string())));
    let whose = json!({
        "what": patient::reference(patient),
        "type": coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person"),
        "role": coding("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient"),
        "detail": details,
    });
    let consent = |id: &String| {
        json!({
            "what": { "reference": format!("Consent/{id}") },
            "type": coding("http://hl7.org/fhir/resource-types", "Consent", "Consent"),
        })
    };
    std::iter::once(whose).chain(consents.iter().map(consent)).collect()
}

/// A kind of data as one line: the type, its categories behind a slash, its labels behind a plus.
fn item(item: &Item) -> String {
    let list = |sign: char, codes: &[Code]| codes.iter().map(|code| format!("{sign}{code}")).collect::<String>();
    format!("{}{}{}", item.of, list('/', item.categories.as_slice()), list('+', item.labels.as_slice()))
}
