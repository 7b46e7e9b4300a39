//! Revocations: on disk before they are acknowledged, enforced from then on whatever the ledger says, and sent until
//! they are final.

use super::{Desk, StoreError, decode};
use crate::custodian::vault::{Kind, Writes};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec;
use amanah_ledger::crypto::{Digest, PublicKey, Signer};
use amanah_ledger::exchange::RevocationAccepted;
use amanah_ledger::mutant::{Mutant, lacks};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{GatewaySignature, Relay, RevokeProof, SignedTransaction, lock_of};
use std::collections::BTreeMap;

/// Most revocations pending at one node.
const PENDING_MAX: usize = 65_536;
/// Most of them that end consents nobody knows: anybody can make such keys, and must not keep a patient's own
/// revocation out.
const UNKNOWN_MAX: usize = 4_096;
const RECORD_BYTES_MAX: usize = 1024;
const RESEND_MS_MIN: u64 = 2_000;
const RESEND_MS_MAX: u64 = 60_000;

/// Why a revocation is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// Another kind of transaction, or a proof whose rules are not active.
    #[error("not a revocation by key or by slip")]
    NotARevocation,
    /// The secret does not open the consent's lock, or there is no such consent.
    #[error("the proof does not end this consent")]
    DoesNotOpen,
    /// Too many are on their way.
    #[error("too many revocations are on their way")]
    Busy,
}

/// A revocation on disk.
#[derive(Debug, Clone, PartialEq, Eq, bincode::Encode, bincode::Decode)]
struct Record {
    transaction: SignedTransaction,
    accepted: UnixMs,
}

#[derive(Debug)]
struct Pending {
    number: u64,
    record: Record,
    send_from: UnixMs,
    wait_ms: u64,
}

/// The revocations on their way, by consent.
#[derive(Debug, Default)]
pub(super) struct PendingRevocations {
    by_consent: BTreeMap<PublicKey, Pending>,
    next: u64,
    /// The head that settled what it could.
    settled_by: Option<Digest>,
}

impl PendingRevocations {
    pub(super) fn is_pending(&self, consent: &PublicKey) -> bool {
        self.by_consent.contains_key(consent)
    }

    /// Whether no more are taken; for a consent unknown at `unknown_at`, whether no more of such are.
    fn is_full(&self, unknown_at: Option<&Tip>) -> bool {
        let Some(head) = unknown_at else { return self.by_consent.len() >= PENDING_MAX };
        let unknown = self.by_consent.keys().filter(|consent| head.state().consent(consent).is_none());
        unknown.take(UNKNOWN_MAX).count() == UNKNOWN_MAX
    }

    fn insert(&mut self, consent: PublicKey, number: u64, record: Record) {
        let pending = Pending { number, record, send_from: UnixMs(0), wait_ms: RESEND_MS_MIN };
        self.by_consent.insert(consent, pending);
        self.next = self.next.max(number + 1);
    }

    /// The earliest moment at which one is to be sent.
    pub(super) fn next_due(&self) -> Option<UnixMs> {
        self.by_consent.values().map(|pending| pending.send_from).min()
    }
}

impl Desk {
    /// Takes a revocation whose signatures hold. It is enforced from now on. The same consent again is acknowledged
    /// as before.
    ///
    /// # Errors
    /// Fails when the store does; refuses what ends no consent.
    pub fn revoke(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        transaction: SignedTransaction,
    ) -> Result<Result<RevocationAccepted, RevokeError>, StoreError> {
        let SignedTransaction::Revoke { consent, proof, relay } = transaction else {
            return Ok(Err(RevokeError::NotARevocation));
        };
        if let Err(e) = self.opens(head, &consent, &proof) {
            return Ok(Err(e));
        }
        let leaf = head.state().consent(&consent);
        let relay = if leaf.is_none() { Some(self.relay(&consent)) } else { relay };
        let transaction = SignedTransaction::Revoke { consent, proof, relay };
        if leaf.is_some_and(|leaf| !leaf.is_active()) {
            return Ok(Ok(self.accepted(&consent, &transaction, self.time(clock, head))));
        }
        if let Some(pending) = self.revocations.by_consent.get(&consent) {
            let Record { transaction, accepted } = &pending.record;
            return Ok(Ok(self.accepted(&consent, transaction, *accepted)));
        }
        let is_unknown = leaf.is_none() && self.grants.item(&consent).is_none();
        if self.revocations.is_full(is_unknown.then_some(head)) {
            return Ok(Err(RevokeError::Busy));
        }
        let (number, accepted) = (self.revocations.next, self.time(clock, head));
        let record = Record { transaction, accepted };
        let mut writes = Writes::default();
        let (at, key) = self.house(Kind::PendingRevocation, number);
        // Refinement 20: it is on disk before it is acknowledged.
        if !lacks(Mutant::RevocationNotOnDisk) {
            writes.put(at, key, &codec::encode(&record))?;
            self.write(writes)?;
        }
        let answer = self.accepted(&consent, &record.transaction, accepted);
        self.revocations.insert(consent, number, record);
        Ok(Ok(answer))
    }

    /// Whether the proof ends the consent. Signatures were checked before; a slip opens a lock on the ledger or of a
    /// grant on its way there.
    fn opens(&self, head: &Tip, consent: &PublicKey, proof: &RevokeProof) -> Result<(), RevokeError> {
        let opens_lock = |secret: &[u8; 32], lock: &Digest| lock_of(&self.chain, secret) == *lock;
        match proof {
            RevokeProof::Key(_) => Ok(()),
            RevokeProof::Custodian(_) => Err(RevokeError::NotARevocation),
            RevokeProof::Slip(secret) => {
                let on_ledger = head.state().consent(consent).map(|leaf| leaf.lock);
                let lock = on_ledger.or_else(|| self.grants.item(consent).map(|item| item.lock));
                match lock {
                    Some(lock) if opens_lock(secret, &lock) => Ok(()),
                    Some(_) | None => Err(RevokeError::DoesNotOpen),
                }
            }
        }
    }

    fn relay(&self, consent: &PublicKey) -> Relay {
        let message = Relay::signing_bytes(&self.chain, &self.setup.member, consent);
        let gateway = &self.setup.gateway;
        let gateway = GatewaySignature { key: gateway.public_key(), signature: gateway.sign(&message) };
        Relay { member: self.setup.member, gateway }
    }

    fn accepted(&self, consent: &PublicKey, transaction: &SignedTransaction, at: UnixMs) -> RevocationAccepted {
        let (member, wire_id) = (self.setup.member, transaction.wire_id());
        RevocationAccepted::sign(&self.chain, member, *consent, wire_id, at, &*self.setup.gateway)
    }

    /// Takes the revocations up again that were not final before the start.
    pub(super) fn take_up_revocations(&mut self) -> Result<(), StoreError> {
        let house = self.keys.house().folder;
        for number in self.vault.numbers(house, Kind::PendingRevocation, 0, usize::MAX)? {
            let (at, key) = self.house(Kind::PendingRevocation, number);
            let plain = self.vault.get(at, key)?.ok_or(StoreError::Damaged)?;
            let record: Record = decode(&plain, RECORD_BYTES_MAX)?;
            let SignedTransaction::Revoke { consent, .. } = record.transaction else {
                return Err(StoreError::Damaged);
            };
            if lacks(Mutant::RevocationNotReadAgain) {
                continue;
            }
            self.revocations.insert(consent, number, record);
        }
        Ok(())
    }

    /// Drops what is final and gives what is to be sent now, at growing distances.
    pub(super) fn revocations_to_send(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        out: &mut Vec<SignedTransaction>,
    ) -> Result<(), StoreError> {
        self.settle_revocations(head)?;
        for pending in self.revocations.by_consent.values_mut().filter(|pending| pending.send_from <= clock) {
            out.push(pending.record.transaction.clone());
            pending.send_from = clock.plus_ms(pending.wait_ms);
            pending.wait_ms = (pending.wait_ms * 2).min(RESEND_MS_MAX);
            if lacks(Mutant::RevocationSentOnce) {
                pending.send_from = UnixMs(u64::MAX);
            }
        }
        Ok(())
    }

    fn settle_revocations(&mut self, head: &Tip) -> Result<(), StoreError> {
        // Only a new head settles anything.
        if self.revocations.settled_by.replace(*head.digest()) == Some(*head.digest()) {
            return Ok(());
        }
        let is_final = |consent: &PublicKey| head.state().consent(consent).is_some_and(|leaf| !leaf.is_active());
        let by_consent = &self.revocations.by_consent;
        let done: Vec<(PublicKey, u64)> = by_consent
            .iter()
            .filter(|(consent, _)| is_final(consent))
            .map(|(consent, pending)| (*consent, pending.number))
            .collect();
        let mut writes = Writes::default();
        for (consent, number) in &done {
            writes.remove(self.house(Kind::PendingRevocation, *number).0);
            self.revocations.by_consent.remove(consent);
        }
        if done.is_empty() { Ok(()) } else { self.write(writes) }
    }
}
