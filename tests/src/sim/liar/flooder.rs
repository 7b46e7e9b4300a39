//! Sends as much as it likes of what leads nowhere: votes of views near and far, proposals, questions, identifiers,
//! transactions with bad signatures.

use super::desk::{Desk, Lie};
use crate::sim::members;
use amanah_consensus::message::{BlockBytes, Bundle, Justification, Message, Proposal, Status};
use amanah_ledger::certificate::{BlockVote, VoteContent};
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Signature;
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{RevokeProof, SignedTransaction, WireId};
use amanah_node::peer_message::{PeerMessage, Transactions};

pub(super) struct Flooder;

/// Messages to each other member in a tenth of a second.
const AT_ONCE: u64 = 6;

impl Lie for Flooder {
    fn tick(&mut self, desk: &mut Desk<'_>) {
        for to in desk.others() {
            for _ in 0..AT_ONCE {
                let message = something(desk);
                desk.post_any(to, message);
            }
        }
        desk.did();
    }
}

fn something(desk: &mut Desk<'_>) -> PeerMessage {
    let near = (desk.view.0 + desk.common.random.below(80)).saturating_sub(66).max(1);
    let view = View(if desk.common.random.chance(50) { u64::MAX } else { near });
    let block = desk.digest();
    let vote = BlockVote { epoch: Epoch(0), view, parent_view: View(view.0 - 1), block };
    let views = || BoundedVec::try_from((1..=64).map(View).collect::<Vec<_>>()).unwrap_or_default();
    PeerMessage::Consensus(match desk.common.random.below(12) {
        0 => Message::Vote(desk.vote(VoteContent::Notarize(vote))),
        1 => Message::Vote(desk.vote(VoteContent::Finalize(vote))),
        2 => Message::Vote(desk.vote(VoteContent::Nullify { epoch: Epoch(0), view })),
        3 => {
            let bytes = vec![3; usize::try_from(desk.common.random.below(2_000)).unwrap_or(0)];
            let block = BlockBytes::try_from(bytes).expect("2,000 bytes are no long block");
            let vote = desk.vote(VoteContent::Notarize(vote));
            Message::Proposal(Box::new(Proposal { vote, block, justification: Justification::default() }))
        }
        4 => Message::BlockRequest(block),
        5 => Message::CertificateRequest { epoch: Epoch(0), views: views() },
        6 => Message::SyncRequest { from_height: Height(1), to_height: Height(u64::MAX) },
        7 => Message::Bundle(Bundle::default()),
        8 => Message::Status(Status {
            epoch: Epoch(0),
            view,
            final_view: View(0),
            final_height: Height(0),
            final_block: block,
            time: UnixMs(desk.now_ms),
            echo: None,
            has_work: true,
        }),
        9 => return PeerMessage::PendingIds(ids(desk)),
        10 => return PeerMessage::TxRequest(ids(desk)),
        _ => return PeerMessage::TxResponse(bad_transaction(desk)),
    })
}

fn ids<const MAX: usize>(desk: &mut Desk<'_>) -> BoundedVec<WireId, MAX> {
    let ids: Vec<WireId> = (0..20).map(|_| WireId(desk.digest())).collect();
    BoundedVec::try_from(ids).unwrap_or_default()
}

fn bad_transaction(desk: &mut Desk<'_>) -> Transactions {
    let number = usize::try_from(desk.common.random.below(64)).unwrap_or(0);
    let Some(key) = members::consent(number) else { return Transactions::default() };
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&desk.digest().0);
    let proof = RevokeProof::Key(Signature(signature));
    let transaction = SignedTransaction::Revoke { consent: key.public, proof, relay: None };
    Transactions::try_from(vec![transaction]).unwrap_or_default()
}
