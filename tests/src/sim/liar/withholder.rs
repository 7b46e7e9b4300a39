//! Shows its block to no more honest members than its notarization needs, and gives it to nobody else.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::Message;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::View;
use amanah_node::peer_message::PeerMessage;
use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct Withholder {
    view: View,
    block: Digest,
    shown: BTreeSet<usize>,
}

impl Withholder {
    /// The others of the newest view it led see nothing.
    fn hides(&self, desk: &Desk<'_>, from: usize) -> bool {
        !self.shown.contains(&from) && !desk.common.liars.contains(&from)
    }
}

impl Lie for Withholder {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        match letter.consensus() {
            Some(Message::Proposal(proposal)) if proposal.vote.signer == desk.index() => {
                let VoteContent::Notarize(vote) = proposal.vote.content else { return vec![letter] };
                if vote.view > self.view {
                    let mut honest = desk.honest();
                    let (quorum, f) = (desk.common.committee.quorum(), desk.common.committee.f());
                    self.shown.clear();
                    while self.shown.len() < quorum - f && !honest.is_empty() {
                        let at = usize::try_from(desk.common.random.below(honest.len() as u64)).unwrap_or(0);
                        self.shown.insert(honest.swap_remove(at));
                    }
                    (self.view, self.block) = (vote.view, vote.block);
                    desk.did();
                }
                if self.hides(desk, letter.to) { Vec::new() } else { vec![letter] }
            }
            Some(Message::BlockResponse { digest, .. }) if *digest == self.block && self.hides(desk, letter.to) => {
                Vec::new()
            }
            _ => vec![letter],
        }
    }

    fn hear(&mut self, desk: &mut Desk<'_>, from: usize, message: &PeerMessage) -> bool {
        let is_asked =
            matches!(message, PeerMessage::Consensus(Message::BlockRequest(digest)) if *digest == self.block);
        !(is_asked && self.hides(desk, from))
    }
}
