//! The one place where something that went wrong becomes an answer: RFC 9457 problems with a code and a fix.
//!
//! The table [`Code::ALL`] is the reference of all codes. A problem names what happened and what to try; it never
//! repeats what a client sent, so no answer or log line carries health data, a key or a name.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $status:ident, $title:literal, $fix:literal;)*) => {
        /// Everything that can be wrong with a request.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All codes, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number after `AMN-`.
            pub const fn number(self) -> u16 {
                match self { $(Self::$name => $number,)* }
            }
            /// The HTTP status it is answered with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }
            /// What happened, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
            /// What to try.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }
        }
    };
}

codes! {
    /// A consent lasts longer than the network allows for its purpose.
    TooLong = 231, UNPROCESSABLE_ENTITY, "longer than this network allows", "choose an earlier end";
    /// A document states a period that cannot be.
    PeriodNotSane = 232, UNPROCESSABLE_ENTITY, "the consent's period cannot be", "let it end in the future, after it begins";
    /// A document holds something this custodian cannot enforce.
    NotEnforceable = 233, UNPROCESSABLE_ENTITY, "this hospital cannot enforce that consent", "use the kinds of records, purposes and conditions of the presets";
    /// The sentence is not what the rules say.
    SentenceDiffers = 234, UNPROCESSABLE_ENTITY, "the sentence does not say what the rules say", "update the wallet: it must render the sentence itself";
    /// Document, item, commitment and certificate do not belong together.
    NotThisConsent = 235, UNPROCESSABLE_ENTITY, "document and grant do not belong together", "make the grant again";
    /// The grant could not be applied to the ledger as it stands.
    GrantNotApplicable = 236, CONFLICT, "the ledger does not allow this version of the consent", "ask for the consent's present state and sign the next version";
    /// The consent has been revoked.
    AlreadyRevoked = 237, CONFLICT, "this consent has been revoked", "nothing returns to life: grant a new consent";
    /// An earlier version of the consent is not final yet.
    EarlierPending = 238, CONFLICT, "an earlier version of this consent is not final yet", "wait until it is final, then try again";
    /// The relationship holds as many consents as a custodian keeps.
    TooManyConsents = 239, CONFLICT, "this relationship holds too many consents", "amend a consent instead of granting another";
    /// No relationship of that name.
    PatientUnknown = 240, NOT_FOUND, "no such patient here", "check the P- code";
    /// The requester is no member or practitioner that can be verified.
    RequesterUnknown = 241, NOT_FOUND, "the requester is not known", "name a member of the network or a practitioner of one";
    /// Items or purpose are no preset or code.
    RequestNotUnderstood = 242, UNPROCESSABLE_ENTITY, "the request names something unknown", "use the preset names and purposes of the reference";

    /// Not final in time: the ledger has not reached that height.
    NotFinalInTime = 301, SERVICE_UNAVAILABLE, "not final in time", "ask again: what was sent becomes final by itself, exactly once";
    /// The ledger has no certified block yet.
    NothingCertified = 303, SERVICE_UNAVAILABLE, "the ledger has no certified block yet", "ask again once the first transaction is final";
    /// After a start the node does not know yet whether it is up to date.
    CatchingUp = 304, SERVICE_UNAVAILABLE, "this node has just started and is catching up", "ask again: it answers once enough hospitals have told it their height";
    /// The mempool or the private store takes no more now.
    Busy = 305, SERVICE_UNAVAILABLE, "this node is busy", "try again in a moment";
    /// The private store has failed and the node takes nothing more.
    Stopped = 306, SERVICE_UNAVAILABLE, "this hospital's private store has stopped", "tell the hospital's operator: the node's log says why";
    /// Too many enrolments or sign-ins in a short time.
    TooMany = 307, TOO_MANY_REQUESTS, "too many requests", "try again in a minute";
    /// Free disk is below the first threshold: only what ends consents and what reads is taken.
    DiskLow = 308, SERVICE_UNAVAILABLE, "this hospital's disk is nearly full", "tell the hospital's operator; revocations are still taken";
    /// What would be written down has no time that a quorum of hospitals agrees with.
    ClockUnconfirmed = 309, SERVICE_UNAVAILABLE, "this hospital's clock is not confirmed by the others", "ask again once enough hospitals are heard; if it lasts, tell the hospital's operator to set the clock";

    /// No session, or it is over.
    SignIn = 401, UNAUTHORIZED, "not signed in", "sign in again: a session lasts 15 minutes";
    /// No API key, or not one of this node.
    ApiKey = 402, UNAUTHORIZED, "not a key of this hospital", "use a profile whose API key is registered at this node";
    /// The relationship is not known here.
    RelationshipUnknown = 403, UNAUTHORIZED, "this hospital does not know that key", "enrol first: amanah enrol HOSPITAL";
    /// Nothing is there.
    NotFound = 404, NOT_FOUND, "nothing is there", "check the address";
    /// The method is not one of this route.
    MethodNotAllowed = 405, METHOD_NOT_ALLOWED, "not something this address does", "check the method";
    /// The body is not what the route takes.
    BodyNotUnderstood = 406, BAD_REQUEST, "the body is not what this address takes", "update the client: the formats may differ";
    /// The body is too long.
    BodyTooLong = 407, PAYLOAD_TOO_LARGE, "the body is too long", "send less at once";
    /// The request took too long.
    TimedOut = 408, REQUEST_TIMEOUT, "the request took too long", "try again";
    /// A signature does not hold.
    SignatureWrong = 409, UNPROCESSABLE_ENTITY, "a signature does not hold", "sign again with the right key, on the right network";
    /// The transaction is not one that this route takes.
    NotARevocation = 410, UNPROCESSABLE_ENTITY, "only revocations are taken here", "grants go to the custodian, as a grant request";
    /// The proof does not end the consent.
    ProofDoesNotOpen = 411, UNPROCESSABLE_ENTITY, "the proof does not end this consent", "use the consent's own key or the slip it was made with";
    /// The root asked about is not one this custodian anchored and still serves.
    RootUnknown = 412, CONFLICT, "this hospital has no tree with that root", "ask again with the newest anchored root of the day";
    /// The node is a follower, and this takes the hospital's own.
    ReadsOnly = 413, MISDIRECTED_REQUEST, "this node only serves reads", "ask the hospital's own node";

    /// The relationship is linked already.
    AlreadyLinked = 501, CONFLICT, "this relationship is linked already", "nothing to do: grant and revoke as you like";
    /// The medical record number is linked to another relationship.
    MrnLinked = 502, CONFLICT, "this patient has a relationship already", "check the number; a replaced wallet is recovered, not enrolled again";
    /// The code is wrong, expired or used.
    CodeNotOpen = 503, CONFLICT, "the code is wrong, expired or used", "let the patient enrol again and read the new code";
    /// Staff have not linked the relationship yet.
    NotLinked = 504, CONFLICT, "this hospital has not linked your wallet to you yet", "show the nine-digit code at the desk, then try again";
    /// Not a medical record number.
    MrnNotUnderstood = 505, UNPROCESSABLE_ENTITY, "not a medical record number", "type 1 to 64 printable characters";
    /// The enrolment is for another custodian or states something that cannot be.
    EnrolmentNotForUs = 506, UNPROCESSABLE_ENTITY, "that enrolment is not for this hospital", "enrol with the network file of this network";
    /// The enrolment was accepted already, or the acceptance names another entry.
    AcceptanceDiffers = 507, CONFLICT, "the acceptance does not fit the enrolment", "read the log and accept its first entry";
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
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self { code, detail: None }
    }
}

#[derive(serde::Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: String,
    fix: &'a str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = format!("AMN-{:04}", self.code.number());
        let body = Body {
            r#type: format!("urn:amanah:error:{code}"),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.as_deref().unwrap_or(self.code.title()),
            fix: self.code.fix(),
            code,
        };
        let json = serde_json::to_vec(&body).expect("a struct of strings and one number is always JSON");
        let mut response = (self.code.status(), json).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.code.status() == StatusCode::SERVICE_UNAVAILABLE || self.code == Code::TooMany {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
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
        let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(numbers.len() > 20 && numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }

    #[tokio::test]
    async fn a_problem_is_answered_with_its_status_code_and_fix() {
        let response = Problem::with_detail(Code::TooLong, "3650 days asked, 365 allowed").into_response();
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let bytes = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["code"], "AMN-0231");
        assert_eq!(json["status"], 422);
        assert_eq!(json["detail"], "3650 days asked, 365 allowed");
        assert_eq!(json["fix"], "choose an earlier end");
    }
}
