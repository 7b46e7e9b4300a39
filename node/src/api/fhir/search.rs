//! The query of a search (FHIR R4, `search.html`): each parameter is known and taken, or the search is refused.
//!
//! Deviation: FHIR lets a server pass over parameters it does not know unless `Prefer: handling=strict` says otherwise.
//! Whoever searches accesses must not take all for some, so here strict is what holds unless `handling=lenient` is asked
//! for, and then what was passed over is named in the answer.

use super::outcome::issue;
use crate::api::problem::{Code, Problem};
use crate::api::request::digits;
use amanah_fhir::outcome::{Issue, Severity};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::fmt::Write;

/// Most resources on a page.
pub(in crate::api) const PAGE_MAX: usize = 100;
/// Resources on a page, unless asked otherwise.
const PAGE: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handling {
    Strict,
    Lenient,
}

/// A query of which one parameter after the other is taken.
pub(in crate::api) struct Search {
    open: Vec<(String, String)>,
    taken: Vec<(&'static str, String)>,
    handling: Handling,
}

impl<S: Send + Sync> FromRequestParts<S> for Search {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let open = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let open = open.map_err(|_not_understood| Code::QueryNotUnderstood)?.0;
        let mut preferences = parts.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        let is_lenient = preferences.any(|all| all.split([',', ';']).any(|one| one.trim() == "handling=lenient"));
        let handling = if is_lenient { Handling::Lenient } else { Handling::Strict };
        Ok(Self { open, taken: Vec::new(), handling })
    }
}

impl Search {
    /// Every value of a parameter.
    pub(super) fn every(&mut self, name: &'static str) -> Vec<String> {
        let (of_name, open) = std::mem::take(&mut self.open).into_iter().partition(|(other, _)| other == name);
        self.open = open;
        let values: Vec<String> =
            Vec::from_iter(of_name).into_iter().map(|(_, value): (String, String)| value).collect();
        self.taken.extend(values.iter().map(|value| (name, value.clone())));
        values
    }

    /// The value of a parameter that may stand once.
    pub(super) fn one(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.every(name);
        match values.len() {
            0 | 1 => Ok(values.pop()),
            _several => Err(refused(format!("{name} stands there more than once"))),
        }
    }

    /// How many resources at most.
    pub(super) fn count(&mut self) -> Result<usize, Problem> {
        let Some(typed) = self.one("_count")? else { return Ok(PAGE) };
        let count = digits::<usize>(&typed, 4).filter(|count| (1..=PAGE_MAX).contains(count));
        count.ok_or_else(|| refused(format!("_count is a whole number from 1 to {PAGE_MAX}")))
    }

    /// That nothing is left; what was passed over because that was asked for.
    ///
    /// # Errors
    /// When a parameter is left. Its name is not repeated: it is what a client typed.
    pub(super) fn finish(&mut self, known: &str) -> Result<Vec<Issue>, Problem> {
        if self.open.is_empty() {
            return Ok(Vec::new());
        }
        let unknown = refused(format!("{} of its parameters are none of: {known}", self.open.len()));
        match self.handling {
            Handling::Strict => Err(unknown),
            Handling::Lenient => Ok(vec![issue(&unknown, Severity::Warning)]),
        }
    }

    /// The address of what was asked for, as far as it was taken, with another place to begin at.
    pub(super) fn address(&self, base: &str, of: &str, after: Option<&str>) -> String {
        let kept = self.taken.iter().filter(|(name, _)| after.is_none() || *name != "_after");
        let all = kept.map(|(name, value)| (*name, value.as_str())).chain(after.map(|after| ("_after", after)));
        let mut address = format!("{base}/{of}");
        for (number, (name, value)) in all.enumerate() {
            let sign = if number == 0 { '?' } else { '&' };
            write!(address, "{sign}{}={}", escaped(name), escaped(value)).expect("writing to a string does not fail");
        }
        address
    }
}

/// A query that is not understood, and why.
pub(super) fn refused(why: String) -> Problem {
    Problem::with_detail(Code::QueryNotUnderstood, why)
}

/// What is not unreserved in an address (RFC 3986, 2.3) as its bytes in hexadecimal.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    out
}
