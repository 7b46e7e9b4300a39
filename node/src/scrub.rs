//! The scrub: a thread that reads what is stored again, at a bounded rate, and checks it.
//!
//! A pass goes through every block with its records, every leaf of the state, and every record of the private store. A
//! damaged ledger is reported to whoever runs the node, which replaces it ([`crate::node`]). A damaged private record
//! has no second copy: it is counted and logged, and never answered. What sled holds in its cache is checked there; it
//! is read from disk again once it has left the cache, or after a start.

use crate::custodian::Custodian;
use crate::metrics::Metrics;
use crate::runtime::LedgerReads;
use amanah_ledger::crypto::{Digest, Ed25519};
use amanah_ledger::position::Height;
use amanah_ledger::store::{StoreError, StoredLeaf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

/// Between two passes: a small ledger is not read all the time.
const PAUSE: Duration = Duration::from_secs(3600);
/// Leaves, or private records, read at once.
const BATCH: usize = 256;
/// How often a leaf is read again because blocks were committed meanwhile; then the next pass sees to it.
const TRIES_MAX: usize = 8;
const MIB: u64 = 1024 * 1024;

/// The running scrub. Ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Scrub {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

/// Why a pass ended before its end.
enum Cut {
    /// The node stops.
    Stopped,
    /// The ledger's database is damaged.
    Damaged(&'static str),
    /// It cannot be read just now.
    Unreadable(StoreError),
}

impl From<StoreError> for Cut {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged(why) => Self::Damaged(why),
            other => Self::Unreadable(other),
        }
    }
}

impl Scrub {
    /// Starts the thread over the ledger, and over the private store of a node that has one; `None` if the rate is 0. Must be called inside the node's tokio runtime.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(
        ledger: LedgerReads,
        custodian: Option<Custodian>,
        mib_per_hour: u64,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Option<Self>> {
        if mib_per_hour == 0 {
            return Ok(None);
        }
        let (stop, stopped) = sync_channel(1);
        let pace = Pace { began: Instant::now(), bytes: 0, bytes_per_hour: mib_per_hour.saturating_mul(MIB) };
        let worker = Worker { ledger, custodian, metrics, pace, stopped, runtime: Handle::current() };
        let thread = std::thread::Builder::new().name("scrub".to_owned()).spawn(move || worker.run())?;
        Ok(Some(Self { stop, thread }))
    }

    /// Ends after the record it is reading. Blocks for that long.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the scrub had panicked");
        }
    }
}

struct Worker {
    ledger: LedgerReads,
    custodian: Option<Custodian>,
    metrics: Arc<Metrics>,
    pace: Pace,
    stopped: Receiver<()>,
    runtime: Handle,
}

impl Worker {
    fn run(mut self) {
        loop {
            match self.pass() {
                Ok(()) => {
                    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    self.metrics.ledger.scrub_last_pass.set(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
                }
                Err(Cut::Stopped) => return,
                Err(Cut::Damaged(why)) => {
                    self.metrics.ledger.scrub_errors.inc();
                    tracing::error!(why, "the scrub found the ledger's database damaged");
                    self.ledger.damage().report(why);
                    return;
                }
                Err(Cut::Unreadable(error)) => tracing::warn!(%error, "the scrub could not go on"),
            }
            if self.wait(PAUSE).is_err() {
                return;
            }
        }
    }

    fn pass(&mut self) -> Result<(), Cut> {
        self.pace = Pace { began: Instant::now(), bytes: 0, ..self.pace };
        let reader = self.ledger.reader().clone();
        let mut height = Height(1);
        while height <= reader.height()? {
            let bytes = reader.check_block(height, &Ed25519).inspect_err(|error| {
                tracing::error!(%error, %height, "a stored block does not hold");
            })?;
            self.read(bytes)?;
            height = height.next();
        }
        let mut last: Option<Digest> = None;
        loop {
            let leaves = reader.leaves_behind(last.as_ref(), BATCH)?;
            let Some(end) = leaves.last() else { break };
            last = Some(end.key);
            for leaf in leaves {
                let bytes = leaf.bytes;
                self.compare(leaf)?;
                self.read(bytes)?;
            }
        }
        self.private_pass()
    }

    /// Compares a stored leaf with the state in memory, which is the one that answers are made from.
    fn compare(&self, mut stored: StoredLeaf) -> Result<(), Cut> {
        let reader = self.ledger.reader();
        for _ in 0..TRIES_MAX {
            let view = self.ledger.view();
            if view.tip.state().leaf(&stored.leaf.key()) == Some(&stored.leaf) {
                return Ok(());
            }
            let before = reader.height()?;
            let Some(again) = reader.leaf(&stored.key)? else { return Err(Cut::Damaged("a leaf has gone")) };
            stored = again;
            let is_still = before == view.height() && reader.height()? == before;
            if is_still && view.tip.state().leaf(&stored.leaf.key()) != Some(&stored.leaf) {
                return Err(Cut::Damaged("a stored leaf is not the one of the state"));
            }
        }
        Ok(())
    }

    fn private_pass(&mut self) -> Result<(), Cut> {
        let Some(custodian) = self.custodian.clone() else { return Ok(()) };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let from = after.take();
            // The answer is a value of its own: damage that the scrub finds must not end the custodian.
            let read = custodian.act(move |desk, _, _| Ok(desk.read_records(from.as_deref(), BATCH)));
            match self.runtime.block_on(read) {
                Ok(Ok(Some(read))) => {
                    self.read(read.bytes)?;
                    after = Some(read.last);
                }
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => {
                    self.metrics.ledger.scrub_errors.inc();
                    tracing::error!(%error, "the scrub found the private store damaged: amanahd db check");
                    return Ok(());
                }
                Err(unavailable) => {
                    tracing::debug!(%unavailable, "the scrub leaves the private store for the next pass");
                    return Ok(());
                }
            }
        }
    }

    /// Counts what was read, and waits for as long as the rate asks for.
    fn read(&mut self, bytes: u64) -> Result<(), Cut> {
        self.metrics.ledger.scrubbed.inc_by(bytes);
        self.pace.bytes += bytes;
        self.wait(self.pace.ahead())
    }

    fn wait(&self, pause: Duration) -> Result<(), Cut> {
        match self.stopped.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(()) | Err(RecvTimeoutError::Disconnected) => Err(Cut::Stopped),
        }
    }
}

/// How much was read since when, and how much may be.
#[derive(Debug, Clone, Copy)]
struct Pace {
    began: Instant,
    bytes: u64,
    bytes_per_hour: u64,
}

impl Pace {
    /// How long to wait until the rate is kept.
    fn ahead(&self) -> Duration {
        let due_ms = u128::from(self.bytes) * 3_600_000 / u128::from(self.bytes_per_hour.max(1));
        let due = Duration::from_millis(u64::try_from(due_ms).unwrap_or(u64::MAX));
        due.saturating_sub(self.began.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_of_the_rate() {
        let pace = |bytes| Pace { began: Instant::now(), bytes, bytes_per_hour: 3600 * 1000 };
        assert_eq!(pace(0).ahead(), Duration::ZERO);
        let wait = pace(60_000).ahead();
        assert!(wait <= Duration::from_secs(60) && wait > Duration::from_secs(50), "{wait:?}");
        let slow = Pace { began: Instant::now(), bytes: u64::MAX, bytes_per_hour: 0 };
        assert!(slow.ahead() > Duration::from_secs(1));
    }
}
