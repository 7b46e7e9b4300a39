//! Sign-in of wallets: nonces that serve once, and session tokens. Both in memory, bounded, and gone after a restart.

use crate::custodian::{NoRandomness, random};
use amanah_ledger::crypto::PublicKey;
use amanah_ledger::time::UnixMs;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// How long a session lasts.
pub(crate) const SESSION_MS: u64 = 15 * 60 * 1000;
/// How long a nonce may be signed.
pub(crate) const NONCE_MS: u64 = 2 * 60 * 1000;
/// Most nonces out at once; a further one takes the place of the oldest, so that asking for many keeps nobody out.
pub(crate) const NONCES_MAX: usize = 8192;
/// Most sessions at once.
pub(crate) const SESSIONS_MAX: usize = 65_536;
/// Most sessions of one relationship; a further one ends the oldest.
pub(crate) const SESSIONS_PER_RELATIONSHIP_MAX: usize = 4;

/// Why nobody can sign in now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SessionError {
    /// Too many sessions.
    #[error("too many sign-ins at once")]
    Full,
    /// No randomness for a nonce or token.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What names a session in memory: a hash, so that a dump of memory gives no usable token away by its index.
type TokenHash = [u8; 32];

#[derive(Debug, Default)]
struct Inner {
    nonces: BTreeMap<[u8; 32], UnixMs>,
    /// The last nonces in their order, used up or not.
    handed_out: VecDeque<[u8; 32]>,
    sessions: BTreeMap<TokenHash, (PublicKey, UnixMs)>,
    /// The same by when they end, so that making room looks only at what has ended.
    by_end: BTreeSet<(UnixMs, TokenHash)>,
    by_relationship: BTreeMap<PublicKey, Vec<TokenHash>>,
}

/// The open nonces and sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Inner>);

impl Sessions {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A fresh nonce to sign.
    pub(crate) fn nonce(&self, now: UnixMs) -> Result<[u8; 32], SessionError> {
        let mut inner = self.inner();
        let nonce = random()?;
        inner.nonces.insert(nonce, now.plus_ms(NONCE_MS));
        inner.handed_out.push_back(nonce);
        let oldest = if inner.handed_out.len() > NONCES_MAX { inner.handed_out.pop_front() } else { None };
        if let Some(oldest) = oldest {
            inner.nonces.remove(&oldest);
        }
        Ok(nonce)
    }

    /// Uses a nonce up. Whether it was open.
    pub(crate) fn spend(&self, now: UnixMs, nonce: &[u8; 32]) -> bool {
        self.inner().nonces.remove(nonce).is_some_and(|expires| now < expires)
    }

    /// Begins a session: the token as hexadecimal text, and when it ends.
    pub(crate) fn begin(&self, now: UnixMs, relationship: PublicKey) -> Result<(String, UnixMs), SessionError> {
        let mut inner = self.inner();
        inner.drop_expired(now);
        if inner.sessions.len() >= SESSIONS_MAX {
            return Err(SessionError::Full);
        }
        let token: [u8; 32] = random()?;
        let hash = *blake3::hash(&token).as_bytes();
        let expires = now.plus_ms(SESSION_MS);
        let own = inner.by_relationship.entry(relationship).or_default();
        own.push(hash);
        let oldest = own.first().copied().filter(|_| own.len() > SESSIONS_PER_RELATIONSHIP_MAX);
        if let Some(oldest) = oldest {
            inner.end(&oldest);
        }
        inner.sessions.insert(hash, (relationship, expires));
        inner.by_end.insert((expires, hash));
        Ok((hex::encode(token), expires))
    }

    /// Whose session a token opens.
    pub(crate) fn of(&self, now: UnixMs, token: &str) -> Option<PublicKey> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(token, &mut bytes).ok()?;
        let inner = self.inner();
        let (relationship, expires) = inner.sessions.get(blake3::hash(&bytes).as_bytes())?;
        (now < *expires).then_some(*relationship)
    }
}

impl Inner {
    fn drop_expired(&mut self, now: UnixMs) {
        while self.by_end.first().is_some_and(|(expires, _)| *expires <= now)
            && let Some((_, hash)) = self.by_end.pop_first()
        {
            self.end(&hash);
        }
    }

    fn end(&mut self, hash: &TokenHash) {
        let Some((relationship, expires)) = self.sessions.remove(hash) else { return };
        self.by_end.remove(&(expires, *hash));
        if let Entry::Occupied(mut own) = self.by_relationship.entry(relationship) {
            own.get_mut().retain(|other| other != hash);
            if own.get().is_empty() {
                own.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests;
