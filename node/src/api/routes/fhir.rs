//! The operations in FHIR: what the hospital's own systems ask for in words that they speak already.

use super::{text, whole};
use crate::api::fhir;
use crate::api::operation::{Caller, Operation};
use crate::api::problem::Code;
use amanah_fhir::capability::{CONTENT_TYPE, Interaction, Parameter};
use amanah_fhir::consult::reply::OPERATION;
use utoipa::openapi::schema::{ObjectBuilder, Type};

fn any_text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Two codes with a dot between.
const CONSENT_ID: &str =
    "^P(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}\\.[CR](-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}$";

/// Two codes and a version, or `revoked`, with dots between.
const PROVENANCE_ID: &str = "^P(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}\\.\
    C(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}\\.([1-9][0-9]{0,9}|revoked)$";

/// A code and a number with a dot between.
const EVENT_ID: &str = "^P(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}\\.[0-9]{1,16}$";

pub(super) fn all() -> Vec<Operation> {
    [questions(), consents(), history(), hooks()].into_iter().flatten().collect()
}

/// What can be asked, and the question whether somebody may.
fn questions() -> Vec<Operation> {
    vec![
        Operation::get("/fhir/r4/metadata", "fhir_metadata", fhir::metadata)
            .says("What can be asked in FHIR: a CapabilityStatement.")
            .in_fhir(None)
            .answers_fhir("The statement."),
        Operation::post("/fhir/r4/$consent-decision", "fhir_consent_decision", fhir::consent_decision)
            .says("May they? Decided and recorded for the patient like /v1/decisions, in FHIR.")
            .in_fhir(Some(Interaction::Operation(OPERATION)))
            .takes_object("Parameters, as the OperationDefinition describes them.", CONTENT_TYPE)
            .answers_fhir("Parameters.")
            .decides(),
        Operation::get(
            "/fhir/r4/OperationDefinition/consent-decision",
            "fhir_consent_decision_definition",
            fhir::definition,
        )
        .says("What $consent-decision takes and answers with: an OperationDefinition.")
        .in_fhir(None)
        .answers_fhir("The definition."),
    ]
}

/// Consents, given and asked for.
fn consents() -> Vec<Operation> {
    vec![
        Operation::get("/fhir/r4/Consent/{id}", "fhir_consent", fhir::consent)
            .says("One consent that this hospital holds or asks for, with the status that it has now.")
            .by(Caller::Hospital)
            .in_fhir(Some(Interaction::Read("Consent")))
            .at("id", "The patient's code and the consent's or the request's, a dot between.", text(CONSENT_ID))
            .answers_fhir("The Consent.")
            .acts()
            .refuses([Code::NotFound, Code::FhirCannotSay]),
        Operation::get("/fhir/r4/Consent/{id}/_history/{version}", "fhir_consent_version", fhir::consent_version)
            .says("One version of a consent, also one that was replaced, as a Provenance names it.")
            .by(Caller::Hospital)
            .in_fhir(Some(Interaction::ReadVersion("Consent")))
            .at("id", "The patient's code and the consent's, a dot between.", text(CONSENT_ID))
            .at("version", "The number of the version, from 1.", text("^[1-9][0-9]{0,9}$"))
            .answers_fhir("The Consent as it was in this version; the newest as it is now.")
            .acts()
            .refuses([Code::NotFound, Code::FhirCannotSay]),
        of_a_patient(Operation::get("/fhir/r4/Consent", "fhir_consents", fhir::consents), "Consent")
            .says("A patient's consents here, and behind them what was asked for; what FHIR cannot say is named.")
            .searches("status", Parameter::Token, "For example active, or active,inactive; without it, any.")
            .answers_fhir("A searchset."),
        Operation::post("/fhir/r4/Consent", "fhir_propose", fhir::propose)
            .says("Asks a patient for a consent, as /v1/requests does: a Consent with the status proposed.")
            .by(Caller::Hospital)
            .in_fhir(Some(Interaction::Create("Consent")))
            .takes_object("The Consent; what a request would not keep is refused by name.", CONTENT_TYPE)
            .creates_fhir("The Consent that is asked for; Location has its address.")
            .writes()
            .dates()
            .refuses([Code::PatientUnknown, Code::FhirNotTaken, Code::FhirCannotSay, Code::NotEnforceable])
            .refuses([Code::SentenceDiffers, Code::PeriodNotSane, Code::TooLong, Code::TooManyRequests]),
    ]
}

/// What happened: accesses, and where consents come from.
fn history() -> Vec<Operation> {
    vec![
        Operation::get("/fhir/r4/AuditEvent/{id}", "fhir_audit_event", fhir::audit_event)
            .says("One access of a patient's log, permitted or denied.")
            .by(Caller::Hospital)
            .in_fhir(Some(Interaction::Read("AuditEvent")))
            .at("id", "The patient's code and the access's number in their log, with a dot between.", text(EVENT_ID))
            .answers_fhir("The AuditEvent.")
            .acts()
            .refuses([Code::NotFound]),
        of_a_patient(Operation::get("/fhir/r4/AuditEvent", "fhir_audit_events", fhir::audit_events), "AuditEvent")
            .says("The accesses of a patient's log, in its order.")
            .searches("date", Parameter::Date, "For example ge2026-11-29; may stand more than once.")
            .answers_fhir("A searchset."),
        Operation::get("/fhir/r4/Provenance/{id}", "fhir_provenance", fhir::provenance)
            .says("Who put a version of a consent into force or ended it, when, and their signatures.")
            .by(Caller::Hospital)
            .in_fhir(Some(Interaction::Read("Provenance")))
            .at("id", "The Consent's id and the version, or `revoked`, with a dot between.", text(PROVENANCE_ID))
            .answers_fhir("The Provenance.")
            .acts()
            .refuses([Code::NotFound, Code::FhirCannotSay]),
        of_a_patient(Operation::get("/fhir/r4/Provenance", "fhir_provenances", fhir::provenances), "Provenance")
            .says("Where the consents of a patient come from: each version that is final, and each end.")
            .searches("target", Parameter::Reference, "Consent/ID, or Consent/ID/_history/N; with patient or without.")
            .answers_fhir("A searchset."),
    ]
}

/// The CDS Hooks service.
fn hooks() -> Vec<Operation> {
    vec![
        Operation::get("/cds-services", "cds_services", fhir::cds_services)
            .says("The CDS Hooks services of this node.")
            .answers_object("Services, as CDS Hooks describes them."),
        Operation::post(
            "/cds-services/patient-consent-consult",
            "patient_consent_consult",
            fhir::patient_consent_consult,
        )
        .says("May they? The same as a CDS Hooks service, with the context that LEAP or SHARES publish.")
        .takes_object("A call of the hook.", "application/json")
        .answers_object("One card.")
        .decides(),
    ]
}

impl Operation {
    /// It decides, as /v1/decisions does.
    fn decides(self) -> Self {
        self.by(Caller::Hospital).dates().refuses([
            Code::CatchingUp,
            Code::PatientUnknown,
            Code::RequesterUnknown,
            Code::RequestNotUnderstood,
        ])
    }
}

/// What every search about one patient takes.
fn of_a_patient(operation: Operation, of: &'static str) -> Operation {
    operation
        .by(Caller::Hospital)
        .in_fhir(Some(Interaction::Search(of)))
        .searches("patient", Parameter::Reference, "The patient's code, or a unique part of it from its start.")
        .asks("patient:identifier", "SYSTEM|VALUE, instead of patient.", any_text())
        .asks("_count", "At most so many.", whole(fhir::PAGE_MAX as u64).minimum(Some(1)))
        .asks("_after", "Behind this one, as the link to the next page says.", any_text())
        .minds("Prefer", "`handling=lenient`: parameters that are not known are passed over, and named.", any_text())
        .acts()
        .refuses([Code::PatientUnknown])
}
