//! Every bound of the crate, with its sum. Sizes are for 31 validators, the most there can be.
//!
//! A certificate is 57 bytes of content, a bitmap of 8 and 31 signatures of 64 bytes with their count: 2,053 bytes. A
//! vote is 57 + 1 + 64 = 122 bytes.

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
