//! R10: what is open is repeated until it is answered. Repeats send what was signed before and sign nothing. A vote that
//! only waits for others who have nothing to do is not open: it is remembered until there is work (refinement 25).

use crate::limits::RETRY_VIEWS_MAX;
use crate::machine::{Machine, Step};
use crate::message::{Bundle, Message, Vote};
use crate::output::{Effect, To};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;

/// When to repeat next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Retry {
    at: Option<u64>,
    /// The wait after the next repeat, as a power of two of t_r.
    doublings: u32,
}

impl Retry {
    /// Refinement 22: on entry of a view t_r counts from the start.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Refinement 22: when a stream opens, the next repeat comes after t_r. Refinement 26: or when it was due before, or
    /// whoever connects anew all the time would put it off for ever.
    fn hurry(&mut self, at: u64) {
        *self = Self { at: Some(self.at.map_or(at, |due| due.min(at))), doublings: 0 };
    }
}

impl Machine {
    /// Refinement 22: t_r counts from the start again.
    pub(crate) fn restart_retry(&mut self) {
        if !self.lacks(Mutant::RetryKeepsItsDistance) {
            self.retry.restart();
        }
    }

    /// A stream opened.
    pub(crate) fn hurry_retry(&mut self, now: u64) {
        if self.lacks(Mutant::ConnectionPutsRetryOff) {
            return self.retry.restart();
        }
        if !self.lacks(Mutant::RetryKeepsItsDistance) {
            let wait = self.draw.jitter(self.retry_ms());
            self.retry.hurry(now.saturating_add(wait));
        }
    }

    /// t_r, before it doubles.
    fn retry_ms(&self) -> u64 {
        (4 * self.config.timing.delta_ms).min(self.config.timing.retry_max_ms)
    }

    /// Repeats what is open, when it is time.
    pub(crate) fn repeat(&mut self, step: &mut Step<'_>) {
        if !self.is_open(step) {
            self.retry.restart();
            return;
        }
        let longest = self.config.timing.retry_max_ms;
        let wait = self.retry_ms().saturating_mul(1 << self.retry.doublings.min(16)).min(longest);
        let at = match self.retry.at {
            Some(at) => at,
            None => step.now.saturating_add(self.draw.jitter(wait)),
        };
        self.retry.at = Some(at);
        if !step.is_due(at) {
            return;
        }
        self.retry.doublings = self.retry.doublings.saturating_add(1);
        let wait = wait.saturating_mul(2).min(longest);
        let next = step.now.saturating_add(self.draw.jitter(wait));
        self.retry.at = Some(next);
        step.wake(next);
        let bundle = self.bundle();
        // Our own repeated votes count for us as they do for others.
        let counts = !self.lacks(Mutant::OwnVotesNotCounted);
        for vote in &bundle.votes {
            if let Some(verified) = self.electorate.check_vote(vote).filter(|_| counts) {
                self.count(step, verified);
            }
        }
        step.send_all(Message::Bundle(bundle));
        for peer in self.electorate.others() {
            self.repeat_proposal(step, peer);
        }
        self.offer_pending(step);
    }

    /// R11: names what we wait for to all.
    pub(crate) fn offer_pending(&self, step: &mut Step<'_>) {
        if !self.lacks(Mutant::NoPull) {
            step.effect(Effect::OfferPending { to: To::All });
        }
    }

    /// Whether others have a reason to answer: a block above the newest final one, a proposal that we voted for and did
    /// not give up yet (t_a ends that), or work.
    fn is_open(&self, step: &mut Step<'_>) -> bool {
        let given = self.safety.given(self.view);
        let has_proposal = self.rounds.get(&self.view).is_some_and(|round| round.live_candidate().is_some());
        let has_voted = given.notarize.is_some() || given.nullify.is_some();
        let is_voted_for = given.notarize.is_some() && given.nullify.is_none() && has_proposal;
        let has_blocks = self.book.above(self.last_final.view).any(|(_, page)| page.block().is_some());
        let is_repeated_anyway = has_voted && self.lacks(Mutant::RepeatedWhileIdle);
        self.safety.is_signing() && (is_voted_for || has_blocks || is_repeated_anyway || self.is_work_at_present(step))
    }

    /// Everything a peer may need to join us: how we came here, what we said, what is final.
    pub(crate) fn bundle(&self) -> Bundle {
        if self.lacks(Mutant::VotesSentOnce) {
            return Bundle::default();
        }
        let entry = self.book.page(View(self.view.0.saturating_sub(1))).and_then(|page| page.best());
        let mut certificates: Vec<Certificate> =
            entry.map(|(_, certificate)| certificate.clone()).into_iter().collect();
        let given = self.safety.given(self.view);
        let mut votes: Vec<Vote> = given.notarize.into_iter().chain(given.nullify).collect();
        let newest = self.book.above(self.last_final.view).rev();
        let notarized = newest.filter_map(|(view, page)| page.notarization.as_ref().map(|n| (view, n)));
        for (view, notarization) in notarized.take(RETRY_VIEWS_MAX) {
            certificates.push(notarization.certificate().clone());
            votes.extend(self.safety.given(view).finalize);
        }
        certificates.extend(self.finalization_to_show().cloned());
        if self.lacks(Mutant::CertificatesKept) {
            certificates.clear();
        }
        Bundle {
            certificates: BoundedVec::try_from(certificates).unwrap_or_default(),
            votes: BoundedVec::try_from(votes).unwrap_or_default(),
        }
    }

    /// Sends our proposal of this view again to a peer that did not vote for it.
    pub(crate) fn repeat_proposal(&self, step: &mut Step<'_>, peer: ValidatorIndex) {
        let Some(proposal) = &self.own_proposal else { return };
        let VoteContent::Notarize(content) = proposal.vote.content else { return };
        let round = self.rounds.get(&self.view);
        let has_voted = round.is_some_and(|round| round.notarizers(content).any(|voter| voter == peer));
        let has_left = self.peers.get(peer).is_some_and(|shown| shown.view > self.view);
        if !has_voted && !has_left {
            step.send(peer, Message::Proposal(proposal.clone()));
        }
    }
}
