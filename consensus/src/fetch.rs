//! Asking for what we lack: blocks by digest, certificates by view. And answering such questions, within a budget.

use crate::application::Content;
use crate::limits::{FETCHES_MAX, VIEWS_AHEAD_MAX, VIEWS_PER_REQUEST_MAX};
use crate::machine::{Machine, Step};
use crate::message::{BlockBytes, Message};
use crate::output::Effect;
use crate::pool::Gap;
use amanah_ledger::certificate::Certificate;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::{Epoch, View};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// A block being asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fetch {
    next_at: u64,
    tries: usize,
}

/// A block we need and who should have it.
struct Wanted {
    sources: Vec<ValidatorIndex>,
    /// Whether it is probably on its way to us.
    is_fresh: bool,
}

/// Questions about certificates.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asks {
    next_at: u64,
    turn: usize,
}

impl Asks {
    /// Something is newly missing: ask at once.
    pub(crate) fn hurry(&mut self) {
        self.next_at = 0;
    }
}

impl Machine {
    /// Asks one source for each wanted block, the next one after Δ/4 (refinement 16).
    pub(crate) fn fetch_blocks(&mut self, step: &mut Step<'_>) {
        let wanted = self.wanted_blocks();
        self.fetches.retain(|digest, _| wanted.contains_key(digest));
        let quarter = self.patience_ms();
        for (digest, Wanted { sources, is_fresh }) in wanted {
            let is_full = self.fetches.len() >= FETCHES_MAX;
            let fetch = match self.fetches.entry(digest) {
                Entry::Occupied(asked) => asked.into_mut(),
                // A question that is open is not given up for another: it goes on to the next source until it is answered.
                Entry::Vacant(_) if is_full => continue,
                Entry::Vacant(place) => {
                    let next_at = if is_fresh { step.now.saturating_add(quarter) } else { step.now };
                    place.insert(Fetch { next_at, tries: 0 })
                }
            };
            if step.is_due(fetch.next_at) {
                // Everybody starts with another source.
                let at = fetch.tries.wrapping_add(usize::from(self.config.me.0)) % sources.len().max(1);
                fetch.tries = fetch.tries.wrapping_add(1);
                let rounds = fetch.tries / sources.len().max(1);
                fetch.next_at = step.now.saturating_add(if rounds == 0 { quarter } else { 4 * quarter });
                step.wake(fetch.next_at);
                if let Some(source) = sources.get(at) {
                    step.send(*source, Message::BlockRequest(digest));
                }
            }
        }
    }

    /// Refinement 16: how long one source has before the next is asked.
    fn patience_ms(&self) -> u64 {
        let delta_ms = self.config.timing.delta_ms;
        if self.lacks(Mutant::BlocksFromAnybody) { 2 * delta_ms } else { (delta_ms / 4).max(1) }
    }

    /// Pitfall 8: whether the first proposal of a view keeps the block that was certified there from being fetched.
    fn is_kept_out(&self, view: View, certified: &Digest) -> bool {
        let candidate = self.rounds.get(&view).and_then(|round| round.candidate());
        self.lacks(Mutant::SlotOverCertificate) && candidate.is_some_and(|candidate| candidate.vote.block != *certified)
    }

    /// Certified blocks that we lack, their missing ancestors, and proposals whose block did not come with them.
    fn wanted_blocks(&self) -> BTreeMap<Digest, Wanted> {
        let floor = self.floor();
        let (mut wanted, mut walked) = (BTreeMap::new(), BTreeSet::new());
        for (view, page) in self.book.above(self.last_final.view) {
            let (Some(block), Some(certificate)) = (page.block(), page.parent_proof()) else { continue };
            if self.is_kept_out(view, &block) {
                continue;
            }
            let gap = self.pool.gap(&block, &floor, self.reach(view), &mut walked);
            let Some(Gap::Missing(missing)) = gap else { continue };
            let is_fresh = missing == block && view.0.saturating_add(1) >= self.view.0;
            let sources = self.signers_of(certificate);
            wanted.entry(missing).or_insert(Wanted { sources, is_fresh });
        }
        let ahead = View(self.view.0.saturating_add(VIEWS_AHEAD_MAX));
        for (view, round) in self.rounds.range(self.view..=ahead) {
            let Some(candidate) = round.live_candidate() else { continue };
            if !self.pool.contains(&candidate.vote.block) && candidate.vote.block != floor.0 {
                let voters = round.notarizers(candidate.vote).chain([self.leaders.of(*view)]);
                let sources = voters.filter(|index| *index != self.config.me).collect();
                wanted.entry(candidate.vote.block).or_insert(Wanted { sources, is_fresh: true });
            }
        }
        wanted
    }

    fn signers_of(&self, certificate: &Certificate) -> Vec<ValidatorIndex> {
        let signers = certificate.signers.members(self.electorate.committee().n()).unwrap_or_default();
        signers.into_iter().filter(|index| *index != self.config.me).collect()
    }

    /// Takes a block that was asked for or pushed, if we want it. What we do not want is not even opened.
    pub(crate) fn take_block(&mut self, step: &mut Step<'_>, digest: &Digest, block: BlockBytes) {
        if !self.wanted_blocks().contains_key(digest) {
            return;
        }
        if let Some(facts) = step.app.open(&block).filter(|facts| facts.digest == *digest) {
            self.pool.insert(facts, block, self.view);
        }
    }

    /// Refinement 15: asks for the certificates that we lack, f+1 peers in rotation every Δ, until none is missing.
    pub(crate) fn ask_for_certificates(&mut self, step: &mut Step<'_>) {
        let views = self.missing_views();
        if views.is_empty() || self.lacks(Mutant::NothingAskedAfterJump) {
            return;
        }
        if !step.is_due(self.asks.next_at) {
            return;
        }
        self.asks.next_at = step.now.saturating_add(self.config.timing.delta_ms);
        step.wake(self.asks.next_at);
        let peers: Vec<ValidatorIndex> = self.electorate.others().collect();
        let reached: Vec<_> =
            peers.iter().copied().filter(|i| self.peers.get(*i).is_some_and(|peer| peer.is_connected)).collect();
        let peers = if reached.is_empty() { peers } else { reached };
        let count = (self.electorate.committee().f() + 1).min(peers.len());
        let turn = self.asks.turn;
        self.asks.turn = turn.wrapping_add(count);
        for peer in peers.iter().cycle().skip(turn % peers.len().max(1)).take(count) {
            self.ask_for_views(step, *peer, views.clone());
        }
    }

    /// Takes the answer to such a question; if it helped, the next is asked at once.
    pub(crate) fn take_answer(&mut self, step: &mut Step<'_>, from: ValidatorIndex, answer: Vec<Certificate>) {
        let before = self.missing_views();
        self.take_certificates(step, from, answer);
        if self.missing_views() != before {
            self.asks.hurry();
        }
    }

    pub(crate) fn ask_for_views(&self, step: &mut Step<'_>, peer: ValidatorIndex, views: Vec<View>) {
        let views = BoundedVec::try_from(views).unwrap_or_default();
        step.send(peer, Message::CertificateRequest { epoch: self.config.epoch, views });
    }

    /// Views below ours of which we know nothing, and those that the proposal at hand or our own turn to lead needs.
    fn missing_views(&self) -> Vec<View> {
        let mut missing = Vec::new();
        let base = self.last_final.view.max(self.book.settled());
        let candidate = self.rounds.get(&self.view).and_then(|round| round.live_candidate());
        let parent_view = candidate.map(|candidate| candidate.vote.parent_view);
        let leads = self.leaders.of(self.view) == self.config.me && self.turn.work_at.is_some() && self.tip().is_none();
        let mut view = base.next();
        while view < self.view && missing.len() < VIEWS_PER_REQUEST_MAX {
            let page = self.book.page(view);
            let is_unknown = page.is_none_or(|page| page.is_empty());
            let needs_skip = (parent_view.is_some_and(|parent| view > parent) || leads)
                && page.is_none_or(|page| page.nullification.is_none());
            let needs_parent = parent_view == Some(view) && page.is_none_or(|page| page.block().is_none());
            if is_unknown || needs_skip || needs_parent {
                missing.push(view);
            }
            view = view.next();
        }
        missing
    }

    /// Answers with all certificates of these views, and the newest Finalization.
    pub(crate) fn serve_certificates(&mut self, step: &mut Step<'_>, to: ValidatorIndex, epoch: Epoch, views: &[View]) {
        if epoch != self.config.epoch || self.lacks(Mutant::CertificatesKept) {
            return;
        }
        let held = views.iter().filter_map(|view| self.book.page(*view)).flat_map(|page| page.all().cloned());
        let answer: Vec<Certificate> = self.finalization_to_show().cloned().into_iter().chain(held).collect();
        let bytes: usize = answer.iter().map(|certificate| 80 + 64 * certificate.signatures.len()).sum();
        if !answer.is_empty() && self.peers.spend(to, bytes as u64, step.now) {
            let answer = BoundedVec::try_from(answer).unwrap_or_default();
            step.send(to, Message::CertificateResponse(answer));
        }
    }

    /// Answers with a block: one we hold, or one from the store.
    pub(crate) fn serve_block(&mut self, step: &mut Step<'_>, to: ValidatorIndex, digest: Digest) {
        match self.pool.get(&digest).map(|held| held.bytes.clone()) {
            Some(block) => {
                if self.peers.spend(to, block.len() as u64, step.now) {
                    step.send(to, Message::BlockResponse { digest, block });
                }
            }
            None => {
                if self.peers.spend(to, crate::limits::STORE_ANSWER_BYTES, step.now) {
                    step.effect(Effect::ServeBlock { to, digest });
                }
            }
        }
    }

    /// Whether the epoch ended: the machine only serves.
    pub(crate) fn is_closed(&self) -> bool {
        self.last_final.point.content == Content::Seal
    }
}
