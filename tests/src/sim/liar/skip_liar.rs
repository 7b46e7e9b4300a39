//! As leader builds below the newest notarized block: on its parent, as if the view of it had been given up. What is
//! missing of the proof is left out, forged with its own signature, or a Nullification of another view.

use super::desk::{Desk, Lie, index};
use super::letter::Letter;
use amanah_consensus::message::{Justification, Message, Proposal};
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::position::{Epoch, View};
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct SkipLiar(Option<(View, Proposal)>);

impl SkipLiar {
    fn prepare(&mut self, desk: &mut Desk<'_>, first: &Proposal) -> Option<()> {
        let VoteContent::Notarize(vote) = first.vote.content else { return None };
        if self.0.as_ref().is_some_and(|(view, _)| *view == vote.view) {
            return Some(());
        }
        self.0 = None;
        // Now and then it leads as it should, or there would be nothing to build below.
        if desk.common.random.chance(250) {
            return None;
        }
        let parent_view = desk.common.library.certified_below(vote.parent_view)?;
        let parent = desk.common.library.certified(parent_view)?;
        let block = desk.common.library.build(&parent, vote.view, desk.now_ms, &first.block)?;
        let justification = self.justify(desk, parent_view, vote.view);
        let proposal = desk.proposal(vote.view, parent_view, block, justification);
        self.0 = Some((vote.view, proposal));
        desk.did();
        Some(())
    }

    /// As good a proof as liars can make.
    fn justify(&self, desk: &mut Desk<'_>, parent_view: View, view: View) -> Justification {
        let mut justification = desk.common.library.justification(parent_view, view);
        let mut skips = Vec::new();
        let means = desk.common.random.below(3);
        for skipped in (parent_view.0 + 1..view.0).rev().map(View).take(64) {
            match (desk.common.library.nullification(skipped), means) {
                (Some(genuine), _) => skips.push(genuine.clone()),
                (None, 0) => {}
                (None, 1) => skips.push(forged(desk, skipped)),
                (None, _) => skips.extend(desk.common.library.nullification(View(skipped.0 - 1)).cloned()),
            }
        }
        justification.skips = BoundedVec::try_from(skips).unwrap_or_default();
        justification
    }
}

/// Every liar signs it; the signatures of the others are its own.
fn forged(desk: &Desk<'_>, view: View) -> Certificate {
    let content = VoteContent::Nullify { epoch: Epoch(0), view };
    let (common, committee) = (&desk.common, &desk.common.committee);
    let own = common.sign(desk.me, content).signature;
    let mut votes: std::collections::BTreeMap<_, _> =
        common.liars.iter().map(|liar| (index(*liar), common.sign(*liar, content).signature)).collect();
    for member in 0..committee.n() {
        if votes.len() < committee.quorum() {
            votes.entry(index(member)).or_insert(own);
        }
    }
    Certificate::assemble(content, committee.n(), &votes)
}

impl Lie for SkipLiar {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let own = match letter.consensus() {
            Some(Message::Proposal(proposal)) if proposal.vote.signer == desk.index() => Some(proposal.clone()),
            _ => None,
        };
        if let Some(first) = &own {
            self.prepare(desk, first);
        }
        let Some((false_view, proposal)) = &self.0 else { return vec![letter] };
        if own.is_some() {
            let message = PeerMessage::Consensus(Message::Proposal(Box::new(proposal.clone())));
            return vec![Letter { message, ..letter }];
        }
        let letter = letter.with_votes(|vote| match vote.content {
            VoteContent::Notarize(first) if first.view == *false_view => Some(proposal.vote),
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } | VoteContent::Finalize(_) => Some(vote),
        });
        letter.into_iter().collect()
    }
}
