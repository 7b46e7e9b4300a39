//! The whole validator without i/o: consensus, the ledger's tips and the mempool, stepped by events.
//!
//! Same start, same events, same clock readings: same actions. The driver ([`crate::runtime`], or a simulator) performs
//! the actions of one step in order and before the next step: what is persisted is on disk before what follows it
//! leaves, and a final block is in the store before anybody is told.

mod branches;
mod exchange;
mod intake;

use crate::mempool::{Admission, Mempool, Refusal};
use crate::peer_message::{PeerMessage, Transactions};
use crate::vote_log::Position;
use amanah_consensus::{
    Alarm, Config, Content, Effect, Evidence, FinalPoint, Floor, Holdings, Input, Machine, Output, Record, Standing,
    StartError, To,
};
use amanah_ledger::certificate::Certificate;
use amanah_ledger::chain::{FinalBlock, NotFinal, Tip};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signer, Verifier};
use amanah_ledger::evidence::Contradiction;
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{SignedTransaction, VerifiedTransaction};
use branches::Branches;
use exchange::Exchange;
use std::sync::Arc;

/// Bounds that [`crate::limits`] lists.
pub(crate) mod limits {
    pub(crate) use super::exchange::{LISTS_PER_SECOND, SERVED_BYTES_PER_SECOND, USELESS_BURST, USELESS_PER_SECOND};
}

/// Transactions submitted here wait this long for others to share their gossip bundle.
pub const BUNDLE_MS: u64 = 5;
/// Records that no vote waits for are written with the next vote, or when there are this many.
const RECORDS_HELD_MAX: usize = 64;

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A message arrived on the authenticated stream from a validator.
    Peer {
        /// Whose stream.
        from: ValidatorIndex,
        /// What it said.
        message: PeerMessage,
    },
    /// A stream to this validator is open (again).
    Connected(ValidatorIndex),
    /// The stream to this validator broke.
    Disconnected(ValidatorIndex),
    /// A gossip bundle arrived; [`Action::Judge`] answers it.
    Gossip {
        /// Who passed it on; not always who made it.
        from: ValidatorIndex,
        /// What is in it.
        transactions: Transactions,
    },
    /// Somebody at this node has a transaction; the answer goes to the ticket.
    Submit(Arc<VerifiedTransaction>, Ticket),
    /// The time of [`Validator::next_wake`] has come.
    Wake,
}

/// Names one submission until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What to do, in this order.
#[derive(Debug, Clone)]
pub enum Action {
    /// Append to the vote log; on disk before the next action.
    Persist(Vec<Record>),
    /// Send on the direct stream.
    Send {
        /// To whom.
        to: To,
        /// What.
        message: PeerMessage,
    },
    /// Publish a bundle of transactions.
    Gossip(Vec<u8>),
    /// What became of the bundle of [`Event::Gossip`].
    Judge(BundleVerdict),
    /// Store these final blocks; on disk before the next action, then tell the readers.
    Commit(Vec<FinalBlock>),
    /// Answer from the store: final blocks from a height on.
    ServeSync {
        /// Who asked.
        to: ValidatorIndex,
        /// First height wanted.
        from_height: Height,
        /// Last height wanted.
        to_height: Height,
    },
    /// Answer from the store: this block.
    ServeBlock {
        /// Who asked.
        to: ValidatorIndex,
        /// Its digest.
        digest: Digest,
    },
    /// Answer a submission.
    Reply(Ticket, Result<Admission, Refusal>),
    /// Tell the operator.
    Alarm(Alarm),
    /// A validator provably broke the protocol.
    Evidence(Box<Evidence>),
    /// The ledger and the certificate contradict each other: stop before anything else is said.
    Stop(NotFinal),
}

/// What a gossip bundle was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BundleVerdict {
    /// Something in it is new here and held: others may want it too.
    PassOn,
    /// Nothing wrong with it, nothing new.
    Ignore,
    /// A signature in it is bad: nobody honest passes it on.
    Bad,
}

/// What a validator starts from.
pub struct Start<R> {
    /// Who it is, among whom, how patient.
    pub config: Config,
    /// Its key; `None` follows without voting.
    pub signer: Option<Box<dyn Signer>>,
    /// How signatures are checked.
    pub verifier: Arc<dyn Verifier>,
    /// The block its epoch began on.
    pub epoch_start: FinalPoint,
    /// The newest block in the store.
    pub head: Tip,
    /// That block's own Finalization, if the store has one.
    pub finalization: Option<Certificate>,
    /// Everything in the vote log: [`Record`]s, read one by one.
    pub records: R,
}

/// One validator.
pub struct Validator {
    me: ValidatorIndex,
    machine: Machine,
    ledger: Branches,
    exchange: Exchange,
    /// Submitted here, not gossiped yet.
    bundle: Vec<SignedTransaction>,
    bundle_bytes: usize,
    bundle_due: Option<u64>,
    unwritten: Vec<Record>,
    /// Found in this step, not submitted yet.
    found: Vec<Contradiction>,
    machine_wake: Option<u64>,
}

/// A record of the vote log that is whole and says nothing that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("record {0} of the vote log is not one of this version")]
pub struct UnknownRecord(pub usize);

/// Reads the records that a vote log gave back.
///
/// # Errors
/// Names the first that is none.
pub fn decode_records(records: &[Vec<u8>]) -> Result<Vec<Record>, UnknownRecord> {
    records.iter().enumerate().map(|(at, bytes)| decode_record(at, bytes)).collect()
}

/// Reads record number `at`.
///
/// # Errors
/// When it is none.
pub fn decode_record(at: usize, bytes: &[u8]) -> Result<Record, UnknownRecord> {
    match Record::decode(bytes) {
        Ok(record) => Ok(record),
        Err(_not_a_record) => Err(UnknownRecord(at)),
    }
}

/// The block of a tip, as consensus needs it.
pub fn final_point(tip: &Tip) -> FinalPoint {
    let header = tip.header();
    let content = match (&header.next_validators, header.tx_count) {
        (Some(_), _) => Content::Seal,
        (None, 0) => Content::Empty,
        (None, _) => Content::Transactions,
    };
    FinalPoint { digest: *tip.digest(), height: header.height, time: header.time, content }
}

impl Validator {
    /// Starts from what the store and the vote log hold. The actions bring the store up to what the vote log proves.
    ///
    /// # Errors
    /// When key, vote log and ledger do not belong together.
    pub fn start<R: IntoIterator<Item = Record>>(start: Start<R>, now: u64) -> Result<(Self, Vec<Action>), StartError> {
        let Start { config, signer, verifier, epoch_start, head, finalization, records } = start;
        let (n, me) = (config.committee.n(), config.me);
        let floor = Floor { epoch_start, head: final_point(&head), finalization };
        let mut ledger = Branches::new(head, Arc::clone(&verifier), UnixMs(now));
        let (machine, output) = Machine::start(config, signer, verifier, floor, records, now, &mut ledger)?;
        let mut validator = Self {
            me,
            machine,
            ledger,
            exchange: Exchange::new(n),
            bundle: Vec::new(),
            bundle_bytes: 0,
            bundle_due: None,
            unwritten: Vec::new(),
            found: Vec::new(),
            machine_wake: None,
        };
        let mut actions = Vec::new();
        validator.perform(now, output, &mut actions);
        validator.accuse(now, &mut actions);
        Ok((validator, actions))
    }

    /// Takes one event at local time `now`, milliseconds since 1970.
    pub fn handle(&mut self, now: u64, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        // What was to happen at a time of the clock as it was is not to wait until the clock shows that time again.
        let was_set_back = now < self.ledger.now.0;
        self.ledger.now = UnixMs(now);
        match event {
            Event::Peer { from, message } => self.hear(now, from, message, &mut actions),
            Event::Connected(peer) => self.step(now, Input::Connected(peer), &mut actions),
            Event::Disconnected(peer) => self.step(now, Input::Disconnected(peer), &mut actions),
            Event::Gossip { from, transactions } => {
                let verdict = self.receive(now, from, transactions, &mut actions);
                actions.push(Action::Judge(verdict));
            }
            Event::Submit(transaction, ticket) => self.submit(now, transaction, ticket, &mut actions),
            Event::Wake => {}
        }
        if self.bundle_due.is_some_and(|due| due <= now || was_set_back) {
            self.flush_bundle(&mut actions);
        }
        if self.machine_wake.is_some_and(|due| due <= now || was_set_back) {
            self.step(now, Input::Wake, &mut actions);
        }
        self.accuse(now, &mut actions);
        actions
    }

    /// When to call [`Validator::handle`] with [`Event::Wake`], milliseconds since 1970.
    pub fn next_wake(&self) -> Option<u64> {
        [self.machine_wake, self.bundle_due].into_iter().flatten().min()
    }

    /// Where consensus stands.
    pub fn standing(&self) -> Standing {
        self.machine.standing()
    }

    /// The view of the consensus machine.
    pub fn view(&self) -> View {
        self.machine.view()
    }

    /// What the consensus machine holds in memory, and of how many blocks above the head the state is kept.
    pub fn holdings(&self) -> (Holdings, usize) {
        (self.machine.holdings(), self.ledger.len())
    }

    /// Where the vote log's next records stand.
    pub fn position(&self) -> Position {
        let standing = self.machine.standing();
        Position { height: standing.final_height, view: standing.view }
    }

    /// The records that wait for the next vote, to be written now.
    pub fn take_unwritten(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.unwritten)
    }

    /// The newest final tip. It may not be in the store before the actions of the last step are performed.
    pub fn head(&self) -> &Tip {
        self.ledger.head()
    }

    /// The transactions that wait.
    pub fn mempool(&self) -> &Mempool {
        &self.ledger.mempool
    }

    fn step(&mut self, now: u64, input: Input, actions: &mut Vec<Action>) {
        let output = self.machine.step(now, input, &mut self.ledger);
        self.ledger.note_failed();
        self.perform(now, output, actions);
    }

    fn perform(&mut self, now: u64, output: Output, actions: &mut Vec<Action>) {
        let must_write = output.needs_sync();
        self.unwritten.extend(output.records);
        if must_write || self.unwritten.len() >= RECORDS_HELD_MAX {
            actions.push(Action::Persist(self.take_unwritten()));
        }
        for outgoing in output.after_sync {
            actions.push(Action::Send { to: outgoing.to, message: PeerMessage::Consensus(outgoing.message) });
        }
        self.machine_wake = output.next_wake;
        for effect in output.effects {
            self.effect(now, effect, actions);
        }
    }

    fn effect(&mut self, now: u64, effect: Effect, actions: &mut Vec<Action>) {
        match effect {
            Effect::Finalized { blocks, finalization } => {
                actions.push(match self.ledger.settle(blocks.len(), finalization) {
                    Ok(blocks) => Action::Commit(blocks),
                    Err(contradiction) => Action::Stop(contradiction),
                })
            }
            Effect::ServeSync { to, from_height, to_height } => {
                actions.push(Action::ServeSync { to, from_height, to_height });
            }
            Effect::ServeBlock { to, digest } => actions.push(Action::ServeBlock { to, digest }),
            Effect::OfferPending { to } => actions.extend(Exchange::offer(to, &self.ledger.mempool)),
            Effect::AskPending { from } => actions.extend(self.exchange.ask_pending(now, from)),
            Effect::Alarm(alarm) => actions.push(Action::Alarm(alarm)),
            Effect::Evidence(evidence) => {
                self.found.extend(evidence.contradiction(self.ledger.head().committee()));
                actions.push(Action::Evidence(Box::new(evidence)));
            }
            // Committees are fixed in this version: an epoch that ends has none after it to start.
            Effect::EpochClosed { .. } => {}
        }
    }

    fn hear(&mut self, now: u64, from: ValidatorIndex, message: PeerMessage, actions: &mut Vec<Action>) {
        match message {
            PeerMessage::Consensus(message) => self.step(now, Input::Message { from, message }, actions),
            PeerMessage::PendingIds(ids) => {
                actions.extend(self.exchange.ask(now, from, &ids, &self.ledger.mempool));
            }
            PeerMessage::PendingRequest => actions.extend(self.exchange.tell(now, from, &self.ledger.mempool)),
            PeerMessage::TxRequest(ids) => {
                actions.extend(self.exchange.serve(now, from, &ids, &self.ledger.mempool));
            }
            PeerMessage::TxResponse(transactions) => {
                // It came on a direct stream: there is nobody to pass it on to.
                self.receive(now, from, transactions, actions);
            }
        }
    }
}

#[cfg(test)]
mod tests;
