//! Gives up every view it comes to, and says nothing else that could bring one forward.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::Message;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::position::{Epoch, View};
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct NullifyOnly {
    last: View,
}

impl NullifyOnly {
    fn give_up(&mut self, desk: &mut Desk<'_>) {
        if desk.view > self.last {
            self.last = desk.view;
            let vote = desk.vote(VoteContent::Nullify { epoch: Epoch(0), view: desk.view });
            desk.post_all(&Message::Vote(vote));
            desk.did();
        }
    }
}

impl Lie for NullifyOnly {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        self.give_up(desk);
        if matches!(letter.consensus(), Some(Message::Proposal(_))) {
            return Vec::new();
        }
        let is_nullify = |content| matches!(content, VoteContent::Nullify { .. });
        letter.with_votes(|vote| is_nullify(vote.content).then_some(vote)).into_iter().collect()
    }

    fn hear(&mut self, desk: &mut Desk<'_>, _from: usize, _message: &PeerMessage) -> bool {
        self.give_up(desk);
        true
    }

    fn tick(&mut self, desk: &mut Desk<'_>) {
        self.give_up(desk);
    }
}
