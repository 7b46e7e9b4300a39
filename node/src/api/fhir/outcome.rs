//! A problem of the API as an OperationOutcome: the same code, the same fix, the same status.

use super::PATH;
use crate::api::problem::{Code, Problem};
use amanah_fhir::capability::CONTENT_TYPE;
use amanah_fhir::outcome::{Issue, IssueType, Severity, outcome};
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

/// What is wrong with a request under [`PATH`], whoever found it, is said in FHIR.
pub(in crate::api) async fn in_own_words(request: Request, next: Next) -> Response {
    let rest = request.uri().path().strip_prefix(PATH);
    let is_fhir = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut response = next.run(request).await;
    let problem = response.extensions().get::<Problem>().filter(|_| is_fhir).cloned();
    if let Some(problem) = problem {
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        *response.body_mut() = Body::from(said(&problem).to_string());
    }
    response
}

/// The problem as a resource.
pub(in crate::api) fn said(problem: &Problem) -> Value {
    outcome(&[issue(problem, Severity::Error)])
}

/// The problem as one thing among others to say.
pub(super) fn issue(problem: &Problem, severity: Severity) -> Issue {
    let code = problem.code();
    let kind = match severity {
        Severity::Error => kind(code),
        Severity::Warning => IssueType::Incomplete,
    };
    Issue {
        severity,
        kind,
        code: code.name(),
        title: code.title().to_owned(),
        detail: problem.detail().to_owned(),
        fix: code.fix().to_owned(),
    }
}

fn kind(code: Code) -> IssueType {
    match code.status() {
        StatusCode::UNAUTHORIZED => IssueType::Login,
        StatusCode::NOT_FOUND => IssueType::NotFound,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::MISDIRECTED_REQUEST => IssueType::NotSupported,
        StatusCode::CONFLICT => IssueType::Conflict,
        StatusCode::PAYLOAD_TOO_LARGE => IssueType::TooLong,
        StatusCode::UNPROCESSABLE_ENTITY => IssueType::BusinessRule,
        StatusCode::TOO_MANY_REQUESTS => IssueType::Throttled,
        StatusCode::REQUEST_TIMEOUT => IssueType::Timeout,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_EARLY => IssueType::Transient,
        _bad_request => IssueType::Invalid,
    }
}
