//! The parts of a running node and how they are joined.

use super::outlook::Outlook;
use super::{DRAIN_MAX, disk, failure};
use crate::api::{self, ApiSetup, App, LedgerReading, Limits};
use crate::clock::ConfirmedClock;
use crate::config::{ApiConfig, OpsConfig};
use crate::custodian::{Clock, Custodian, Desk, KeyFilePaths, Setup, StoreError};
use crate::exit::{Exit, Failure};
use crate::home::Home;
use crate::http::{self, Bounds};
use crate::metrics::Metrics;
use crate::network::{NetworkConfig, NetworkHandle, Peer};
use crate::ops::{self, Ops};
use crate::runtime::{LedgerHandle, Running, Runtime, RuntimeConfig, moment};
use crate::scrub::Scrub;
use amanah_consensus::Timing;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::store::quarantine;
use amanah_ledger::transaction::SignedTransaction;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Transactions of the custodian that wait for the validator.
const OUTBOX_MAX: usize = 256;
/// How long a node that replaces its database waits for its own addresses.
pub(super) const PORTS_MAX: Duration = Duration::from_secs(10);
pub(super) const PORTS_LOOK: Duration = Duration::from_millis(100);

/// A running node.
pub struct Node {
    ledger: LedgerHandle,
    runtime: Running,
    custodian: Custodian,
    custodian_thread: JoinHandle<Result<(), StoreError>>,
    scrub: Option<Scrub>,
    metrics: Arc<Metrics>,
    disk: disk::Watch,
    servers: JoinSet<()>,
    joints: JoinSet<()>,
    stop: watch::Sender<bool>,
    /// Last: as long as the node runs, nobody else may use its home.
    home: Home,
}

/// Why a running node cannot go on as it is.
#[derive(Debug)]
pub enum Broken {
    /// A part of it has ended, or the disk is full: the process ends.
    For(Failure),
    /// The ledger's database is damaged: the node replaces it and starts anew ([`Node::rebuild`]).
    Damaged(&'static str),
}

impl Node {
    /// Starts the node of this home.
    ///
    /// # Errors
    /// When a part cannot start; what had started is gone then.
    pub async fn start(home: Home) -> Result<Self, Failure> {
        Self::start_counting(home, Arc::new(Metrics::new())).await
    }

    async fn start_counting(home: Home, metrics: Arc<Metrics>) -> Result<Self, Failure> {
        // Addresses first: a port in use is the commonest mistake, and the cheapest to find.
        let api = listen("api.listen", *home.config().api.listen.get_ref()).await?;
        let ops = listen("ops.listen", *home.config().ops.listen.get_ref()).await?;
        warn_of_plain_http(&home.config().api, &home.config().ops, &metrics);
        let disk = disk::Watch::start(home.dir(), home.config().storage)?;
        let opened = open_runtime(&home, &metrics).await?;
        home.remember_start()?;
        if let Some(rebuilt) = opened.rebuilt() {
            metrics.ledger.rebuilds.inc();
            tracing::warn!(why = rebuilt.why, aside = %rebuilt.aside.display(), "the ledger's database was damaged; it is being rebuilt");
        }
        let ledger = opened.handle();
        let (network, events) =
            NetworkHandle::start(network_config(&home, &metrics)).await.map_err(failure::network)?;
        let address = network.listen_address().clone();
        let runtime = opened.start(network, events).map_err(failure::no_thread)?;
        let (outbox, to_ledger) = mpsc::channel(OUTBOX_MAX);
        let clock = ConfirmedClock::default();
        let (custodian, custodian_thread) = open_custodian(&home, &ledger, &clock, outbox).await?;
        let mut joints = JoinSet::new();
        joints.spawn(compare_clocks(ledger.clone(), clock.clone()));
        joints.spawn(submit_all(ledger.clone(), to_ledger));
        joints.spawn(wake_at_new_heads(ledger.clone(), custodian.clone()));
        let (stop, stopping) = watch::channel(false);
        let app = app(&home, &ledger, &clock, custodian.clone(), disk.clone(), stopping.clone())?;
        let outlook =
            Outlook::new(&home, ledger.clone(), Arc::clone(&metrics), disk.clone(), clock.clone(), custodian.life());
        let ops_routes = ops::router(ops_of(outlook, clock, &metrics));
        let mut servers = JoinSet::new();
        servers.spawn(serve(ops, ops_routes, ops::BOUNDS, stopping.clone()));
        servers.spawn(serve(api, api::router(app), api_bounds(&home), stopping));
        let rate = home.config().storage.scrub_mib_per_hour;
        let scrub = Scrub::start(ledger.reads().clone(), Some(custodian.clone()), rate, Arc::clone(&metrics));
        let scrub = scrub.map_err(failure::no_thread)?;
        let chain = home.chain();
        tracing::info!(name = home.config().node.name, %chain, height = ledger.view().height().0, %address, "running");
        Ok(Self { ledger, runtime, custodian, custodian_thread, scrub, metrics, disk, servers, joints, stop, home })
    }

    /// The ledger as this node knows it.
    pub fn ledger(&self) -> &LedgerHandle {
        &self.ledger
    }

    /// The custodian of this hospital.
    pub fn custodian(&self) -> &Custodian {
        &self.custodian
    }

    /// What it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Why the node cannot go on, if so.
    pub fn broken(&self) -> Option<Broken> {
        if let Some(why) = self.ledger.damage().found() {
            return Some(Broken::Damaged(why));
        }
        if !self.runtime.is_running() {
            return Some(Broken::For(failure::ended("consensus")));
        }
        if self.custodian_thread.is_finished() {
            return Some(Broken::For(failure::ended("custodian")));
        }
        self.disk.is_full().then(|| Broken::For(failure::disk_full(self.home.dir())))
    }

    /// Stops, moves the damaged database aside, and starts with an empty one, which fills itself from the vote log and
    /// the peers. What the node counts goes on.
    ///
    /// # Errors
    /// When the database cannot be moved, or the node does not start again.
    pub async fn rebuild(self, why: &'static str) -> Result<Self, Failure> {
        let (ledger_dir, metrics) = (self.home.ledger_dir(), Arc::clone(&self.metrics));
        // Held all the way: nobody else starts on this home meanwhile.
        let home = self.end().await?;
        let moved =
            blocking(move || quarantine(&ledger_dir, &moment()).map_err(|error| failure::recovery(error.into())));
        let aside = moved.await?;
        metrics.ledger.rebuilds.inc();
        tracing::warn!(why, aside = %aside.display(), "the ledger's database was damaged; it is being rebuilt");
        let deadline = Instant::now() + PORTS_MAX;
        loop {
            match Self::start_counting(home.again()?, Arc::clone(&metrics)).await {
                // The system may still hold the addresses of what has just stopped.
                Err(failure) if failure.exit == Exit::Config && Instant::now() < deadline => sleep(PORTS_LOOK).await,
                other => return other,
            }
        }
    }

    /// Stops: no new requests, then no new promises, then no new votes; everything durable.
    ///
    /// # Errors
    /// When the private store had failed: a restart would not help.
    pub async fn stop(self) -> Result<(), Failure> {
        self.end().await.map(drop)
    }

    async fn end(self) -> Result<Home, Failure> {
        let Self { runtime, custodian, custodian_thread, scrub, mut servers, mut joints, stop, home, .. } = self;
        stop.send_replace(true);
        if timeout(DRAIN_MAX, async { while servers.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("requests under way were cut off");
            servers.shutdown().await;
        }
        joints.shutdown().await;
        drop(custodian);
        let threads = tokio::task::spawn_blocking(move || {
            if let Some(scrub) = scrub {
                scrub.stop();
            }
            let ended = match custodian_thread.join() {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(failure::private(&error)),
                Err(_panic) => Err(failure::ended("custodian")),
            };
            runtime.stop();
            ended
        });
        let ended = threads.await.unwrap_or_else(|_panicked| Err(failure::ended("stop")));
        tracing::info!("stopped");
        ended.map(|()| home)
    }
}

pub(super) async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let detail = format!("{key}: cannot listen on {address}: {error}");
        Failure::new(Exit::Config, "AMN-1006", detail, "choose a free address in config.toml")
    })
}

pub(super) fn warn_of_plain_http(api: &ApiConfig, ops: &OpsConfig, metrics: &Metrics) {
    if !ops.listen.get_ref().ip().is_loopback() {
        tracing::warn!("metrics and health answer beyond this machine, as configured (insecure_http)");
    }
    if !api.listen.get_ref().ip().is_loopback() {
        metrics.ledger.insecure_http.set(1);
        tracing::warn!("the API answers plain HTTP beyond this machine, as configured (insecure_http)");
    }
}

async fn open_runtime(home: &Home, metrics: &Arc<Metrics>) -> Result<Runtime, Failure> {
    let mut seed = [0; 8];
    getrandom::fill(&mut seed).map_err(|error| failure::no_randomness(&error))?;
    let config = RuntimeConfig {
        genesis: home.genesis().clone(),
        member: home.member(),
        signer: Box::new(home.keys().consensus.keypair()),
        verifier: Arc::new(Ed25519),
        timing: Timing::default(),
        jitter_seed: u64::from_le_bytes(seed),
        history: home.key_history(),
        votes_dir: home.votes_dir(),
        ledger_dir: home.ledger_dir(),
        stop_mark: home.stop_mark(),
        metrics: Arc::clone(metrics),
    };
    blocking(move || Runtime::open(config).map_err(failure::recovery)).await
}

fn network_config(home: &Home, metrics: &Arc<Metrics>) -> NetworkConfig {
    let config = home.config();
    let founders = home.genesis().founders.iter().zip(0u8..);
    let others = founders.filter(|(founder, _)| founder.id() != home.member());
    let peers = others.map(|(founder, index)| Peer {
        index: amanah_ledger::committee::ValidatorIndex(index),
        name: founder.name.to_string(),
        key: founder.keys.node,
        address: config.p2p.peers.get(founder.name.as_str()).cloned(),
    });
    NetworkConfig {
        chain: home.chain(),
        node_seed: home.keys().node.bytes(),
        listen: config.p2p.listen.clone(),
        peers: peers.collect(),
        metrics: Arc::clone(metrics),
    }
}

async fn open_custodian(
    home: &Home,
    ledger: &LedgerHandle,
    clock: &ConfirmedClock,
    outbox: mpsc::Sender<SignedTransaction>,
) -> Result<(Custodian, JoinHandle<Result<(), StoreError>>), Failure> {
    let private = home.private_dir();
    let setup = Setup {
        genesis: Arc::new(home.genesis().clone()),
        member: home.member(),
        gateway: Arc::new(home.keys().gateway.keypair()),
        vault_dir: private.join("vault"),
        days_dir: private.join("days"),
        keys: KeyFilePaths { table: private.join("keys.table"), table_key_dir: home.private_keys_dir() },
    };
    let (ledger, clock) = (ledger.clone(), clock.clone());
    blocking(move || {
        let desk =
            Desk::open(setup, &ledger.view().tip, clock.now().time()).map_err(|error| failure::private(&error))?;
        let clock: Clock = Arc::new(move || clock.now());
        let newest = Box::new(move || ledger.view().tip.clone());
        Custodian::start(desk, clock, newest, outbox).map_err(failure::no_thread)
    })
    .await
}

/// Runs what reads and writes files where it holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_panicked| Err(failure::ended("start")))
}

/// What the ops port answers from.
fn ops_of(outlook: Outlook, clock: ConfirmedClock, metrics: &Arc<Metrics>) -> Ops {
    let outlook = Arc::new(outlook);
    let looked = Arc::clone(&outlook);
    Ops {
        metrics: Arc::clone(metrics),
        status: Arc::new(move || outlook.status()),
        health: Arc::new(move || looked.health(clock.now().time())),
    }
}

/// The API over custodian and ledger.
fn app(
    home: &Home,
    ledger: &LedgerHandle,
    clock: &ConfirmedClock,
    custodian: Custodian,
    disk: disk::Watch,
    stopping: watch::Receiver<bool>,
) -> Result<Arc<App>, Failure> {
    let config = home.config();
    let setup = ApiSetup {
        name: config.node.name.clone(),
        member: home.member(),
        genesis: Arc::new(home.genesis().clone()),
        network: home.network_file()?,
        gateway: Arc::new(home.keys().gateway.keypair()),
        staff: config.staff.clone(),
        clients: config.clients.clone(),
        followers: config.followers.clone(),
        limits: Limits {
            requests_per_minute: config.api.address_requests_per_minute,
            enrolments_per_minute: config.api.address_enrolments_per_minute,
            ..Limits::default()
        },
        stopping,
    };
    let reading = LedgerReading::new(ledger.reads().clone(), ledger.watch_status());
    let clock = clock.clone();
    Ok(App::new(setup, custodian, reading, Arc::new(move || clock.now()), Arc::new(move || !disk.is_low())))
}

/// Hands the custodian's transactions to the validator. What is refused the custodian sends again, later.
async fn submit_all(ledger: LedgerHandle, mut transactions: mpsc::Receiver<SignedTransaction>) {
    while let Some(transaction) = transactions.recv().await {
        if let Err(error) = ledger.submit(transaction).await {
            tracing::warn!(%error, "a transaction of this hospital was not taken");
        }
    }
}

/// Holds the custodian's clock against the others' whenever one of them says something.
async fn compare_clocks(ledger: LedgerHandle, clock: ConfirmedClock) {
    let mut status = ledger.watch_status();
    loop {
        clock.compare(&status.borrow_and_update().standing.clocks);
        if status.changed().await.is_err() {
            return;
        }
    }
}

async fn wake_at_new_heads(ledger: LedgerHandle, custodian: Custodian) {
    let mut heads = ledger.watch();
    while heads.changed().await.is_ok() {
        custodian.wake();
    }
}

fn api_bounds(home: &Home) -> Bounds {
    Bounds::new(api::CONNECTIONS_MAX, home.config().api.address_connections)
}

pub(super) async fn serve(
    listener: TcpListener,
    routes: axum::Router,
    bounds: Bounds,
    mut stopping: watch::Receiver<bool>,
) {
    let stopped = async move {
        if stopping.wait_for(|stop| *stop).await.is_err() {
            tracing::debug!("the node is gone; its servers stop");
        }
    };
    http::serve(listener, routes, bounds, stopped).await;
}
