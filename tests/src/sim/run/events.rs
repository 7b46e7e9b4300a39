//! What happens to the network and its processes from outside.

use super::*;
use crate::sim::disk::Death;
use crate::sim::peer::Started;
use amanah_consensus::Record;

/// How long a split lasts.
const SPLIT_MS: std::ops::RangeInclusive<u64> = 500..=8_000;
/// How long a process stays away.
const AWAY_MS: std::ops::RangeInclusive<u64> = 50..=5_000;

impl Simulation {
    pub(super) fn start(&mut self, peer: Peer) -> Result<(), Violation> {
        let now_us = self.network.now_us;
        let member = self.processes[peer].member;
        if self.coalition.forgets(member) {
            self.processes[peer].disk.forget();
        }
        let process = &mut self.processes[peer];
        let height = process.disk.height().0;
        if self.network.now_us > 0 {
            self.faults.restarts += 1;
        }
        let started = process.start(&self.plan, &self.world, now_us);
        let Started { actions, records } =
            started.map_err(|why| Violation::CannotStart { validator: member, why: why.to_string() })?;
        if !self.is_liar(peer) {
            self.oracle.chain.restarted(member, height)?;
            self.oracle.wire.logged(member, &records)?;
        }
        self.perform_all(peer, actions)?;
        for other in self.others(peer) {
            self.link_up(peer, other);
        }
        Ok(())
    }

    /// Both ends learn that messages flow again.
    fn link_up(&mut self, one: Peer, other: Peer) {
        if self.processes[one].validator.is_none() || self.processes[other].validator.is_none() {
            return;
        }
        for (at, to) in [(one, other), (other, one)] {
            let (us, to) = (self.network.latency_us(to, at), self.processes[to].index());
            self.network.after_us(us, Happening::Up { at, to });
        }
    }

    fn link_down(&mut self, one: Peer, other: Peer) {
        for (at, to) in [(one, other), (other, one)] {
            let (us, to) = (self.network.latency_us(to, at), self.processes[to].index());
            self.network.after_us(us, Happening::Down { at, to });
        }
    }

    pub(super) fn submit_new(&mut self) -> Result<(), Violation> {
        if self.is_submitting {
            self.network.around_ms(self.plan.weather.submit_every_ms, Happening::Submit);
            let now_ms = BEGIN_MS + self.network.now_us / 1000;
            if let Some(transaction) = self.clients.act(now_ms, self.newest.state()) {
                self.submit(transaction)?;
            }
        }
        Ok(())
    }

    pub(super) fn submit_again(&mut self) -> Result<(), Violation> {
        if self.is_submitting || self.clients.waiting() > 0 {
            self.network.around_ms(1_000, Happening::Retry);
        }
        for transaction in self.clients.retries(BEGIN_MS + self.network.now_us / 1000) {
            self.submit(transaction)?;
        }
        Ok(())
    }

    /// Hands a transaction to one validator that runs and keeps the rules.
    fn submit(&mut self, transaction: SignedTransaction) -> Result<(), Violation> {
        let running = |peer: &usize| self.processes[*peer].validator.is_some() && !self.is_liar(*peer);
        let running: Vec<_> = (0..self.plan.members).filter(running).collect();
        let Some(peer) = self.network.random.pick(&running).copied() else { return Ok(()) };
        self.tickets += 1;
        let verified = transaction.verify(self.newest.chain(), &*self.world.verifier).expect("clients sign well");
        self.handle(peer, Event::Submit(Arc::new(verified), Ticket(self.tickets)))
    }

    /// Splits the network in two, or takes one direction of one validator away.
    pub(super) fn partition(&mut self) -> Result<(), Violation> {
        if self.network.is_calm {
            return Ok(());
        }
        self.network.around_ms(self.plan.weather.partition_every_ms, Happening::Partition);
        if self.plan.is_over_limit() {
            self.split_sides();
            return Ok(());
        }
        self.mend();
        self.splits += 1;
        let peers = self.processes.len();
        if self.network.random.chance(250) {
            self.faults.one_way += 1;
            let victim = usize::try_from(self.network.random.below(peers as u64)).unwrap_or(0);
            let hears = self.network.random.chance(500);
            for other in 0..peers {
                let (from, to) = if hears { (victim, other) } else { (other, victim) };
                self.network.set_cut(from, to, true);
            }
        } else {
            self.faults.partitions += 1;
            let is_noticed = self.network.random.chance(500);
            let side: Vec<_> = (0..peers).map(|_| self.network.random.chance(400)).collect();
            for one in 0..peers {
                for other in (0..peers).filter(|other| side[*other] != side[one]) {
                    self.network.set_cut(one, other, true);
                    if is_noticed && one < other {
                        self.link_down(one, other);
                    }
                }
            }
        }
        let (split, ms) = (self.splits, self.network.random.between(*SPLIT_MS.start(), *SPLIT_MS.end()));
        self.network.after_us(ms * 1000, Happening::Mend { split });
        Ok(())
    }

    /// Every link works again, except those a liar's copies never have.
    pub(super) fn mend(&mut self) {
        let peers = self.processes.len();
        for one in 0..peers {
            for other in 0..peers {
                if self.network.is_cut(one, other) {
                    self.network.set_cut(one, other, false);
                    if one < other && self.network.random.chance(500) {
                        self.link_up(one, other);
                    }
                }
            }
        }
        self.split_twins();
    }

    /// Gives each of a liar's copies some of the others to talk to.
    pub(super) fn split_twins(&mut self) {
        for (at, first) in self.plan.twins().collect::<Vec<_>>().into_iter().enumerate() {
            let second = self.plan.members + at;
            for other in (0..self.plan.members).filter(|peer| *peer != first) {
                let copy = if self.network.random.chance(500) { first } else { second };
                self.network.set_cut(copy, other, true);
                self.network.set_cut(other, copy, true);
            }
        }
    }

    /// Dooms one process, or now and then stops all of them at this moment.
    pub(super) fn crash(&mut self) -> Result<(), Violation> {
        if self.network.is_calm {
            return Ok(());
        }
        self.network.around_ms(self.plan.weather.crash_every_ms, Happening::Crash);
        if self.network.random.chance(150) {
            self.faults.blackouts += 1;
            for peer in 0..self.processes.len() {
                self.processes[peer].is_doomed = true;
            }
        } else {
            let peer = usize::try_from(self.network.random.below(self.processes.len() as u64)).unwrap_or(0);
            self.processes[peer].is_doomed = true;
        }
        Ok(())
    }

    /// Performs the first of these actions, then the process is gone, perhaps in the middle of a write.
    pub(super) fn stop_within(&mut self, peer: Peer, actions: Vec<Action>) -> Result<(), Violation> {
        let mut last = usize::try_from(self.network.random.below(actions.len() as u64 + 1)).unwrap_or(0);
        // Half of the writes among them are where it ends: that is what the disk makes interesting.
        let write = actions.iter().position(|action| matches!(action, Action::Persist(_)));
        if let Some(write) = write.filter(|_| self.network.random.chance(500)) {
            last = write;
        }
        for (at, action) in actions.into_iter().enumerate() {
            if at < last {
                self.perform(peer, action)?;
                continue;
            }
            match action {
                Action::Persist(records) if at == last => {
                    self.die_within(peer, &records);
                }
                Action::Send { message: PeerMessage::Consensus(Message::Vote(_) | Message::Proposal(_)), .. } => {
                    self.faults.unsent += 1;
                }
                Action::Commit(_) => self.faults.lost_commits += 1,
                Action::Persist(_)
                | Action::Send { .. }
                | Action::Gossip(_)
                | Action::Judge(_)
                | Action::ServeSync { .. }
                | Action::ServeBlock { .. }
                | Action::Reply(..)
                | Action::Alarm(_)
                | Action::Evidence(_)
                | Action::Stop(_) => {}
            }
        }
        let ms = self.network.random.between(*AWAY_MS.start(), *AWAY_MS.end());
        self.stop_for(peer, ms);
        Ok(())
    }

    /// The disk of a process that stops while it appends these records.
    pub(super) fn die_within(&mut self, peer: Peer, records: &[Record]) {
        let now = self.processes[peer].position();
        let random = &mut self.network.random;
        let death = Death::draw(random);
        self.processes[peer].disk.die(records, now, death, random, &mut self.faults);
    }

    /// Stops a process, which starts again so much later.
    pub(super) fn stop_for(&mut self, peer: Peer, ms: u64) {
        self.stop(peer);
        self.network.after_us(ms * 1000, Happening::Restart { peer });
    }

    pub(super) fn stop(&mut self, peer: Peer) {
        self.faults.crashes += 1;
        // What it held in memory is gone.
        self.oracle.progress.forget();
        let process = &mut self.processes[peer];
        process.validator = None;
        process.is_doomed = false;
        process.wished_ms = None;
        process.wish += 1;
        for other in self.others(peer) {
            self.link_down(peer, other);
        }
    }

    /// The faults end: links work and processes run. Liars go on lying.
    pub(super) fn heal(&mut self) -> Result<(), Violation> {
        self.network.is_calm = true;
        self.mend();
        for peer in 0..self.processes.len() {
            self.processes[peer].is_doomed = false;
            if self.processes[peer].validator.is_none() {
                self.start(peer)?;
            }
        }
        Ok(())
    }
}
