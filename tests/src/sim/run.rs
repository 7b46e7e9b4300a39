//! One run: faults until enough views have gone by, then calm, then silence.

mod actions;
mod convictions;
mod courses;
mod events;
mod forks;
mod lies;
mod watch;

use super::clients::Clients;
use super::disk::Disk;
use super::faults::Faults;
use super::liar::{Coalition, Deeds};
use super::members::{self, BEGIN_MS};
use super::network::{Happening, Network, Peer};
use super::oracle::{Oracle, Violation};
use super::peer::{Process, World};
use super::plan::{Moment, Plan};
use amanah_consensus::message::Message;
use amanah_consensus::{Alarm, To};
use amanah_ledger::chain::Tip;
use amanah_ledger::committee::Committee;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant;
use amanah_ledger::position::Height;
use amanah_ledger::transaction::{SignedTransaction, WireId};
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
/// After so many happenings it is asked whether a stretch of the run is over.
const ASK_EVERY: u64 = 8;
/// Final blocks that every honest validator must add soon after the faults, and how soon: 20 t_a.
const HEALED_BLOCKS: u64 = 10;
const HEALED_MS: u64 = 20 * 3 * 500;
/// How long a process stays away that a script stops.
const AWAY_MS: u64 = 300;
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
    /// From the end of the faults until every honest validator had ten more final blocks.
    pub heal_ms: u64,
    /// The most views for which a transaction that all honest validators held waited for its block.
    pub waited_views: u64,
}

impl Summary {
    /// Delays whose largest value is of interest.
    pub(super) fn delays(&self) -> [(&'static str, u64); 2] {
        [("ms to heal", self.heal_ms), ("views waited", self.waited_views)]
    }
}

/// Places where a script can be cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Boundaries {
    /// Before each write, message and final block of the script's victim.
    pub actions: u64,
    /// Writes to its vote log.
    pub appends: u64,
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
    /// Where the run could have been cut, if it is a script.
    pub boundaries: Boundaries,
}

/// Runs a plan to its end.
pub fn run(plan: &Plan) -> Report {
    let mut simulation = Simulation::new(plan.clone());
    let verdict = mutant::without(plan.mutant, || simulation.play());
    let (trace, deeds) = (Digest(*simulation.trace.finalize().as_bytes()), simulation.coalition.deeds().clone());
    Report { verdict, trace, faults: simulation.faults, deeds, boundaries: simulation.boundaries }
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
    /// How many there were.
    happenings: u64,
    boundaries: Boundaries,
}

impl Simulation {
    fn new(plan: Plan) -> Self {
        let genesis = members::genesis(plan.members);
        let newest = genesis.clone();
        let (committee, chain) = (Committee::clone(genesis.committee()), *genesis.chain());
        let mut faults = Faults::default();
        let mut owners: Vec<usize> = (0..plan.members).collect();
        owners.extend(plan.twins());
        let mut network = Network::new(&plan, owners.len());
        let skew = |network: &mut Network, faults: &mut Faults| {
            let error = i64::try_from(network.random.below(plan.weather.skew_ms + 1)).unwrap_or(0);
            faults.skewed_clocks += u64::from(error != 0);
            if network.random.chance(500) { error } else { -error }
        };
        let processes = owners.iter().map(|m| Process::new(*m, skew(&mut network, &mut faults), chain)).collect();
        let world = World { genesis, committee, verifier: plan.scheme.verifier() };
        Self {
            clients: Clients::new(&plan, chain),
            coalition: Coalition::new(&plan, &world.committee, Arc::clone(&world.verifier), newest.clone()),
            world,
            network,
            processes,
            oracle: Oracle::new(&plan),
            accused: convictions::Accused::default(),
            faults,
            trace: blake3::Hasher::new(),
            newest,
            splits: 0,
            tickets: 0,
            is_submitting: true,
            happenings: 0,
            boundaries: Boundaries::default(),
            plan,
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
            // Asking after each would cost more than what happens.
            if self.happenings.is_multiple_of(ASK_EVERY) && done(self) {
                return Ok(true);
            }
            let Some(happening) = self.network.next() else { return Ok(done(self)) };
            self.happen(happening)?;
        }
        Ok(done(self))
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        self.look_who_holds();
        match happening {
            Happening::Message { from, to, number, bytes } => {
                self.network.arrives(from, to, number, &mut self.faults);
                let message = PeerMessage::decode(&bytes).expect("validators send what validators read");
                self.note(to, number);
                if self.is_liar(to) && !self.shows(self.processes[from].member, to, &message) {
                    return Ok(());
                }
                let from = self.processes[from].index();
                self.handle(to, Event::Peer { from, message })
            }
            Happening::Bundle { from, to, bytes } => {
                let transactions = decode_bundle(&bytes).expect("validators publish what validators read");
                self.note(to, bytes.len() as u64);
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

    /// A delivery becomes part of the trace. What was delivered is in it since it was sent.
    fn note(&mut self, to: Peer, number: u64) {
        self.trace.update(&self.network.now_us.to_le_bytes());
        self.trace.update(&(to as u64).to_le_bytes());
        self.trace.update(&number.to_le_bytes());
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
        self.perform_all(peer, actions)?;
        self.check_memory(peer)
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

    /// Members that keep the rules; they all run again after the faults.
    fn living(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.plan.members).filter(|peer| !self.is_liar(*peer))
    }

    fn view(&self) -> u64 {
        let validators = self.processes.iter().filter_map(|process| process.validator.as_ref());
        validators.map(|validator| validator.view().0).max().unwrap_or(0)
    }
}
