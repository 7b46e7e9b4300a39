//! The operation about a single access.

use super::super::accesses;
use super::super::operation::{Caller, Operation};
use super::super::problem::Code;
use super::text;
use axum::http::StatusCode;

/// A whole code. That its check characters fit, no pattern can say.
const LABEL: &str = "^A(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}$";
/// The beginning of a patient's code, or all of it.
const PATIENT: &str = "^[Pp][0-9A-Za-z -]{4,}$";
/// A patient's code and the number of an entry, with a dot between.
const PLACE: &str = "^P(-[0-9A-HJKMNP-TV-Z]{4}){4}-[0-9A-HJKMNP-TV-Z]{2}[.][0-9]{1,16}$";

/// What a hospital does.
pub(super) fn hospitals() -> Vec<Operation> {
    vec![
        Operation::get("/v1/accesses/{id}", "access", accesses::read)
            .says(
                "A decision of this hospital with the consents that it rested on, to be worked out again. Logs are looked \
                 through for it; where there are many, the answer may be how far that has come.",
            )
            .by(Caller::Hospital)
            .at("id", "Code of the access.", text(LABEL))
            .asks("patient", "Only in the log of this patient: a code or its beginning.", text(PATIENT))
            .asks("after", "Behind this entry of this patient's log, in the order of codes.", text(PLACE))
            .answers_canonical(StatusCode::OK, "AccessSearch")
            .acts()
            .refuses([Code::AccessUnknown, Code::PatientUnknown]),
    ]
}
