//! The API of a follower: what anybody may ask of a node, and nothing that only a hospital's own node can do.

use super::problem::{Code, Problem};
use super::public::{self, Public};
use super::request::Canonical;
use super::{routed, routes, served};
use crate::node::{Directory, NoEntry};
use crate::ops::{TakeStatus, ValidatorStatus};
use amanah_ledger::directory::SignedDirectoryEntry;
use amanah_ledger::position::Height;
use axum::extract::{FromRef, Path, State};
use axum::routing::any;
use axum::{Json, Router};
use std::sync::Arc;

/// Routes that a hospital's own node has and a follower has not.
const ELSEWHERE: [&str; 12] = [
    "/v1/blocks",
    "/v1/tx",
    "/v1/enrolments",
    "/v1/login",
    "/v1/login/{step}",
    "/v1/me",
    "/v1/me/{part}",
    "/v1/patients",
    "/v1/decisions",
    "/fhir/r4/{*resource}",
    "/cds-services",
    "/cds-services/{id}",
];

/// What handlers stand on.
pub struct FollowerApp {
    reads: Public,
    directory: Directory,
    status: TakeStatus,
}

impl std::fmt::Debug for FollowerApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FollowerApp")
    }
}

impl FollowerApp {
    /// Puts the API together over what [`Public::new`] makes.
    pub(crate) fn new(reads: Public, directory: Directory, status: TakeStatus) -> Arc<Self> {
        Arc::new(Self { reads, directory, status })
    }
}

impl FromRef<Arc<FollowerApp>> for Public {
    fn from_ref(app: &Arc<FollowerApp>) -> Self {
        app.reads.clone()
    }
}

/// All routes of a follower.
pub fn follower_router(app: Arc<FollowerApp>) -> Router {
    let reads = app.reads.clone();
    let routes = routed(routes::follower());
    let routes = ELSEWHERE.iter().fold(routes, |routes, path| routes.route(path, any(elsewhere)));
    served(routes, reads).with_state(app)
}

pub(super) async fn status(State(app): State<Arc<FollowerApp>>) -> Json<public::Status> {
    let node = (app.status)();
    let head = app.reads.ledger.view();
    let heard = node.validators.iter().filter(|member| member.connected);
    Json(public::Status {
        name: node.name.clone(),
        role: node.role,
        follows: node.follows.clone(),
        height: head.height(),
        block: *head.tip.digest(),
        state_root: head.tip.header().state_root,
        view: head.finalization.as_ref().map_or_else(Default::default, |finalization| finalization.content.view()),
        leader: None,
        waiting: None,
        peers: heard.map(|member| member.name.clone()).collect(),
        validators: node.validators.iter().map(seen).collect(),
        caught_up: node.unready.is_empty(),
    })
}

fn seen(member: &ValidatorStatus) -> public::Seen {
    let ValidatorStatus { name, connected, height } = member;
    public::Seen { name: name.clone(), connected: *connected, height: height.map(Height), voted: None }
}

pub(super) async fn practitioner(
    State(app): State<Arc<FollowerApp>>,
    Path(handle): Path<String>,
) -> Result<Canonical<SignedDirectoryEntry>, Problem> {
    let head = app.reads.ledger.view();
    match app.directory.entry(&head.tip, &handle).await {
        Ok(entry) => Ok(Canonical(entry)),
        Err(NoEntry::Unknown) => Err(Code::NotFound.into()),
        Err(NoEntry::NotNow) => Err(Code::Busy.into()),
    }
}

async fn elsewhere() -> Problem {
    Code::ReadsOnly.into()
}
