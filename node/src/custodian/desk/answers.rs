//! How a request for a consent ends: the patient gives the consent or says no, or the hospital takes the request back.
//! Once it has ended it stays so. Consent and answer are written together or not at all.

use super::{Desk, GrantError, StoreError};
use crate::custodian::vault::Writes;
use amanah_ledger::chain::Tip;
use amanah_ledger::consent_request::{HeldRequest, RequestState, Widens};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::exchange::GrantRequest;
use amanah_ledger::label::Label;
use amanah_ledger::time::UnixMs;

/// Why a request is not answered so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// None of this code, or not to this patient: which of the two is not told.
    #[error("no such request")]
    NotFound,
    /// It has ended otherwise.
    #[error("the request has ended")]
    Ended(RequestState),
    /// The consent goes beyond what was asked for.
    #[error("the consent goes beyond the request: {0}")]
    Beyond(#[from] Widens),
    /// The consent is not taken.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

impl Desk {
    /// Takes a consent as [`Desk::grant`] does, and with it the request that it answers as approved. The same again is
    /// taken without a second trace.
    ///
    /// # Errors
    /// Fails when the store does; refuses what [`Desk::grant`] refuses, a request that has ended, and a consent that
    /// goes beyond it. Request and consent are then as before.
    pub fn approve(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        label: &Label,
        grant: GrantRequest,
    ) -> Result<Result<HeldRequest, AnswerError>, StoreError> {
        let relationship = grant.certificate.relationship;
        let (number, held) = match self.request_to(clock, head, &relationship, label)? {
            Ok(found) => found,
            Err(e) => return Ok(Err(e)),
        };
        let approved = RequestState::Approved { consent: grant.item.consent };
        if held.state != RequestState::Open && held.state != approved {
            return Ok(Err(AnswerError::Ended(held.state)));
        }
        if let Err(widens) = held.request.covers(&grant.document) {
            return Ok(Err(widens.into()));
        }
        let held = HeldRequest { state: approved, ..held };
        let mut writes = Writes::default();
        self.put_request(&mut writes, number, &held)?;
        if let Err(e) = self.take_grant(clock, head, grant, Some(writes))? {
            return Ok(Err(e.into()));
        }
        self.request_ended(number, &held);
        Ok(Ok(held))
    }

    /// The patient says no.
    ///
    /// # Errors
    /// Fails when the store does; refuses a request to somebody else, or one that has ended otherwise.
    pub fn deny(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        relationship: &PublicKey,
        label: &Label,
    ) -> Result<Result<HeldRequest, AnswerError>, StoreError> {
        match self.request_to(clock, head, relationship, label)? {
            Ok((number, held)) => self.end_request(number, held, RequestState::Denied),
            Err(e) => Ok(Err(e)),
        }
    }

    /// The hospital takes its request back.
    ///
    /// # Errors
    /// Fails when the store does; refuses a request that is not there or has ended otherwise.
    pub fn withdraw(
        &mut self,
        clock: UnixMs,
        head: &Tip,
        label: &Label,
    ) -> Result<Result<HeldRequest, AnswerError>, StoreError> {
        match self.find_request(self.time(clock, head), label)? {
            Some((number, held)) => self.end_request(number, held, RequestState::Withdrawn),
            None => Ok(Err(AnswerError::NotFound)),
        }
    }

    fn request_to(
        &self,
        clock: UnixMs,
        head: &Tip,
        relationship: &PublicKey,
        label: &Label,
    ) -> Result<Result<(u64, HeldRequest), AnswerError>, StoreError> {
        let found = self.find_request(self.time(clock, head), label)?;
        let found = found.filter(|(_, held)| held.request.relationship == *relationship);
        Ok(found.ok_or(AnswerError::NotFound))
    }

    fn end_request(
        &mut self,
        number: u64,
        held: HeldRequest,
        state: RequestState,
    ) -> Result<Result<HeldRequest, AnswerError>, StoreError> {
        if held.state == state {
            return Ok(Ok(held));
        }
        if held.state != RequestState::Open {
            return Ok(Err(AnswerError::Ended(held.state)));
        }
        let held = HeldRequest { state, ..held };
        let mut writes = Writes::default();
        self.put_request(&mut writes, number, &held)?;
        self.write(writes)?;
        self.request_ended(number, &held);
        Ok(Ok(held))
    }
}
