//! Answers questions wrongly, or with crumbs as late as an answer may come, and lies about where it stands and what its
//! clock shows: far ahead, or far behind.

use super::desk::{Desk, Lie};
use super::letter::Letter;
use amanah_consensus::message::{BlockBytes, Echo, Message, Status, SyncResponse};
use amanah_ledger::certificate::Certificate;
use amanah_ledger::codec::BoundedVec;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;
use amanah_node::peer_message::PeerMessage;

pub(super) struct SyncPoisoner;

/// A little before nobody waits for the answer any more.
const CRUMB_AFTER_MS: u64 = 3_600;

/// Another block than the one that was asked for.
fn wrong_block(desk: &mut Desk<'_>) -> BlockBytes {
    let from = desk.digest();
    let other = desk.common.library.any_block(&from).cloned();
    other.unwrap_or_else(|| BlockBytes::try_from(vec![1; 100]).expect("100 bytes are no long block"))
}

/// Blocks that do not follow each other, with certificates that are not theirs, or none at all.
fn wrong_run(desk: &mut Desk<'_>) -> SyncResponse {
    let count = desk.common.random.below(4);
    let certificates: Vec<Certificate> = desk.common.library.certificates.values().cloned().collect();
    let blocks: Vec<_> = (0..count)
        .map(|_| {
            let certificate = desk.common.random.pick(&certificates).cloned();
            (wrong_block(desk), certificate)
        })
        .collect();
    SyncResponse::collect(blocks)
}

impl Lie for SyncPoisoner {
    fn send(&mut self, desk: &mut Desk<'_>, mut letter: Letter) -> Vec<Letter> {
        if let PeerMessage::Consensus(Message::SyncResponse(response)) = &mut letter.message {
            // True as far as it goes: up to the first block that is certified by its own.
            let certified = response.blocks().iter().position(|item| item.finalization.is_some());
            let crumb = response.blocks().iter().take(certified.map_or(0, |at| at + 1)).cloned();
            *response = SyncResponse::collect(crumb.map(|item| (item.block, item.finalization)));
            desk.did();
            return vec![Letter { after_ms: CRUMB_AFTER_MS, ..letter }];
        }
        let PeerMessage::Consensus(Message::Status(status)) = &mut letter.message else { return vec![letter] };
        let far = 1 + desk.common.random.below(2_000);
        *status = match desk.common.random.below(4) {
            0 => Status { final_height: Height(status.final_height.0 + far), final_block: Digest([9; 32]), ..*status },
            1 => Status {
                final_height: Height(u64::MAX),
                final_view: View(u64::MAX),
                view: View(u64::MAX),
                time: UnixMs(u64::MAX),
                echo: Some(Echo { time: UnixMs(desk.common.random.next()), held_ms: u64::MAX }),
                ..*status
            },
            2 => Status { final_height: Height(0), final_view: View(0), view: View(0), ..*status },
            _ => Status {
                view: View(status.view.0 + far),
                final_view: View(status.final_view.0 + far),
                final_height: Height(status.final_height.0 + 3),
                ..*status
            },
        };
        desk.did();
        vec![letter]
    }

    fn hear(&mut self, desk: &mut Desk<'_>, from: usize, message: &PeerMessage) -> bool {
        let PeerMessage::Consensus(question) = message else { return true };
        let answer = match question {
            Message::BlockRequest(digest) => Message::BlockResponse { digest: *digest, block: wrong_block(desk) },
            Message::SyncRequest { .. } if desk.common.random.chance(500) => return true,
            Message::SyncRequest { .. } => Message::SyncResponse(wrong_run(desk)),
            Message::CertificateRequest { .. } => {
                let some = desk.common.library.certificates.values().take(5).cloned().collect::<Vec<_>>();
                Message::CertificateResponse(BoundedVec::try_from(some).unwrap_or_default())
            }
            Message::Vote(_)
            | Message::Proposal(_)
            | Message::Certificate(_)
            | Message::Bundle(_)
            | Message::Status(_)
            | Message::BlockResponse { .. }
            | Message::CertificateResponse(_)
            | Message::SyncResponse(_) => return true,
        };
        // One in three gets no answer at all.
        if !desk.common.random.chance(333) {
            desk.post(from, answer);
        }
        desk.did();
        false
    }
}
