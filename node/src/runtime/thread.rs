//! The loop: take what waits, let the validator decide, perform what it decided.

mod serving;

use super::accused::Accused;
use super::damage::Damage;
use super::fatal::Fatal;
use super::handle::{ConsensusStatus, LedgerView};
use super::inbox::{Inbox, Item, Woken};
use super::named::Named;
use super::recovery::{self, Recovered};
use super::stop_mark::StopMark;
use crate::health::Pulse;
use crate::metrics::{ByKind, Metrics};
use crate::network::{BundleId, Lane, NetworkHandle, To, Verdict};
use crate::peer_message::PeerMessage;
use crate::validator::{Action, BundleVerdict, Event, Ticket, Validator};
use crate::vote_log::{Position, VoteLog, VoteLogError};
use amanah_consensus::{Alarm, Record};
use amanah_ledger::chain::FinalBlock;
use amanah_ledger::position::View;
use amanah_ledger::store::{Store, StoreError};
use amanah_ledger::transaction::Active;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{oneshot, watch};

/// Items handled between two syncs of the vote log: their records share one.
const ITEMS_PER_SYNC_MAX: usize = 32;
/// The loop turns at least this often, to show that it lives.
const BEAT_MS: u64 = 1000;
/// While the vote log grows, how far it reaches is recorded beside it this often: one sync, no vote waits for it.
const REACH_MS: u64 = 1000;

/// Where readers look.
pub(super) struct Publish {
    pub(super) view: watch::Sender<Arc<LedgerView>>,
    pub(super) status: watch::Sender<ConsensusStatus>,
    pub(super) pulse: Pulse,
    pub(super) damage: Damage,
}

/// This node's clock, milliseconds since 1970.
pub(super) fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Runs until stopped. A [`Fatal`] ends the process here and now: unwinding could let another thread speak. Only a
/// damaged database does not: what readers see was final and stays true, and the node replaces the database itself.
pub(super) fn run(recovered: Recovered, inbox: Inbox, network: NetworkHandle, publish: Publish) {
    let damage = publish.damage.clone();
    match Thread::new(recovered, inbox, network, publish).run() {
        Ok(()) => {}
        Err(Fatal::Store(StoreError::Damaged(why))) => damage.report(why),
        Err(fatal) => {
            tracing::error!(error = %fatal, "the node stops: it can no longer keep its word");
            std::process::exit(fatal.exit() as i32);
        }
    }
}

struct Thread {
    validator: Validator,
    vote_log: VoteLog,
    store: Store,
    stop_mark: StopMark,
    accused: Accused,
    inbox: Inbox,
    network: NetworkHandle,
    publish: Publish,
    first: Vec<Action>,
    tickets: u64,
    waiting: BTreeMap<Ticket, oneshot::Sender<Result<crate::mempool::Admission, crate::mempool::Refusal>>>,
    /// Bundles whose verdict is still among the actions, in their order.
    bundles: VecDeque<BundleId>,
    named: Named,
    /// When the reach of the vote log is recorded again, if it has grown.
    reach_due: u64,
    /// The view of the newest block that was counted.
    last_view: Option<View>,
    metrics: Arc<Metrics>,
}

impl Thread {
    fn new(recovered: Recovered, inbox: Inbox, network: NetworkHandle, publish: Publish) -> Self {
        let Recovered { validator, actions, vote_log, store, stop_mark, accused, .. } = recovered;
        let metrics = Arc::clone(accused.metrics());
        Self {
            validator,
            vote_log,
            store,
            stop_mark,
            accused,
            inbox,
            network,
            publish,
            first: actions,
            tickets: 0,
            waiting: BTreeMap::new(),
            bundles: VecDeque::new(),
            named: Named::default(),
            reach_due: 0,
            last_view: None,
            metrics,
        }
    }

    fn run(mut self) -> Result<(), Fatal> {
        self.turn()?;
        Ok(self.vote_log.record_reach()?)
    }

    /// Turns until stopped.
    fn turn(&mut self) -> Result<(), Fatal> {
        let timer = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(Fatal::Timer)?;
        let first = std::mem::take(&mut self.first);
        self.perform(first)?;
        loop {
            self.publish.pulse.beat();
            if self.inbox.is_stopped() {
                return Ok(());
            }
            let (mut actions, mut is_drained) = (Vec::new(), false);
            for _ in 0..ITEMS_PER_SYNC_MAX {
                let Some(item) = self.inbox.next() else {
                    is_drained = true;
                    break;
                };
                let is_long = item.may_take_long();
                actions.extend(self.take(item));
                // Votes that are decided do not wait for the signatures of other people's transactions.
                if is_long {
                    break;
                }
            }
            self.perform(actions)?;
            self.record_reach()?;
            self.publish_status();
            // What the inbox took off the network's queue wakes nobody any more.
            if !is_drained {
                continue;
            }
            let due = sleep_until(self.validator.next_wake());
            match timer.block_on(self.inbox.wait(due)) {
                Woken::Ready => {}
                Woken::Due => {
                    let actions = self.validator.handle(now(), Event::Wake);
                    self.perform(actions)?;
                }
                Woken::Stopped => return Ok(()),
            }
        }
    }

    fn take(&mut self, item: Item) -> Vec<Action> {
        let event = match item {
            Item::Connected(peer) => Event::Connected(peer),
            Item::Disconnected(peer) => Event::Disconnected(peer),
            Item::Message { from, message } => Event::Peer { from, message },
            Item::Bundle { from, bundle, transactions } => {
                self.bundles.push_back(bundle);
                Event::Gossip { from, transactions }
            }
            Item::BadBundle(bundle) => {
                self.network.judge(bundle, Verdict::Reject);
                return Vec::new();
            }
            Item::Garbage(from) => {
                self.network.break_off(from);
                return Vec::new();
            }
            Item::Submission(submission) => {
                let ticket = Ticket(self.tickets);
                self.tickets += 1;
                self.waiting.insert(ticket, submission.answer);
                Event::Submit(submission.transaction, ticket)
            }
        };
        self.validator.handle(now(), event)
    }

    /// Performs actions in their order, except that everything to be remembered is on disk first, with one sync.
    fn perform(&mut self, mut actions: Vec<Action>) -> Result<(), Fatal> {
        let mut records = Vec::new();
        for action in &mut actions {
            if let Action::Persist(some) = action {
                records.append(some);
            }
        }
        self.remember(records)?;
        actions.into_iter().try_for_each(|action| self.perform_one(action))
    }

    fn remember(&mut self, records: Vec<Record>) -> Result<(), VoteLogError> {
        if records.is_empty() {
            return Ok(());
        }
        let records: Vec<Vec<u8>> = records.iter().map(Record::encode).collect();
        let began = Instant::now();
        self.vote_log.append(&records, self.validator.position())?;
        self.metrics.ledger.vote_log_append.observe(began.elapsed());
        Ok(())
    }

    fn record_reach(&mut self) -> Result<(), VoteLogError> {
        let now = now();
        // A clock that was set back must not put it off for longer than usual.
        let is_due = now >= self.reach_due || self.reach_due > now + REACH_MS;
        if is_due && self.vote_log.outgrew_record() {
            self.vote_log.record_reach()?;
            self.reach_due = now + REACH_MS;
        }
        Ok(())
    }

    fn perform_one(&mut self, action: Action) -> Result<(), Fatal> {
        match action {
            // Written above.
            Action::Persist(_) => {}
            Action::Send { to, message } => self.send(to, &message),
            Action::Gossip(bundle) => self.network.publish(Bytes::from(bundle)),
            Action::Judge(verdict) => self.judge(verdict),
            Action::Commit(blocks) => self.commit(&blocks)?,
            Action::ServeSync { to, from_height, to_height: _ } => self.serve_sync(to, from_height),
            Action::ServeBlock { to, digest } => self.serve_block(to, &digest),
            Action::Reply(ticket, outcome) => {
                if let Some(answer) = self.waiting.remove(&ticket) {
                    // Whoever asked may have gone away.
                    answer.send(outcome).unwrap_or_default();
                }
            }
            Action::Alarm(alarm) => self.alarm(alarm),
            Action::Evidence(evidence) => self.accused.report(&evidence),
            Action::Stop(contradiction) => {
                self.remember_stop(&format!("a certificate contradicts the ledger: {contradiction}"));
                return Err(contradiction.into());
            }
        }
        Ok(())
    }

    fn alarm(&self, alarm: Alarm) {
        tracing::error!(?alarm, "consensus alarm");
        match alarm {
            Alarm::CertifiedInvalid { view, block } => self.remember_stop(&format!(
                "a quorum certified block {block} in view {view}, which this node judges invalid"
            )),
            Alarm::Fork { view } => {
                self.remember_stop(&format!("two certificates of view {view} exclude each other"));
            }
            Alarm::Clock { .. } => {}
        }
    }

    /// R8: a restart must not sign again. Without the mark a stop lasts as long as the process; ending it now would only
    /// bring the restart nearer.
    fn remember_stop(&self, why: &str) {
        if let Err(error) = self.stop_mark.set(why) {
            tracing::error!(%error, "the stop is not remembered over a restart; do not restart this node");
        }
    }

    fn send(&self, to: amanah_consensus::To, message: &PeerMessage) {
        let to = match to {
            amanah_consensus::To::All => To::All,
            amanah_consensus::To::One(index) => To::One(index),
        };
        let lane = if message.is_consensus() { Lane::Consensus } else { Lane::Transactions };
        self.network.send(to, lane, &Bytes::from(message.encode()));
    }

    fn judge(&mut self, verdict: BundleVerdict) {
        let verdict = match verdict {
            BundleVerdict::PassOn => Verdict::Accept,
            BundleVerdict::Ignore => Verdict::Ignore,
            BundleVerdict::Bad => Verdict::Reject,
        };
        if let Some(bundle) = self.bundles.pop_front() {
            self.network.judge(bundle, verdict);
        }
    }

    fn commit(&mut self, blocks: &[FinalBlock]) -> Result<(), Fatal> {
        let began = Instant::now();
        self.store.commit(blocks)?;
        self.metrics.ledger.commit.observe(began.elapsed());
        self.count(blocks);
        let Some(last) = blocks.last() else { return Ok(()) };
        self.named.remember(blocks.iter().map(|block| (*block.digest(), block.header().height)));
        let finalization = last.finalization().cloned();
        let newest = finalization.as_ref().map(|f| Position { height: last.header().height, view: f.content.view() });
        self.publish.view.send_replace(Arc::new(LedgerView { tip: last.tip().clone(), finalization }));
        if let Some(newest) = newest.filter(|newest| self.vote_log.is_prunable(*newest)) {
            // Durability: the floor that replaces the forgotten votes must not depend on the ledger alone, which may be lost.
            let records = self.validator.take_unwritten();
            self.remember(records)?;
            self.vote_log.prune(newest)?;
        }
        Ok(())
    }

    fn count(&mut self, blocks: &[FinalBlock]) {
        for block in blocks {
            let view = block.header().proposed_view;
            // The first block that this process sees has none before it to count from.
            let skipped = self.last_view.replace(view).map_or(0, |last| view.0.saturating_sub(last.0 + 1));
            self.metrics.ledger.views_skipped.inc_by(skipped);
            for entry in &block.block().body {
                let kind = match entry.transaction.active() {
                    Some(Active::Grants { .. }) => "grants",
                    Some(Active::Revoke { .. }) => "revocation",
                    Some(Active::Anchor { .. }) => "anchor",
                    Some(Active::Evidence(_)) => "evidence",
                    None => "other",
                };
                self.metrics.ledger.transactions.get_or_create(&ByKind { kind }).inc();
            }
        }
    }

    fn publish_status(&self) {
        let status = recovery::status(&self.validator, &self.vote_log);
        self.publish.status.send_if_modified(|published| {
            let changed = *published != status;
            *published = status;
            changed
        });
    }
}

async fn sleep_until(due: Option<u64>) {
    let wait = due.map_or(BEAT_MS, |due| due.saturating_sub(now()).min(BEAT_MS));
    tokio::time::sleep(Duration::from_millis(wait)).await;
}
