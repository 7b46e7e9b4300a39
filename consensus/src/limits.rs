//! Every bound of the crate, with its sum. Sizes are for 31 validators, the most there can be.
//!
//! A certificate is 60 bytes of content, a bitmap of 8 and 31 signatures of 64 bytes with their count: 2,056 bytes. A
//! vote is 60 + 1 + 64 = 125 bytes.

use amanah_ledger::block::BLOCK_BYTES_MAX;

/// Longest encoded message: a proposal of 1 MiB of block, 66 certificates (136 KB) and the leader's vote; or an answer
/// to a sync request of 1 MiB of blocks with 64 Finalizations (131 KB); or 193 certificates (397 KB).
pub const MESSAGE_BYTES_MAX: usize = BLOCK_BYTES_MAX + 256 * 1024;

/// Longest encoded record of the vote log: a block.
pub const RECORD_BYTES_MAX: usize = BLOCK_BYTES_MAX + 4 * 1024;

/// Nullifications inside one proposal.
pub const INLINE_SKIPS_MAX: usize = 64;

/// Views asked for at once.
pub const VIEWS_PER_REQUEST_MAX: usize = 64;

/// Three certificates of each view asked for, and the newest Finalization.
pub const CERTIFICATES_PER_RESPONSE_MAX: usize = 3 * VIEWS_PER_REQUEST_MAX + 1;

/// Notarized views that a retry repeats.
pub const RETRY_VIEWS_MAX: usize = 8;

/// Entry certificate, newest Finalization, notarizations.
pub const BUNDLE_CERTIFICATES_MAX: usize = 2 + RETRY_VIEWS_MAX;

/// Own Notarize and Nullify of the view, own Finalize of each notarized view.
pub const BUNDLE_VOTES_MAX: usize = 2 + RETRY_VIEWS_MAX;

/// Blocks in one answer to a sync request.
pub const SYNC_BLOCKS_MAX: usize = 64;

/// Block bytes in one answer to a sync request.
pub const SYNC_BYTES_MAX: usize = BLOCK_BYTES_MAX;

/// Votes and proposals are taken up to this many views ahead of ours.
pub const VIEWS_AHEAD_MAX: u64 = 8;

/// Votes are taken down to this many views behind ours: (64 + 1 + 8) views of 3 slots for 31 validators of 130 bytes
/// are 0.9 MB.
pub const VIEWS_BEHIND_MAX: u64 = 64;

/// Final views whose votes are kept a little longer, for evidence.
pub const EVIDENCE_TAIL: u64 = 8;

/// Final views whose certificates are kept, to answer those who are a little behind: 64 × 3 × 2,056 bytes = 0.4 MB.
pub const CERTIFICATE_TAIL: u64 = 64;

/// Views that go by in an hour while nothing becomes final, after the first few. What a quorum said about each is kept, as
/// whoever leads must prove it; to have no cap is right, for a cap would stop a network for good that was slow for long,
/// and time bounds it. Once more views in a row have failed than liars can lead, one with an honest leader ends no sooner
/// than t_l, or than its tip is stale: BACKOFF_MAX · 2Δ = 8 s; but for DEPTH_MAX of them, notarized as fast as the
/// network allows. Liars end their own views at once: 450 · n/(n-f) ≤ 675.
pub const OPEN_VIEWS_PER_HOUR: u64 = 675;

/// What such a view leaves: a Notarization and a Nullification, three votes of our own, an empty block and its state. One
/// that ends with both certificates may leave a full block instead, which is held as well.
pub const OPEN_VIEW_BYTES: u64 = 6 * 1024;

/// Unfinalized blocks on top of each other, above which only empty ones follow (R1, R2).
pub const DEPTH_MAX: u64 = 16;

/// Blocks between the newest final one and one that is final too, fetched one by one; beyond, sync by height closes the
/// gap first.
pub const ANCESTORS_MAX: u64 = 128;

/// Bytes of blocks with transactions on one line that are fetched one by one: DEPTH_MAX full ones and two more. A tail
/// that is not final is no longer, nor is what is made final at once, so that others can follow.
pub const LINE_BYTES_MAX: usize = (DEPTH_MAX as usize + 2) * BLOCK_BYTES_MAX;

/// Uncertified blocks kept: one per view from this many views behind to VIEWS_AHEAD_MAX ahead, 17 MiB. The application
/// forgets the states after them with them.
pub const UNCERTIFIED_VIEWS_BEHIND: u64 = 8;

/// Questions for a block that are open at once: half a sync answer.
pub const FETCHES_MAX: usize = 32;

/// Bad signatures of one peer in one view, after which no more of it are checked.
pub const BAD_SIGNATURES_MAX: u32 = 3;

/// Bytes a second served to one peer in answer to requests.
pub const SERVE_BYTES_PER_SECOND: u64 = 2 * 1024 * 1024;

/// Bytes served to one peer at once: four of the largest answers.
pub const SERVE_BYTES_BURST: u64 = 4 * MESSAGE_BYTES_MAX as u64;

/// What an answer from the store counts as before its size is known: a quarter of the largest.
pub const STORE_ANSWER_BYTES: u64 = MESSAGE_BYTES_MAX as u64 / 4;

/// Back-off never multiplies a wait by more.
pub const BACKOFF_MAX: u64 = 8;

/// A has_work hint counts for this long.
pub const HINT_MS: u64 = 10_000;

/// Clock alarms are at least this far apart.
pub const CLOCK_ALARM_EVERY_MS: u64 = 60_000;
