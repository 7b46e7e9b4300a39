//! The thread that owns the desk. Handlers send it acts by a bounded queue; it performs a group of them, makes them
//! durable with one sync, and only then answers each. If the store fails it stops, and nobody gets an answer again.

use super::desk::{Desk, StoreError};
use crate::clock::Moment;
use amanah_ledger::chain::Tip;
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::SignedTransaction;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Acts that may wait at once.
const QUEUE_MAX: usize = 4096;
/// Acts made durable by one sync.
const GROUP_MAX: usize = 256;
/// The desk looks at clock and ledger at least this often.
const LOOK_MS: u64 = 250;

/// The custodian's clock.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// The ledger as final and durable here, whenever it is asked.
pub type Newest = Box<dyn Fn() -> Tip + Send>;

type Answer = Box<dyn FnOnce() + Send>;
type Act = Box<dyn FnOnce(&mut Desk, Moment, &Tip) -> Result<Answer, StoreError> + Send>;

/// Why the custodian gives no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// [`QUEUE_MAX`] acts wait.
    #[error("too much waits for the private store")]
    Busy,
    /// The store failed, or the node is stopping.
    #[error("the private store has stopped")]
    Stopped,
    /// What would be written down has no time that a quorum of hospitals agrees with.
    #[error("this hospital's clock is not confirmed by the others")]
    ClockUnconfirmed,
}

enum Alive {}

/// How the rest of the node reaches the custodian. When the last one is dropped the owner makes everything durable
/// and ends.
#[derive(Clone)]
pub struct Custodian {
    acts: SyncSender<Act>,
    alive: watch::Receiver<Option<Alive>>,
}

impl std::fmt::Debug for Custodian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custodian")
    }
}

impl Custodian {
    /// Gives `desk` to a thread of its own. What is to be put on the ledger goes to `outbox`; what finds it full is
    /// sent again later.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        desk: Desk,
        clock: Clock,
        newest: Newest,
        outbox: mpsc::Sender<SignedTransaction>,
    ) -> std::io::Result<(Self, JoinHandle<Result<(), StoreError>>)> {
        let (acts, queue) = sync_channel(QUEUE_MAX);
        let (life, alive) = watch::channel(None);
        let owner = Owner { desk, clock, newest, outbox, queue };
        let thread = std::thread::Builder::new().name("custodian".to_owned()).spawn(move || {
            let ended = owner.run();
            if let Err(error) = &ended {
                tracing::error!(%error, "the private store has failed; nothing more is answered");
            }
            drop(life);
            ended
        })?;
        Ok((Self { acts, alive }, thread))
    }

    /// Performs `act` and gives its value once everything it wrote is durable.
    ///
    /// # Errors
    /// When too much waits, or the store has failed.
    pub async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Desk, UnixMs, &Tip) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        self.perform(move |desk, now, head| act(desk, now.time(), head)).await
    }

    /// Performs an act that writes down when it was done, and gives its value once everything it wrote is durable.
    ///
    /// # Errors
    /// When nobody has confirmed the clock, too much waits, or the store has failed.
    pub async fn record<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Desk, UnixMs, &Tip) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let timed = move |desk: &mut Desk, now, head: &Tip| match now {
            Moment::Confirmed(now) => Ok(Ok(act(desk, now, head)?)),
            Moment::Unconfirmed(_) => Ok(Err(Unavailable::ClockUnconfirmed)),
        };
        self.perform(timed).await?
    }

    async fn perform<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Desk, Moment, &Tip) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.send(Box::new(move |desk, now, head| {
            let value = act(desk, now, head)?;
            // Whoever asked may be gone; what was done stays done.
            Ok(Box::new(move || drop(reply.send(value))))
        }))?;
        answer.await.map_err(|_dropped| Unavailable::Stopped)
    }

    /// Lets the desk look at a new head of the ledger now.
    pub fn wake(&self) {
        if self.send(Box::new(|_, _, _| Ok(Box::new(|| ())))).is_err() {
            tracing::trace!("the custodian is awake, or gone");
        }
    }

    /// Tells whether the owner lives, and does not keep it from ending.
    pub fn life(&self) -> Life {
        Life(self.alive.clone())
    }

    /// Returns once the owner has ended, by failure or by being stopped.
    pub async fn ended(&self) {
        let mut alive = self.alive.clone();
        while alive.changed().await.is_ok() {}
    }

    fn send(&self, act: Act) -> Result<(), Unavailable> {
        self.acts.try_send(act).map_err(|full| match full {
            TrySendError::Full(_) => Unavailable::Busy,
            TrySendError::Disconnected(_) => Unavailable::Stopped,
        })
    }
}

/// Whether the custodian's owner still takes acts.
#[derive(Clone)]
pub struct Life(watch::Receiver<Option<Alive>>);

impl Life {
    /// So it is now.
    pub fn is_over(&self) -> bool {
        // The owner's end drops the sender.
        self.0.has_changed().is_err()
    }
}

struct Owner {
    desk: Desk,
    clock: Clock,
    newest: Newest,
    outbox: mpsc::Sender<SignedTransaction>,
    queue: Receiver<Act>,
}

impl Owner {
    fn run(mut self) -> Result<(), StoreError> {
        loop {
            let first = match self.queue.recv_timeout(self.wait()) {
                Ok(act) => Some(act),
                Err(RecvTimeoutError::Timeout) => {
                    // Nobody waits now.
                    self.desk.record_reach()?;
                    None
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.desk.sync()?;
                    return self.desk.record_reach();
                }
            };
            let mut answers = Vec::new();
            let group = first.into_iter().chain(self.queue.try_iter()).take(GROUP_MAX);
            // An act may join the group while another is performed: it must see what was final when it was asked for.
            for act in group {
                answers.push(act(&mut self.desk, (self.clock)(), &(self.newest)())?);
            }
            let to_send = self.desk.to_send((self.clock)(), &(self.newest)())?;
            self.desk.sync()?;
            answers.into_iter().for_each(|answer| answer());
            for transaction in to_send {
                if self.outbox.try_send(transaction).is_err() {
                    tracing::debug!("a transaction waits: the way to the ledger is full");
                }
            }
        }
    }

    fn wait(&self) -> Duration {
        let now = (self.clock)().time();
        let due = self.desk.next_due().map_or(LOOK_MS, |due| due.since_ms(now));
        Duration::from_millis(due.clamp(1, LOOK_MS))
    }
}
