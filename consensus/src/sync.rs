//! Catch-up by height (Catch-up): final blocks with their Finalizations, from whoever says to have more.
//!
//! An answer is taken as far as it proves itself. Its blocks go into the pool and its Finalizations into the book, so
//! that they are judged and become final in the one place where that happens ([`crate::finality`]).

use crate::application::BlockFacts;
use crate::limits::{STORE_ANSWER_BYTES, SYNC_BLOCKS_MAX};
use crate::machine::{Machine, Step};
use crate::message::{BlockBytes, Message, SyncResponse};
use crate::output::Effect;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::position::Height;
use std::collections::BTreeSet;

/// The open question for final blocks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sync {
    /// Whom we asked, and until when we wait.
    asked: Option<(ValidatorIndex, u64)>,
    /// Since when somebody is ahead by a little: usually the ordinary Finalization is on its way.
    behind_since: Option<u64>,
    /// Whose turn it is to be asked.
    turn: usize,
    /// Who answered, since a block became final last, with one block that does not follow ours: nothing in between has a
    /// Finalization of its own. Once each (refinement 30), for an honest peer has no other answer, and a liar might have a million.
    far: BTreeSet<ValidatorIndex>,
}

impl Sync {
    /// Whether what leads to the next Finalization is too much for one answer.
    pub(crate) fn is_far(&self) -> bool {
        !self.far.is_empty()
    }

    /// A block became final.
    pub(crate) fn moved(&mut self) {
        self.far.clear();
    }
}

/// Blocks ahead that are worth asking for at once.
const FAR_BEHIND: u64 = 3;

impl Machine {
    /// Asks one peer that is ahead for the next final blocks.
    pub(crate) fn catch_up(&mut self, step: &mut Step<'_>) {
        if let Some((peer, until)) = self.sync.asked {
            if !step.is_due(until) {
                return;
            }
            self.sync.asked = None;
            self.doubt(peer);
        }
        let own = self.last_final.point.height;
        let is_ahead = |height: Option<Height>| height.is_some_and(|height| height > own);
        let ahead: Vec<(ValidatorIndex, Height)> = self
            .peers
            .iter()
            .filter(|(index, peer)| *index != self.config.me && is_ahead(peer.final_height))
            .filter_map(|(index, peer)| peer.final_height.map(|height| (index, height)))
            .collect();
        let Some(highest) = ahead.iter().map(|(_, height)| *height).max() else {
            self.sync.behind_since = None;
            return;
        };
        let since = *self.sync.behind_since.get_or_insert(step.now);
        let is_far = highest.0 - own.0 >= FAR_BEHIND;
        if self.is_closed() || !(is_far || step.is_due(since.saturating_add(self.config.timing.delta_ms))) {
            return;
        }
        // Everybody in turn, whatever the last answer was worth: a liar that answers late, with one block each time,
        // must not keep us behind for ever.
        let Some((peer, height)) = ahead.get(self.sync.turn % ahead.len()).copied() else { return };
        self.sync.turn = self.sync.turn.wrapping_add(1);
        let until = step.now.saturating_add(8 * self.config.timing.delta_ms);
        self.sync.asked = Some((peer, until));
        step.wake(until);
        let to_height = Height(height.0.min(own.0.saturating_add(SYNC_BLOCKS_MAX as u64)));
        step.send(peer, Message::SyncRequest { from_height: own.next(), to_height });
    }

    /// Its answer did not help: not again before it says anew what it has. "Does not have" is no fault.
    fn doubt(&mut self, peer: ValidatorIndex) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.final_height = None;
        }
    }

    /// Hands the question to the store, if there is something to answer with.
    pub(crate) fn serve_sync(
        &mut self,
        step: &mut Step<'_>,
        to: ValidatorIndex,
        from_height: Height,
        to_height: Height,
    ) {
        let own = self.last_final.point.height;
        let to_height = Height(to_height.0.min(own.0).min(from_height.0.saturating_add(SYNC_BLOCKS_MAX as u64)));
        if from_height <= to_height && from_height > Height(0) && self.peers.spend(to, STORE_ANSWER_BYTES, step.now) {
            step.effect(Effect::ServeSync { to, from_height, to_height });
        }
    }

    /// Takes the answer of the peer we asked.
    pub(crate) fn take_sync(&mut self, step: &mut Step<'_>, from: ValidatorIndex, response: &SyncResponse) {
        if self.sync.asked.is_none_or(|(asked, _)| asked != from) {
            return;
        }
        self.sync.asked = None;
        let (mut tip, mut has_helped) = (self.floor(), false);
        let mut run: Vec<(BlockFacts, &BlockBytes)> = Vec::new();
        for item in response.blocks() {
            let Some(facts) = step.app.open(&item.block) else { break };
            if facts.height <= self.last_final.point.height {
                continue;
            }
            run.push((facts, &item.block));
            let Some(finalization) = &item.finalization else { continue };
            let is_new = run.iter().any(|(facts, _)| !self.pool.contains(&facts.digest));
            if !self.take_run(step, from, &run, finalization, tip.0) {
                break;
            }
            has_helped |= is_new;
            tip = (facts.digest, facts.height);
            run.clear();
        }
        // Only blocks that we lacked are an answer: whoever sends nothing, or the same again, is not asked for ever.
        if !has_helped {
            self.doubt(from);
        }
    }

    /// Takes blocks that lead from `parent` to the one that `finalization` names; or that one alone, whose ancestors are
    /// then fetched by digest. Nothing is kept before the certificate was checked.
    fn take_run(
        &mut self,
        step: &mut Step<'_>,
        from: ValidatorIndex,
        run: &[(BlockFacts, &BlockBytes)],
        finalization: &Certificate,
        mut parent: amanah_ledger::crypto::Digest,
    ) -> bool {
        let Some((last, _)) = run.last() else { return false };
        let names_it = matches!(finalization.content, VoteContent::Finalize(vote) if vote.block == last.digest);
        let is_line = run.iter().all(|(facts, _)| {
            let follows = facts.parent == parent;
            parent = facts.digest;
            follows
        });
        let is_alone = run.len() == 1 && !self.sync.far.contains(&from);
        if !names_it || !(is_line || is_alone) {
            return false;
        }
        self.take_certificate(step, from, finalization.clone());
        if !self.book.knows(&finalization.content) {
            return false;
        }
        if !is_line {
            self.sync.far.insert(from);
        }
        for (facts, block) in run {
            self.pool.insert(*facts, (*block).clone(), self.view);
        }
        true
    }
}
