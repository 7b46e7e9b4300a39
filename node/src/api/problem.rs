//! The one place where something that went wrong becomes an answer: RFC 9457 problems with a code and a fix.
//!
//! Titles and fixes are those of the [`catalogue`] that all programs share. A problem names what happened and what to
//! try; it never repeats what a client sent, so no answer or log line carries health data, a key or a name.

use amanah_ledger::catalogue::{self, Entry, ErrorCode};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $status:ident;)*) => {
        /// Everything that can be wrong with a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The HTTP status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
            /// What the catalogue of all errors says about it; a number that is not in there does not compile.
            pub const fn entry(self) -> &'static Entry {
                match self { $(Self::$name => const { catalogue::find(ErrorCode($number)).expect("every code is in the catalogue") },)* }
            }
        }
    };
}

codes! {
    /// A consent lasts longer than the network allows for its purpose.
    TooLong = 231, UNPROCESSABLE_ENTITY;
    /// A document states a period that cannot be.
    PeriodNotSane = 232, UNPROCESSABLE_ENTITY;
    /// A document holds something this custodian cannot enforce.
    NotEnforceable = 233, UNPROCESSABLE_ENTITY;
    /// The sentence is not what the rules say.
    SentenceDiffers = 234, UNPROCESSABLE_ENTITY;
    /// Document, item, commitment and certificate do not belong together.
    NotThisConsent = 235, UNPROCESSABLE_ENTITY;
    /// The grant could not be applied to the ledger as it stands.
    GrantNotApplicable = 236, CONFLICT;
    /// The consent has been revoked.
    AlreadyRevoked = 237, CONFLICT;
    /// An earlier version of the consent is not final yet.
    EarlierPending = 238, CONFLICT;
    /// The relationship holds as many consents as a custodian keeps.
    TooManyConsents = 239, CONFLICT;
    /// No relationship of that name.
    PatientUnknown = 240, NOT_FOUND;
    /// The requester is no member or practitioner that can be verified.
    RequesterUnknown = 241, NOT_FOUND;
    /// Items or purpose are no preset or code.
    RequestNotUnderstood = 242, UNPROCESSABLE_ENTITY;
    /// A FHIR consent with something that cannot be taken over.
    FhirNotTaken = 256, UNPROCESSABLE_ENTITY;
    /// FHIR R4 has no words for a consent.
    FhirCannotSay = 260, UNPROCESSABLE_ENTITY;
    /// No request of that code, or not to this patient.
    RequestUnknown = 262, NOT_FOUND;
    /// The request was answered, withdrawn, or not answered in time.
    RequestEnded = 263, CONFLICT;
    /// The consent goes beyond the request that it answers.
    BeyondRequest = 264, UNPROCESSABLE_ENTITY;
    /// As many requests wait for the patient as may.
    TooManyRequests = 265, CONFLICT;
    /// No decision of that code is in the logs of this hospital, or in that patient's.
    AccessUnknown = 266, NOT_FOUND;

    /// Not final in time: the ledger has not reached that height.
    NotFinalInTime = 301, TOO_EARLY;
    /// The ledger has no certified block yet.
    NothingCertified = 303, TOO_EARLY;
    /// After a start the node does not know yet whether it is up to date.
    CatchingUp = 304, SERVICE_UNAVAILABLE;
    /// The mempool or the private store takes no more now.
    Busy = 305, SERVICE_UNAVAILABLE;
    /// The private store has failed and the node takes nothing more.
    Stopped = 306, SERVICE_UNAVAILABLE;
    /// Too many enrolments or sign-ins in a short time.
    TooMany = 307, TOO_MANY_REQUESTS;
    /// Free disk is below the first threshold: only what ends consents and what reads is taken.
    DiskLow = 308, SERVICE_UNAVAILABLE;
    /// What would be written down has no time that a quorum of hospitals agrees with.
    ClockUnconfirmed = 311, SERVICE_UNAVAILABLE;

    /// No session, or it is over.
    SignIn = 401, UNAUTHORIZED;
    /// No API key, or not one of this node.
    ApiKey = 402, UNAUTHORIZED;
    /// The relationship is not known here.
    RelationshipUnknown = 403, UNAUTHORIZED;
    /// Nothing is there.
    NotFound = 404, NOT_FOUND;
    /// The method is not one of this route.
    MethodNotAllowed = 405, METHOD_NOT_ALLOWED;
    /// The body is not what the route takes.
    BodyNotUnderstood = 406, BAD_REQUEST;
    /// The body is too long.
    BodyTooLong = 407, PAYLOAD_TOO_LARGE;
    /// The request took too long.
    TimedOut = 408, REQUEST_TIMEOUT;
    /// A signature does not hold.
    SignatureWrong = 409, UNPROCESSABLE_ENTITY;
    /// The transaction is not one that this route takes.
    NotARevocation = 410, UNPROCESSABLE_ENTITY;
    /// The proof does not end the consent.
    ProofDoesNotOpen = 411, UNPROCESSABLE_ENTITY;
    /// The root asked about is not one this custodian anchored and still serves.
    RootUnknown = 412, CONFLICT;
    /// The node is a follower, and this takes the hospital's own.
    ReadsOnly = 413, MISDIRECTED_REQUEST;
    /// The query is not what the route takes.
    QueryNotUnderstood = 414, BAD_REQUEST;

    /// The relationship is linked already.
    AlreadyLinked = 501, CONFLICT;
    /// The medical record number is linked to another relationship.
    MrnLinked = 502, CONFLICT;
    /// The code is wrong, expired or used.
    CodeNotOpen = 503, CONFLICT;
    /// Staff have not linked the relationship yet.
    NotLinked = 504, CONFLICT;
    /// Not a medical record number.
    MrnNotUnderstood = 505, UNPROCESSABLE_ENTITY;
    /// The enrolment is for another custodian or states something that cannot be.
    EnrolmentNotForUs = 506, UNPROCESSABLE_ENTITY;
    /// The enrolment was accepted already, or the acceptance names another entry.
    AcceptanceDiffers = 507, CONFLICT;
}

impl Code {
    /// `AMN-` and its number.
    pub fn name(self) -> String {
        self.entry().code.to_string()
    }
    /// What happened, in a few words.
    pub const fn title(self) -> &'static str {
        self.entry().title
    }
    /// What to try.
    pub const fn fix(self) -> &'static str {
        self.entry().fix
    }
}

/// An answer that says what went wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
}

impl Problem {
    /// With the values that help to act on it. `detail` must hold nothing that identifies a person.
    pub fn with_detail(code: Code, detail: impl std::fmt::Display) -> Self {
        Self { code, detail: Some(detail.to_string()) }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What happened, with the values that help to act on it.
    pub(super) fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or(self.code.title())
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, detail: None }
    }
}

/// A problem as it is written (RFC 9457).
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(super) struct Body {
    /// Where the page about it is, on the same node.
    r#type: String,
    /// What happened, in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, with the values that help to act on it.
    detail: String,
    /// `AMN-` and four digits.
    code: String,
    /// What to try.
    fix: &'static str,
}

impl Problem {
    fn body(self) -> Body {
        let Self { code, detail } = self;
        Body {
            r#type: format!("/errors/{}", code.name()),
            title: code.title(),
            status: code.status().as_u16(),
            detail: detail.unwrap_or_else(|| code.title().to_owned()),
            code: code.name(),
            fix: code.fix(),
        }
    }

    /// As JSON, for the reference.
    pub(super) fn json(self) -> serde_json::Value {
        serde_json::to_value(self.body()).expect("a struct of strings and one number is always JSON")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (code, problem) = (self.code, self.clone());
        let json = serde_json::to_vec(&self.body()).expect("a struct of strings and one number is always JSON");
        let mut response = (code.status(), json).into_response();
        // Beside the answer, for those who count and check answers, and for those who say it in other words.
        response.extensions_mut().insert(code);
        response.extensions_mut().insert(problem);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let later = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
        if later.contains(&code.status()) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_number_in_ascending_order() {
        let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.entry().code.0).collect();
        assert!(numbers.len() > 20 && numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[tokio::test]
    async fn a_problem_is_answered_with_its_status_code_and_fix() {
        let response = Problem::with_detail(Code::TooLong, "3650 days asked, 365 allowed").into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["type"], "/errors/AMN-0231");
        assert_eq!(json["code"], "AMN-0231");
        assert_eq!(json["status"], 422);
        assert_eq!(json["detail"], "3650 days asked, 365 allowed");
        assert_eq!(json["fix"], "choose an earlier end");
    }
}
