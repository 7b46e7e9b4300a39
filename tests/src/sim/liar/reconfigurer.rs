//! Says everything for the next epoch too, as if a seal block had been there.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::{Message, Status};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::position::{Epoch, View};
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct Reconfigurer {
    last: View,
}

const NEXT: Epoch = Epoch(1);

impl Lie for Reconfigurer {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let Some(Message::Status(status)) = letter.consensus() else { return vec![letter] };
        let next = Message::Status(Status { epoch: NEXT, view: View(1), ..*status });
        desk.post(letter.to, next);
        vec![letter]
    }

    fn hear(&mut self, desk: &mut Desk<'_>, _from: usize, message: &PeerMessage) -> bool {
        let PeerMessage::Consensus(Message::Vote(vote)) = message else { return true };
        let (VoteContent::Notarize(heard), false) = (vote.content, vote.content.view() <= self.last) else {
            return true;
        };
        self.last = heard.view;
        let next = BlockVote { epoch: NEXT, ..heard };
        let nullify = VoteContent::Nullify { epoch: NEXT, view: heard.view };
        for content in [VoteContent::Notarize(next), VoteContent::Finalize(next), nullify] {
            let vote = desk.vote(content);
            desk.post_all(&Message::Vote(vote));
            let alone = [(desk.index(), vote.signature)].into_iter().collect();
            let certificate = Certificate::assemble(content, desk.common.committee.n(), &alone);
            desk.post_all(&Message::Certificate(certificate));
        }
        let views = BoundedVec::try_from(vec![heard.view]).unwrap_or_default();
        desk.post_all(&Message::CertificateRequest { epoch: NEXT, views });
        desk.did();
        true
    }
}
