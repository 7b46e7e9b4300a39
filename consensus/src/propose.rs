//! R1: the leader of a view proposes once, as soon as there is something to propose.

use crate::application::{BuildRequest, Content, Fill};
use crate::certificate::VerifiedVote;
use crate::justification::{Justified, JustifiedProposal};
use crate::limits::DEPTH_MAX;
use crate::machine::{Machine, Parent, Step};
use crate::message::{BlockBytes, Justification, Message, Proposal, Vote};
use crate::safety::Intent;
use amanah_ledger::certificate::{BlockVote, Certificate};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;
use amanah_ledger::time::UnixMs;

impl Machine {
    /// R1: the highest certified block below our view that we judged valid, all views between given up. What the leader
    /// builds on, and what everybody measures work against.
    pub(crate) fn tip(&self) -> Option<Parent> {
        let mut view = self.view;
        while view > self.last_final.view {
            view = View(view.0 - 1);
            if view == self.last_final.view {
                let is_provable = self.book.block(view) == Some(self.last_final.point.digest);
                return is_provable.then_some(self.last_final);
            }
            let page = self.book.page(view)?;
            if let Some(point) = page.block().and_then(|block| self.valid_point(&block)) {
                return Some(Parent { view, point });
            }
            if page.nullification.is_none() && !self.lacks(Mutant::SkipsUnproven) {
                return None;
            }
        }
        None
    }

    /// Proposes, if it is our turn and there is a reason.
    pub(crate) fn propose(&mut self, step: &mut Step<'_>) -> bool {
        let given = self.safety.given(self.view);
        let may = self.leaders.of(self.view) == self.config.me
            && !self.declines_to_lead()
            && self.safety.is_signing()
            && given.notarize.is_none()
            && given.nullify.is_none();
        if !may {
            return false;
        }
        let Some(parent) = self.tip() else { return false };
        if step.has_proposed {
            step.wake(step.now);
            return false;
        }
        let Some((block, bytes)) = self.choose_block(step, &parent) else { return false };
        let vote = BlockVote { epoch: self.config.epoch, view: self.view, parent_view: parent.view, block };
        let Some(facts) = self.pool.get(&block).map(|held| held.facts) else { return false };
        let Justified::Proven(proposal) = self.justify(&vote, &facts, parent.point.content) else {
            return false;
        };
        step.has_proposed = true;
        self.send_proposal(step, &proposal, bytes, &parent)
    }

    fn send_proposal(
        &mut self,
        step: &mut Step<'_>,
        proposal: &JustifiedProposal,
        block: BlockBytes,
        parent: &Parent,
    ) -> bool {
        let Some(verified) = self.cast(step, &Intent::Notarize(proposal)) else { return false };
        let message = self.proposal_of(*verified.vote(), block, parent.view);
        step.send_all(Message::Proposal(message.clone()));
        self.own_proposal = Some(message);
        self.turn.voted_at.get_or_insert(step.now);
        self.rounds.entry(self.view).or_default().propose(*proposal.vote(), step.wall);
        self.count(step, verified);
        true
    }

    /// The block to propose on `parent`: the seal block again, transactions, or an empty block that repairs a tip which
    /// did not become final in time; otherwise nothing.
    fn choose_block(&mut self, step: &mut Step<'_>, parent: &Parent) -> Option<(Digest, BlockBytes)> {
        if parent.point.content == Content::Seal {
            let held = self.pool.get(&parent.point.digest)?;
            return Some((parent.point.digest, held.bytes.clone()));
        }
        let fill = if self.may_carry_transactions(parent) && step.app.has_work(&parent.point.digest) {
            Fill::WithTransactions
        } else if self.is_stale(step, parent) {
            Fill::Empty
        } else {
            return None;
        };
        let time = UnixMs(step.wall.0.max(parent.point.time.0.saturating_add(1)));
        let request =
            BuildRequest { parent: parent.point.digest, epoch: self.config.epoch, view: self.view, time, fill };
        let bytes = BlockBytes::try_from(step.app.build(&request)?).ok()?;
        let facts = step.app.open(&bytes)?;
        self.pool.insert(facts, bytes.clone(), self.view);
        self.pool.judged(&facts.digest, crate::application::Verdict::Valid);
        Some((facts.digest, bytes))
    }

    /// Refinement 5: whether a child of `parent` would be within the depth that may carry transactions.
    pub(crate) fn may_carry_transactions(&self, parent: &Parent) -> bool {
        self.depth(parent.point.height.next()) <= DEPTH_MAX || self.lacks(Mutant::FullBlocksAboveDepth)
    }

    /// Stale tip: whether `parent` was certified long enough ago without becoming final.
    pub(crate) fn is_stale(&self, step: &mut Step<'_>, parent: &Parent) -> bool {
        let certified_at = self.book.page(parent.view).and_then(|page| page.certified_at);
        let is_open = parent.view > self.last_final.view;
        is_open && certified_at.is_some_and(|at| step.is_due(at.saturating_add(self.waits().stale_ms())))
    }

    /// The message that carries our vote, the block and what makes both checkable without asking.
    pub(crate) fn proposal_of(&self, vote: Vote, block: BlockBytes, parent_view: View) -> Box<Proposal> {
        let parent = self.book.page(parent_view).and_then(|page| page.parent_proof()).cloned();
        let skipped = self.book.range(parent_view.next(), self.view).rev();
        let skips: Vec<Certificate> = skipped
            .filter_map(|(_, page)| page.nullification.as_ref().map(|n| n.certificate().clone()))
            .take(crate::limits::INLINE_SKIPS_MAX)
            .collect();
        let is_shown = |newest: &&Certificate| newest.content.view() != parent_view;
        let newest = self.finalization_to_show().filter(is_shown);
        let last_final = newest.cloned();
        let skips = BoundedVec::try_from(skips).unwrap_or_default();
        Box::new(Proposal { vote, block, justification: Justification { parent, skips, last_final } })
    }

    /// The newest Finalization we know, carried out or not.
    pub(crate) fn newest_finalization(&self) -> Option<&Certificate> {
        self.book.newest_finalization().map(|finalization| finalization.certificate())
    }

    /// Refinement 14: the newest Finalization, to be shown to whoever may lack it.
    pub(crate) fn finalization_to_show(&self) -> Option<&Certificate> {
        self.newest_finalization().filter(|_| !self.lacks(Mutant::FinalizationNotSpread))
    }

    /// Signs, logs the vote and all it rests on (Durability), and checks our own signature before anybody else does.
    pub(crate) fn cast(&mut self, step: &mut Step<'_>, intent: &Intent<'_>) -> Option<VerifiedVote> {
        let (vote, record) = self.safety.sign(intent)?;
        self.log_entry(step);
        match intent {
            Intent::Notarize(proposal) => self.log_block(step, &proposal.vote().block),
            Intent::Nullify(_) => {}
            Intent::Finalize(_) if self.lacks(Mutant::NotarizationNotKept) => {}
            // Refinement 3: after a crash a Finalize vote forbids Nullify, so what it rests on must still be there.
            Intent::Finalize(notarization) => {
                self.log_block(step, &notarization.vote().block);
                self.log_certificate(step, crate::book::Kind::Notarization, notarization.vote().view);
            }
        }
        self.log(step, record);
        self.electorate.check_vote(&vote)
    }

    fn log_block(&mut self, step: &mut Step<'_>, digest: &Digest) {
        if let Some(block) = self.pool.take_unlogged(digest) {
            self.log(step, crate::record::Record::Block(block));
        }
    }
}
