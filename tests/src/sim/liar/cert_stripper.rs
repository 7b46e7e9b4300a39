//! Proposes without the certificates that a voter needs, some or all of them, and passes no certificate on.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::Message;
use amanah_ledger::codec::BoundedVec;
use amanah_node::peer_message::PeerMessage;

pub(super) struct CertStripper;

impl Lie for CertStripper {
    fn send(&mut self, desk: &mut Desk<'_>, mut letter: Letter) -> Vec<Letter> {
        let PeerMessage::Consensus(message) = &mut letter.message else { return vec![letter] };
        match message {
            Message::Proposal(proposal) => {
                let stripped = &mut proposal.justification;
                let (random, before) = (&mut desk.common.random, stripped.certificates().count());
                stripped.parent = stripped.parent.take().filter(|_| random.chance(300));
                stripped.last_final = stripped.last_final.take().filter(|_| random.chance(300));
                let skips: Vec<_> = stripped.skips.iter().filter(|_| random.chance(500)).cloned().collect();
                stripped.skips = BoundedVec::try_from(skips).unwrap_or_default();
                if stripped.certificates().count() < before {
                    desk.did();
                }
                vec![letter]
            }
            Message::Bundle(bundle) => {
                bundle.certificates = BoundedVec::default();
                vec![letter]
            }
            Message::Certificate(_) | Message::CertificateResponse(_) => Vec::new(),
            Message::Vote(_)
            | Message::Status(_)
            | Message::BlockRequest(_)
            | Message::BlockResponse { .. }
            | Message::CertificateRequest { .. }
            | Message::SyncRequest { .. }
            | Message::SyncResponse(_) => vec![letter],
        }
    }
}
