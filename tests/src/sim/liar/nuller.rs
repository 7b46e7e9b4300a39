//! Nullifies and finalizes the same view, for every block it hears of.

use super::desk::{Desk, Lie};
use amanah_consensus::message::Message;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct Nuller {
    last: View,
}

impl Lie for Nuller {
    fn hear(&mut self, desk: &mut Desk<'_>, _from: usize, message: &PeerMessage) -> bool {
        let heard = match message {
            PeerMessage::Consensus(Message::Vote(vote)) => vote.content,
            PeerMessage::Consensus(Message::Proposal(proposal)) => proposal.vote.content,
            _ => return true,
        };
        let (VoteContent::Notarize(heard), false) = (heard, heard.view() <= self.last) else { return true };
        self.last = heard.view;
        let nullify = desk.vote(VoteContent::Nullify { epoch: heard.epoch, view: heard.view });
        let finalize = desk.vote(VoteContent::Finalize(heard));
        // In either order: half of the others hear the one first.
        let first = desk.some_of(desk.others(), 500);
        for to in desk.others() {
            let votes = if first.contains(&to) { [nullify, finalize] } else { [finalize, nullify] };
            for vote in votes {
                desk.post(to, Message::Vote(vote));
            }
        }
        desk.did();
        true
    }
}
