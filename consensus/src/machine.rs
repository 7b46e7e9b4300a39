//! The machine: the state of one validator in one epoch, stepped by inputs.
//!
//! A step takes one input and then settles: it applies the rules until none applies. The rules are in the files beside
//! this one: [`crate::certify`] R0 R6, [`crate::propose`] R1, [`crate::vote`] R2 R4, [`crate::timers`] R3,
//! [`crate::finality`] R5 R8, [`crate::retry`] R10, [`crate::fetch`] and [`crate::sync`] catch-up, [`crate::status`] hints.

use crate::application::{Application, Content, Verdict};
use crate::book::Certificates;
use crate::certificate::Electorate;
use crate::config::Config;
use crate::evidence::EvidenceKind;
use crate::leader::{Draw, Leaders};
use crate::message::{Message, Proposal};
use crate::output::{Effect, Input, Outgoing, Output, To};
use crate::peers::{ClockReading, Peers};
use crate::pool::Pool;
use crate::record::Record;
use crate::round::{Round, Voted};
use crate::safety::Safety;
use crate::time::{Clock, Waits};
use amanah_ledger::certificate::Certificate;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;
use std::collections::{BTreeMap, BTreeSet};

/// A final block, as much of it as consensus needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinalPoint {
    /// Its digest.
    pub digest: Digest,
    /// Its height.
    pub height: Height,
    /// Its time.
    pub time: UnixMs,
    /// What it carries.
    pub content: Content,
}

/// What is final when a machine starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The block that the epoch began on (genesis in epoch 0). It has view 0 and seeds the order of leaders.
    pub epoch_start: FinalPoint,
    /// The newest block in the ledger.
    pub head: FinalPoint,
    /// The newest block's own Finalization. `None` at the start of the epoch, or if the store has none for it.
    pub finalization: Option<Certificate>,
}

/// Why a machine cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// No validator of the committee has this place.
    #[error("validator {0} is not in the committee")]
    NotInCommittee(u8),
    /// The signer's key is not the registered one.
    #[error("the consensus key is not the one registered for this validator")]
    KeyNotRegistered,
    /// The vote log holds a vote that is not ours: of another key, network or epoch.
    #[error("the vote log holds a vote of view {0} that this key did not sign on this network in this epoch")]
    ForeignVote(View),
    /// The vote log holds two votes that exclude each other.
    #[error("the vote log holds two votes of view {0} that exclude each other")]
    ConflictingVotes(View),
    /// The vote log or the ledger holds a certificate that does not verify.
    #[error("a stored certificate of view {0} does not verify")]
    Certificate(View),
    /// The vote log holds a proof against a validator that does not hold.
    #[error("a stored proof against a validator, of view {0}, does not hold")]
    Evidence(View),
    /// The Finalization given does not name the head.
    #[error("the Finalization does not name the head of the ledger")]
    NotTheHead,
}

/// Where a machine stands, for status pages and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The view.
    pub view: View,
    /// Its leader.
    pub leader: ValidatorIndex,
    /// View of the newest final block.
    pub final_view: View,
    /// Height of the newest final block.
    pub final_height: Height,
    /// Digest of the newest final block.
    pub final_block: Digest,
    /// Final height that each validator reported since the start, by index; our own at our place.
    pub reported: Vec<Option<Height>>,
    /// What each validator said of its clock last, by index; our own place is empty.
    pub clocks: Vec<Option<ClockReading>>,
    /// Which validators have an open stream; our own place counts as open.
    pub connected: Vec<bool>,
    /// Whether we can still sign.
    pub signing: bool,
    /// Unfinalized blocks held.
    pub blocks_held: usize,
    /// What each validator has voted in the view, by index.
    pub voted: Vec<Voted>,
}

/// One validator in one epoch.
#[derive(Debug)]
pub struct Machine {
    pub(crate) config: Config,
    pub(crate) electorate: Electorate,
    pub(crate) leaders: Leaders,
    pub(crate) safety: Safety,
    pub(crate) clock: Clock,
    pub(crate) draw: Draw,
    pub(crate) view: View,
    pub(crate) turn: Turn,
    pub(crate) last_final: Parent,
    pub(crate) book: Certificates,
    pub(crate) rounds: BTreeMap<View, Round>,
    /// Against whom a proof of this kind was found in this epoch.
    pub(crate) accused: BTreeSet<(ValidatorIndex, EvidenceKind)>,
    pub(crate) pool: Pool,
    pub(crate) peers: Peers,
    pub(crate) own_proposal: Option<Box<Proposal>>,
    pub(crate) retry: crate::retry::Retry,
    pub(crate) fetches: BTreeMap<Digest, crate::fetch::Fetch>,
    pub(crate) asks: crate::fetch::Asks,
    pub(crate) sync: crate::sync::Sync,
    pub(crate) telling: crate::status::Telling,
}

/// What the timers of the current view count from.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Turn {
    /// When there was first something to do.
    pub(crate) work_at: Option<u64>,
    /// When we voted for the leader's proposal.
    pub(crate) voted_at: Option<u64>,
}

/// A block that may be built on, and the view that certified it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) view: View,
    pub(crate) point: FinalPoint,
}

/// One step while it runs.
pub(crate) struct Step<'a> {
    pub(crate) app: &'a mut dyn Application,
    /// The wall clock: block times.
    pub(crate) wall: UnixMs,
    /// The clock that never goes back: timers.
    pub(crate) now: u64,
    pub(crate) out: Output,
    /// One proposal per step, so that a step ends even where one vote certifies.
    pub(crate) has_proposed: bool,
    wake_at: Option<u64>,
}

impl Machine {
    /// Takes one input at local time `now` (milliseconds since 1970; a clock that is set back does no lasting harm).
    pub fn step(&mut self, now: u64, input: Input, app: &mut dyn Application) -> Output {
        let mut step = Step::new(now, self.clock.tick(now), app);
        match input {
            Input::Message { from, message } => self.receive(&mut step, from, message),
            Input::Connected(peer) => self.connected(&mut step, peer),
            Input::Disconnected(peer) => self.disconnected(peer),
            Input::WorkChanged | Input::Wake => {}
        }
        self.settle(&mut step);
        step.finish()
    }

    /// Where the machine stands.
    pub fn standing(&self) -> Standing {
        let me = self.config.me;
        let own = self.last_final.point.height;
        let is_me = |index: ValidatorIndex| index == me;
        let round = self.rounds.get(&self.view);
        Standing {
            view: self.view,
            leader: self.leaders.of(self.view),
            final_view: self.last_final.view,
            final_height: own,
            final_block: self.last_final.point.digest,
            reported: self.peers.iter().map(|(i, peer)| if is_me(i) { Some(own) } else { peer.reported() }).collect(),
            clocks: self.peers.iter().map(|(_, peer)| peer.status.map(ClockReading::of)).collect(),
            connected: self.peers.iter().map(|(i, peer)| is_me(i) || peer.is_connected).collect(),
            signing: self.safety.is_signing(),
            blocks_held: self.pool.len(),
            voted: self
                .peers
                .iter()
                .map(|(by, _)| round.map_or_else(Voted::default, |round| round.voted(by)))
                .collect(),
        }
    }

    /// Who leads `view`.
    pub fn leader(&self, view: View) -> ValidatorIndex {
        self.leaders.of(view)
    }

    /// Applies the rules until none applies, then asks and repeats what is still open.
    pub(crate) fn settle(&mut self, step: &mut Step<'_>) {
        // Ends: each round judges a block, finalizes one, or gives one of the finitely many votes of the views entered;
        // without a proposal (one per step) no view is entered by our own votes for ever.
        while self.judge(step)
            || self.finalize(step)
            || self.vote_to_finalize(step)
            || self.propose(step)
            || self.vote_to_notarize(step)
            || self.give_up(step)
        {}
        self.fetch_blocks(step);
        self.ask_for_certificates(step);
        self.catch_up(step);
        self.repeat(step);
        self.tell(step);
    }

    fn receive(&mut self, step: &mut Step<'_>, from: ValidatorIndex, message: Message) {
        let Some(peer) = self.peers.get_mut(from).filter(|_| from != self.config.me) else { return };
        peer.heard_at = Some(step.now);
        peer.is_connected = true;
        match message {
            Message::Vote(vote) => self.take_vote(step, from, &vote),
            Message::Proposal(proposal) => self.take_proposal(step, from, *proposal),
            Message::Certificate(certificate) => self.take_certificate(step, from, certificate),
            Message::Bundle(bundle) => {
                self.take_certificates(step, from, bundle.certificates.into_vec());
                for vote in &bundle.votes {
                    self.take_vote(step, from, vote);
                }
            }
            Message::Status(status) => self.take_status(step, from, status),
            Message::BlockRequest(digest) => self.serve_block(step, from, digest),
            Message::BlockResponse { digest, block } => self.take_block(step, &digest, block),
            Message::CertificateRequest { epoch, views } => self.serve_certificates(step, from, epoch, &views),
            Message::CertificateResponse(certificates) => {
                self.take_answer(step, from, certificates.into_vec());
            }
            Message::SyncRequest { from_height, to_height } => self.serve_sync(step, from, from_height, to_height),
            Message::SyncResponse(response) => self.take_sync(step, from, &response),
        }
    }

    /// The waits of the current view. What is final counts whether we hold its blocks or not: who lags is no slower.
    pub(crate) fn waits(&self) -> Waits {
        Waits::new(self.config.timing, self.open_views().saturating_sub(1), self.electorate.committee().f())
    }

    /// Views from the newest that is known to be final to ours.
    pub(crate) fn open_views(&self) -> u64 {
        self.view.0.saturating_sub(self.last_final.view.max(self.book.settled()).0)
    }

    /// What is known of a block that is the newest final one or judged valid.
    pub(crate) fn valid_point(&self, digest: &Digest) -> Option<FinalPoint> {
        if *digest == self.last_final.point.digest {
            return Some(self.last_final.point);
        }
        let held = self.pool.get(digest).filter(|held| held.verdict == Some(Verdict::Valid))?;
        let facts = held.facts;
        Some(FinalPoint { digest: *digest, height: facts.height, time: facts.time, content: facts.content })
    }

    /// The name and height of the newest final block.
    pub(crate) fn floor(&self) -> (Digest, Height) {
        (self.last_final.point.digest, self.last_final.point.height)
    }

    /// How many unfinalized blocks end in one of this height.
    pub(crate) fn depth(&self, height: Height) -> u64 {
        height.0.saturating_sub(self.last_final.point.height.0)
    }

    /// Whether this rule is left out. Never, unless built with the feature `mutants`.
    pub(crate) fn lacks(&self, mutant: Mutant) -> bool {
        self.config.omission().is(mutant)
    }

    /// Writes to the vote log, if there is one: who cannot sign has nothing to remember.
    pub(crate) fn log(&self, step: &mut Step<'_>, record: Record) {
        if self.safety.is_signing() {
            step.out.records.push(record);
        }
    }
}

impl<'a> Step<'a> {
    pub(crate) fn new(wall: u64, now: u64, app: &'a mut dyn Application) -> Self {
        Self { app, wall: UnixMs(wall), now, out: Output::default(), has_proposed: false, wake_at: None }
    }

    pub(crate) fn send(&mut self, to: ValidatorIndex, message: Message) {
        self.out.after_sync.push(Outgoing { to: To::One(to), message });
    }

    pub(crate) fn send_all(&mut self, message: Message) {
        self.out.after_sync.push(Outgoing { to: To::All, message });
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Asks to be woken at `at`; never at or before now.
    pub(crate) fn wake(&mut self, at: u64) {
        let at = at.max(self.now.saturating_add(1));
        self.wake_at = Some(self.wake_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Whether `at` has come; if not, asks to be woken then.
    pub(crate) fn is_due(&mut self, at: u64) -> bool {
        if at > self.now {
            self.wake(at);
        }
        at <= self.now
    }

    pub(crate) fn finish(mut self) -> Output {
        self.out.next_wake = self.wake_at.map(|at| self.wall.0.saturating_add(at - self.now));
        self.out
    }
}
