//! What the followers of this member fetch: final blocks. They are for members and their followers only, because they
//! show when and where something was decided; what a single reader needs is proven to it without them.

use super::App;
use super::problem::{Code, Problem};
use super::request::{Canonical, Follower, Query, Whole};
use crate::block_run::BlockRun;
use crate::config::FollowerKeyConfig;
use crate::token_bucket::TokenBucket;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::Height;
use amanah_ledger::store::StoreError;
use axum::extract::State;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::Semaphore;

/// Requests for blocks that are worked on at once.
pub(crate) const SERVED_MAX: usize = 2;
/// Bytes of blocks that all followers together get in a second.
pub(crate) const SERVED_BYTES_PER_SECOND: u64 = 16 * 1024 * 1024;

/// The followers of this member, and what they may still have.
pub(super) struct Followers {
    keys: BTreeSet<Digest>,
    serving: Semaphore,
    began: Instant,
    budget: Mutex<TokenBucket>,
}

impl Followers {
    pub(super) fn new(followers: Vec<FollowerKeyConfig>) -> Self {
        let budget = TokenBucket::full(SERVED_BYTES_PER_SECOND, SERVED_BYTES_PER_SECOND);
        Self {
            keys: followers.into_iter().map(|follower| follower.key_hash).collect(),
            serving: Semaphore::new(SERVED_MAX),
            began: Instant::now(),
            budget: Mutex::new(budget),
        }
    }

    /// Whether a follower has this key.
    pub(super) fn know(&self, key: &Digest) -> bool {
        self.keys.contains(key)
    }

    fn with_budget<T>(&self, ask: impl FnOnce(&mut TokenBucket, u64) -> T) -> T {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        ask(&mut self.budget.lock().unwrap_or_else(PoisonError::into_inner), now_ms)
    }
}

#[derive(Deserialize)]
pub(super) struct BlocksQuery {
    from: Whole,
}

/// Final blocks from a height on; none above the head.
pub(super) async fn blocks(
    State(app): State<Arc<App>>,
    _: Follower,
    Query(BlocksQuery { from: Whole(from) }): Query<BlocksQuery>,
) -> Result<Canonical<BlockRun>, Problem> {
    let _place = app.followers.serving.try_acquire().map_err(|_all_taken| Code::Busy)?;
    // How much it will be is known afterwards: a debt keeps the next one waiting.
    if !app.followers.with_budget(|budget, now_ms| budget.has(now_ms, 1)) {
        return Err(Code::Busy.into());
    }
    let reads = app.reads.ledger.clone();
    let collecting = tokio::task::spawn_blocking(move || {
        BlockRun::collect(reads.reader(), Height(from.max(1))).inspect_err(|error| {
            tracing::error!(%error, from, "final blocks cannot be read");
            if let StoreError::Damaged(why) = error {
                reads.damage().report(why);
            }
        })
    });
    let Ok(Ok(run)) = collecting.await else { return Err(Code::Busy.into()) };
    let bytes: u64 = run.blocks.iter().map(|entry| entry.block.len() as u64).sum();
    app.followers.with_budget(|budget, now_ms| budget.owe(now_ms, bytes));
    Ok(Canonical(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followers_fetch_is_bounded_in_number_and_in_bytes() {
        let followers = Followers::new(Vec::new());
        let places: Vec<_> = (0..SERVED_MAX).map(|_| followers.serving.try_acquire().unwrap()).collect();
        assert!(followers.serving.try_acquire().is_err());
        drop(places);
        let has = || followers.with_budget(|budget, now_ms| budget.has(now_ms, 1));
        assert!(has());
        followers.with_budget(|budget, now_ms| budget.owe(now_ms, 3600 * SERVED_BYTES_PER_SECOND));
        assert!(!has(), "an hour's worth was had at once");
    }
}
