//! The practitioners of the member that a follower belongs to. Only the member's own node can sign for them, so a
//! follower asks it, checks what it says, and remembers it for when the member does not answer.

use super::upstream::{NoAnswer, Upstream};
use amanah_ledger::chain::Tip;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::directory::SignedDirectoryEntry;
use amanah_ledger::document::party::is_handle;
use amanah_ledger::leaf::KeyRole;
use amanah_ledger::member::MemberId;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Questions to the member at once.
const ASKED_MAX: usize = 4;
/// An entry is shown again without asking for this long: an entry says when it was signed.
const FRESH: Duration = Duration::from_secs(60);
/// Entries that are remembered.
const REMEMBERED_MAX: usize = 1024;

/// Practitioners of one member.
pub(crate) struct Directory {
    member: MemberId,
    upstream: Upstream,
    asking: Semaphore,
    known: Mutex<BTreeMap<String, (Instant, SignedDirectoryEntry)>>,
}

/// Why there is no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoEntry {
    /// The member knows nobody of that name.
    Unknown,
    /// The member does not answer, or too many ask.
    NotNow,
}

impl Directory {
    pub(super) fn new(member: MemberId, upstream: Upstream) -> Self {
        Self { member, upstream, asking: Semaphore::new(ASKED_MAX), known: Mutex::default() }
    }

    /// The entry of `handle`, signed by the key that is the member's by the ledger.
    pub(crate) async fn entry(&self, tip: &Tip, handle: &str) -> Result<SignedDirectoryEntry, NoEntry> {
        if !is_handle(handle) {
            return Err(NoEntry::Unknown);
        }
        let remembered = self.remembered(handle);
        if let Some((_, entry)) = remembered.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return Ok(entry.clone());
        }
        let Ok(_place) = self.asking.try_acquire() else {
            return remembered.map(|(_, entry)| entry).ok_or(NoEntry::NotNow);
        };
        match self.upstream.practitioner(handle).await {
            Ok(entry) if self.holds(&entry, tip, handle) => {
                self.remember(handle, &entry);
                Ok(entry)
            }
            Ok(_of_somebody_else) => {
                tracing::warn!(member = self.upstream.name(), "gave a practitioner's entry that does not hold");
                Err(NoEntry::NotNow)
            }
            Err(NoAnswer::Refused { status: 404, .. }) => {
                self.known().remove(handle);
                Err(NoEntry::Unknown)
            }
            Err(_silent) => remembered.map(|(_, entry)| entry).ok_or(NoEntry::NotNow),
        }
    }

    fn holds(&self, signed: &SignedDirectoryEntry, tip: &Tip, handle: &str) -> bool {
        let gateway = tip.state().member(&self.member).and_then(|leaf| leaf.key(KeyRole::Gateway));
        let is_about = signed.entry.member == self.member && signed.entry.handle.as_str() == handle;
        is_about && gateway == Some(&signed.gateway.key) && signed.verify(tip.chain(), &Ed25519).is_ok()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Instant, SignedDirectoryEntry)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remembered(&self, handle: &str) -> Option<(Instant, SignedDirectoryEntry)> {
        self.known().get(handle).cloned()
    }

    fn remember(&self, handle: &str, entry: &SignedDirectoryEntry) {
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX && !known.contains_key(handle) {
            let oldest = known.iter().min_by_key(|(_, (at, _))| *at).map(|(handle, _)| handle.clone());
            oldest.map(|handle| known.remove(&handle));
        }
        known.insert(handle.to_owned(), (Instant::now(), entry.clone()));
    }
}
