//! FHIR R4 for the hospital's own systems: what this node holds and decides, in the words that they speak already.
//!
//! Nothing here decides or keeps anything by itself: a question goes the way of `/v1/decisions`, what is read is what the
//! desk holds. What R4 cannot say is refused by name. Under `/fhir/r4` whatever goes wrong is an OperationOutcome.

mod audit_events;
mod consent_versions;
mod consents;
mod decisions;
mod metadata;
mod organization;
mod outcome;
mod patient;
mod proposals;
mod provenances;
mod search;

pub(super) use audit_events::{read as audit_event, search as audit_events};
pub(super) use consent_versions::read as consent_version;
pub(super) use consents::{read as consent, search as consents};
pub(super) use decisions::{cds_services, consent_decision, definition, patient_consent_consult};
pub(super) use metadata::metadata;
pub(super) use outcome::{in_own_words, said};
pub(super) use proposals::create as propose;
pub(super) use provenances::{read as provenance, search as provenances};
pub(super) use search::PAGE_MAX;

use amanah_fhir::capability::CONTENT_TYPE;
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Where FHIR begins.
pub(super) const PATH: &str = "/fhir/r4";

/// Where this node is found, and whose it is, as the network file says.
pub(super) struct Place {
    /// The address of the resources.
    base: String,
    /// The hospital's name for people.
    display: String,
}

impl Place {
    pub(super) fn of(network: &NetworkFile, member: &MemberId) -> Self {
        let own = network.members.iter().find(|known| known.id == *member);
        let api = own.map(|own| own.api.trim_end_matches('/')).unwrap_or_default();
        Self { base: format!("{api}{PATH}"), display: own.map(|own| own.display.clone()).unwrap_or_default() }
    }
}

/// An answer that is a resource.
pub(super) struct Resource(Value);

impl IntoResponse for Resource {
    fn into_response(self) -> Response {
        let mut response = self.0.to_string().into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        response
    }
}
