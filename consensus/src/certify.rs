//! R0 and R6: votes become certificates, certificates move us to the next view and are passed on.

use crate::book::{Entry, Kind};
use crate::certificate::{VerifiedCertificate, VerifiedNotarization, VerifiedVote};
use crate::evidence::EvidenceKind;
use crate::limits::{EVIDENCE_TAIL, VIEWS_AHEAD_MAX, VIEWS_BEHIND_MAX};
use crate::machine::{Machine, Step, Turn};
use crate::message::{Message, Vote};
use crate::output::{Alarm, Effect};
use crate::record::Record;
use crate::round::Counted;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;

impl Machine {
    /// Takes a vote that its signer sent.
    pub(crate) fn take_vote(&mut self, step: &mut Step<'_>, from: ValidatorIndex, vote: &Vote) {
        let view = vote.content.view();
        let is_ours = vote.signer == from && vote.content.epoch() == self.config.epoch;
        if !is_ours || !self.is_counted(view) || !self.peers.is_trusted_to_sign(from) {
            return;
        }
        let repeats_count = self.lacks(Mutant::VotesCountedTwice);
        if repeats_count || self.rounds.get(&view).is_none_or(|round| round.is_news(vote)) {
            let Some(verified) = self.electorate.check_vote(vote) else {
                self.peers.sent_bad_signature(from);
                return;
            };
            self.count(step, verified);
        }
        self.peers.shows_view(from, view);
    }

    /// Whether votes of `view` are kept.
    fn is_counted(&self, view: View) -> bool {
        let behind = self.last_final.view.0.saturating_sub(EVIDENCE_TAIL);
        let lowest = behind.max(self.view.0.saturating_sub(VIEWS_BEHIND_MAX));
        view.0 >= lowest && view.0 <= self.view.0.saturating_add(VIEWS_AHEAD_MAX)
    }

    /// Counts a vote; it may be the one that makes a certificate.
    pub(crate) fn count(&mut self, step: &mut Step<'_>, vote: VerifiedVote) {
        let content = vote.vote().content;
        #[cfg(feature = "mutants")]
        if self.config.mutant == Some(Mutant::VotesCountedTwice) {
            self.rounds.entry(content.view()).or_default().count_again(vote);
        }
        if let Counted::Proof(evidence) = self.rounds.entry(content.view()).or_default().count(vote) {
            let is_leaders = evidence.kind == EvidenceKind::DoubleNotarize;
            self.accuse(step, *evidence);
            if is_leaders && self.config.omission().is(Mutant::EquivocationHalts) {
                self.safety.stop();
            }
        }
        if content.view() > self.last_final.view
            && !self.book.knows(&content)
            && let Some(round) = self.rounds.get(&content.view())
            && let Some(certificate) = round.certificate(content, &self.electorate)
        {
            self.take_verified(step, None, certificate);
        }
    }

    /// Takes certificates that stand together in one message, before the rest of the message.
    pub(crate) fn take_certificates(
        &mut self,
        step: &mut Step<'_>,
        from: ValidatorIndex,
        certificates: impl IntoIterator<Item = Certificate>,
    ) {
        for certificate in certificates {
            self.take_certificate(step, from, certificate);
        }
    }

    /// Takes a certificate from a peer.
    pub(crate) fn take_certificate(&mut self, step: &mut Step<'_>, from: ValidatorIndex, certificate: Certificate) {
        let content = certificate.content;
        let view = content.view();
        if content.epoch() != self.config.epoch || !self.peers.is_trusted_to_sign(from) {
            return;
        }
        // Nothing at or below the newest final view matters any more, unless it excludes what we know: that names liars.
        // An equal statement was checked before.
        let matters = view > self.last_final.view || self.book.excludes(&content);
        if matters && !self.book.knows(&content) {
            let Some(verified) = self.electorate.check(certificate) else {
                self.peers.sent_bad_signature(from);
                return;
            };
            self.take_verified(step, Some(from), verified);
        }
        self.peers.shows_view(from, view.next());
        if matches!(content, VoteContent::Finalize(_)) {
            self.peers.shows_final(from, view);
        }
    }

    /// A new certificate: enter it in the book, pass it on, go where it leads.
    pub(crate) fn take_verified(
        &mut self,
        step: &mut Step<'_>,
        from: Option<ValidatorIndex>,
        certificate: VerifiedCertificate,
    ) {
        let view = certificate.view();
        if self.is_second_of_view(&certificate) {
            return;
        }
        self.confront(step, &certificate);
        match self.book.insert(certificate.clone(), step.now) {
            Entry::New => {}
            Entry::Known => return,
            Entry::Contradiction => {
                self.safety.stop();
                step.effect(Effect::Alarm(Alarm::Fork { view }));
                return;
            }
        }
        if let VerifiedCertificate::Finalization(finalization) = &certificate {
            self.safety.raise_floor(finalization);
        }
        self.forward(step, from, &certificate);
        // R0: any certificate of this view or a later one moves us on; possession of the block is not needed.
        if view >= self.view {
            self.enter(step, view.next());
        }
        if let VerifiedCertificate::Notarization(notarization) = &certificate {
            self.push_block(step, notarization);
        }
        self.check_certified(step, view);
    }

    /// Pitfall 9: a Notarization beside a Nullification, or the other way round, is taken like any certificate.
    fn is_second_of_view(&self, certificate: &VerifiedCertificate) -> bool {
        let page = self.book.page(certificate.view());
        let has_other = page.is_some_and(|page| match certificate {
            VerifiedCertificate::Notarization(_) => page.nullification.is_some(),
            VerifiedCertificate::Nullification(_) => page.notarization.is_some(),
            VerifiedCertificate::Finalization(_) => false,
        });
        has_other && self.lacks(Mutant::FirstCertificateOnly)
    }

    /// R6: once to every peer that did not show it yet. A Finalization also to those who went on (refinement 14).
    fn forward(&self, step: &mut Step<'_>, from: Option<ValidatorIndex>, certificate: &VerifiedCertificate) {
        let view = certificate.view();
        if self.lacks(Mutant::CertificatesKept) {
            return;
        }
        let is_final =
            matches!(certificate, VerifiedCertificate::Finalization(_)) && !self.lacks(Mutant::FinalizationNotSpread);
        for (index, peer) in self.peers.iter() {
            let shows_it = if is_final { peer.final_view >= view } else { peer.view > view };
            if index != self.config.me && Some(index) != from && !shows_it {
                step.send(index, Message::Certificate(certificate.certificate().clone()));
            }
        }
    }

    /// R6: a leader that withholds its block must not also kill the next leader's view. The first f+1 signers after the
    /// next leader give it the block (refinement 16).
    fn push_block(&self, step: &mut Step<'_>, notarization: &VerifiedNotarization) {
        let vote = notarization.vote();
        let next = vote.view.next();
        let leader = self.leaders.of(next);
        let certificate = notarization.certificate();
        let signers = certificate.signers.members(self.electorate.committee().n()).unwrap_or_default();
        let mut voted = self.rounds.get(&vote.view).into_iter().flat_map(|round| round.notarizers(*vote));
        if signers.contains(&leader) || voted.any(|voter| voter == leader) {
            return;
        }
        let holds_block = |index: &ValidatorIndex| signers.contains(index) || self.lacks(Mutant::BlocksFromAnybody);
        let after_leader = self.leaders.from(next).filter(|index| *index != leader).filter(holds_block);
        let mut pushers = after_leader.take(self.electorate.committee().f() + 1);
        let Some(held) = self.pool.get(&vote.block) else { return };
        if pushers.any(|index| index == self.config.me) {
            step.send(leader, Message::Certificate(certificate.clone()));
            step.send(leader, Message::BlockResponse { digest: vote.block, block: held.bytes.clone() });
        }
    }

    /// R0: enters `view`.
    fn enter(&mut self, step: &mut Step<'_>, view: View) {
        self.view = view;
        self.turn = Turn::default();
        self.own_proposal = None;
        self.peers.forgive();
        self.safety.entered(view);
        self.log_entry(step);
        self.restart_retry();
        self.asks.hurry();
        self.let_go(step);
        let lowest = View(view.0.saturating_sub(VIEWS_BEHIND_MAX));
        self.rounds = self.rounds.split_off(&lowest);
    }

    /// Refinement 3: the certificate that let us enter the current view, and that we did.
    pub(crate) fn log_entry(&mut self, step: &mut Step<'_>) {
        if self.lacks(Mutant::NotarizationNotKept) {
            return;
        }
        let before = View(self.view.0.saturating_sub(1));
        let Some(kind) = self.book.page(before).and_then(|page| page.best()).map(|(kind, _)| kind) else { return };
        if let Some(certificate) = self.book.take_unlogged(kind, before) {
            self.log(step, Record::Certificate(certificate));
            self.log(step, Record::Entered(self.view));
        }
    }

    /// Logs one kind of certificate of `view`, if it is not logged yet.
    pub(crate) fn log_certificate(&mut self, step: &mut Step<'_>, kind: Kind, view: View) {
        if let Some(certificate) = self.book.take_unlogged(kind, view) {
            self.log(step, Record::Certificate(certificate));
        }
    }
}
