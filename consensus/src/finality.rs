//! R5, R7 and R8: verdicts over blocks, and the one place where blocks become final: in height order, each once.

use crate::application::{Content, Verdict};
use crate::book::Kind;
use crate::certificate::VerifiedFinalization;
use crate::limits::EVIDENCE_TAIL;
use crate::machine::{FinalPoint, Machine, Parent, Step};
use crate::output::{Alarm, Effect, FinalizedBlock};
use crate::pool::Reach;
use crate::record::Record;
use amanah_ledger::position::View;

impl Machine {
    /// R7: judges one block whose parent is final or valid.
    pub(crate) fn judge(&mut self, step: &mut Step<'_>) -> bool {
        let Some(held) = self.pool.next_to_judge(&self.last_final.point.digest) else { return false };
        let digest = held.facts.digest;
        let verdict = step.app.judge(&digest, &held.bytes);
        self.pool.judged(&digest, verdict);
        if let Some(view) = self.book.certifies(&digest, self.last_final.view) {
            self.check_certified(step, view);
        }
        true
    }

    /// R8: a quorum certified what we judge invalid. Either we are wrong or too many lie; both are for people to solve.
    pub(crate) fn check_certified(&mut self, step: &mut Step<'_>, view: View) {
        let Some(block) = self.book.page(view).and_then(|page| page.block()) else { return };
        if self.pool.get(&block).is_some_and(|held| held.verdict == Some(Verdict::Invalid)) {
            self.safety.stop();
            step.effect(Effect::Alarm(Alarm::CertifiedInvalid { view, block }));
        }
    }

    /// R5: the highest finalized block that we hold and judged with all its ancestors, and these ancestors. If they are
    /// many and a lower one is known to be final, that one first: the store keeps the Finalization of the last, and
    /// whoever asks it must be able to follow.
    pub(crate) fn finalize(&mut self, step: &mut Step<'_>) -> bool {
        let floor = self.floor();
        let finalized = || self.book.above(self.last_final.view).filter_map(|(_, page)| page.finalization.as_ref());
        let is_ready = |finalization: &&VerifiedFinalization, reach: Reach| {
            let line = self.pool.line(&finalization.vote().block, &floor, reach).unwrap_or_default();
            !line.is_empty() && line.iter().all(|held| held.verdict == Some(Verdict::Valid))
        };
        let within_reach = finalized().rev().find(|finalization| is_ready(finalization, Reach::LINE));
        let next = within_reach.or_else(|| finalized().find(|finalization| is_ready(finalization, Reach::WHOLE)));
        let Some(finalization) = next.cloned() else { return false };
        let vote = *finalization.vote();
        let Ok(line) = self.pool.line(&vote.block, &floor, Reach::WHOLE) else { return false };
        let Some(facts) = line.last().map(|held| held.facts) else { return false };
        let blocks: Vec<FinalizedBlock> = line
            .iter()
            .map(|held| FinalizedBlock {
                digest: held.facts.digest,
                height: held.facts.height,
                bytes: held.bytes.shared(),
            })
            .collect();
        let digests: Vec<_> = blocks.iter().map(|block| block.digest).collect();
        let point = FinalPoint { digest: vote.block, height: facts.height, time: facts.time, content: facts.content };
        self.last_final = Parent { view: vote.view, point };
        self.log_certificate(step, Kind::Finalization, vote.view);
        step.app.finalized(&digests);
        step.effect(Effect::Finalized { blocks, finalization: finalization.certificate().clone() });
        self.forget(&point);
        if point.content == Content::Seal {
            self.close_epoch(step, &point);
        }
        true
    }

    /// Epochs: nothing more is signed in this epoch, and the vote log says so.
    fn close_epoch(&mut self, step: &mut Step<'_>, seal: &FinalPoint) {
        let epoch = self.config.epoch;
        self.log(step, Record::EpochClosed(epoch));
        self.safety.close();
        step.effect(Effect::EpochClosed { epoch, block: seal.digest });
    }

    fn forget(&mut self, newest: &FinalPoint) {
        let view = self.last_final.view;
        self.pool.prune_final(&newest.digest, newest.height);
        self.book.prune(view);
        self.sync.moved();
        self.rounds = self.rounds.split_off(&View(view.0.saturating_sub(EVIDENCE_TAIL)));
        // Refinement 10: hints from before are about what is final now.
        self.peers.forget_hints();
        self.restart_retry();
    }
}
