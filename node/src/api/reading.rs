//! What the API reads of the ledger: the newest final head with its certificate, and where consensus stands.

use crate::runtime::{ConsensusStatus, LedgerReads, LedgerView};
use amanah_ledger::position::Height;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The ledger as the API of a validator sees it.
#[derive(Clone)]
pub struct LedgerReading {
    reads: LedgerReads,
    status: watch::Receiver<ConsensusStatus>,
    catching_up: Arc<Mutex<CatchingUp>>,
}

impl std::fmt::Debug for LedgerReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LedgerReading(height {})", self.head().height())
    }
}

impl LedgerReading {
    /// Reads what the runtime publishes: [`LedgerHandle::reads`](crate::runtime::LedgerHandle::reads) and
    /// [`LedgerHandle::watch_status`](crate::runtime::LedgerHandle::watch_status).
    pub fn new(reads: LedgerReads, status: watch::Receiver<ConsensusStatus>) -> Self {
        Self { reads, status, catching_up: Arc::default() }
    }

    /// The newest head.
    pub fn head(&self) -> Arc<LedgerView> {
        self.reads.view()
    }

    /// What every node can read of the ledger.
    pub fn reads(&self) -> &LedgerReads {
        &self.reads
    }

    /// Where consensus stands.
    pub fn consensus(&self) -> ConsensusStatus {
        self.status.borrow().clone()
    }

    /// Whether decisions may be answered: since its start this node has heard the final heights of a quorum, itself
    /// included, and has applied all that it heard. Once so, always so: from then on it takes part.
    pub(crate) fn is_caught_up(&self) -> bool {
        let head = self.head();
        let heights = compare(head.tip.committee().quorum(), head.height(), &self.consensus().standing.reported);
        self.catching_up.lock().unwrap_or_else(PoisonError::into_inner).is_over(heights, Instant::now())
    }
}

/// A height that its reporter has not proven within this time counts for nothing: an honest one is asked for the block
/// at once, and a liar must not keep a hospital from deciding (decision 14).
const PROOF_MAX: Duration = Duration::from_secs(15);

/// What validators reported since the start, held against what is applied here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heights {
    /// Less than a quorum's is applied.
    Behind,
    /// A quorum's is applied, and somebody claims more.
    Claimed,
    /// All that was heard is applied, and it is a quorum's.
    Applied,
}

fn compare(quorum: usize, own: Height, reported: &[Option<Height>]) -> Heights {
    let heard = reported.iter().flatten().count();
    let applied = reported.iter().flatten().filter(|height| **height <= own).count();
    if applied < quorum {
        Heights::Behind
    } else if applied < heard {
        Heights::Claimed
    } else {
        Heights::Applied
    }
}

/// The time between a start and the first decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CatchingUp {
    /// A quorum's heights are not applied yet.
    #[default]
    Behind,
    /// Since this moment only claims keep it.
    Doubting(Instant),
    /// It is over.
    Over,
}

impl CatchingUp {
    fn is_over(&mut self, heights: Heights, now: Instant) -> bool {
        *self = match (*self, heights) {
            (Self::Over, _) | (_, Heights::Applied) => Self::Over,
            (_, Heights::Behind) => Self::Behind,
            (Self::Behind, Heights::Claimed) => Self::Doubting(now),
            (Self::Doubting(since), Heights::Claimed) if now.saturating_duration_since(since) >= PROOF_MAX => {
                Self::Over
            }
            (Self::Doubting(since), Heights::Claimed) => Self::Doubting(since),
        };
        *self == Self::Over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const H4: Option<Height> = Some(Height(4));
    const H5: Option<Height> = Some(Height(5));

    #[test]
    fn decisions_wait_for_a_quorum_of_heights_and_until_all_are_applied() {
        assert_eq!(compare(3, Height(4), &[H4, H4, None, None]), Heights::Behind, "too few have reported");
        assert_eq!(compare(3, Height(4), &[H4, H4, H4, None]), Heights::Applied);
        assert_eq!(compare(3, Height(4), &[H4, H5, H4, None]), Heights::Behind, "a reported height is not applied");
        assert_eq!(compare(3, Height(4), &[H4, H5, H4, H4]), Heights::Claimed, "nor is one beyond a quorum's");
        assert_eq!(compare(3, Height(5), &[H4, H5, H4, None]), Heights::Applied);
    }

    #[test]
    fn a_height_that_nobody_proves_holds_decisions_up_for_a_while_only() {
        let (mut catching_up, start) = (CatchingUp::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert!(!catching_up.is_over(Heights::Claimed, at(0)));
        assert!(!catching_up.is_over(Heights::Claimed, at(14)), "an honest one may still prove it");
        assert!(!catching_up.is_over(Heights::Behind, at(20)), "more is known to be final");
        assert!(!catching_up.is_over(Heights::Claimed, at(21)));
        assert!(!catching_up.is_over(Heights::Claimed, at(35)), "the time began anew");
        assert!(catching_up.is_over(Heights::Claimed, at(36)));
        assert!(catching_up.is_over(Heights::Behind, at(37)), "once it takes part, it takes part");
    }
}
