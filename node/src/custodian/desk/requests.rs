//! Consents that this hospital asks its patients for: on disk before they are acknowledged, kept until they are answered
//! and for a while after. Nothing about them is on the ledger. How they are answered is in [`super::answers`].
//!
//! The same request again is the same request: its code is a hash of what is asked for.

use super::{Desk, StoreError, decode};
use crate::custodian::key_file::RelationshipKeys;
use crate::custodian::vault::{Address, Kind, Writes};
use amanah_ledger::chain::Tip;
use amanah_ledger::codec::{self, BoundedVec};
use amanah_ledger::consent_request::{
    CONSENT_REQUEST_BYTES_MAX, ConsentRequest, HELD_REQUESTS_MAX, HeldRequest, HeldRequests, RequestState,
};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::label::Label;
use amanah_ledger::time::{DAY_MS, UnixMs};
use std::collections::BTreeMap;
use std::ops::Bound;

/// Most requests of one relationship that wait for an answer: a person reads them one by one.
pub(crate) const OPEN_REQUESTS_MAX: usize = 8;
/// Most requests that a custodian keeps, whatever became of them; ended ones make room for new ones.
pub(crate) const REQUESTS_MAX: usize = 65_536;
/// How long a request can be answered.
pub(crate) const REQUEST_MS: u64 = 30 * DAY_MS;
/// A request with its dates and its state.
const RECORD_BYTES_MAX: usize = CONSENT_REQUEST_BYTES_MAX + 128;

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No such relationship, or its documents were erased.
    #[error("the relationship is not linked")]
    NotLinked,
    /// Longer than [`CONSENT_REQUEST_BYTES_MAX`].
    #[error("a request has at most {CONSENT_REQUEST_BYTES_MAX} bytes")]
    TooLong,
    /// What is asked for would be over already.
    #[error("the consent that is asked for would be over already")]
    Over,
    /// [`OPEN_REQUESTS_MAX`] wait for this patient.
    #[error("{OPEN_REQUESTS_MAX} requests wait for this patient already")]
    TooManyOpen,
    /// [`REQUESTS_MAX`] wait for patients.
    #[error("too many requests wait for patients")]
    Busy,
}

/// Where a request lies, and how long it keeps its place.
#[derive(Debug, Clone, Copy)]
struct Kept {
    relationship: PublicKey,
    number: u64,
    /// From when on it may make room: once answered at once, as early as it was asked.
    until: UnixMs,
}

/// Where the requests lie, by code.
#[derive(Debug, Default)]
pub(super) struct Requests(BTreeMap<Label, Kept>);

impl Requests {
    pub(super) fn forget(&mut self, relationship: &PublicKey) {
        self.0.retain(|_, kept| kept.relationship != *relationship);
    }

    fn insert(&mut self, label: Label, number: u64, held: &HeldRequest) {
        let until = if held.state == RequestState::Open { held.expires } else { held.asked };
        self.0.insert(label, Kept { relationship: held.request.relationship, number, until });
    }

    /// The ended one whose turn it is to make room, of all or of one relationship.
    fn first_ended(&self, now: UnixMs, of: Option<&PublicKey>) -> Option<(Label, Kept)> {
        let ended = self.0.iter().filter(|(_, kept)| kept.until <= now);
        let ended = ended.filter(|(_, kept)| of.is_none_or(|relationship| kept.relationship == *relationship));
        ended.min_by_key(|(_, kept)| (kept.until, kept.number)).map(|(label, kept)| (*label, *kept))
    }
}

/// As it stands at `now`: nobody needs to write down that time has passed.
fn as_of(now: UnixMs, mut held: HeldRequest) -> HeldRequest {
    if held.state == RequestState::Open && held.expires <= now {
        held.state = RequestState::Expired;
    }
    held
}

impl Desk {
    /// Takes a request for a consent. The same again is answered with where the first one stands.
    ///
    /// # Errors
    /// Fails when the store does; refuses what cannot be kept or answered.
    pub fn request_consent(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        request: ConsentRequest,
    ) -> Result<Result<HeldRequest, RequestError>, StoreError> {
        let now = self.time(clock, head);
        let Some(keys) = self.keys.get(&request.relationship).cloned() else {
            return Ok(Err(RequestError::NotLinked));
        };
        let Some(documents) = &keys.documents else { return Ok(Err(RequestError::NotLinked)) };
        let label = request.label();
        if let Some((_, known)) = self.find_request(now, &label)? {
            return Ok(Ok(known));
        }
        if codec::encode(&request).len() > CONSENT_REQUEST_BYTES_MAX {
            return Ok(Err(RequestError::TooLong));
        }
        if request.until <= now {
            return Ok(Err(RequestError::Over));
        }
        let held = self.requests_in(now, &keys)?;
        if held.iter().filter(|held| held.state == RequestState::Open).count() >= OPEN_REQUESTS_MAX {
            return Ok(Err(RequestError::TooManyOpen));
        }
        let mut writes = Writes::default();
        let number = self.vault.last(keys.folder, Kind::Request)?.map_or(1, |last| last + 1);
        let crowded = [
            (held.len() >= HELD_REQUESTS_MAX, Some(&keys.relationship)),
            (held.len() < HELD_REQUESTS_MAX && self.requests.0.len() >= REQUESTS_MAX, None),
        ];
        for (_, of) in crowded.into_iter().filter(|(is_full, _)| *is_full) {
            let Some((ended, kept)) = self.requests.first_ended(now, of) else {
                return Ok(Err(RequestError::Busy));
            };
            if let Some(keys) = self.keys.get(&kept.relationship) {
                writes.remove(Address { folder: keys.folder, kind: Kind::Request, number: kept.number });
            }
            self.requests.0.remove(&ended);
        }
        let expires = request.until.min(now.plus_ms(REQUEST_MS));
        let held = HeldRequest { request, asked: now, expires, state: RequestState::Open };
        let at = Address { folder: keys.folder, kind: Kind::Request, number };
        writes.put(at, documents, &codec::encode(&held))?;
        self.write(writes)?;
        self.requests.insert(label, number, &held);
        Ok(Ok(held))
    }

    /// The request of this code, as it stands.
    ///
    /// # Errors
    /// When the store fails.
    pub fn consent_request(&self, clock: UnixMs, head: &Tip, label: &Label) -> Result<Option<HeldRequest>, StoreError> {
        Ok(self.find_request(self.time(clock, head), label)?.map(|(_, held)| held))
    }

    /// All requests to a relationship, the earliest first; `None` if it is not linked.
    ///
    /// # Errors
    /// When the store fails.
    pub fn requests_to(
        &self,
        clock: UnixMs,
        head: &Tip,
        relationship: &PublicKey,
    ) -> Result<Option<HeldRequests>, StoreError> {
        let Some(keys) = self.keys.get(relationship) else { return Ok(None) };
        let held = self.requests_in(self.time(clock, head), keys)?;
        Ok(Some(BoundedVec::try_from(held).expect("no more are kept of one relationship")))
    }

    /// At most `count` requests in the order of their codes, behind `after`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn requests_behind(
        &self,
        clock: UnixMs,
        head: &Tip,
        after: Option<&Label>,
        count: usize,
    ) -> Result<Vec<HeldRequest>, StoreError> {
        let (now, behind) = (self.time(clock, head), after.map_or(Bound::Unbounded, Bound::Excluded));
        let labels = self.requests.0.range((behind, Bound::Unbounded)).take(count);
        let found = labels.map(|(label, _)| Ok(self.find_request(now, label)?.map(|(_, held)| held)));
        found.filter_map(Result::transpose).collect()
    }

    /// A request and its number, as it stands at `now`.
    pub(super) fn find_request(&self, now: UnixMs, label: &Label) -> Result<Option<(u64, HeldRequest)>, StoreError> {
        let Some(kept) = self.requests.0.get(label) else { return Ok(None) };
        let Some(keys) = self.keys.get(&kept.relationship) else { return Ok(None) };
        let held = self.request_numbered(keys, kept.number)?;
        Ok(held.map(|held| (kept.number, as_of(now, held))))
    }

    /// Adds a request's new state to what is written together; [`Desk::request_ended`] follows once it is.
    pub(super) fn put_request(&self, writes: &mut Writes, number: u64, held: &HeldRequest) -> Result<(), StoreError> {
        let keys = self.keys.get(&held.request.relationship).ok_or(StoreError::Damaged)?;
        let documents = keys.documents.as_ref().ok_or(StoreError::Damaged)?;
        let at = Address { folder: keys.folder, kind: Kind::Request, number };
        Ok(writes.put(at, documents, &codec::encode(held))?)
    }

    /// A request that was written as ended may make room from now on.
    pub(super) fn request_ended(&mut self, number: u64, held: &HeldRequest) {
        self.requests.insert(held.request.label(), number, held);
    }

    fn requests_in(&self, now: UnixMs, keys: &RelationshipKeys) -> Result<Vec<HeldRequest>, StoreError> {
        if keys.documents.is_none() {
            return Ok(Vec::new());
        }
        let numbers = self.vault.numbers(keys.folder, Kind::Request, 0, HELD_REQUESTS_MAX)?;
        let held = numbers.into_iter().map(|number| self.request_numbered(keys, number));
        held.filter_map(Result::transpose).map(|held| Ok(as_of(now, held?))).collect()
    }

    fn request_numbered(&self, keys: &RelationshipKeys, number: u64) -> Result<Option<HeldRequest>, StoreError> {
        let Some(documents) = &keys.documents else { return Ok(None) };
        let at = Address { folder: keys.folder, kind: Kind::Request, number };
        match self.vault.get(at, documents)? {
            Some(plain) => decode(&plain, RECORD_BYTES_MAX).map(Some),
            None => Ok(None),
        }
    }

    /// Finds the requests again after a start.
    pub(super) fn take_up_requests(&mut self) -> Result<(), StoreError> {
        let mut found = Requests::default();
        for keys in self.keys.iter() {
            for number in self.vault.numbers(keys.folder, Kind::Request, 0, HELD_REQUESTS_MAX)? {
                if let Some(held) = self.request_numbered(keys, number)? {
                    found.insert(held.request.label(), number, &held);
                }
            }
        }
        self.requests = found;
        Ok(())
    }
}

#[cfg(test)]
impl Desk {
    /// As many requests to others as may be kept, open until `until`.
    pub(crate) fn crowd_with_requests(&mut self, until: UnixMs) {
        let others = (0..REQUESTS_MAX as u64).map(|number| {
            let mut relationship = PublicKey([0xff; 32]);
            relationship.0[..8].copy_from_slice(&number.to_le_bytes());
            let label =
                Label::new(amanah_ledger::label::LabelKind::Request, &amanah_ledger::crypto::Digest(relationship.0));
            (label, Kept { relationship, number, until })
        });
        self.requests.0.extend(others);
    }

    /// How many are kept.
    pub(crate) fn requests_kept(&self) -> usize {
        self.requests.0.len()
    }
}
