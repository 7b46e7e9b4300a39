//! The HTTP API of a node: what is public, what wallets do, what a hospital's systems do.
//!
//! Handlers check what can be checked without the private store, then send an act to the custodian and wait until
//! what it wrote is durable. Bodies, waits and concurrent requests are bounded. Logs name the route's template, the
//! status and the time it took: no path, no address, no body. Every refusal is a [`Problem`].

mod accesses;
mod answers;
mod errors;
mod events;
mod fhir;
mod follower;
mod followers;
mod hospital;
mod openapi;
mod operation;
mod problem;
mod public;
mod rate;
mod reading;
mod refusal;
mod request;
mod requester;
mod requests;
mod routes;
mod sessions;
mod wallet;

pub(crate) use answers::ANSWER_BYTES_MAX;
pub(crate) use events::LISTENERS_MAX;
pub use follower::{FollowerApp, follower_router};
pub(crate) use followers::{SERVED_BYTES_PER_SECOND, SERVED_MAX};
pub use problem::{Code, Problem};
pub use reading::LedgerReading;
pub(crate) use request::BODY_MAX;

use crate::config::{ClientConfig, FollowerKeyConfig, StaffConfig};
use crate::custodian::{Clock, Custodian};
use amanah_ledger::crypto::{Digest, Keypair};
use amanah_ledger::exchange::GRANT_REQUEST_BYTES_MAX;
use amanah_ledger::genesis::Genesis;
use amanah_ledger::member::MemberId;
use amanah_ledger::network_file::NetworkFile;
use amanah_ledger::time::UnixMs;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use followers::Followers;
use operation::Operation;
pub(crate) use public::Public;
use rate::RateLimit;
use request::From as Caller;
use sessions::Sessions;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};

/// Most connections at once: a process may have 1024 files open unless told otherwise, and the node needs some itself.
pub const CONNECTIONS_MAX: usize = 768;

/// Connections of one address, unless configured otherwise: a third, so that no address shuts out another.
pub const ADDRESS_CONNECTIONS: usize = 256;
/// Requests of one address in a minute, unless configured otherwise.
pub const ADDRESS_REQUESTS_PER_MINUTE: u32 = 60_000;
/// Enrolments of one address in a minute, unless configured otherwise.
pub const ADDRESS_ENROLMENTS_PER_MINUTE: u32 = 60;
/// Longest body of a request.
pub(crate) const BODY_BYTES_MAX: usize = GRANT_REQUEST_BYTES_MAX;
/// Requests that are worked on at once.
const CONCURRENT_MAX: usize = 4096;
/// Of these, requests that wait for a height: whoever waits keeps nobody out who revokes or decides.
const WAITING_MAX: usize = 1024;
/// Of these, requests for the proofs of days, which the custodian makes one day after the other between other acts.
const PROVING_MAX: usize = 4;
/// Of these, searches for an access, which look through logs between other acts.
const SEARCHING_MAX: usize = 1;
/// A request that takes longer is given up; longer than the longest wait for a height.
const TIMEOUT: Duration = Duration::from_millis(public::WAIT_MS_MAX + 10_000);

/// How often one address may ask, in a minute.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Anything at all.
    pub requests_per_minute: u32,
    /// Enrolments.
    pub enrolments_per_minute: u32,
    /// Revocations of consents that are not on the ledger.
    pub unknown_revocations_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: ADDRESS_REQUESTS_PER_MINUTE,
            enrolments_per_minute: ADDRESS_ENROLMENTS_PER_MINUTE,
            unknown_revocations_per_minute: 30,
        }
    }
}

/// What the API serves.
pub struct ApiSetup {
    /// The member's name.
    pub name: String,
    /// Its id.
    pub member: MemberId,
    /// Where the network began.
    pub genesis: Arc<Genesis>,
    /// The network file as wallets get it.
    pub network: NetworkFile,
    /// Signs directory entries.
    pub gateway: Arc<Keypair>,
    /// Practitioners the hospital vouches for.
    pub staff: Vec<StaffConfig>,
    /// Systems that may use the hospital's part.
    pub clients: Vec<ClientConfig>,
    /// Followers that may have the blocks.
    pub followers: Vec<FollowerKeyConfig>,
    /// What one address may ask.
    pub limits: Limits,
    /// Turns true when the node stops: listeners are let go then.
    pub stopping: watch::Receiver<bool>,
}

/// Whether the disk has room for more than revocations, whenever it is asked.
pub type TakesWrites = Arc<dyn Fn() -> bool + Send + Sync>;

/// What handlers stand on.
pub struct App {
    name: String,
    member: MemberId,
    chain: Digest,
    genesis: Arc<Genesis>,
    reads: Public,
    gateway: Arc<Keypair>,
    staff: Vec<StaffConfig>,
    clients: BTreeSet<Digest>,
    followers: Followers,
    custodian: Custodian,
    ledger: LedgerReading,
    clock: Clock,
    takes_writes: TakesWrites,
    sessions: Sessions,
    enrolments: RateLimit,
    unknown_revocations: RateLimit,
    proving: Semaphore,
    searching: Semaphore,
    place: fhir::Place,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({})", self.name)
    }
}

impl App {
    /// Puts the API together.
    pub fn new(
        setup: ApiSetup,
        custodian: Custodian,
        ledger: LedgerReading,
        clock: Clock,
        takes_writes: TakesWrites,
    ) -> Arc<Self> {
        let requests_per_minute = setup.limits.requests_per_minute;
        let place = fhir::Place::of(&setup.network, &setup.member);
        let reads = Public::new(setup.network, ledger.reads().clone(), requests_per_minute, setup.stopping);
        Arc::new(Self {
            name: setup.name,
            member: setup.member,
            chain: setup.genesis.chain(),
            genesis: setup.genesis,
            reads,
            gateway: setup.gateway,
            staff: setup.staff,
            clients: setup.clients.into_iter().map(|client| client.key_hash).collect(),
            followers: Followers::new(setup.followers),
            custodian,
            ledger,
            clock,
            takes_writes,
            sessions: Sessions::default(),
            enrolments: RateLimit::new(setup.limits.enrolments_per_minute),
            unknown_revocations: RateLimit::new(setup.limits.unknown_revocations_per_minute),
            proving: Semaphore::new(PROVING_MAX),
            searching: Semaphore::new(SEARCHING_MAX),
            place,
        })
    }

    /// The custodian's time, as good as it is.
    fn now(&self) -> UnixMs {
        (self.clock)().time()
    }
}

impl FromRef<Arc<App>> for Public {
    fn from_ref(app: &Arc<App>) -> Self {
        app.reads.clone()
    }
}

/// All routes of a hospital's own node.
pub fn router(app: Arc<App>) -> Router {
    let reads = app.reads.clone();
    served(routed(routes::all()), reads).with_state(app)
}

/// A router of these operations; methods of one address come together.
fn routed<S: Clone + Send + Sync + 'static>(operations: Vec<Operation<S>>) -> Router<S> {
    operations.into_iter().fold(Router::new(), |routes, operation| routes.route(operation.path, operation.answers_with))
}

/// The routes with what holds for all: what is not there, how long a body may be, how much is done at once.
fn served<S: Clone + Send + Sync + 'static>(routes: Router<S>, reads: Public) -> Router<S> {
    routes
        .fallback(|| async { Problem::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Problem::from(Code::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(reads, bounded))
        .layer(middleware::from_fn(fhir::in_own_words))
}

/// The description of the API that a node serves at `/openapi.json`.
pub fn description() -> String {
    openapi::of(&routes::all()).to_pretty_json().expect("a description is made of strings and numbers")
}

/// Takes no more requests at once than [`CONCURRENT_MAX`], none for longer than [`TIMEOUT`], and logs each by its
/// template alone.
async fn bounded(
    State(reads): State<Public>,
    Caller(address): Caller,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let (method, began) = (request.method().clone(), Instant::now());
    if !reads.requests.allows(address, began) {
        return Problem::from(Code::TooMany).into_response();
    }
    let Ok(_permit) = reads.working.try_acquire() else { return Problem::from(Code::Busy).into_response() };
    let response = match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::from(Code::TimedOut).into_response(),
    };
    let response = reads.answers.charge(response).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    tracing::debug!(%method, route, status, ms, "answered");
    response
}

#[cfg(test)]
mod tests;
