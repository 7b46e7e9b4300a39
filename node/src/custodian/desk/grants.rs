//! Consents on their way: checked and stored before they are acknowledged, batched, and sent until they are final.
//!
//! State rules make a grant happen once: an item that is sent twice is applied once. What is kept here until then is
//! only how to send it again.

use super::{Desk, StoreError, decode};
use crate::custodian::key_file::RelationshipKeys;
use crate::custodian::vault::{Address, FolderId, Kind, Writes};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::crypto::{Digest, PublicKey, Signature, Signer};
use amanah_ledger::engine::CONSENTS_MAX;
use amanah_ledger::exchange::{GrantRequest, HELD_CONSENTS_MAX};
use amanah_ledger::execute::SUBMIT_AHEAD_MAX_MS;
use amanah_ledger::time::{HOUR_MS, UnixMs};
use amanah_ledger::transaction::{BATCH_ITEMS_MAX, GatewaySignature, GrantItem, Grants, SignedTransaction};
use std::collections::{BTreeMap, BTreeSet};

/// A grant waits at most this long for others to share its batch.
pub(crate) const BATCH_WAIT_MS: u64 = 5;
/// While a batch of this custodian is on its way, grants wait for it, at most this long: what costs the same for one grant
/// as for a hundred (a signature, a bundle, a block) is then shared by all that came meanwhile. A lone grant never waits.
pub(crate) const BEHIND_BATCH_MS: u64 = 100;
/// What is not final after this time is sent again.
pub(crate) const RESEND_MS: u64 = 3_000;
/// Most grants pending at one custodian.
const PENDING_MAX: usize = 65_536;
const PENDING_BYTES_MAX: usize = 1024;

/// Why a grant is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Staff have not linked the wallet yet, or it is not known at all.
    #[error("the relationship is not linked")]
    NotLinked,
    /// The item's `submit_by` is over, not a whole hour, or more than 48 hours ahead.
    #[error("the time until which the grant may be applied is over or not allowed")]
    SubmitBy,
    /// The consent is revoked, or a revocation of it is on its way.
    #[error("the consent is revoked")]
    Revoked,
    /// The item is not the next version of the consent as the ledger has it.
    #[error("not the next version of this consent")]
    NotNext,
    /// Another version of it is on its way.
    #[error("an earlier version of the consent is not final yet")]
    EarlierPending,
    /// The relationship holds [`CONSENTS_MAX`] consents in force, or too many versions.
    #[error("too many consents")]
    TooMany,
    /// Too many grants are on their way.
    #[error("too many grants are on their way")]
    Busy,
}

/// One version of a consent as the ledger knows it, kept under the same number as its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
pub(super) struct ConsentRecord {
    pub(super) consent: PublicKey,
    pub(super) version: u32,
    pub(super) commitment: Digest,
}

/// A grant that is not final, as it is kept on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bincode::Encode, bincode::Decode)]
struct PendingGrant {
    folder: FolderId,
    item: GrantItem,
    signature: Signature,
}

#[derive(Debug)]
struct Pending {
    relationship: PublicKey,
    grant: PendingGrant,
    /// When it may be put into a batch.
    from: UnixMs,
    is_sent: bool,
}

#[derive(Debug)]
struct Batch {
    transaction: SignedTransaction,
    numbers: Vec<u64>,
    sent: UnixMs,
}

/// The grants on their way.
#[derive(Debug, Default)]
pub(super) struct PendingGrants {
    by_number: BTreeMap<u64, Pending>,
    by_consent: BTreeMap<PublicKey, u64>,
    batches: Vec<Batch>,
    next: u64,
    /// The head that settled what it could.
    settled_by: Option<Digest>,
}

impl PendingGrants {
    fn insert(&mut self, number: u64, pending: Pending) {
        self.by_consent.insert(pending.grant.item.consent, number);
        self.by_number.insert(number, pending);
        self.next = self.next.max(number + 1);
    }

    fn remove(&mut self, number: u64) {
        if let Some(pending) = self.by_number.remove(&number) {
            self.by_consent.remove(&pending.grant.item.consent);
        }
    }

    pub(super) fn item(&self, consent: &PublicKey) -> Option<&GrantItem> {
        Some(&self.by_number.get(self.by_consent.get(consent)?)?.grant.item)
    }

    pub(super) fn forget(&mut self, relationship: &PublicKey) {
        let gone = self.by_number.iter().filter(|(_, pending)| pending.relationship == *relationship);
        for number in gone.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.remove(number);
        }
    }

    /// The earliest moment at which a batch is due, if no batch settles before.
    pub(super) fn next_due(&self) -> Option<UnixMs> {
        let earliest = self.by_number.values().filter(|pending| !pending.is_sent).map(|pending| pending.from).min();
        earliest.map(|from| from.plus_ms(self.held_back_ms()))
    }

    /// Whether somebody has waited long enough, or a batch is full.
    fn is_batch_due(&self, clock: UnixMs) -> bool {
        let waiting = self.by_number.values().filter(|pending| !pending.is_sent).count();
        waiting >= BATCH_ITEMS_MAX || self.next_due().is_some_and(|due| due <= clock)
    }

    /// How much longer than [`BATCH_WAIT_MS`] a grant waits now.
    fn held_back_ms(&self) -> u64 {
        if self.batches.is_empty() { 0 } else { BEHIND_BATCH_MS - BATCH_WAIT_MS }
    }
}

/// What became of an item that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open,
    /// Applied, or never to be.
    Settled,
}

fn fate(item: &GrantItem, head: &Tip) -> Fate {
    let leaf = head.state().consent(&item.consent);
    let decided = leaf.is_some_and(|leaf| leaf.version >= item.version || !leaf.is_active());
    if decided || head.header().time > item.submit_by { Fate::Settled } else { Fate::Open }
}

impl Desk {
    /// Takes a grant whose parts and signatures fit together and which this custodian can enforce. The same grant
    /// again is taken without a second trace.
    ///
    /// # Errors
    /// Fails when the store does; refuses what the ledger would refuse.
    pub fn grant(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        request: GrantRequest,
    ) -> Result<Result<(), GrantError>, StoreError> {
        self.take_grant(clock, head, request, None)
    }

    /// Takes a grant, and writes with it what stands or falls with it.
    pub(super) fn take_grant(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        request: GrantRequest,
        together: Option<Writes>,
    ) -> Result<Result<(), GrantError>, StoreError> {
        let relationship = request.certificate.relationship;
        let Some(keys) = self.keys.get(&relationship).cloned() else { return Ok(Err(GrantError::NotLinked)) };
        if self.is_known(&keys, head, &request.item)? {
            together.map_or(Ok(()), |writes| self.write(writes))?;
            return Ok(Ok(()));
        }
        // What a new head has settled is no longer on its way.
        self.settle_grants(head)?;
        if let Err(e) = self.may_grant(clock, head, &request.item) {
            return Ok(Err(e));
        }
        let number = self.vault.last(keys.folder, Kind::Consent)?.map_or(1, |last| last + 1);
        // As long as fewer versions are held than consents may be in force, nobody needs to count.
        let has_room = number <= CONSENTS_MAX as u64
            || number <= HELD_CONSENTS_MAX as u64 && self.consents_in_force(&keys, head)? < CONSENTS_MAX;
        let Some(documents) = keys.documents.as_ref().filter(|_| has_room) else {
            return Ok(Err(GrantError::TooMany));
        };
        let GrantItem { consent, version, commitment, .. } = request.item;
        let at = |kind| Address { folder: keys.folder, kind, number };
        let grant = PendingGrant { folder: keys.folder, item: request.item, signature: request.item_signature };
        let pending = self.grants.next;
        let mut writes = together.unwrap_or_default();
        let record = ConsentRecord { consent, version, commitment };
        writes.put(at(Kind::Consent), &keys.receipts, &codec::encode(&record))?;
        writes.put(at(Kind::Document), documents, &codec::encode(&request.into_held()))?;
        // The ledger will have the new leaf only.
        if let Some(replaced) = head.state().consent(&consent) {
            writes.put(at(Kind::Replaced), &keys.receipts, &codec::encode(replaced))?;
        }
        let (address, key) = self.house(Kind::PendingGrant, pending);
        writes.put(address, key, &codec::encode(&grant))?;
        self.write(writes)?;
        let from = clock.plus_ms(BATCH_WAIT_MS);
        self.grants.insert(pending, Pending { relationship, grant, from, is_sent: false });
        Ok(Ok(()))
    }

    /// Whether this very grant is on its way or final.
    fn is_known(&self, keys: &RelationshipKeys, head: &Tip, item: &GrantItem) -> Result<bool, StoreError> {
        if self.grants.item(&item.consent) == Some(item) {
            return Ok(true);
        }
        let Some(leaf) = head.state().consent(&item.consent) else { return Ok(false) };
        let is_final = leaf.version == item.version && leaf.commitment == item.commitment && leaf.is_active();
        let known = ConsentRecord { consent: item.consent, version: item.version, commitment: item.commitment };
        Ok(is_final && self.consent_records(keys)?.iter().any(|(_, record)| *record == known))
    }

    fn may_grant(&self, clock: UnixMs, head: &Tip, item: &GrantItem) -> Result<(), GrantError> {
        let now = clock.max(head.header().time);
        let ahead = item.submit_by.since_ms(now);
        if !item.submit_by.0.is_multiple_of(HOUR_MS) || ahead == 0 || ahead > SUBMIT_AHEAD_MAX_MS {
            return Err(GrantError::SubmitBy);
        }
        if self.revocations.is_pending(&item.consent) {
            return Err(GrantError::Revoked);
        }
        if self.grants.item(&item.consent).is_some() {
            return Err(GrantError::EarlierPending);
        }
        if self.grants.by_number.len() >= PENDING_MAX {
            return Err(GrantError::Busy);
        }
        match head.state().consent(&item.consent) {
            None if item.version == 1 && item.prev == Digest::ZERO => Ok(()),
            None => Err(GrantError::NotNext),
            Some(leaf) if !leaf.is_active() => Err(GrantError::Revoked),
            Some(leaf) => {
                let next = leaf.version.checked_add(1) == Some(item.version);
                let fits = leaf.custodian == item.custodian && leaf.lock == item.lock && leaf.hash() == item.prev;
                if next && fits { Ok(()) } else { Err(GrantError::NotNext) }
            }
        }
    }

    /// The versions of a relationship's consents, by number.
    pub(super) fn consent_records(&self, keys: &RelationshipKeys) -> Result<Vec<(u64, ConsentRecord)>, StoreError> {
        let mut records = Vec::new();
        for number in self.vault.numbers(keys.folder, Kind::Consent, 0, HELD_CONSENTS_MAX)? {
            let at = Address { folder: keys.folder, kind: Kind::Consent, number };
            let plain = self.vault.get(at, &keys.receipts)?.ok_or(StoreError::Damaged)?;
            records.push((number, decode(&plain, PENDING_BYTES_MAX)?));
        }
        Ok(records)
    }

    /// How many consents stand or are on their way.
    fn consents_in_force(&self, keys: &RelationshipKeys, head: &Tip) -> Result<usize, StoreError> {
        let consents: BTreeSet<PublicKey> =
            self.consent_records(keys)?.into_iter().map(|(_, record)| record.consent).collect();
        let stands = |consent: &&PublicKey| match head.state().consent(consent) {
            Some(leaf) => leaf.is_active(),
            None => self.grants.item(consent).is_some(),
        };
        Ok(consents.iter().filter(stands).count())
    }

    /// Takes the grants up again that were not final before the start.
    pub(super) fn take_up_grants(&mut self) -> Result<(), StoreError> {
        let house = self.keys.house().folder;
        let relationships: BTreeMap<FolderId, PublicKey> =
            self.keys.iter().map(|keys| (keys.folder, keys.relationship)).collect();
        let mut gone = Writes::default();
        for number in self.vault.numbers(house, Kind::PendingGrant, 0, usize::MAX)? {
            let (at, key) = self.house(Kind::PendingGrant, number);
            let plain = self.vault.get(at, key)?.ok_or(StoreError::Damaged)?;
            let grant: PendingGrant = decode(&plain, PENDING_BYTES_MAX)?;
            match relationships.get(&grant.folder) {
                Some(relationship) => {
                    let pending = Pending { relationship: *relationship, grant, from: UnixMs(0), is_sent: false };
                    self.grants.insert(number, pending);
                }
                None => gone.remove(at),
            }
        }
        self.write(gone)
    }

    /// Drops what is final or can never be, and gives what is to be sent now.
    pub(super) fn grants_to_send(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        out: &mut Vec<SignedTransaction>,
    ) -> Result<(), StoreError> {
        self.settle_grants(head)?;
        for batch in &mut self.grants.batches {
            if clock.since_ms(batch.sent) >= RESEND_MS {
                batch.sent = clock;
                out.push(batch.transaction.clone());
            }
        }
        if self.grants.is_batch_due(clock) {
            while let Some(transaction) = self.next_batch(clock) {
                out.push(transaction);
            }
        }
        Ok(())
    }

    fn settle_grants(&mut self, head: &Tip) -> Result<(), StoreError> {
        // Only a new head settles anything.
        if self.grants.settled_by.replace(*head.digest()) == Some(*head.digest()) {
            return Ok(());
        }
        let grants = &self.grants.by_number;
        let settled: Vec<u64> = grants
            .iter()
            .filter(|(_, pending)| fate(&pending.grant.item, head) == Fate::Settled)
            .map(|(number, _)| *number)
            .collect();
        let mut writes = Writes::default();
        for number in &settled {
            writes.remove(self.house(Kind::PendingGrant, *number).0);
            self.grants.remove(*number);
        }
        if !settled.is_empty() {
            self.write(writes)?;
        }
        // A batch of which anything is settled has been in a block: what it left open failed there and is sent anew.
        let grants = &mut self.grants;
        let by_number = &mut grants.by_number;
        grants.batches.retain(|batch| {
            let whole = batch.numbers.iter().all(|number| by_number.contains_key(number));
            if !whole {
                for number in &batch.numbers {
                    if let Some(pending) = by_number.get_mut(number) {
                        pending.is_sent = false;
                        pending.from = batch.sent.plus_ms(RESEND_MS);
                    }
                }
            }
            whole
        });
        Ok(())
    }

    /// A batch of the grants that are due: one item per relationship, so that no batch tells that two consents are
    /// one patient's.
    fn next_batch(&mut self, clock: UnixMs) -> Option<SignedTransaction> {
        let waiting = self.grants.by_number.iter().filter(|(_, pending)| !pending.is_sent);
        let waiting: Vec<(u64, PublicKey, UnixMs)> =
            waiting.map(|(number, pending)| (*number, pending.relationship, pending.from)).collect();
        let mut named = BTreeSet::new();
        let ripe = |from: UnixMs| from <= clock.plus_ms(BATCH_WAIT_MS);
        let mut numbers: Vec<u64> = waiting
            .into_iter()
            .filter(|(_, relationship, from)| ripe(*from) && named.insert(*relationship))
            .map(|(number, _, _)| number)
            .take(BATCH_ITEMS_MAX)
            .collect();
        numbers.sort_by_key(|number| self.grants.by_number.get(number).map(|pending| pending.grant.item.consent));
        let (mut items, mut signatures) = (Vec::new(), Vec::new());
        for number in &numbers {
            let Some(pending) = self.grants.by_number.get_mut(number) else { continue };
            pending.is_sent = true;
            items.push(pending.grant.item);
            signatures.push(pending.grant.signature);
        }
        if items.is_empty() {
            return None;
        }
        let items = BoundedVec::try_from(items).expect("no more than BATCH_ITEMS_MAX were taken");
        let batch = Grants { custodian: self.setup.member, items };
        let signature = self.setup.gateway.sign(&batch.signing_bytes(&self.chain));
        let gateway = GatewaySignature { key: self.setup.gateway.public_key(), signature };
        let item_signatures = BoundedVec::try_from(signatures).expect("as many as items");
        let transaction = SignedTransaction::Grants { batch, item_signatures, gateway };
        self.grants.batches.push(Batch { transaction: transaction.clone(), numbers, sent: clock });
        Some(transaction)
    }
}
