//! The pursuit: whenever somebody has proven a height that is not here, the blocks up to it are fetched from the
//! member that this follower belongs to, checked, executed and kept.

use super::super::failure;
use super::replica::{NotTaken, Replica};
use super::upstream::Upstream;
use super::witnesses::Witnesses;
use crate::block_run::BlockRun;
use crate::exit::{Exit, Failure};
use crate::health::Pulse;
use crate::home::ApiKey;
use crate::metrics::Metrics;
use crate::runtime::{Damage, LedgerView, StopMark};
use amanah_ledger::position::Height;
use amanah_ledger::store::StoreError;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{interval, sleep};

/// The pulse beats this often, whatever is waited for.
const BEAT: Duration = Duration::from_secs(1);
/// A source that gives nothing is asked again after this long, doubled each time up to the second.
const AGAIN_MIN: Duration = Duration::from_millis(100);
const AGAIN_MAX: Duration = Duration::from_secs(5);
/// A source that lied is asked again after this long, doubled each time up to the second.
const LIED_MIN: Duration = Duration::from_secs(1);
const LIED_MAX: Duration = Duration::from_secs(60);

/// Everything the pursuit needs.
pub(super) struct Pursuit {
    pub(super) source: Upstream,
    pub(super) key: ApiKey,
    pub(super) witnesses: Witnesses,
    pub(super) view: watch::Sender<Arc<LedgerView>>,
    pub(super) pulse: Pulse,
    pub(super) damage: Damage,
    pub(super) stop_mark: StopMark,
    pub(super) metrics: Arc<Metrics>,
}

/// Waits that double.
struct Wait {
    next: Duration,
    min: Duration,
    max: Duration,
}

impl Wait {
    const fn new(min: Duration, max: Duration) -> Self {
        Self { next: min, min, max }
    }

    async fn pass(&mut self) {
        sleep(self.next.mul_f64(rand::random_range(0.8..1.2))).await;
        self.next = self.max.min(2 * self.next);
    }

    fn reset(&mut self) {
        self.next = self.min;
    }
}

impl Pursuit {
    /// Goes on until `stopping`, or until the ledger cannot be kept. A damaged database is reported where the node looks
    /// for it, and is no failure: it is replaced.
    pub(super) async fn run(self, replica: Replica, stopping: watch::Receiver<bool>) -> Result<(), Failure> {
        let pulse = self.pulse.clone();
        beating(&pulse, self.pursue(replica, stopping)).await
    }

    async fn pursue(mut self, mut replica: Replica, mut stopping: watch::Receiver<bool>) -> Result<(), Failure> {
        let mut lied = Wait::new(LIED_MIN, LIED_MAX);
        loop {
            let next = replica.next();
            let Some(run) = unless(&mut stopping, self.fetch(next)).await else { return Ok(()) };
            let taking = tokio::task::spawn_blocking(move || {
                let taken = replica.take(&run.blocks);
                (replica, taken)
            });
            let Ok((back, taken)) = taking.await else { return Err(ended()) };
            replica = back;
            match taken {
                Ok(None) => {}
                Ok(Some(newest)) => {
                    lied.reset();
                    self.view.send_replace(Arc::new(newest));
                }
                Err(NotTaken::Lie(lie)) => {
                    tracing::warn!(member = self.source.name(), %lie, "gave blocks that the network has not certified");
                    self.metrics.ledger.lies.inc();
                    if unless(&mut stopping, lied.pass()).await.is_none() {
                        return Ok(());
                    }
                }
                Err(NotTaken::Store(StoreError::Damaged(why))) => {
                    self.damage.report(why);
                    return Ok(());
                }
                Err(NotTaken::Store(error)) => return Err(failure::store(&error)),
                Err(NotTaken::Contradiction(why)) => return Err(self.stop_for(&why)),
            }
        }
    }

    /// The blocks from `next` on, once somebody has proven that there are any and the member gives them.
    async fn fetch(&mut self, next: Height) -> BlockRun {
        let (mut again, mut is_silent) = (Wait::new(AGAIN_MIN, AGAIN_MAX), false);
        loop {
            self.witnesses.above(Height(next.0.saturating_sub(1))).await;
            match self.source.blocks(self.key.text(), next).await {
                Ok(run) if !run.blocks.is_empty() => return run,
                // The member itself is behind.
                Ok(_nothing) => {}
                Err(error) => {
                    if !is_silent {
                        tracing::warn!(member = self.source.name(), %error, "no blocks to be had");
                    }
                    is_silent = true;
                }
            }
            again.pass().await;
        }
    }

    /// R8, for a node that signs nothing: what it serves would be of another ledger than the others'.
    fn stop_for(&self, why: &str) -> Failure {
        let detail = format!("a certificate contradicts the ledger: {why}");
        if let Err(error) = self.stop_mark.set(&detail) {
            tracing::error!(%error, "the stop is not remembered over a restart; do not restart this node");
        }
        Failure::new(
            Exit::Diverged,
            "AMN-1503",
            detail,
            "keep the home as it is and compare height and block with the members",
        )
    }
}

fn ended() -> Failure {
    Failure::new(Exit::Failed, "AMN-0110", "the replica ended", "see the log above, then start again")
}

/// What `work` comes to, or nothing if the node stops first.
async fn unless<T>(stopping: &mut watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = stopping.wait_for(|stop| *stop) => None,
        done = work => Some(done),
    }
}

/// Lets the pulse beat while `work` goes on.
async fn beating<T>(pulse: &Pulse, work: impl Future<Output = T>) -> T {
    let (mut work, mut beat) = (pin!(work), interval(BEAT));
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = beat.tick() => pulse.beat(),
        }
    }
}
