//! Votes for what it hears and, in the same view, for a block that does not exist; to notarize and to finalize.

use super::desk::{Desk, Lie};
use amanah_consensus::message::Message;
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct Conflicter {
    last: View,
}

impl Lie for Conflicter {
    fn hear(&mut self, desk: &mut Desk<'_>, _from: usize, message: &PeerMessage) -> bool {
        let heard = match message {
            PeerMessage::Consensus(Message::Vote(vote)) => vote.content,
            PeerMessage::Consensus(Message::Proposal(proposal)) => proposal.vote.content,
            _ => return true,
        };
        let (VoteContent::Notarize(heard) | VoteContent::Finalize(heard)) = heard else { return true };
        if heard.view <= self.last {
            return true;
        }
        self.last = heard.view;
        let random = BlockVote { block: desk.digest(), ..heard };
        for content in
            [random, heard].map(VoteContent::Notarize).into_iter().chain([random, heard].map(VoteContent::Finalize))
        {
            let vote = desk.vote(content);
            desk.post_all(&Message::Vote(vote));
        }
        desk.did();
        true
    }
}
