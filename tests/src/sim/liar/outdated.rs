//! Repeats what it said many views ago, and votes anew in those views, for another block.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::Message;
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;
use std::collections::VecDeque;

/// Messages kept to be repeated.
const KEPT: usize = 128;

#[derive(Default)]
pub(super) struct Outdated {
    said: VecDeque<Message>,
    last: View,
}

impl Lie for Outdated {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        if let Some(message) = letter.consensus().filter(|message| !matches!(message, Message::Status(_)))
            && desk.common.random.chance(300)
        {
            self.said.push_back(message.clone());
            if self.said.len() > KEPT {
                self.said.pop_front();
            }
        }
        vec![letter]
    }

    fn hear(&mut self, desk: &mut Desk<'_>, _from: usize, message: &PeerMessage) -> bool {
        let PeerMessage::Consensus(Message::Vote(vote)) = message else { return true };
        let (VoteContent::Notarize(heard), true) = (vote.content, desk.view > self.last) else { return true };
        self.last = desk.view;
        let back = 1 + desk.common.random.below(20);
        let view = View(heard.view.0.saturating_sub(back).max(1));
        let old = BlockVote { view, parent_view: View(view.0 - 1), ..heard };
        let nullify = VoteContent::Nullify { epoch: heard.epoch, view };
        for content in [VoteContent::Notarize(old), VoteContent::Finalize(old), nullify] {
            let vote = desk.vote(content);
            desk.post_all(&Message::Vote(vote));
        }
        for _ in 0..3 {
            let at = usize::try_from(desk.common.random.below(self.said.len() as u64)).unwrap_or(0);
            if let Some(message) = self.said.get(at) {
                desk.post_all(message);
            }
        }
        desk.did();
        true
    }
}
