//! The operations about consents that a hospital asks for.

use super::super::operation::{Caller, Operation};
use super::super::problem::Code;
use super::super::requests;
use super::{text, whole};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// A whole code. That its check characters fit, no pattern can say.
pub(super) const LABEL: &str = "^R(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}$";
const CODE: &str = "Code of the request.";

fn standing() -> Value {
    json!({
        "request": "R-5E6T-YMD0-SZ5K-6045-MP", "patient": "P-WHDG-X3MB-DTDC-YVW2-4H", "state": "open", "consent": null,
        "who": ["qamar"], "what": ["DiagnosticReport/LAB", "Observation/laboratory"], "why": ["TREAT"],
        "until": 1_803_167_999_000_u64, "asked": 1_795_341_600_000_u64, "expires": 1_797_933_600_000_u64,
    })
}

/// What a wallet does.
pub(super) fn wallets() -> Vec<Operation> {
    vec![
        Operation::get("/v1/me/requests", "inbox", requests::inbox)
            .says("The consents that this hospital asks the wallet for, the earliest first, answered ones included.")
            .by(Caller::Wallet)
            .answers_canonical(StatusCode::OK, "HeldRequests")
            .acts()
            .refuses([Code::NotLinked]),
        Operation::post("/v1/me/requests/{id}/deny", "deny", requests::deny)
            .says("Says no to a request. To say yes, give a consent that names it.")
            .by(Caller::Wallet)
            .at("id", CODE, text(LABEL))
            .answers_json::<requests::Standing>("Where it stands now.", standing())
            .acts()
            .refuses([Code::RequestUnknown, Code::RequestEnded]),
    ]
}

/// What a hospital does.
pub(super) fn hospitals() -> Vec<Operation> {
    vec![
        Operation::get("/v1/requests", "requests", requests::list)
            .says("What this hospital asked its patients for, in pages, in the order of the codes.")
            .by(Caller::Hospital)
            .asks("after", "Behind this code.", text(LABEL))
            .asks("limit", "At most so many.", whole(requests::PAGE_MAX as u64).minimum(Some(1)))
            .answers_json::<requests::Requests>(
                "A page, and behind which code the next one begins.",
                json!({ "requests": [standing()], "next": null }),
            )
            .acts(),
        Operation::post("/v1/requests", "ask", requests::ask)
            .says("Asks a patient for a consent. The same again is answered with where the first one stands.")
            .by(Caller::Hospital)
            .takes_json::<requests::Wanted>(json!({
                "patient": "P-WHDG", "recipient": { "member": "qamar" }, "items": ["labs"], "purpose": "treatment",
                "until": 1_803_167_999_000_u64,
            }))
            .answers_json::<requests::Standing>("It waits for the patient, or where it stands.", standing())
            .writes()
            .dates()
            .refuses([Code::PatientUnknown, Code::RequesterUnknown, Code::RequestNotUnderstood, Code::NotEnforceable])
            .refuses([Code::SentenceDiffers, Code::PeriodNotSane, Code::TooLong, Code::TooManyRequests]),
        Operation::get("/v1/requests/{id}", "request", requests::standing)
            .says("Where a request stands.")
            .by(Caller::Hospital)
            .at("id", CODE, text(LABEL))
            .answers_json::<requests::Standing>("As of this moment.", standing())
            .acts()
            .refuses([Code::RequestUnknown]),
        Operation::post("/v1/requests/{id}/withdraw", "withdraw", requests::withdraw)
            .says("Takes a request back that nobody has answered.")
            .by(Caller::Hospital)
            .at("id", CODE, text(LABEL))
            .answers_json::<requests::Standing>("Where it stands now.", standing())
            .acts()
            .refuses([Code::RequestUnknown, Code::RequestEnded]),
    ]
}
