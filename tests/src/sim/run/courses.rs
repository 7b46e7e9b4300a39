//! The courses that a run may take.

use super::*;
use crate::sim::plan::{Course, Cut};

/// A script goes through this many views.
const SCRIPT_VIEWS: u64 = 10;
/// It has so much time for them, and for as many blocks once more behind its cut.
const SCRIPT_MAX_MS: u64 = 120_000;
/// Final blocks that every validator must add behind the cut.
const SCRIPT_BLOCKS: u64 = 4;
/// An idle network first works for so long.
const BUSY_MS: u64 = 10_000;
/// And then has nothing to do for a day; for an hour if somebody lies, as liars never rest.
const HOUR_MS: u64 = 3_600 * 1_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How long the silence behind a script is watched.
const SCRIPT_IDLE_MS: u64 = 20_000;

impl Simulation {
    pub(super) fn play(&mut self) -> Result<Summary, Violation> {
        for peer in 0..self.processes.len() {
            self.start(peer)?;
        }
        self.split_twins();
        self.network.around_ms(self.plan.weather.submit_every_ms, Happening::Submit);
        self.network.around_ms(1_000, Happening::Retry);
        if !self.plan.liars.is_empty() {
            self.network.after_us(1, Happening::Scheme);
        }
        if self.plan.is_over_limit() {
            self.brew();
            return self.play_traitors();
        }
        let heal_ms = match self.plan.course {
            Course::Storm => self.storm()?,
            Course::Script(_) => self.script()?,
            Course::Idle => self.idle()?,
        };
        self.compare_stores()?;
        self.oracle.finish()?;
        let convictions = self.convictions()?;
        Ok(Summary { heal_ms, convictions, ..self.summary(None) })
    }

    pub(super) fn summary(&self, fork: Option<Fork>) -> Summary {
        Summary {
            views: self.view(),
            height: self.oracle.chain.height(),
            transactions: self.oracle.chain.transactions(),
            time_ms: self.network.now_us / 1000,
            fork,
            convictions: 0,
            heal_ms: 0,
            waited_views: self.oracle.progress.waited,
        }
    }

    /// Faults until enough views have gone by, then calm, then silence.
    fn storm(&mut self) -> Result<u64, Violation> {
        self.brew();
        let stormy = self.plan.views * 2 / 3;
        self.until(FAULTS_MAX_MS, |s| s.view() >= stormy)?;
        self.heal()?;
        let heal_ms = self.watch_healing()?;
        let (target, views) = (self.oracle.chain.height() + FINAL_AFTER_FAULTS, self.plan.views);
        let grown = |s: &Self| s.view() >= views && s.has_all(target);
        if !self.until(CALM_MAX_MS, grown)? {
            return Err(self.dead(&format!("views {views} and height {target} everywhere"), CALM_MAX_MS));
        }
        self.drain()?;
        self.until(SETTLE_MS, |_| false)?;
        self.watch_silence(IDLE_MS)?;
        Ok(heal_ms)
    }

    /// From now on the network splits and processes stop.
    fn brew(&mut self) {
        let weather = self.plan.weather;
        self.network.around_ms(weather.partition_every_ms, Happening::Partition);
        self.network.around_ms(weather.crash_every_ms, Happening::Crash);
    }

    /// No faults but the cut, if there is one.
    fn script(&mut self) -> Result<u64, Violation> {
        self.network.is_calm = true;
        if !self.until(SCRIPT_MAX_MS, |s| s.view() >= SCRIPT_VIEWS && s.is_cut_done())? {
            return Err(self.dead(&format!("{SCRIPT_VIEWS} views"), SCRIPT_MAX_MS));
        }
        let target = self.oracle.chain.height() + SCRIPT_BLOCKS;
        if !self.until(SCRIPT_MAX_MS, |s| s.has_all(target))? {
            return Err(self.dead(&format!("height {target} everywhere"), SCRIPT_MAX_MS));
        }
        self.drain()?;
        self.until(SETTLE_MS, |_| false)?;
        self.watch_silence(SCRIPT_IDLE_MS)?;
        Ok(0)
    }

    /// Some work, and then none for long (oracle F).
    fn idle(&mut self) -> Result<u64, Violation> {
        self.network.is_calm = true;
        self.until(BUSY_MS, |_| false)?;
        self.drain()?;
        self.until(SETTLE_MS, |_| false)?;
        self.watch_silence(if self.plan.liars.is_empty() { DAY_MS } else { HOUR_MS })?;
        Ok(0)
    }

    /// Nobody submits any more, and everything submitted becomes final everywhere.
    fn drain(&mut self) -> Result<(), Violation> {
        self.is_submitting = false;
        let done = |s: &Self| s.clients.waiting() == 0 && s.has_all(s.oracle.chain.height());
        if self.until(DRAIN_MAX_MS, done)? {
            return Ok(());
        }
        Err(self.dead("every submitted transaction final everywhere", DRAIN_MAX_MS))
    }

    /// Whether every validator that keeps the rules stored `height` final blocks.
    pub(super) fn has_all(&self, height: u64) -> bool {
        self.living().all(|peer| self.oracle.chain.heights()[peer] >= height)
    }

    fn is_cut_done(&self) -> bool {
        match self.plan.course {
            Course::Script(Some(cut)) => cut.at() < self.boundary_of(cut),
            Course::Script(None) | Course::Storm | Course::Idle => true,
        }
    }

    fn boundary_of(&self, cut: Cut) -> u64 {
        match cut {
            Cut::One { .. } => self.boundaries.actions,
            Cut::All { .. } => self.boundaries.appends,
        }
    }

    /// Counts the boundary before this action of the script's victim; whether the run is cut here.
    pub(super) fn is_cut_before(&mut self, peer: Peer, action: &Action) -> bool {
        let Course::Script(cut) = self.plan.course else { return false };
        if peer != self.plan.victim() {
            return false;
        }
        let (is_output, is_append) = match action {
            Action::Persist(_) => (true, true),
            Action::Send { .. } | Action::Gossip(_) | Action::Commit(_) => (true, false),
            Action::Judge(_)
            | Action::ServeSync { .. }
            | Action::ServeBlock { .. }
            | Action::Reply(..)
            | Action::Alarm(_)
            | Action::Evidence(_)
            | Action::Stop(_) => (false, false),
        };
        let here = self.boundaries;
        self.boundaries.actions += u64::from(is_output);
        self.boundaries.appends += u64::from(is_append);
        match cut {
            Some(Cut::One { at }) => is_output && here.actions == at,
            // Three moments of each append: before it, in the middle, and after it, before anything else is done.
            Some(Cut::All { at, .. }) => is_append && here.appends == at,
            None => false,
        }
    }

    /// Cuts the script before this action: the victim stops, or all do.
    pub(super) fn cut(&mut self, peer: Peer, action: Action) -> Result<(), Violation> {
        let Course::Script(Some(cut)) = self.plan.course else { return Ok(()) };
        match (cut, action) {
            (Cut::One { .. }, _) => {
                self.stop_for(peer, AWAY_MS);
                return Ok(());
            }
            (Cut::All { moment: Moment::Before, .. }, _) => {}
            (Cut::All { moment: Moment::Within, .. }, Action::Persist(records)) => self.die_within(peer, &records),
            (Cut::All { .. }, action) => self.perform(peer, action)?,
        }
        self.faults.blackouts += 1;
        for one in 0..self.processes.len() {
            if self.processes[one].validator.is_some() {
                self.stop_for(one, AWAY_MS);
            }
        }
        Ok(())
    }
}
