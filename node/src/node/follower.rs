//! A follower: a node that replicates the ledger and serves reads. It has no key of a member's, belongs to no committee,
//! and nobody counts on it; what it serves proves itself.
//!
//! It asks every member for proof of its newest head ([`witnesses`]), fetches the blocks up to it from the member that
//! it belongs to ([`upstream`]), checks and executes them once more ([`replica`], [`pursuit`]), and answers what anybody
//! may ask of a node.

mod directory;
mod outlook;
mod pursuit;
mod replica;
mod upstream;
mod witnesses;

pub(crate) use directory::{Directory, NoEntry};
pub(crate) use replica::HELD_BYTES_MAX;

use super::parts::{Broken, PORTS_LOOK, PORTS_MAX, blocking, listen, serve};
use super::{DRAIN_MAX, disk, failure};
use crate::api::{self, FollowerApp, Public};
use crate::clock::ConfirmedClock;
use crate::exit::{Exit, Failure};
use crate::home::FollowerHome;
use crate::http::Bounds;
use crate::metrics::Metrics;
use crate::ops::{self, Ops};
use crate::runtime::{Database, LedgerReads, LedgerView, StopMark, moment};
use crate::scrub::Scrub;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::proof::Trust;
use amanah_ledger::store::quarantine;
use outlook::Outlook;
use pursuit::Pursuit;
use replica::Replica;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use upstream::Upstream;
use witnesses::Witnesses;

/// A running follower.
pub struct Follower {
    reads: LedgerReads,
    pursuit: JoinHandle<()>,
    failed: Arc<OnceLock<Failure>>,
    scrub: Option<Scrub>,
    metrics: Arc<Metrics>,
    disk: disk::Watch,
    servers: JoinSet<()>,
    asking: JoinSet<()>,
    stop: watch::Sender<bool>,
    /// Last: as long as the node runs, nobody else may use its home.
    home: FollowerHome,
}

impl Follower {
    /// Starts the follower of this home.
    ///
    /// # Errors
    /// When a part cannot start; what had started is gone then.
    pub async fn start(home: FollowerHome) -> Result<Self, Failure> {
        Self::start_counting(home, Arc::new(Metrics::new())).await
    }

    async fn start_counting(home: FollowerHome, metrics: Arc<Metrics>) -> Result<Self, Failure> {
        let config = home.config();
        let api = listen("api.listen", *config.api.listen.get_ref()).await?;
        let ops = listen("ops.listen", *config.ops.listen.get_ref()).await?;
        super::parts::warn_of_plain_http(&config.api, &config.ops, &metrics);
        let disk = disk::Watch::start(home.dir(), config.storage)?;
        let (replica, view) = open_replica(&home, &metrics).await?;
        let (publish, views) = watch::channel(Arc::new(view));
        let reads = LedgerReads::new(views, replica.reader());
        let (stop, stopping) = watch::channel(false);

        let http = upstream::client().map_err(|error| no_client(&error))?;
        let members: Vec<_> = home.members().iter().map(|(name, url)| Upstream::new(name, url, &http)).collect();
        let source = members.iter().find(|member| member.name() == config.follow.member).cloned();
        let source = source.ok_or_else(|| failure::ended("follower"))?;
        let trust = Trust::from_genesis(home.genesis()).map_err(|error| failure::genesis(&error))?;
        let mut asking = JoinSet::new();
        let witnesses = Witnesses::ask(members, trust, &mut asking);
        let pursuit = Pursuit {
            source: source.clone(),
            key: home.key().clone(),
            witnesses: witnesses.clone(),
            view: publish,
            pulse: reads.pulse().clone(),
            damage: reads.damage().clone(),
            stop_mark: StopMark::at(home.stop_mark()),
            metrics: Arc::clone(&metrics),
        };
        let failed = Arc::new(OnceLock::new());
        let pursuit = tokio::spawn(pursue(pursuit, replica, stopping.clone(), Arc::clone(&failed)));

        let outlook = Outlook::new(&home, reads.clone(), witnesses, Arc::clone(&metrics), disk.clone());
        let outlook = Arc::new(outlook);
        let looked = Arc::clone(&outlook);
        let clock = ConfirmedClock::default();
        let health = Arc::new(move || looked.health(clock.now().time()));
        let status: ops::TakeStatus = Arc::new(move || outlook.status());
        let directory = Directory::new(home.member(), source);
        let limits = config.api.address_requests_per_minute;
        let public = Public::new(home.network_file().clone(), reads.clone(), limits, stopping.clone());
        let app = FollowerApp::new(public, directory, Arc::clone(&status));
        let mut servers = JoinSet::new();
        servers.spawn(serve(
            ops,
            ops::router(Ops { metrics: Arc::clone(&metrics), status, health }),
            ops::BOUNDS,
            stopping.clone(),
        ));
        let bounds = Bounds::new(api::CONNECTIONS_MAX, config.api.address_connections);
        servers.spawn(serve(api, api::follower_router(app), bounds, stopping));
        let rate = config.storage.scrub_mib_per_hour;
        let scrub = Scrub::start(reads.clone(), None, rate, Arc::clone(&metrics)).map_err(failure::no_thread)?;
        tracing::info!(name = config.node.name, follows = config.follow.member, chain = %home.genesis().chain(), height = reads.view().height().0, "following");
        Ok(Self { reads, pursuit, failed, scrub, metrics, disk, servers, asking, stop, home })
    }

    /// Why the follower cannot go on, if so.
    pub fn broken(&self) -> Option<Broken> {
        if let Some(why) = self.reads.damage().found() {
            return Some(Broken::Damaged(why));
        }
        if let Some(failure) = self.failed.get() {
            return Some(Broken::For(failure.clone()));
        }
        if self.pursuit.is_finished() {
            return Some(Broken::For(failure::ended("pursuit")));
        }
        self.disk.is_full().then(|| Broken::For(failure::disk_full(self.home.dir())))
    }

    /// Stops, moves the damaged database aside, and starts with an empty one, which fills itself from the member. What
    /// the follower counts goes on.
    ///
    /// # Errors
    /// When the database cannot be moved, or the follower does not start again.
    pub async fn rebuild(self, why: &'static str) -> Result<Self, Failure> {
        let (ledger_dir, metrics) = (self.home.ledger_dir(), Arc::clone(&self.metrics));
        // Held all the way: nobody else starts on this home meanwhile.
        let home = self.end().await;
        let moved = blocking(move || quarantine(&ledger_dir, &moment()).map_err(|error| failure::store(&error)));
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

    /// Stops: no new requests, no further blocks; everything durable.
    pub async fn stop(self) {
        drop(self.end().await);
    }

    async fn end(self) -> FollowerHome {
        let Self { pursuit, scrub, mut servers, mut asking, stop, home, .. } = self;
        stop.send_replace(true);
        if timeout(DRAIN_MAX, async { while servers.join_next().await.is_some() {} }).await.is_err() {
            tracing::warn!("requests under way were cut off");
            servers.shutdown().await;
        }
        asking.shutdown().await;
        if pursuit.await.is_err() {
            tracing::error!("the pursuit had panicked");
        }
        let scrub = tokio::task::spawn_blocking(move || scrub.map(Scrub::stop));
        if scrub.await.is_err() {
            tracing::error!("the scrub had panicked");
        }
        tracing::info!("stopped");
        home
    }
}

async fn pursue(pursuit: Pursuit, replica: Replica, stopping: watch::Receiver<bool>, failed: Arc<OnceLock<Failure>>) {
    if let Err(failure) = pursuit.run(replica, stopping).await {
        failed.get_or_init(|| failure);
    }
}

/// Opens the ledger, damaged or not, and goes on from its head.
async fn open_replica(home: &FollowerHome, metrics: &Arc<Metrics>) -> Result<(Replica, LedgerView), Failure> {
    let (dir, genesis, mark) = (home.ledger_dir(), home.genesis().clone(), StopMark::at(home.stop_mark()));
    let opened = blocking(move || {
        mark.check().map_err(failure::recovery)?;
        let Database { store, head, rebuilt } =
            Database::open(&dir, &genesis, &Ed25519).map_err(|error| failure::store(&error))?;
        let newest = store.head().map_err(|error| failure::store(&error))?;
        let view = LedgerView { tip: head.clone(), finalization: newest.map(|certified| certified.finalization) };
        Ok((Replica::new(store, head, Arc::new(Ed25519)), view, rebuilt))
    });
    let (replica, view, rebuilt) = opened.await?;
    if let Some(rebuilt) = rebuilt {
        metrics.ledger.rebuilds.inc();
        tracing::warn!(why = rebuilt.why, aside = %rebuilt.aside.display(), "the ledger's database was damaged; it is being rebuilt");
    }
    Ok((replica, view))
}

fn no_client(error: &reqwest::Error) -> Failure {
    Failure::new(Exit::Failed, "AMN-0106", format!("no HTTP client: {error}"), "report this")
}
