//! What the API reads of the ledger: the newest final head with its certificate, and where consensus stands.

use crate::runtime::{ConsensusStatus, LedgerView};
use amanah_ledger::position::Height;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// The ledger as the API sees it.
#[derive(Clone)]
pub struct LedgerReading {
    views: watch::Receiver<Arc<LedgerView>>,
    status: watch::Receiver<ConsensusStatus>,
    caught_up: Arc<AtomicBool>,
}

impl std::fmt::Debug for LedgerReading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LedgerReading(height {})", self.head().height())
    }
}

impl LedgerReading {
    /// Reads what the runtime publishes: [`LedgerHandle::watch`](crate::runtime::LedgerHandle::watch) and
    /// [`LedgerHandle::watch_status`](crate::runtime::LedgerHandle::watch_status).
    pub fn new(views: watch::Receiver<Arc<LedgerView>>, status: watch::Receiver<ConsensusStatus>) -> Self {
        Self { views, status, caught_up: Arc::default() }
    }

    /// The newest head.
    pub fn head(&self) -> Arc<LedgerView> {
        Arc::clone(&self.views.borrow())
    }

    /// Where consensus stands.
    pub fn consensus(&self) -> ConsensusStatus {
        self.status.borrow().clone()
    }

    /// The newest head once it has reached `height`; `None` if the node stops first.
    pub(crate) async fn at_least(&self, height: Height) -> Option<Arc<LedgerView>> {
        let mut views = self.views.clone();
        let head = views.wait_for(|view| view.height() >= height).await.ok()?;
        Some(Arc::clone(&head))
    }

    /// Whether decisions may be answered: since its start this node has heard the final heights of a quorum, itself
    /// included, and has applied all of them. Once so, always so: from then on it takes part.
    pub(crate) fn is_caught_up(&self) -> bool {
        if self.caught_up.load(Ordering::Relaxed) {
            return true;
        }
        let head = self.head();
        let quorum = head.tip.committee().quorum();
        let caught_up = has_caught_up(quorum, head.height(), &self.consensus().standing.reported);
        if caught_up {
            self.caught_up.store(true, Ordering::Relaxed);
        }
        caught_up
    }
}

fn has_caught_up(quorum: usize, own: Height, reported: &[Option<Height>]) -> bool {
    let heard: Vec<Height> = reported.iter().flatten().copied().collect();
    heard.len() >= quorum && heard.iter().all(|height| *height <= own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_wait_for_a_quorum_of_heights_and_until_all_are_applied() {
        let (h4, h5) = (Some(Height(4)), Some(Height(5)));
        assert!(!has_caught_up(3, Height(4), &[h4, h4, None, None]), "too few have reported");
        assert!(has_caught_up(3, Height(4), &[h4, h4, h4, None]));
        assert!(!has_caught_up(3, Height(4), &[h4, h5, h4, None]), "a reported height is not applied");
        assert!(has_caught_up(3, Height(5), &[h4, h5, h4, None]));
    }
}
