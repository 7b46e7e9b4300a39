//! Enrolments that wait for staff: a wallet has shown its key, a person has not been seen yet. In memory only.
//!
//! The wallet gets a code of nine digits for ten minutes. The first three name the open enrolment, the other six are
//! its secret: a wrong secret counts against that one enrolment and the fifth closes it, so one in 200 000 guesses
//! of a secret succeeds at best, and guessing at one desk does not close what is open at another.

use super::sealing::{NoRandomness, random};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::time::UnixMs;
use std::collections::BTreeMap;

/// How long a code is good for.
pub(crate) const CODE_MS: u64 = 10 * 60 * 1000;
/// Wrong secrets that close an enrolment.
pub(crate) const WRONG_TRIES_MAX: u8 = 5;
/// Most enrolments open at once: one for each first three digits.
pub(crate) const OPEN_MAX: u16 = 1000;
const SECRETS: u32 = 1_000_000;

/// The nine digits a patient reads to staff. Prints nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code {
    ticket: u16,
    secret: u32,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code")
    }
}

impl Code {
    /// The digits as shown to the wallet's owner.
    pub fn digits(&self) -> String {
        format!("{:03}{:06}", self.ticket, self.secret)
    }

    /// Reads nine digits; spaces and dashes between them are forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if digits.len() != 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (ticket, secret) = digits.split_at(3);
        Some(Self { ticket: ticket.parse().ok()?, secret: secret.parse().ok()? })
    }
}

/// Why a code opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Wrong, expired, used, or closed by wrong tries. Which of these is not told.
    #[error("the code is wrong, expired or used")]
    NotOpen,
}

/// Why an enrolment cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// [`OPEN_MAX`] are open.
    #[error("{OPEN_MAX} enrolments wait for staff already")]
    Full,
    /// No randomness for the code.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

#[derive(Debug)]
struct Open<T> {
    relationship: PublicKey,
    secret: u32,
    expires: UnixMs,
    wrong_tries: u8,
    what: T,
}

/// The open enrolments, each carrying what the wallet sent.
#[derive(Debug)]
pub(crate) struct OpenEnrolments<T> {
    by_ticket: BTreeMap<u16, Open<T>>,
    by_relationship: BTreeMap<PublicKey, u16>,
}

impl<T> Default for OpenEnrolments<T> {
    fn default() -> Self {
        Self { by_ticket: BTreeMap::new(), by_relationship: BTreeMap::new() }
    }
}

impl<T> OpenEnrolments<T> {
    /// Opens an enrolment; a second one of the same key replaces the first and its code.
    pub(crate) fn open(&mut self, now: UnixMs, relationship: PublicKey, what: T) -> Result<(Code, UnixMs), OpenError> {
        self.drop_expired(now);
        self.close(&relationship);
        let from = u16::from_le_bytes(random()?) % OPEN_MAX;
        let mut tickets = (0..OPEN_MAX).map(|step| (from + step) % OPEN_MAX);
        let ticket = tickets.find(|ticket| !self.by_ticket.contains_key(ticket)).ok_or(OpenError::Full)?;
        // The modulo prefers some secrets by less than one in four thousand.
        let secret = u32::from_le_bytes(random()?) % SECRETS;
        let expires = now.plus_ms(CODE_MS);
        self.by_ticket.insert(ticket, Open { relationship, secret, expires, wrong_tries: 0, what });
        self.by_relationship.insert(relationship, ticket);
        Ok((Code { ticket, secret }, expires))
    }

    /// What waits under `code`; a wrong secret counts against the enrolment it names.
    pub(crate) fn check(&mut self, now: UnixMs, code: Code) -> Result<(PublicKey, &T), CodeError> {
        self.drop_expired(now);
        let found = self.by_ticket.get_mut(&code.ticket).ok_or(CodeError::NotOpen)?;
        if found.secret != code.secret {
            found.wrong_tries += 1;
            if found.wrong_tries >= WRONG_TRIES_MAX {
                let relationship = found.relationship;
                self.close(&relationship);
            }
            return Err(CodeError::NotOpen);
        }
        let found = self.by_ticket.get(&code.ticket).ok_or(CodeError::NotOpen)?;
        Ok((found.relationship, &found.what))
    }

    /// What waits for this key, while its code is good.
    pub(crate) fn get(&self, now: UnixMs, relationship: &PublicKey) -> Option<&T> {
        let open = self.by_ticket.get(self.by_relationship.get(relationship)?)?;
        (now < open.expires).then_some(&open.what)
    }

    /// Closes an enrolment: linked, or replaced.
    pub(crate) fn close(&mut self, relationship: &PublicKey) {
        if let Some(ticket) = self.by_relationship.remove(relationship) {
            self.by_ticket.remove(&ticket);
        }
    }

    fn drop_expired(&mut self, now: UnixMs) {
        self.by_ticket.retain(|_, open| now < open.expires);
        self.by_relationship.retain(|_, ticket| self.by_ticket.contains_key(ticket));
    }
}

#[cfg(test)]
mod tests;
