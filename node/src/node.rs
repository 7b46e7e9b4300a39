//! A node, put together: of a hospital, with network, runtime, custodian, API and the operator's port, started in the
//! order in which they need each other and stopped the other way round; or a [`follower`].

mod disk;
mod failure;
mod follower;
mod outlook;
mod parts;

use crate::config::{AnyConfig, LogConfig};
use crate::exit::{Exit, Failure};
use crate::home::{FollowerHome, Home, HomeError};
use crate::log;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

pub use follower::Follower;
pub(crate) use follower::{Directory, HELD_BYTES_MAX, NoEntry};
pub use parts::{Broken, Node};

/// Requests under way may take this long once the node was told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);
/// The node looks this often whether all its parts still run.
const WATCH: Duration = Duration::from_millis(500);
/// So often in one hour a damaged database is replaced; then it is the disk that must be.
const REBUILDS_MAX: usize = 3;
const HOUR: Duration = Duration::from_secs(3600);

/// Runs the node of the home at `dir` until it is told to stop (SIGTERM, SIGINT) or cannot go on. Errors are written
/// to stderr.
pub fn run(dir: &Path) -> Exit {
    match try_run(dir) {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit
        }
    }
}

/// A home of either kind.
enum AnyHome {
    Validator(Box<Home>),
    Follower(Box<FollowerHome>),
}

/// A running node of either kind.
enum Running {
    Validator(Box<Node>),
    Follower(Box<Follower>),
}

impl AnyHome {
    fn open(dir: &Path) -> Result<Self, HomeError> {
        match AnyConfig::load(&dir.join("config.toml")) {
            Ok(AnyConfig::Follower(_)) => FollowerHome::open(dir).map(|home| Self::Follower(Box::new(home))),
            // What is wrong with the rest is said in the order in which a home is opened.
            Ok(AnyConfig::Validator(_)) | Err(_) => Home::open(dir).map(|home| Self::Validator(Box::new(home))),
        }
    }

    fn log(&self) -> &LogConfig {
        match self {
            Self::Validator(home) => &home.config().log,
            Self::Follower(home) => &home.config().log,
        }
    }
}

impl Running {
    async fn start(home: AnyHome) -> Result<Self, Failure> {
        match home {
            AnyHome::Validator(home) => Ok(Self::Validator(Box::new(Node::start(*home).await?))),
            AnyHome::Follower(home) => Ok(Self::Follower(Box::new(Follower::start(*home).await?))),
        }
    }

    fn broken(&self) -> Option<Broken> {
        match self {
            Self::Validator(node) => node.broken(),
            Self::Follower(node) => node.broken(),
        }
    }

    async fn rebuild(self, why: &'static str) -> Result<Self, Failure> {
        match self {
            Self::Validator(node) => Ok(Self::Validator(Box::new(node.rebuild(why).await?))),
            Self::Follower(node) => Ok(Self::Follower(Box::new(node.rebuild(why).await?))),
        }
    }

    async fn stop(self) -> Result<(), Failure> {
        match self {
            Self::Validator(node) => node.stop().await,
            Self::Follower(node) => {
                node.stop().await;
                Ok(())
            }
        }
    }
}

fn try_run(dir: &Path) -> Result<(), Failure> {
    let home = AnyHome::open(dir)?;
    log::start(home.log())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Failed, "AMN-0106", format!("no runtime: {error}"), "check the limits of this process")
    })?;
    let ended = runtime.block_on(run_until_told(home));
    // What still waits for a stranger's bytes is not waited for.
    runtime.shutdown_timeout(DRAIN_MAX);
    ended
}

async fn run_until_told(home: AnyHome) -> Result<(), Failure> {
    let no_signals =
        |error| Failure::new(Exit::Failed, "AMN-0106", format!("no signals: {error}"), "check the system's limits");
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut node = Running::start(home).await?;
    let mut rebuilt: Vec<Instant> = Vec::new();
    let why = loop {
        let broken = tokio::select! {
            _ = terminate.recv() => break Ok(()),
            _ = interrupt.recv() => break Ok(()),
            broken = broken(&node) => broken,
        };
        match broken {
            Broken::For(failure) => break Err(failure),
            Broken::Damaged(why) => {
                rebuilt.retain(|at| at.elapsed() < HOUR);
                if rebuilt.len() >= REBUILDS_MAX {
                    break Err(failure::damaged_again(why));
                }
                rebuilt.push(Instant::now());
                node = node.rebuild(why).await?;
            }
        }
    };
    tracing::info!("stopping");
    match timeout(2 * DRAIN_MAX, node.stop()).await {
        // What is wrong with the private store says more than that its thread has ended.
        Ok(Err(private)) => return Err(private),
        Ok(Ok(())) => {}
        Err(_late) => tracing::warn!("a part of the node did not stop in time"),
    }
    why
}

/// Waits until something is wrong with the node.
async fn broken(node: &Running) -> Broken {
    loop {
        if let Some(broken) = node.broken() {
            return broken;
        }
        sleep(WATCH).await;
    }
}
