//! The oracles that look at whole processes, or at a stretch of time.

use super::*;
use crate::sim::oracle::check_memory;

/// Every so many happenings it is looked up which transactions all honest validators hold.
const LOOK_EVERY: u64 = 16;

impl Simulation {
    /// Oracle G, after every step of a validator that keeps the rules.
    pub(super) fn check_memory(&mut self, peer: Peer) -> Result<(), Violation> {
        if self.is_liar(peer) {
            return Ok(());
        }
        let process = &self.processes[peer];
        let Some(validator) = &process.validator else { return Ok(()) };
        let (member, view, holdings) = (process.member, validator.view().0, validator.holdings());
        check_memory(member, self.plan.members, holdings)?;
        // More liars than f also lead more views than is reckoned with.
        if self.plan.is_over_limit() {
            return Ok(());
        }
        self.oracle.pace.check(member, self.network.now_us, view, view - holdings.0.open_views)
    }

    /// Oracle E: notes which transactions every honest validator holds by now.
    pub(super) fn look_who_holds(&mut self) {
        self.happenings += 1;
        if !self.network.is_calm || !self.happenings.is_multiple_of(LOOK_EVERY) {
            return;
        }
        let honest: Option<Vec<_>> = self.living().map(|peer| self.processes[peer].validator.as_ref()).collect();
        let Some(honest) = honest else { return };
        let by_all = |id: &&WireId| honest.iter().all(|validator| validator.mempool().contains(id));
        let new = self.clients.pending().filter(|id| !self.oracle.progress.is_held(id));
        let new: Vec<WireId> = new.filter(by_all).copied().collect();
        let view = honest.iter().map(|validator| validator.view().0).max().unwrap_or(0);
        for id in new {
            self.oracle.progress.all_hold(id, view);
        }
    }

    /// Oracle E: the network moves soon after the faults. Returns how soon, in milliseconds.
    pub(super) fn watch_healing(&mut self) -> Result<u64, Violation> {
        let (begin_us, target) = (self.network.now_us, self.oracle.chain.height() + HEALED_BLOCKS);
        let is_healed = |s: &Self| s.living().all(|peer| s.oracle.chain.heights()[peer] >= target);
        if !self.until(HEALED_MS, is_healed)? {
            return Err(self.dead(&format!("{HEALED_BLOCKS} more blocks everywhere after the faults"), HEALED_MS));
        }
        Ok((self.network.now_us - begin_us) / 1000)
    }

    /// Oracle F: with nothing to do, nobody who keeps the rules votes, repeats a vote, writes to its vote log or changes
    /// its view.
    pub(super) fn watch_silence(&mut self, idle_ms: u64) -> Result<(), Violation> {
        let before = self.standstill();
        self.until(idle_ms, |_| false)?;
        let after = self.standstill();
        if before == after {
            return Ok(());
        }
        Err(Violation::NotIdle(format!("went from (votes, records, height, views) {before:?} to {after:?}")))
    }

    fn standstill(&self) -> (u64, u64, u64, Vec<u64>) {
        let views = self.living().filter_map(|peer| self.processes[peer].validator.as_ref()).map(|v| v.view().0);
        let wire = &self.oracle.wire;
        (wire.votes_spread, wire.records_written, self.oracle.chain.height(), views.collect())
    }

    /// Oracles A and D at the end: every honest validator has the newest state, and all that is final in its store.
    pub(super) fn compare_stores(&self) -> Result<(), Violation> {
        for peer in self.living() {
            let root = self.processes[peer].validator.as_ref().map(|v| v.head().state().root());
            if root != Some(self.newest.state().root()) {
                return Err(Violation::Fork { validator: peer, height: self.oracle.chain.height() });
            }
            self.oracle.chain.is_kept(peer, self.processes[peer].disk.digests())?;
        }
        // Execution is deterministic: the stored bytes alone lead to the same state again.
        let again = self.living().next().map(|peer| {
            let disk = &self.processes[peer].disk;
            disk.execute(&self.world.genesis, &*self.world.verifier).state().root()
        });
        if again != Some(self.newest.state().root()) {
            return Err(Violation::Fork { validator: 0, height: self.oracle.chain.height() });
        }
        Ok(())
    }
}
