//! As leader rebuilds its block with a time at the edge of T1, T2 or T3, or just beyond.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::Timing;
use amanah_consensus::message::{Message, Proposal};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct TimeSkewer(Option<(View, Proposal)>);

/// Spread around an edge, to either side.
const JITTER_MS: u64 = 60;

impl TimeSkewer {
    fn prepare(&mut self, desk: &mut Desk<'_>, first: &Proposal) -> Option<()> {
        let VoteContent::Notarize(vote) = first.vote.content else { return None };
        if self.0.as_ref().is_some_and(|(view, _)| *view == vote.view) {
            return Some(());
        }
        self.0 = None;
        let open = OpenBlock::decode(&first.block).ok()?;
        let (timing, now_ms) = (Timing::default(), desk.now_ms);
        let edges = [
            now_ms + timing.clock_tolerance_ms,
            now_ms + 3 * timing.delta_ms,
            now_ms + 86_400_000,
            now_ms - timing.clock_tolerance_ms - 3 * timing.delta_ms,
            0,
            u64::MAX - JITTER_MS,
        ];
        let edge = *desk.common.random.pick(&edges)?;
        let time = edge.saturating_add(desk.common.random.below(2 * JITTER_MS)).saturating_sub(JITTER_MS);
        let block = desk.common.library.build(&open.header().parent, vote.view, time, &first.block)?;
        let proposal = desk.proposal(vote.view, vote.parent_view, block, first.justification.clone());
        self.0 = Some((vote.view, proposal));
        desk.did();
        Some(())
    }
}

impl Lie for TimeSkewer {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let own = match letter.consensus() {
            Some(Message::Proposal(proposal)) if proposal.vote.signer == desk.index() => Some(proposal.clone()),
            _ => None,
        };
        if let Some(first) = &own {
            self.prepare(desk, first);
        }
        let Some((skewed_view, skewed)) = &self.0 else { return vec![letter] };
        if own.is_some() {
            let message = PeerMessage::Consensus(Message::Proposal(Box::new(skewed.clone())));
            return vec![Letter { message, ..letter }];
        }
        let letter = letter.with_votes(|vote| match vote.content {
            VoteContent::Notarize(first) if first.view == *skewed_view => Some(skewed.vote),
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } | VoteContent::Finalize(_) => Some(vote),
        });
        letter.into_iter().collect()
    }
}
