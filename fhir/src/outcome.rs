//! `OperationOutcome` (FHIR R4 4.0.1): what went wrong, or what is left out of an answer, by this project's own codes.

use serde::Serialize;
use serde_json::{Value, json};

/// The system of this project's codes of errors, `AMN-nnnn`.
pub const ERROR: &str = "urn:amanah:error";

/// How much it matters (value set `issue-severity`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The request failed.
    Error,
    /// There is an answer, and something is not in it.
    Warning,
}

/// What kind of thing it is (value set `issue-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueType {
    /// The content is not what the operation takes.
    Invalid,
    /// Something is asked for that is not done.
    NotSupported,
    /// Nothing is there.
    NotFound,
    /// The content is longer than is taken.
    TooLong,
    /// What is there cannot be said, or not be done as it stands.
    BusinessRule,
    /// It contradicts what is there.
    Conflict,
    /// The caller is not known.
    Login,
    /// It may work later.
    Transient,
    /// Too often.
    Throttled,
    /// It took too long.
    Timeout,
    /// Part of what was asked for is not in the answer.
    Incomplete,
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// How much it matters.
    pub severity: Severity,
    /// What kind of thing it is.
    pub kind: IssueType,
    /// `AMN-` and four digits.
    pub code: String,
    /// What the catalogue calls it.
    pub title: String,
    /// What happened. Names no person.
    pub detail: String,
    /// What to try.
    pub fix: String,
}

impl Issue {
    fn written(&self) -> Value {
        let Self { severity, kind, code, title, detail, fix } = self;
        json!({
            "severity": severity,
            "code": kind,
            "details": {
                "coding": [{ "system": ERROR, "code": code, "display": title }],
                "text": detail,
            },
            "diagnostics": fix,
        })
    }
}

/// The resource that says all of this.
pub fn outcome(issues: &[Issue]) -> Value {
    json!({ "resourceType": "OperationOutcome", "issue": issues.iter().map(Issue::written).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_has_code_detail_and_fix_where_fhir_has_a_place_for_them() {
        let issue = Issue {
            severity: Severity::Error,
            kind: IssueType::NotFound,
            code: "AMN-0404".to_owned(),
            title: "nothing is there".to_owned(),
            detail: "no such consent".to_owned(),
            fix: "look again".to_owned(),
        };
        let expected = json!({ "resourceType": "OperationOutcome", "issue": [{
            "severity": "error",
            "code": "not-found",
            "details": {
                "coding": [{ "system": "urn:amanah:error", "code": "AMN-0404", "display": "nothing is there" }],
                "text": "no such consent",
            },
            "diagnostics": "look again",
        }] });
        assert_eq!(outcome(&[issue]), expected);
    }
}
