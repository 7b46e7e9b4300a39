//! What a handler gets out of a request: a bounded body, a canonical value, a JSON value, who asks.

use super::App;
use super::problem::{Code, Problem};
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, PublicKey};
use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// A body has arrived whole after this time, or is given up.
pub(crate) const BODY_MAX: Duration = Duration::from_secs(10);

/// The body, within the route's limit.
pub(super) struct Body(Bytes);

impl Body {
    /// Reads a canonical value of at most `bytes_max` bytes.
    pub(super) fn canonical<T: bincode::Encode + bincode::Decode<()>>(&self, bytes_max: usize) -> Result<T, Problem> {
        match codec::decode(&self.0, bytes_max) {
            Ok(value) => Ok(value),
            Err(codec::DecodeError::TooLong { .. }) => Err(Code::BodyTooLong.into()),
            Err(e) => Err(Problem::with_detail(Code::BodyNotUnderstood, e)),
        }
    }

    /// Reads a JSON value. What is wrong with it is not repeated: it may name a person.
    pub(super) fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.0).map_err(|e| {
            Problem::with_detail(Code::BodyNotUnderstood, format!("not the JSON expected, at column {}", e.column()))
        })
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read = tokio::time::timeout(BODY_MAX, Bytes::from_request(request, state));
        match read.await.map_err(|_elapsed| Code::TimedOut)? {
            Ok(bytes) => Ok(Self(bytes)),
            Err(e) if e.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Code::BodyTooLong.into()),
            Err(_broken) => Err(Code::BodyNotUnderstood.into()),
        }
    }
}

/// Largest whole number of a query: the largest that every reader of JSON and of this description holds exactly.
pub(super) const WHOLE_MAX: u64 = (1 << 53) - 1;

/// A whole number of a query: digits and nothing else, at most [`WHOLE_MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Whole(pub(super) u64);

impl<'de> serde::Deserialize<'de> for Whole {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = String::deserialize(deserializer)?;
        let number = digits(&typed, 16).filter(|number| *number <= WHOLE_MAX);
        number.map(Self).ok_or_else(|| serde::de::Error::custom("no whole number"))
    }
}

/// The number that `typed` is written as: at most so many digits, and no sign.
pub(super) fn digits<T: std::str::FromStr>(typed: &str, digits_max: usize) -> Option<T> {
    let is_number = typed.len() <= digits_max && typed.bytes().all(|b| b.is_ascii_digit());
    if is_number { typed.parse().ok() } else { None }
}

/// The query, as the route describes it.
pub(super) struct Query<T>(pub(super) T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // What does not fit is not repeated.
        let query =
            axum::extract::Query::try_from_uri(&parts.uri).map_err(|_not_understood| Code::QueryNotUnderstood)?;
        Ok(Self(query.0))
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// The hash of the key that was shown. Hashes are compared, so the time it takes says nothing about a key.
fn key_hash(parts: &Parts) -> Option<Digest> {
    bearer(parts).map(|key| Digest(*blake3::hash(key.as_bytes()).as_bytes()))
}

/// A signed-in wallet: its relationship key.
pub(super) struct Wallet(pub(super) PublicKey);

impl FromRequestParts<Arc<App>> for Wallet {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let session = bearer(parts).and_then(|token| app.sessions.of(app.now(), token));
        session.map(Self).ok_or_else(|| Code::SignIn.into())
    }
}

/// A system of this hospital, by its API key.
pub(super) struct Hospital;

impl FromRequestParts<Arc<App>> for Hospital {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match key_hash(parts) {
            Some(hash) if app.clients.contains(&hash) => Ok(Self),
            Some(_) | None => Err(Code::ApiKey.into()),
        }
    }
}

/// A follower of this hospital, by its key.
pub(super) struct Follower;

impl FromRequestParts<Arc<App>> for Follower {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        match key_hash(parts) {
            Some(hash) if app.followers.know(&hash) => Ok(Self),
            Some(_) | None => Err(Code::ApiKey.into()),
        }
    }
}

/// That there is disk for what a request adds. What ends a consent, or asks for a decision, is taken without.
pub(super) struct Writing;

impl FromRequestParts<Arc<App>> for Writing {
    type Rejection = Problem;
    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        if (app.takes_writes)() { Ok(Self) } else { Err(Code::DiskLow.into()) }
    }
}

/// Where a request comes from. Kept in memory for counting only.
pub(super) struct From(pub(super) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
        Ok(Self(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// An answer in canonical bytes.
pub(super) struct Canonical<T>(pub(super) T);

impl<T: bincode::Encode> IntoResponse for Canonical<T> {
    fn into_response(self) -> Response {
        let mut response = codec::encode(&self.0).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        response
    }
}
