//! R2 and R4: when we vote for a block.

use crate::application::{Content, Verdict};
use crate::certificate::VerifiedNotarization;
use crate::justification::{Descent, Justified, JustifiedProposal};
use crate::limits::{DEPTH_MAX, VIEWS_AHEAD_MAX};
use crate::machine::{Machine, Step};
use crate::message::{BlockBytes, Message, Proposal};
use crate::safety::Intent;
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;

/// What to do about a proposal now. "Wait" is not "refuse" (R7): t_a decides about what keeps us waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Vote for it.
    Vote(JustifiedProposal),
    /// Something is missing or not yet true.
    Wait,
    /// Not in this view. The block itself may still be judged, certified elsewhere, or built on (refinement 2).
    Refuse(Refusal),
}

/// Why a proposal is refused for its view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The block does not follow from its parent.
    Invalid,
    /// It is not a child of the certified block.
    NotJustified,
    /// It builds below the newest final block; the proposer is shown the Finalization.
    Outdated,
    /// It is an empty block on a parent that is final already; the proposer is shown the Finalization.
    Padding,
    /// T3.
    TooOld,
}

impl Machine {
    /// Takes a proposal from a leader: first its certificates, then the block.
    pub(crate) fn take_proposal(&mut self, step: &mut Step<'_>, from: ValidatorIndex, proposal: Proposal) {
        let Proposal { vote, block, justification } = proposal;
        let VoteContent::Notarize(content) = vote.content else { return };
        let is_leaders = vote.signer == from && self.leaders.of(content.view) == from;
        self.take_slot_unchecked(step, content);
        if !is_leaders || content.epoch != self.config.epoch || !self.peers.is_trusted_to_sign(from) {
            return;
        }
        let round = self.rounds.get(&content.view);
        let is_known = round.is_some_and(|round| round.knows(&vote));
        if !is_known && round.is_some_and(|round| !round.is_news(&vote)) {
            return;
        }
        // What its own certificates cannot bring into reach is not worth checking.
        let inline = justification.certificates().map(|certificate| certificate.content.view().next());
        let reach = inline.max().unwrap_or_default().max(self.view).0.saturating_add(VIEWS_AHEAD_MAX);
        if content.view < self.view || content.view.0 > reach {
            return;
        }
        // Refinement 24: no slot, and no other work, before the leader's signature was checked.
        let verified = if is_known { None } else { self.electorate.check_vote(&vote) };
        if !is_known && verified.is_none() {
            self.peers.sent_bad_signature(from);
            return;
        }
        // Refinement 15: the certificates inside move us to the view of the proposal.
        self.take_certificates(step, from, justification.certificates().cloned());
        if content.view < self.view || content.view.0 > self.view.0.saturating_add(VIEWS_AHEAD_MAX) {
            return;
        }
        let round = self.rounds.entry(content.view).or_default();
        round.propose(content, step.wall);
        let is_live = round.live_candidate().is_some_and(|candidate| candidate.vote == content);
        if let Some(verified) = verified {
            self.count(step, verified);
            self.peers.shows_view(from, content.view);
            self.asks.hurry();
        }
        if is_live {
            self.take_proposed_block(step, &content, block);
        }
    }

    /// Refinement 24, broken: the slot of a leader is filled by whoever names it.
    fn take_slot_unchecked(&mut self, step: &Step<'_>, content: BlockVote) {
        if self.lacks(Mutant::SlotBeforeSignature) && content.view >= self.view {
            self.rounds.entry(content.view).or_default().propose(content, step.wall);
        }
    }

    fn take_proposed_block(&mut self, step: &mut Step<'_>, vote: &BlockVote, block: BlockBytes) {
        // Refinement 1: bytes that are not the block named in the vote are no verdict over it; it is still asked for.
        if !self.pool.contains(&vote.block)
            && let Some(facts) = step.app.open(&block).filter(|facts| facts.digest == vote.block)
        {
            self.pool.insert(facts, block, self.view);
        }
    }

    /// R2 for the current view.
    pub(crate) fn vote_to_notarize(&mut self, step: &mut Step<'_>) -> bool {
        if !self.safety.is_signing() || self.safety.given(self.view).notarize.is_some() {
            return false;
        }
        match self.gate(step) {
            Gate::Wait => false,
            Gate::Vote(proposal) => {
                let Some(verified) = self.cast(step, &Intent::Notarize(&proposal)) else { return false };
                self.turn.voted_at.get_or_insert(step.now);
                step.send_all(Message::Vote(*verified.vote()));
                self.count(step, verified);
                true
            }
            Gate::Refuse(refusal) => {
                self.condemn(refusal);
                if let Some(round) = self.rounds.get_mut(&self.view) {
                    round.refuse();
                }
                // Refinement 14: the proposer did not know what is final.
                let is_unaware = matches!(refusal, Refusal::Padding | Refusal::Outdated);
                if let Some(certificate) = self.finalization_to_show().filter(|_| is_unaware) {
                    step.send(self.leaders.of(self.view), Message::Certificate(certificate.clone()));
                }
                true
            }
        }
    }

    /// Refinement 2, broken: takes the fault of the proposal for one of its block.
    fn condemn(&mut self, refusal: Refusal) {
        let candidate = self.rounds.get(&self.view).and_then(|round| round.live_candidate());
        let is_fault = refusal == Refusal::NotJustified && self.lacks(Mutant::ProposalFaultCondemnsBlock);
        if let Some(block) = candidate.map(|candidate| candidate.vote.block).filter(|_| is_fault) {
            self.pool.judged(&block, Verdict::Invalid);
        }
    }

    /// All conditions of R2, T2 and T3 on the leader's proposal.
    fn gate(&self, step: &mut Step<'_>) -> Gate {
        let Some(candidate) = self.rounds.get(&self.view).and_then(|round| round.live_candidate()) else {
            return Gate::Wait;
        };
        let vote = candidate.vote;
        if vote.parent_view < self.last_final.view {
            return Gate::Refuse(Refusal::Outdated);
        }
        let (Some(held), Some(certified)) = (self.pool.get(&vote.block), self.book.block(vote.parent_view)) else {
            return Gate::Wait;
        };
        let Some(parent) = self.valid_point(&certified) else { return Gate::Wait };
        let proposal = match self.justify(&vote, &held.facts, parent.content) {
            Justified::Proven(proposal) => proposal,
            Justified::Missing => return Gate::Wait,
            Justified::Refused => return Gate::Refuse(Refusal::NotJustified),
        };
        match held.verdict {
            None => return Gate::Wait,
            Some(Verdict::Invalid) => return Gate::Refuse(Refusal::Invalid),
            Some(Verdict::Valid) => {}
        }
        // Epochs: a seal block proposed again is exempt from everything that concerns fresh blocks.
        if proposal.descent() == Descent::Reproposal {
            return Gate::Vote(proposal);
        }
        match held.facts.content {
            // Refinement 6: a seal block is not empty, and may be as deep as it must.
            Content::Seal => {}
            // Refinement 5: above the depth bound only empty blocks.
            Content::Transactions if self.depth(held.facts.height) > DEPTH_MAX => return Gate::Wait,
            Content::Transactions => {}
            Content::Empty => {
                if let Some(wait) = self.padding(step, certified, vote.parent_view) {
                    return wait;
                }
            }
        }
        let waits = self.waits();
        // T2: not from the future. Our wall clock may jump, so the wait is measured anew at every step.
        let ahead = waits.earliest(held.facts.time).saturating_sub(step.wall.0);
        if ahead > 0 {
            step.wake(step.now.saturating_add(ahead));
            return Gate::Wait;
        }
        if waits.is_too_old(held.facts.time, candidate.received) {
            return Gate::Refuse(Refusal::TooOld);
        }
        Gate::Vote(proposal)
    }

    /// Refinement 23: an empty block is worth a vote only if its parent was certified for Δ and is not final. Otherwise a
    /// liar could pad the ledger in the moment before a Finalization arrives.
    fn padding(&self, step: &mut Step<'_>, parent: Digest, parent_view: View) -> Option<Gate> {
        if self.lacks(Mutant::PaddingAccepted) {
            return None;
        }
        let page = self.book.page(parent_view);
        let is_final = parent == self.last_final.point.digest || page.is_some_and(|page| page.finalization.is_some());
        if is_final {
            return Some(Gate::Refuse(Refusal::Padding));
        }
        let certified_at = page.and_then(|page| page.certified_at).unwrap_or(step.now);
        let is_due = step.is_due(certified_at.saturating_add(self.config.timing.delta_ms));
        (!is_due).then_some(Gate::Wait)
    }

    /// R4: for every notarized view above the newest final one that we did not give up, once we judged the block and its
    /// ancestors valid. May happen while we are in a later view.
    pub(crate) fn vote_to_finalize(&mut self, step: &mut Step<'_>) -> bool {
        let is_ready = |n: &&VerifiedNotarization| self.pool.is_valid(&n.vote().block);
        let ready: Vec<VerifiedNotarization> = self
            .book
            .above(self.last_final.view)
            .filter(|(view, page)| page.finalization.is_none() && self.may_finalize(*view))
            .filter_map(|(_, page)| page.notarization.as_ref().filter(is_ready))
            .cloned()
            .collect();
        let mut has_voted = false;
        for notarization in ready {
            let Some(verified) = self.cast(step, &Intent::Finalize(&notarization)) else { continue };
            step.send_all(Message::Vote(*verified.vote()));
            self.count(step, verified);
            has_voted = true;
        }
        has_voted
    }

    /// Saves the copy of a certificate for a vote that [`crate::safety`] would refuse anyway.
    fn may_finalize(&self, view: View) -> bool {
        let given = self.safety.given(view);
        let has_given_up = given.nullify.is_some() && !self.safety.may_break_exclusion();
        self.safety.is_signing() && given.finalize.is_none() && !has_given_up
    }
}
