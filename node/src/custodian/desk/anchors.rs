//! Anchors of the access log on their way to the ledger, and what a restore lost.

use super::{Desk, StoreError, decode};
use crate::custodian::anchoring::Due;
use crate::custodian::vault::{Kind, Writes};
use amanah_ledger::access::Event;
use amanah_ledger::access::entry::Gap;
use amanah_ledger::chain::Tip;
use amanah_ledger::codec;
use amanah_ledger::crypto::{PublicKey, Signer};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, SignedTransaction};

/// An anchor that is not final after this time is sent again.
const RESEND_MS: u64 = 2_000;

/// The anchor last sent.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    sent: Option<(Due, UnixMs)>,
    /// The last anchor that the vault is known to cover.
    marked: u64,
}

impl Desk {
    /// Gives the anchor that is to be sent now, if any: the one on its way, or the one this grid point asks for.
    pub(super) fn anchor_to_send(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        out: &mut Vec<SignedTransaction>,
    ) -> Result<(), StoreError> {
        let anchored = head.state().anchor_head(&self.setup.member, AnchorKind::Access);
        let (now, grid) = (self.time(clock, head), self.grid(head));
        self.anchoring.settle(anchored, now, grid, &mut self.book, &self.keys)?;
        let vault = &self.vault;
        let due =
            self.anchoring.due(now, grid, &mut self.book, &self.keys, || vault.sync().map_err(StoreError::from))?;
        let Some(due) = due else { return Ok(()) };
        let is_fresh = self.anchors.sent.is_some_and(|(sent, at)| sent == due && clock.since_ms(at) < RESEND_MS);
        if is_fresh {
            return Ok(());
        }
        if self.anchors.marked < due.seq {
            self.mark(due.seq)?;
        }
        self.anchors.sent = Some((due, clock));
        let anchor = Anchor {
            member: self.setup.member,
            kind: AnchorKind::Access,
            seq: due.seq,
            day: due.day,
            root: due.root,
            figures: None,
        };
        let signature = self.setup.gateway.sign(&anchor.signing_bytes(&self.chain));
        let gateway = GatewaySignature { key: self.setup.gateway.public_key(), signature };
        out.push(SignedTransaction::Anchor { anchor, gateway });
        Ok(())
    }

    /// Remembers in the vault which anchor it covers: a vault that remembers less than the files was restored.
    fn mark(&mut self, seq: u64) -> Result<(), StoreError> {
        let (at, key) = self.house(Kind::AnchorMark, 0);
        let mut writes = Writes::default();
        writes.put(at, key, &codec::encode(&seq))?;
        self.write(writes)?;
        self.anchors.marked = seq;
        Ok(())
    }

    /// After the vault was restored from an older backup: each log that the access trees know further than the vault
    /// does goes on behind a gap, from the head that was anchored.
    pub(super) fn continue_after_restore(&mut self, clock: UnixMs, head: &Tip) -> Result<(), StoreError> {
        let (at, key) = self.house(Kind::AnchorMark, 0);
        let marked: u64 = match self.vault.get(at, key)? {
            Some(plain) => decode(&plain, 8)?,
            None => 0,
        };
        self.anchors.marked = marked;
        let named = self.anchoring.named_since(marked, &self.keys)?;
        let lost: Vec<(PublicKey, Gap)> = named
            .into_iter()
            .filter_map(|(relationship, to, head)| {
                let count = self.book.end(&relationship).count;
                (count < to).then_some((relationship, Gap { from: count + 1, to, head }))
            })
            .collect();
        let now = self.time(clock, head);
        for (relationship, gap) in lost {
            let Some(keys) = self.keys.get(&relationship).cloned() else { continue };
            tracing::error!(from = gap.from, to = gap.to, "log entries were lost in a restore; the log says so");
            self.append(&keys, now, Event::Gap(gap))?;
            self.book.cover(&relationship, gap.to);
        }
        Ok(())
    }
}
