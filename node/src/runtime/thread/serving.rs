//! What peers are answered from the store: blocks that they miss.

use super::Thread;
use crate::peer_message::PeerMessage;
use amanah_consensus::message::{BlockBytes, Message, SyncResponse};
use amanah_ledger::codec;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::Height;
use amanah_ledger::store::StoreError;

impl Thread {
    pub(super) fn serve_sync(&mut self, to: ValidatorIndex, from: Height) {
        let mut read = Vec::new();
        let stored = (from.0..).map_while(|height| match self.store.block(Height(height)) {
            Ok(Some(stored)) => {
                read.push((*stored.block.digest(), Height(height)));
                let bytes = BlockBytes::try_from(codec::encode(stored.block.block())).ok()?;
                Some((bytes, stored.finalization))
            }
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, height, "a final block cannot be read");
                if let StoreError::Damaged(why) = error {
                    self.publish.damage.report(why);
                }
                None
            }
        });
        let response = SyncResponse::collect(stored);
        self.named.remember(read);
        if !response.blocks().is_empty() {
            let message = PeerMessage::Consensus(Message::SyncResponse(response));
            self.send(amanah_consensus::To::One(to), &message);
        }
    }

    pub(super) fn serve_block(&mut self, to: ValidatorIndex, digest: &Digest) {
        let Some(height) = self.named.height(digest) else { return };
        let Ok(Some(stored)) = self.store.block(height) else { return };
        self.named.asked_for(height, stored.block.header().parent);
        if let Ok(block) = BlockBytes::try_from(codec::encode(stored.block.block())) {
            let message = PeerMessage::Consensus(Message::BlockResponse { digest: *digest, block });
            self.send(amanah_consensus::To::One(to), &message);
        }
    }
}
