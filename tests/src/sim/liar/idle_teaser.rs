//! Will not let the others rest: claims to have work, names transactions that do not exist, gives views up, and in a
//! view that it leads announces a block that never comes.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::{BlockBytes, Justification, Message, Proposal};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::position::{Epoch, View};
use amanah_ledger::transaction::WireId;
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct IdleTeaser {
    seen: View,
    /// Tenths of a second in which its view did not change.
    still: u32,
}

/// So long in one view, and it calls it idle.
const STILL: u32 = 20;

impl Lie for IdleTeaser {
    fn send(&mut self, desk: &mut Desk<'_>, mut letter: Letter) -> Vec<Letter> {
        if let PeerMessage::Consensus(Message::Status(status)) = &mut letter.message
            && !status.has_work
        {
            status.has_work = true;
            desk.did();
        }
        vec![letter]
    }

    fn tick(&mut self, desk: &mut Desk<'_>) {
        if desk.view != self.seen {
            (self.seen, self.still) = (desk.view, 0);
            return;
        }
        self.still += 1;
        if !self.still.is_multiple_of(STILL) {
            return;
        }
        let id = WireId(desk.digest());
        let ids = BoundedVec::try_from(vec![id]).unwrap_or_default();
        for to in desk.others() {
            desk.post_any(to, PeerMessage::PendingIds(ids.clone()));
        }
        if desk.is_leading() && desk.common.random.chance(500) {
            let (view, parent_view) = (desk.view, View(desk.view.0.saturating_sub(1)));
            let vote = BlockVote { epoch: Epoch(0), view, parent_view, block: desk.digest() };
            let vote = desk.vote(VoteContent::Notarize(vote));
            let block = BlockBytes::try_from(Vec::new()).expect("nothing is no long block");
            let phantom = Proposal { vote, block, justification: Justification::default() };
            desk.post_all(&Message::Proposal(Box::new(phantom)));
        } else {
            let vote = desk.vote(VoteContent::Nullify { epoch: Epoch(0), view: desk.view });
            desk.post_all(&Message::Vote(vote));
        }
        desk.did();
    }
}
