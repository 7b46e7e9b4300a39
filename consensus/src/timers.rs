//! R3, timers, work and the silent leader: when we give a view up. Timers run only when there is something to do: an idle network
//! changes no view and writes nothing.

use crate::machine::{Machine, Step};
use crate::message::Message;
use crate::peers::Peer;
use crate::safety::Intent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;
use std::collections::BTreeSet;

/// Why we give a view up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// t_l: work, and no proposal.
    NoProposal,
    /// t_a: no certificate.
    NoCertificate,
    /// The proposal was refused.
    Refused,
    /// The leader gave its own view up.
    LeaderGaveUp,
    /// The leader says nothing while a quorum of others does (Silent leader).
    LeaderSilent,
}

impl Machine {
    /// R3 for the current view.
    pub(crate) fn give_up(&mut self, step: &mut Step<'_>) -> bool {
        let view = self.view_to_give_up();
        if !self.safety.is_signing() || self.safety.given(view).nullify.is_some() {
            return false;
        }
        if self.turn.work_at.is_none() && self.is_work(step) {
            self.turn.work_at = Some(step.now);
        }
        let Some(reason) = self.reason_to_give_up(step) else { return false };
        // Refinement 10: what armed the timer may be gone.
        if self.turn.voted_at.is_none() && !self.is_work(step) && !self.lacks(Mutant::WokenWhileIdle) {
            self.turn.work_at = None;
            return false;
        }
        let Some(verified) = self.cast(step, &Intent::Nullify(view)) else { return false };
        step.send_all(Message::Vote(*verified.vote()));
        if reason == Reason::NoProposal {
            // R11: perhaps the leader does not know what we know.
            self.tell_all(step);
            self.offer_pending(step);
        }
        self.count(step, verified);
        true
    }

    /// R3: the current view only. The mutant lets the timer of a view run on after we left it by its Notarization.
    pub(crate) fn view_to_give_up(&self) -> View {
        if self.lacks(Mutant::NullifyAfterFinalize) {
            return self.last_final.view.next().min(self.view);
        }
        self.view
    }

    fn reason_to_give_up(&self, step: &mut Step<'_>) -> Option<Reason> {
        let leader = self.leaders.of(self.view);
        let round = self.rounds.get(&self.view);
        let has_proposal = round.is_some_and(|round| round.live_candidate().is_some());
        let grace = self.config.timing.gossip_grace_ms;
        let waits = self.waits();
        let woken_at = self.lacks(Mutant::WokenWhileIdle).then_some(u64::MAX);
        if let Some(work_at) = self.turn.work_at.or(woken_at) {
            // Refinement 17: remembered until there is work.
            if round.is_some_and(|round| round.candidate().is_some() && !has_proposal) {
                return Some(Reason::Refused);
            }
            if round.is_some_and(|round| round.has_nullified(leader)) {
                return Some(Reason::LeaderGaveUp);
            }
            // Refinement 28.
            if !has_proposal && waits.are_plain() && self.is_leader_silent(step.now, leader) {
                return Some(Reason::LeaderSilent);
            }
            let leader_at = work_at.saturating_add(grace).saturating_add(waits.leader_ms());
            if !has_proposal && step.is_due(leader_at) {
                return Some(Reason::NoProposal);
            }
        }
        let work_at = self.turn.work_at.map(|at| at.saturating_add(grace));
        // Refinement 29: a proposal is a reason to wait for its certificate once it has our vote.
        let armed_at = [work_at, self.turn.voted_at].into_iter().flatten().min()?;
        step.is_due(armed_at.saturating_add(waits.certificate_ms())).then_some(Reason::NoCertificate)
    }

    /// Silent leader: local and never on the ledger. Without a quorum of others alive the silence may be ours. The caller
    /// heeds it only while the network is as assumed: where streams break all the time it would be views that go by.
    fn is_leader_silent(&self, now: u64, leader: ValidatorIndex) -> bool {
        let silence_ms = self.config.timing.silence_ms;
        let is_alive = |index: &ValidatorIndex| self.peers.is_alive(*index, now, silence_ms);
        let others = self.electorate.others().filter(|index| *index != leader).filter(is_alive).count();
        leader != self.config.me && !is_alive(&leader) && others + 1 >= self.electorate.committee().quorum()
    }

    /// work(v): something of our own, or f+1 others who say or show that they have something.
    fn is_work(&self, step: &mut Step<'_>) -> bool {
        self.has_own_work(step) || self.others_at_work(step.now) > self.electorate.committee().f()
    }

    /// Refinement 25: work that somebody honest has now. Unlike votes, which stay when what called for them is gone, what
    /// others say of themselves grows old.
    pub(crate) fn is_work_at_present(&self, step: &mut Step<'_>) -> bool {
        self.has_own_work(step) || self.claimants(step.now).count() > self.electorate.committee().f()
    }

    /// Refinement 10: never derived from what others say, or the network keeps itself awake for ever. Refinement 11: what
    /// our builder would include on our tip, not what lies in the mempool.
    pub(crate) fn has_own_work(&self, step: &mut Step<'_>) -> bool {
        let is_told =
            self.lacks(Mutant::WorkByHearsay) && self.others_at_work(step.now) > self.electorate.committee().f();
        let tip = self.tip().unwrap_or(self.last_final);
        is_told
            || self.is_stale(step, &tip)
            || (self.may_carry_transactions(&tip) && step.app.has_work(&tip.point.digest))
    }

    /// Refinement 10: hints are recent, and newer than what is final.
    fn counts_as_hint(&self, peer: &Peer, now: u64) -> bool {
        let says_so = peer.status.is_some_and(|heard| heard.status.has_work);
        peer.hints_at_work(self.view, now) || (says_so && self.lacks(Mutant::WorkByHearsay))
    }

    /// Who says to have work.
    fn claimants(&self, now: u64) -> impl Iterator<Item = ValidatorIndex> + '_ {
        let others = self.peers.iter().filter(|(index, _)| *index != self.config.me);
        others.filter(move |(_, peer)| self.counts_as_hint(peer, now)).map(|(index, _)| index)
    }

    fn others_at_work(&self, now: u64) -> usize {
        let voters = self.rounds.range(self.view..).flat_map(|(_, round)| round.voters());
        let voters = voters.filter(|index| *index != self.config.me);
        voters.chain(self.claimants(now)).collect::<BTreeSet<ValidatorIndex>>().len()
    }
}
