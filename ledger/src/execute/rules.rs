//! The state rule of every payload: what must hold for an act to change anything, and what it then changes.
//!
//! Each rule reads the pending state, decides, and only then writes; whatever fails changes nothing.

use super::pending::Pending;
use crate::codec::BoundedVec;
use crate::crypto::{Digest, PublicKey};
use crate::evidence::Contradiction;
use crate::leaf::{
    AnchorHeadLeaf, AnchorLeaf, ConsentLeaf, ConsentStatus, EvidenceLeaf, KeyRole, Leaf, MemberLeaf, MemberStatus,
    RevokedBy,
};
use crate::member::MemberId;
use crate::mutant::{Mutant, lacks};
use crate::time::{Day, HOUR_MS, UnixMs};
use crate::transaction::{
    Active, Anchor, GrantItem, Grants, Outcome, Outcomes, Relay, RevokeProof, SignedTransaction, lock_of,
};

/// How far ahead of the block a grant item's `submit_by` may lie.
pub const SUBMIT_AHEAD_MAX_MS: u64 = 48 * HOUR_MS;

/// Until this long after midnight the day before may still be anchored.
pub const DAY_BEFORE_OPEN_MS: u64 = HOUR_MS;

/// Which standing an act asks of its member.
#[derive(Clone, Copy)]
enum Standing {
    /// In full standing.
    Active,
    /// Not removed: suspension stops grants, never anchors.
    NotRemoved,
}

impl Pending<'_> {
    /// Applies a transaction whose form and signatures hold; returns what became of each item.
    pub(super) fn apply(&mut self, transaction: &SignedTransaction) -> Outcomes {
        match transaction.active() {
            Some(Active::Grants { batch, gateway, .. }) => self.grants(batch, &gateway.key),
            Some(Active::Revoke { consent, proof, relay }) => {
                one(self.revoke(consent, proof, relay).unwrap_or_else(|why| why))
            }
            Some(Active::Anchor { anchor, gateway }) => {
                one(self.anchor(anchor, &gateway.key).unwrap_or_else(|why| why))
            }
            Some(Active::Evidence(proof)) => one(self.convict(proof).unwrap_or_else(|why| why)),
            None => one(Outcome::NotActive),
        }
    }

    /// Items stand or fall alone; what is wrong with the custodian is wrong with every item.
    fn grants(&mut self, batch: &Grants, gateway: &PublicKey) -> Outcomes {
        let standing = self.check_gateway(&batch.custodian, gateway, Standing::Active);
        let outcomes: Vec<_> =
            batch.items.iter().map(|item| standing.and_then(|()| self.grant(item)).unwrap_or_else(|why| why)).collect();
        BoundedVec::try_from(outcomes).expect("a batch has one outcome per item and both have one bound")
    }

    fn grant(&mut self, item: &GrantItem) -> Result<Outcome, Outcome> {
        check_submit_by(item.submit_by, self.time)?;
        match self.consent(&item.consent) {
            Some(present) => check_next_version(item, &present)?,
            None => {
                check_first_version(item)?;
                let usage = self.usage_with_one_more(item.custodian).ok_or(Outcome::LeavesUsedUp)?;
                self.set(Leaf::Usage(usage));
            }
        }
        self.set(Leaf::Consent(ConsentLeaf {
            consent: item.consent,
            custodian: item.custodian,
            version: item.version,
            commitment: item.commitment,
            lock: item.lock,
            since: self.height,
            prev: item.prev,
            status: ConsentStatus::Active,
        }));
        Ok(Outcome::Applied)
    }

    fn revoke(&mut self, consent: &PublicKey, proof: &RevokeProof, relay: Option<&Relay>) -> Result<Outcome, Outcome> {
        let present = self.consent(consent);
        let by = match proof {
            RevokeProof::Custodian(_) => return Err(Outcome::NotActive),
            RevokeProof::Key(_) => RevokedBy::Key,
            RevokeProof::Slip(secret) => {
                let lock = present.as_ref().ok_or(Outcome::UnknownConsent)?.lock;
                if lock_of(self.chain, secret) != lock {
                    return Err(Outcome::SecretDoesNotOpen);
                }
                RevokedBy::Slip
            }
        };
        let leaf = match present {
            Some(present) if !present.is_active() => return Ok(Outcome::Unchanged),
            Some(present) => present,
            None => self.never_granted(consent, relay.ok_or(Outcome::UnknownConsent)?)?,
        };
        let status = ConsentStatus::Revoked { height: self.height, by };
        self.set(Leaf::Consent(ConsentLeaf { status, ..leaf }));
        Ok(Outcome::Applied)
    }

    /// Version 0 of a consent that its key ends before anyone granted it, charged to the relaying member.
    fn never_granted(&mut self, consent: &PublicKey, relay: &Relay) -> Result<ConsentLeaf, Outcome> {
        if lacks(Mutant::UnknownRevocationDropped) {
            return Err(Outcome::UnknownConsent);
        }
        self.check_gateway(&relay.member, &relay.gateway.key, Standing::Active)?;
        consent.check_signers_strength().map_err(|_weak| Outcome::WeakKey)?;
        let usage = self.usage_with_one_more(relay.member).ok_or(Outcome::LeavesUsedUp)?;
        self.set(Leaf::Usage(usage));
        Ok(ConsentLeaf {
            consent: *consent,
            custodian: MemberId(Digest::ZERO),
            version: 0,
            commitment: Digest::ZERO,
            lock: Digest::ZERO,
            since: self.height,
            prev: Digest::ZERO,
            status: ConsentStatus::Active,
        })
    }

    fn anchor(&mut self, anchor: &Anchor, gateway: &PublicKey) -> Result<Outcome, Outcome> {
        let Anchor { member, kind, seq, day, root, figures } = *anchor;
        self.check_gateway(&member, gateway, Standing::NotRemoved)?;
        if figures.is_some() {
            return Err(Outcome::NotActive);
        }
        if self.anchored.contains(&(member, kind)) {
            return Err(Outcome::OnePerBlock);
        }
        let (last_seq, last_day) = self.anchor_head(&member, kind).map_or((0, Day(0)), |last| (last.seq, last.day));
        if last_seq.checked_add(1) != Some(seq) {
            return Err(Outcome::SeqNotNext);
        }
        if day < last_day || !day_is_open(day, self.time) {
            return Err(Outcome::DayNotOpen);
        }
        let height = self.height;
        self.set(Leaf::Anchor(AnchorLeaf { member, kind, day, seq, root, height }));
        self.set(Leaf::AnchorHead(AnchorHeadLeaf { member, kind, seq, day, root, height }));
        self.anchored.insert((member, kind));
        Ok(Outcome::Applied)
    }

    /// One leaf per validator, epoch and kind, whoever brings the proof and however often. Epochs before the present
    /// one have no committee in this version: there is only one.
    fn convict(&mut self, proof: &Contradiction) -> Result<Outcome, Outcome> {
        let mut validators = self.committee.validators().iter();
        let accused = validators.find(|validator| validator.key == *proof.key() && proof.epoch() == self.epoch);
        let member = accused.ok_or(Outcome::UnknownValidator)?.member;
        let leaf = EvidenceLeaf { member, height: self.height, proof: Box::new(*proof) };
        if self.has(&leaf.key()) {
            return Ok(Outcome::Unchanged);
        }
        self.set(Leaf::Evidence(leaf));
        Ok(Outcome::Applied)
    }

    fn check_gateway(&self, member: &MemberId, gateway: &PublicKey, standing: Standing) -> Result<(), Outcome> {
        let leaf = self.member(member).ok_or(Outcome::UnknownMember)?;
        check_standing(leaf, standing)?;
        if leaf.key(KeyRole::Gateway) != Some(gateway) {
            return Err(Outcome::GatewayKeyNotCurrent);
        }
        Ok(())
    }
}

fn one(outcome: Outcome) -> Outcomes {
    BoundedVec::try_from(vec![outcome]).expect("one outcome fits")
}

fn check_standing(member: &MemberLeaf, standing: Standing) -> Result<(), Outcome> {
    match (&member.status, standing) {
        (MemberStatus::Active, Standing::Active | Standing::NotRemoved)
        | (MemberStatus::Suspended { .. }, Standing::NotRemoved) => Ok(()),
        (MemberStatus::Suspended { .. }, Standing::Active) | (MemberStatus::Removed { .. }, _) => {
            Err(Outcome::MemberNotActive)
        }
    }
}

fn check_submit_by(submit_by: UnixMs, time: UnixMs) -> Result<(), Outcome> {
    if time > submit_by {
        return Err(Outcome::TooLate);
    }
    if !submit_by.0.is_multiple_of(HOUR_MS) || submit_by.since_ms(time) > SUBMIT_AHEAD_MAX_MS {
        return Err(Outcome::SubmitByNotAllowed);
    }
    Ok(())
}

fn check_first_version(item: &GrantItem) -> Result<(), Outcome> {
    if item.version != 1 {
        return Err(Outcome::VersionNotNext);
    }
    if item.prev != Digest::ZERO {
        return Err(Outcome::PrevNotCurrent);
    }
    // Its signature of the item has been accepted, or there would be no transaction.
    item.consent.check_signers_strength().map_err(|_weak| Outcome::WeakKey)
}

fn check_next_version(item: &GrantItem, present: &ConsentLeaf) -> Result<(), Outcome> {
    if !present.is_active() {
        return Err(Outcome::ConsentRevoked);
    }
    if item.custodian != present.custodian {
        return Err(Outcome::OtherCustodian);
    }
    if present.version.checked_add(1) != Some(item.version) {
        return Err(Outcome::VersionNotNext);
    }
    if item.prev != present.hash() {
        return Err(Outcome::PrevNotCurrent);
    }
    if item.lock != present.lock {
        return Err(Outcome::LockChanged);
    }
    Ok(())
}

/// The block's UTC day is open, and until 01:00 the day before.
fn day_is_open(day: Day, time: UnixMs) -> bool {
    let today = time.day();
    day == today || (day.next() == Some(today) && time.since_ms(today.start()) < DAY_BEFORE_OPEN_MS)
}
