//! As leader proposes one block to some and another to the others, both valid, and votes for each where it is seen.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::{Message, Proposal};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;
use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct Equivocator(Option<Second>);

/// The other proposal of the newest view it led, and who sees it.
struct Second {
    view: View,
    proposal: Proposal,
    side: BTreeSet<usize>,
}

impl Equivocator {
    fn prepare(&mut self, desk: &mut Desk<'_>, first: &Proposal) -> Option<()> {
        let VoteContent::Notarize(vote) = first.vote.content else { return None };
        if self.0.as_ref().is_some_and(|second| second.view == vote.view) {
            return Some(());
        }
        let open = OpenBlock::decode(&first.block).ok()?;
        let (parent, time) = (open.header().parent, open.header().time.0 + 1);
        let block = desk.common.library.build(&parent, vote.view, time, &first.block)?;
        let proposal = desk.proposal(vote.view, vote.parent_view, block, first.justification.clone());
        let side = desk.some_of(desk.others(), 500);
        self.0 = Some(Second { view: vote.view, proposal, side });
        desk.did();
        Some(())
    }
}

impl Lie for Equivocator {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let proposed = match letter.consensus() {
            Some(Message::Proposal(proposal)) if proposal.vote.signer == desk.index() => Some(proposal.clone()),
            _ => None,
        };
        if let Some(first) = &proposed {
            self.prepare(desk, first);
        }
        let Some(second) = self.0.as_ref().filter(|second| second.side.contains(&letter.to)) else {
            return vec![letter];
        };
        if proposed.is_some_and(|first| first.vote.content.view() == second.view) {
            let message = PeerMessage::Consensus(Message::Proposal(Box::new(second.proposal.clone())));
            return vec![Letter { message, ..letter }];
        }
        let letter = letter.with_votes(|vote| match vote.content {
            VoteContent::Notarize(first) if first.view == second.view => Some(second.proposal.vote),
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } | VoteContent::Finalize(_) => Some(vote),
        });
        letter.into_iter().collect()
    }
}
