//! A patient by what other systems call them, as the desk knows them.

use super::search::{Search, refused};
use crate::api::App;
use crate::api::problem::{Code, Problem};
use crate::custodian::{Mrn, PatientName};
use amanah_fhir::patient::Patient;

/// Whom a search is about: `patient`, a code or a reference, or `patient:identifier`, `SYSTEM|VALUE`.
pub(super) fn searched(app: &App, search: &mut Search) -> Result<PatientName, Problem> {
    asked(app, search)?.ok_or_else(one_way)
}

/// [`searched`], where a search may be about something else.
pub(super) fn asked(app: &App, search: &mut Search) -> Result<Option<PatientName>, Problem> {
    let by_code = search.one("patient")?;
    let by_identifier = search.one("patient:identifier")?;
    let patient = match (by_code, by_identifier) {
        (Some(code), None) => Patient::of_reference(&code),
        (None, Some(token)) => {
            token.split_once('|').and_then(|(system, value)| Patient::of_identifier(system, value, &app.chain))
        }
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => return Err(one_way()),
    };
    known(app, patient.ok_or_else(nobody)?).map(Some)
}

fn one_way() -> Problem {
    refused("name one patient, by patient or by patient:identifier".to_owned())
}

/// The same patient as the desk knows them; a record number is one of this hospital or nobody's.
pub(super) fn known(app: &App, patient: Patient) -> Result<PatientName, Problem> {
    match patient {
        Patient::Code(code) => Ok(PatientName::Code(code)),
        Patient::Key(key) => Ok(PatientName::Key(key)),
        Patient::RecordNumber { member, number } => {
            let is_ours = member == app.name || member == app.member.to_string();
            let number = Mrn::parse(&number).ok().filter(|_| is_ours).ok_or_else(nobody)?;
            Ok(PatientName::Number(number))
        }
    }
}

/// None of the names is one that this hospital has for somebody.
pub(super) fn nobody() -> Problem {
    Problem::with_detail(
        Code::PatientUnknown,
        "a patient is P-…, or an identifier of urn:amanah:patient, urn:amanah:mrn:HOSPITAL or urn:amanah:relationship:CHAIN",
    )
}
