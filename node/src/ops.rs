//! What operators and their monitors ask, on a port of this machine only: `/livez`, `/readyz`, `/healthz`, `/status`,
//! `/metrics`.

use crate::config::Role;
use crate::health::{Health, LIVE_MAX, Unready};
use crate::http::Bounds;
use crate::metrics::Metrics;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Connections of the ops port: a few monitors on this machine, all with one address.
pub const BOUNDS: Bounds = Bounds::new(64, 32);

/// The node as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of this member, or of this follower.
    pub name: String,
    /// What the node does.
    pub role: Role,
    /// The member that a follower belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<String>,
    /// The network's chain id, in hex.
    pub chain: String,
    /// Height of the newest final block.
    pub height: u64,
    /// Its digest, in hex.
    pub block: String,
    /// Root of the state after it, in hex.
    pub state_root: String,
    /// Consensus view; of a follower, that of the newest final block's certificate.
    pub view: u64,
    /// The other validators; of a follower, all that it asks.
    pub validators: Vec<ValidatorStatus>,
    /// Milliseconds since the validator's loop last turned.
    pub loop_age_ms: u64,
    /// What speaks against serving; empty if nothing does.
    pub unready: Vec<Unready>,
    /// Which validators are proven on the ledger to have contradicted themselves; empty if none is.
    pub contradictions: Vec<Contradicted>,
}

/// A member whose validator is proven on the ledger to have contradicted itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contradicted {
    /// Its name.
    pub member: String,
    /// How: `double-notarize`, `double-finalize` or `nullify-and-finalize`.
    pub kind: String,
    /// Epoch of the two votes.
    pub epoch: u64,
    /// View of the two votes.
    pub view: u64,
    /// Height of the block that holds the proof.
    pub height: u64,
}

/// Another validator, as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidatorStatus {
    /// Its name.
    pub name: String,
    /// Whether messages flow; of a follower, whether it was heard within 15 s.
    pub connected: bool,
    /// Final height it reported last since this node started; to a follower, the newest one it proved.
    pub height: Option<u64>,
}

/// Takes the node's picture and brings the figures that are read on demand up to date.
pub type TakeStatus = Arc<dyn Fn() -> Status + Send + Sync>;

/// Where the figures come from.
#[derive(Clone)]
pub struct Ops {
    /// Everything counted.
    pub metrics: Arc<Metrics>,
    /// The node's picture.
    pub status: TakeStatus,
    /// Looks at every part of the node.
    pub health: Arc<dyn Fn() -> Vec<Health> + Send + Sync>,
}

impl Status {
    /// Whether the validator's loop turns.
    pub fn is_live(&self) -> bool {
        Duration::from_millis(self.loop_age_ms) < LIVE_MAX
    }
}

/// The routes of the ops port.
pub fn router(ops: Ops) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/healthz", get(healthz))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .with_state(ops)
}

/// Never depends on peers, quorum or disk: a restart would not bring those back.
async fn livez(State(ops): State<Ops>) -> Response {
    if (ops.status)().is_live() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the validator's loop hangs\n").into_response()
    }
}

async fn readyz(State(ops): State<Ops>) -> Response {
    let status = (ops.status)();
    if status.unready.is_empty() {
        return "ok\n".into_response();
    }
    let reasons: String = status.unready.iter().map(|reason| format!("{reason}\n")).collect();
    (StatusCode::SERVICE_UNAVAILABLE, reasons).into_response()
}

/// Every part by name, the well ones too.
async fn healthz(State(ops): State<Ops>) -> Response {
    let health = (ops.health)();
    let status = if health.iter().all(|part| part.ok) { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health)).into_response()
}

async fn status(State(ops): State<Ops>) -> Json<Status> {
    Json((ops.status)())
}

async fn metrics(State(ops): State<Ops>) -> Response {
    // Asked for its effect: the figures that are read on demand are now of this moment.
    drop((ops.status)());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], ops.metrics.text()).into_response()
}

#[cfg(test)]
mod tests;
