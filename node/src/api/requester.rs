//! Who asks: a member by its name or id on the ledger, or a practitioner whom a member vouches for.

use super::App;
use super::problem::{Code, Problem};
use amanah_ledger::codec;
use amanah_ledger::crypto::Ed25519;
use amanah_ledger::directory::{DIRECTORY_ENTRY_BYTES_MAX, SignedDirectoryEntry};
use amanah_ledger::engine::Requester;
use amanah_ledger::leaf::{KeyRole, MemberLeaf, MemberStatus};
use amanah_ledger::state::State;
use amanah_ledger::time::{DAY_MS, UnixMs};

/// A practitioner's entry vouches for them this long.
const ENTRY_AGE_MS_MAX: u64 = DAY_MS;
/// Clocks of hospitals differ at most this much.
const CLOCK_SKEW_MS: u64 = 5 * 60 * 1000;

/// A member of now, by its name.
pub(super) fn member<'a>(state: &'a State, name: &str) -> Result<&'a MemberLeaf, Problem> {
    present(state.members().find(|leaf| leaf.name.as_str() == name))
}

/// A member of now, by its name or its id in hexadecimal.
pub(super) fn member_or_id<'a>(state: &'a State, text: &str) -> Result<&'a MemberLeaf, Problem> {
    present(state.members().find(|leaf| leaf.name.as_str() == text || leaf.member.to_string() == text))
}

fn present(leaf: Option<&MemberLeaf>) -> Result<&MemberLeaf, Problem> {
    match leaf {
        Some(leaf) if !matches!(leaf.status, MemberStatus::Removed { .. }) => Ok(leaf),
        Some(_) | None => Err(Code::RequesterUnknown.into()),
    }
}

/// Canonical bytes of an entry in hexadecimal.
pub(super) fn entry(text: &str) -> Result<SignedDirectoryEntry, Problem> {
    let bytes = hex::decode(text).map_err(|_not_hex| Code::BodyNotUnderstood)?;
    codec::decode(&bytes, DIRECTORY_ENTRY_BYTES_MAX).map_err(|e| Problem::with_detail(Code::BodyNotUnderstood, e))
}

/// The practitioner whom this member vouches for with its present key.
pub(super) fn vouched(app: &App, member: &MemberLeaf, signed: SignedDirectoryEntry) -> Result<Requester, Problem> {
    if vouches(app, member, &signed, app.now()) {
        Ok(Requester { member: member.member, practitioner: Some(signed.entry.handle) })
    } else {
        Err(Code::RequesterUnknown.into())
    }
}

fn vouches(app: &App, member: &MemberLeaf, signed: &SignedDirectoryEntry, now: UnixMs) -> bool {
    let is_recent =
        now.since_ms(signed.entry.issued) <= ENTRY_AGE_MS_MAX && signed.entry.issued.since_ms(now) <= CLOCK_SKEW_MS;
    is_recent
        && signed.entry.member == member.member
        && member.key(KeyRole::Gateway) == Some(&signed.gateway.key)
        && signed.verify(&app.chain, &Ed25519).is_ok()
}
