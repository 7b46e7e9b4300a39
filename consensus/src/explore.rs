//! What an exhaustive search needs of a machine and no node does: a second machine in the same state, a fingerprint of
//! everything that decides what it does next, and time as "this deadline has come". Only with the feature `explore`.
//!
//! The fingerprint leaves out what decides only whom to ask, whom to serve, and when to say again what was said: peers
//! (but for their bad signatures), open questions, retries, statuses, jitter, and our proposal kept for repetition. A
//! search in which every message once sent can always arrive does not see any of it. The view a block came in is left out
//! as well: it matters once more than [`crate::limits::UNCERTIFIED_VIEWS_BEHIND`] views passed. A search must keep to
//! that, must keep nobody silent, and must let no clock run. Who signed a certificate is not left out: a signer that
//! contradicts it is accused, and our proposals carry it to others.

use crate::application::{Application, Content};
use crate::machine::{Machine, Turn};
use amanah_ledger::crypto::Signer;
use std::hash::{Hash, Hasher};

/// A moment that a machine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deadline {
    /// t_l of the current view.
    Leader,
    /// t_a of the current view.
    Certificate,
    /// Refinement 23: the parent of the empty block at hand is certified for Δ.
    Padding,
    /// The tip is certified for 2Δ and not final.
    Stale,
}

impl Machine {
    /// A machine in the same state. A key is never copied: the caller brings the one it has.
    #[must_use]
    pub fn twin(&self, signer: Option<Box<dyn Signer>>) -> Self {
        Self {
            config: self.config.clone(),
            electorate: self.electorate.clone(),
            leaders: self.leaders.clone(),
            safety: self.safety.twin(signer),
            clock: self.clock,
            draw: self.draw.clone(),
            view: self.view,
            turn: self.turn,
            last_final: self.last_final,
            book: self.book.clone(),
            rounds: self.rounds.clone(),
            pool: self.pool.clone(),
            peers: self.peers.clone(),
            own_proposal: self.own_proposal.clone(),
            retry: self.retry,
            fetches: self.fetches.clone(),
            asks: self.asks,
            sync: self.sync.clone(),
            telling: self.telling,
            accused: self.accused.clone(),
        }
    }

    /// Feeds everything that decides what the machine will sign, accept and make final. Two machines of one
    /// configuration with equal fingerprints do the same from here on, as far as the first page of this file says.
    pub fn fingerprint(&self, into: &mut impl Hasher) {
        // A new field does not compile here until somebody decided what it decides.
        let Self {
            config: _,
            electorate: _,
            leaders: _,
            safety,
            clock,
            draw: _,
            view,
            turn,
            last_final,
            book,
            rounds,
            pool,
            peers,
            own_proposal: _,
            retry: _,
            fetches: _,
            asks: _,
            sync: _,
            telling: _,
            accused,
        } = self;
        let now = clock.now();
        view.hash(into);
        // Once given up, a view has no deadlines, unless a mutant gives up other views by them.
        if safety.given(*view).nullify.is_none() || safety.may_break_exclusion() {
            let Turn { work_at, voted_at } = turn;
            work_at.map(|at| now - at).hash(into);
            voted_at.map(|at| now - at).hash(into);
        }
        last_final.view.hash(into);
        last_final.point.digest.hash(into);
        safety.fingerprint(into);
        book.fingerprint(now, last_final.view, into);
        (accused.len(), rounds.len()).hash(into);
        for (validator, kind) in accused {
            (validator, *kind as u8).hash(into);
        }
        for (view, round) in rounds {
            view.hash(into);
            round.fingerprint(into);
        }
        pool.fingerprint(into);
        for (_, peer) in peers.iter() {
            peer.bad_signatures().hash(into);
        }
    }

    /// The deadlines that something waits for and that have not come.
    pub fn armed(&self, app: &dyn Application) -> Vec<Deadline> {
        let mut armed = Vec::new();
        let now = self.clock.now();
        let candidate = self.rounds.get(&self.view).and_then(|round| round.live_candidate());
        let has_given_up = self.safety.given(self.view_to_give_up()).nullify.is_some();
        if self.safety.is_signing() && !has_given_up {
            if candidate.is_none() && self.turn.work_at.is_some() {
                armed.push(Deadline::Leader);
            }
            if self.turn.work_at.is_some() || self.turn.voted_at.is_some() {
                armed.push(Deadline::Certificate);
            }
        }
        let certified_at = |view| self.book.page(view).and_then(|page| page.certified_at);
        let is_ahead = |at: Option<u64>, wait: u64| at.is_some_and(|at| at.saturating_add(wait) > now);
        let is_empty = candidate
            .and_then(|candidate| self.pool.get(&candidate.vote.block))
            .is_some_and(|held| held.facts.content == Content::Empty);
        let parent_view = candidate.map(|candidate| candidate.vote.parent_view);
        if is_empty && is_ahead(parent_view.and_then(certified_at), self.config.timing.delta_ms) {
            armed.push(Deadline::Padding);
        }
        if let Some(tip) = self.tip().filter(|tip| tip.view > self.last_final.view)
            && !app.has_work(&tip.point.digest)
            && is_ahead(certified_at(tip.view), self.waits().stale_ms())
        {
            armed.push(Deadline::Stale);
        }
        armed
    }

    /// Lets a deadline come: the moment it counts from lies far enough back. [`crate::Input::Wake`] then acts on it.
    pub fn hasten(&mut self, deadline: Deadline) {
        let now = self.clock.now();
        let waits = self.waits();
        let grace = self.config.timing.gossip_grace_ms;
        match deadline {
            Deadline::Leader => self.turn.work_at = now.checked_sub(grace + waits.leader_ms()),
            Deadline::Certificate => {
                self.turn.work_at = self.turn.work_at.and(now.checked_sub(grace + waits.certificate_ms()));
                self.turn.voted_at = self.turn.voted_at.and(now.checked_sub(waits.certificate_ms()));
            }
            Deadline::Padding => {
                let candidate = self.rounds.get(&self.view).and_then(|round| round.live_candidate());
                if let Some(parent_view) = candidate.map(|candidate| candidate.vote.parent_view) {
                    self.book.was_certified_at(parent_view, now.saturating_sub(self.config.timing.delta_ms));
                }
            }
            Deadline::Stale => {
                if let Some(tip) = self.tip() {
                    self.book.was_certified_at(tip.view, now.saturating_sub(waits.stale_ms()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
