//! Shows its votes and the certificates it holds to a part of the others, another part in each view: neither a
//! Notarization nor a Nullification may come about for all.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::Message;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::position::View;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct SelectiveForwarder {
    /// Who sees its votes of each kind, by view.
    shown: BTreeMap<(View, u8), BTreeSet<usize>>,
}

impl SelectiveForwarder {
    fn shows(&mut self, desk: &mut Desk<'_>, content: &VoteContent, to: usize) -> bool {
        let kind = match content {
            VoteContent::Notarize(_) => 0,
            VoteContent::Nullify { .. } => 1,
            VoteContent::Finalize(_) => 2,
        };
        let view = content.view();
        if self.shown.len() > 64 {
            self.shown = self.shown.split_off(&(View(view.0.saturating_sub(16)), 0));
        }
        let shown = self.shown.entry((view, kind)).or_insert_with(|| desk.some_of(desk.others(), 400));
        let shows = shown.contains(&to);
        if !shows && !shown.is_empty() {
            desk.did();
        }
        shows
    }
}

impl Lie for SelectiveForwarder {
    fn send(&mut self, desk: &mut Desk<'_>, letter: Letter) -> Vec<Letter> {
        let to = letter.to;
        if let Some(Message::Certificate(certificate)) = letter.consensus() {
            let content = certificate.content;
            return if self.shows(desk, &content, to) { vec![letter] } else { Vec::new() };
        }
        let shown = letter.with_votes(|vote| self.shows(desk, &vote.content, to).then_some(vote));
        let Some(mut letter) = shown else { return Vec::new() };
        if let amanah_node::peer_message::PeerMessage::Consensus(Message::Bundle(bundle)) = &mut letter.message {
            let certificates = bundle.certificates.iter().filter(|c| self.shows(desk, &c.content, to)).cloned();
            bundle.certificates = BoundedVec::try_from(certificates.collect::<Vec<_>>()).unwrap_or_default();
        }
        vec![letter]
    }
}
