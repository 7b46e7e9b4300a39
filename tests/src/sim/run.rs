//! One run: faults until enough views have gone by, then calm, then silence.

mod convictions;
mod events;
mod forks;
mod lies;

use super::clients::Clients;
use super::disk::Disk;
use super::faults::Faults;
use super::liar::{Coalition, Deeds};
use super::members::{self, BEGIN_MS};
use super::network::{Happening, Network, Peer};
use super::oracle::{Oracle, Violation};
use super::peer::{Process, World};
use super::plan::Plan;
use amanah_consensus::message::Message;
use amanah_consensus::{Alarm, To};
use amanah_ledger::chain::Tip;
use amanah_ledger::committee::Committee;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant;
use amanah_ledger::position::Height;
use amanah_ledger::transaction::SignedTransaction;
use amanah_node::peer_message::{PeerMessage, decode_bundle};
use amanah_node::validator::{Action, Event, Ticket};
use std::sync::Arc;

/// Faults end after this much time even if few views have gone by.
const FAULTS_MAX_MS: u64 = 240_000;
/// After the faults, the network has this long for its remaining views and [`FINAL_AFTER_FAULTS`].
const CALM_MAX_MS: u64 = 240_000;
/// Final blocks every validator must add after the faults.
const FINAL_AFTER_FAULTS: u64 = 30;
/// Once nobody submits any more, everything must be final within this time.
const DRAIN_MAX_MS: u64 = 60_000;
/// Time for the last answers to arrive before silence is expected.
const SETTLE_MS: u64 = 30_000;
/// No process sleeps longer than this.
const BEAT_US: u64 = 3_600_000_000;
/// How long the silence is watched.
const IDLE_MS: u64 = 60_000;

/// What a good run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Highest view.
    pub views: u64,
    /// Final blocks.
    pub height: u64,
    /// Final transactions.
    pub transactions: usize,
    /// Contradictions of liars that are proven on the ledger.
    pub convictions: usize,
    /// Simulated time.
    pub time_ms: u64,
    /// With more than f liars, the fork that ended the run.
    pub fork: Option<Fork>,
}

pub use forks::Fork;

/// How a run went.
#[derive(Debug)]
pub struct Report {
    /// Whether every promise was kept.
    pub verdict: Result<Summary, Violation>,
    /// Hash over everything that was delivered and committed.
    pub trace: Digest,
    /// What went wrong on purpose.
    pub faults: Faults,
    /// What liars managed to do.
    pub deeds: Deeds,
}

/// Runs a plan to its end.
pub fn run(plan: &Plan) -> Report {
    let mut simulation = Simulation::new(plan.clone());
    let verdict = mutant::without(plan.mutant, || simulation.play());
    let (trace, deeds) = (Digest(*simulation.trace.finalize().as_bytes()), simulation.coalition.deeds().clone());
    Report { verdict, trace, faults: simulation.faults, deeds }
}

struct Simulation {
    plan: Plan,
    world: World,
    network: Network,
    processes: Vec<Process>,
    clients: Clients,
    oracle: Oracle,
    accused: convictions::Accused,
    coalition: Coalition,
    faults: Faults,
    trace: blake3::Hasher,
    /// The newest final tip anywhere.
    newest: Tip,
    splits: u64,
    tickets: u64,
    is_submitting: bool,
}

impl Simulation {
    fn new(plan: Plan) -> Self {
        let genesis = members::genesis(plan.members);
        let newest = genesis.clone();
        let (committee, chain) = (Committee::clone(genesis.committee()), *genesis.chain());
        let mut faults = Faults::default();
        let mut owners: Vec<usize> = (0..plan.members).collect();
        owners.extend(plan.twins());
        let mut network = Network::new(plan.seed, plan.weather, owners.len());
        let skew = |network: &mut Network, faults: &mut Faults| {
            let error = i64::try_from(network.random.below(plan.weather.skew_ms + 1)).unwrap_or(0);
            faults.skewed_clocks += u64::from(error != 0);
            if network.random.chance(500) { error } else { -error }
        };
        let processes = owners.iter().map(|m| Process::new(*m, skew(&mut network, &mut faults))).collect();
        let world = World { genesis, committee, verifier: plan.scheme.verifier() };
        Self {
            clients: Clients::new(&plan, chain),
            coalition: Coalition::new(&plan, &world.committee, Arc::clone(&world.verifier), newest.clone()),
            world,
            network,
            processes,
            oracle: Oracle::new(plan.members),
            accused: convictions::Accused::default(),
            faults,
            trace: blake3::Hasher::new(),
            newest,
            splits: 0,
            tickets: 0,
            is_submitting: true,
            plan,
        }
    }

    fn play(&mut self) -> Result<Summary, Violation> {
        for peer in 0..self.processes.len() {
            self.start(peer)?;
        }
        self.split_twins();
        let weather = self.plan.weather;
        self.network.around_ms(weather.submit_every_ms, Happening::Submit);
        self.network.around_ms(1_000, Happening::Retry);
        self.network.around_ms(weather.partition_every_ms, Happening::Partition);
        self.network.around_ms(weather.crash_every_ms, Happening::Crash);

        if !self.plan.liars.is_empty() {
            self.network.after_us(1, Happening::Scheme);
        }

        if self.plan.is_over_limit() {
            return self.play_traitors();
        }
        let stormy = self.plan.views * 2 / 3;
        self.until(FAULTS_MAX_MS, |s| s.view() >= stormy)?;
        self.heal()?;
        let (target, views) = (self.oracle.height() + FINAL_AFTER_FAULTS, self.plan.views);
        let grown = |s: &Self| s.view() >= views && s.living().all(|p| s.oracle.heights()[p] >= target);
        if !self.until(CALM_MAX_MS, grown)? {
            return Err(self.dead(&format!("views {views} and height {target} everywhere"), CALM_MAX_MS));
        }
        self.is_submitting = false;
        let done =
            |s: &Self| s.clients.waiting() == 0 && s.living().all(|p| s.oracle.heights()[p] == s.oracle.height());
        if !self.until(DRAIN_MAX_MS, done)? {
            return Err(self.dead("every submitted transaction final everywhere", DRAIN_MAX_MS));
        }
        self.until(SETTLE_MS, |_| false)?;
        self.watch_silence()?;
        self.compare_roots()?;
        Ok(self.summary(self.convictions()?, None))
    }

    fn summary(&self, convictions: usize, fork: Option<Fork>) -> Summary {
        Summary {
            views: self.view(),
            height: self.oracle.height(),
            transactions: self.oracle.transactions(),
            convictions,
            time_ms: self.network.now_us / 1000,
            fork,
        }
    }

    fn dead(&self, what: &str, limit_ms: u64) -> Violation {
        let stands = self.processes.iter().map(|p| {
            let v = p.validator.as_ref().map(|v| (v.standing().view.0, v.standing().final_height.0, v.mempool().len()));
            format!(" {v:?}")
        });
        let stands: String = stands.collect();
        let waiting = self.clients.waiting();
        Violation::Dead { what: format!("no {what}; {waiting} wait; (view, height, mempool){stands}"), limit_ms }
    }

    /// Plays until `done` or for `limit_ms`; whether it was done.
    fn until(&mut self, limit_ms: u64, done: impl Fn(&Self) -> bool) -> Result<bool, Violation> {
        let end = self.network.now_us + limit_ms * 1000;
        while self.network.now_us < end {
            if done(self) {
                return Ok(true);
            }
            let Some(happening) = self.network.next() else { return Ok(done(self)) };
            self.happen(happening)?;
        }
        Ok(done(self))
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        match happening {
            Happening::Message { from, to, number, bytes } => {
                self.network.arrives(from, to, number, &mut self.faults);
                let message = PeerMessage::decode(&bytes).expect("validators send what validators read");
                self.note(to, &bytes);
                if self.is_liar(to) && !self.shows(self.processes[from].member, to, &message) {
                    return Ok(());
                }
                let from = self.processes[from].index();
                self.handle(to, Event::Peer { from, message })
            }
            Happening::Bundle { from, to, bytes } => {
                let transactions = decode_bundle(&bytes).expect("validators publish what validators read");
                self.note(to, &bytes);
                let from = self.processes[from].index();
                self.handle(to, Event::Gossip { from, transactions })
            }
            Happening::Up { at, to } => self.handle(at, Event::Connected(to)),
            Happening::Down { at, to } => self.handle(at, Event::Disconnected(to)),
            Happening::Wake { peer, wish } if wish == self.processes[peer].wish => {
                self.processes[peer].wished_ms = None;
                self.handle(peer, Event::Wake)
            }
            Happening::Wake { .. } => Ok(()),
            Happening::Posted { from, to, bytes } => {
                self.network.send(from, to, &bytes, &mut self.faults);
                Ok(())
            }
            Happening::Scheme => self.scheme(),
            Happening::Submit => self.submit_new(),
            Happening::Retry => self.submit_again(),
            Happening::Partition => self.partition(),
            Happening::Mend { split } if split == self.splits => {
                self.mend();
                Ok(())
            }
            Happening::Mend { .. } => Ok(()),
            Happening::Crash => self.crash(),
            Happening::Restart { peer } if self.processes[peer].validator.is_none() => self.start(peer),
            Happening::Restart { .. } => Ok(()),
        }
    }

    fn note(&mut self, to: Peer, bytes: &[u8]) {
        self.trace.update(&self.network.now_us.to_le_bytes());
        self.trace.update(&(to as u64).to_le_bytes());
        self.trace.update(bytes);
    }

    /// Gives a process something to do, if it runs; a doomed one stops in the middle of it.
    fn handle(&mut self, peer: Peer, event: Event) -> Result<(), Violation> {
        let process = &mut self.processes[peer];
        let now = process.clock_ms(self.network.now_us);
        let Some(validator) = &mut process.validator else { return Ok(()) };
        let actions = validator.handle(now, event);
        if process.is_doomed && !actions.is_empty() {
            return self.stop_within(peer, actions);
        }
        for action in actions {
            self.perform(peer, action)?;
        }
        self.wish(peer);
        Ok(())
    }

    /// Sees to it that the process is woken when it wants to be.
    fn wish(&mut self, peer: Peer) {
        let process = &mut self.processes[peer];
        let wanted = process.validator.as_ref().and_then(|validator| validator.next_wake());
        if wanted == process.wished_ms {
            return;
        }
        process.wished_ms = wanted;
        process.wish += 1;
        if let Some(ms) = wanted {
            // As a node does, it looks at the clock now and then whatever it waits for.
            let until_us = process.until_us(ms, self.network.now_us);
            let (wish, us) = (process.wish, until_us.clamp(1, BEAT_US));
            self.network.after_us(us, Happening::Wake { peer, wish });
        }
    }

    fn perform(&mut self, peer: Peer, action: Action) -> Result<(), Violation> {
        let member = self.processes[peer].member;
        match action {
            Action::Persist(records) => self.processes[peer].disk.append(&records, None),
            Action::Send { to, message } => self.send(peer, to, &message)?,
            Action::Gossip(bundle) => {
                let bytes: Arc<[u8]> = bundle.into();
                for to in self.others(peer) {
                    self.network.gossip(peer, to, &bytes, &mut self.faults);
                }
            }
            Action::Commit(blocks) => {
                self.processes[peer].disk.commit(&blocks);
                if !self.is_liar(peer) {
                    for block in &blocks {
                        self.committed(member, block)?;
                    }
                }
            }
            Action::ServeSync { to, from_height, to_height: _ } => {
                let response = self.processes[peer].disk.sync_response(from_height);
                if !response.blocks().is_empty() {
                    let message = PeerMessage::Consensus(Message::SyncResponse(response));
                    self.send(peer, To::One(to), &message)?;
                }
            }
            Action::ServeBlock { to, digest } => {
                if let Some(block) = self.processes[peer].disk.block(&digest) {
                    let message = PeerMessage::Consensus(Message::BlockResponse { digest, block });
                    self.send(peer, To::One(to), &message)?;
                }
            }
            Action::Evidence(evidence) => self.accuse(peer, &evidence)?,
            Action::Alarm(Alarm::Clock { .. }) | Action::Judge(_) | Action::Reply(..) => {}
            // What the alarm is for.
            Action::Alarm(Alarm::Fork { .. }) if self.plan.is_over_limit() => {}
            Action::Alarm(alarm @ (Alarm::CertifiedInvalid { .. } | Alarm::Fork { .. })) => {
                return Err(Violation::Alarm { validator: member, alarm: format!("{alarm:?}") });
            }
            Action::Stop(why) => return Err(Violation::Refused { validator: member, why: why.to_string() }),
        }
        Ok(())
    }

    fn committed(&mut self, member: usize, block: &amanah_ledger::chain::FinalBlock) -> Result<(), Violation> {
        self.trace.update(&(member as u64).to_le_bytes());
        self.trace.update(block.digest().as_bytes());
        if self.oracle.committed(member, block)? {
            self.newest = block.tip().clone();
            for (_, id, _) in block.transactions() {
                self.clients.finalized(&id);
            }
        }
        Ok(())
    }

    fn send(&mut self, peer: Peer, to: To, message: &PeerMessage) -> Result<(), Violation> {
        let is_meant = |receiver: &usize| match to {
            To::All => *receiver != self.processes[peer].member,
            To::One(index) => usize::from(index.0) == *receiver,
        };
        let receivers: Vec<usize> = (0..self.plan.members).filter(is_meant).collect();
        if self.is_liar(peer) {
            self.send_lies(peer, &receivers, message);
            return Ok(());
        }
        if let PeerMessage::Consensus(message) = message {
            self.oracle.sent(self.processes[peer].member, message)?;
        }
        let bytes: Arc<[u8]> = message.encode().into();
        for receiver in self.others(peer) {
            if receivers.contains(&self.processes[receiver].member) {
                self.network.send(peer, receiver, &bytes, &mut self.faults);
            }
        }
        Ok(())
    }

    /// Every process of another member.
    fn others(&self, peer: Peer) -> Vec<Peer> {
        let member = self.processes[peer].member;
        (0..self.processes.len()).filter(|other| self.processes[*other].member != member).collect()
    }

    /// Members that keep the rules; they all run again after the faults.
    fn living(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.plan.members).filter(|peer| !self.is_liar(*peer))
    }

    fn view(&self) -> u64 {
        let validators = self.processes.iter().filter_map(|process| process.validator.as_ref());
        validators.map(|validator| validator.standing().view.0).max().unwrap_or(0)
    }
}
