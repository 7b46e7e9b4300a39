//! Speaks in others' names: votes under their places, their votes as if on their stream, certificates whose signatures
//! are all its own, proposals for views that others lead; and bad signatures of its own.

use super::desk::{Desk, Lie, index};
use amanah_consensus::message::{BlockBytes, Justification, Message, Proposal, Vote};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::crypto::Signature;
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;

#[derive(Default)]
pub(super) struct Impersonator {
    last: View,
}

/// A certificate for `content` that only its own key signed.
fn forged(desk: &Desk<'_>, content: VoteContent) -> Certificate {
    let signature = desk.vote(content).signature;
    let votes = (0..desk.common.committee.quorum()).map(|member| (index(member), signature)).collect();
    Certificate::assemble(content, desk.common.committee.n(), &votes)
}

impl Lie for Impersonator {
    fn hear(&mut self, desk: &mut Desk<'_>, from: usize, message: &PeerMessage) -> bool {
        let PeerMessage::Consensus(Message::Vote(genuine)) = message else { return true };
        let (VoteContent::Notarize(heard), false) = (genuine.content, genuine.content.view() <= self.last) else {
            return true;
        };
        self.last = heard.view;
        let other = BlockVote { block: desk.digest(), ..heard };
        let own = desk.vote(VoteContent::Notarize(other));
        let bad = Vote { signature: Signature([7; 64]), ..own };
        let (as_other, content) = (Vote { signer: index(from), ..own }, VoteContent::Finalize(other));
        let certificate = forged(desk, content);
        let block = BlockBytes::try_from(vec![0; 64]).expect("64 bytes are no long block");
        let proposal = Box::new(Proposal { vote: as_other, block, justification: Justification::default() });
        let nullify = VoteContent::Nullify { epoch: heard.epoch, view: heard.view };
        let messages = [
            Message::Vote(as_other),
            Message::Vote(*genuine),
            Message::Proposal(proposal),
            Message::Certificate(certificate),
            Message::Certificate(forged(desk, nullify)),
            Message::Vote(bad),
        ];
        for message in &messages {
            desk.post_all(message);
        }
        desk.did();
        true
    }
}
