//! Oracle G over time: while nothing becomes final every view leaves certificates behind, and what bounds their number is
//! how fast views may go by.

use super::Violation;
use std::collections::BTreeMap;

/// Blocks on top of each other that may carry transactions. They are notarized as fast as the network allows.
const DEPTH: u64 = 16;
/// t_l, and the wait for a stale tip; in microseconds, as it grows by halves.
const WAIT_US: u64 = 1_000_000;
/// It grows to this much at most.
const WAIT_MAX_US: u64 = 8 * WAIT_US;

/// The newest final view that anybody honest knows, and when those after it were entered.
pub(in crate::sim) struct Pace {
    members: u64,
    f: u64,
    settled: u64,
    /// When somebody honest was first seen in a view.
    entered_us: BTreeMap<u64, u64>,
}

impl Pace {
    pub(super) fn new(members: usize) -> Self {
        let members = members as u64;
        Self { members, f: (members - 1) / 3, settled: 0, entered_us: BTreeMap::new() }
    }

    /// An honest validator is in `view` and knows that `settled` is final.
    pub(in crate::sim) fn check(
        &mut self,
        validator: usize,
        now_us: u64,
        view: u64,
        settled: u64,
    ) -> Result<(), Violation> {
        self.entered_us.entry(view).or_insert(now_us);
        self.settled = self.settled.max(settled);
        self.entered_us = self.entered_us.split_off(&(self.settled + 1));
        let since_us = self.entered_us.values().min().copied().unwrap_or(now_us);
        let (held, bound) = (view.saturating_sub(self.settled), self.views_max(now_us - since_us));
        if held > bound {
            return Err(Violation::Memory { validator, what: "views without a final one", held, bound });
        }
        Ok(())
    }

    /// Views that may go by in this time. Liars end their own at once. So may f+1 that follow a final one: their leaders
    /// may be gone. Any other has an honest leader: its block is one of those that may stand on each other, or somebody
    /// honest waited.
    fn views_max(&self, elapsed_us: u64) -> u64 {
        let (mut waited, mut spent_us, mut wait_us) = (0, WAIT_US, WAIT_US);
        while spent_us <= elapsed_us {
            waited += 1;
            if waited > self.f {
                wait_us = (wait_us + wait_us / 2).min(WAIT_MAX_US);
            }
            spent_us += wait_us;
        }
        let honest = self.members - self.f;
        let of_honest = self.f + 1 + DEPTH + waited;
        of_honest + of_honest.div_ceil(honest) * self.f + self.f
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amanah_consensus::limits::OPEN_VIEWS_PER_HOUR;

    const HOUR_US: u64 = 3_600 * 1_000_000;

    #[test]
    fn an_hour_without_a_final_block_has_no_more_views_than_memory_is_reckoned_for() {
        for members in 4..=31 {
            let pace = Pace::new(members);
            let an_hour = pace.views_max(24 * HOUR_US) - pace.views_max(23 * HOUR_US);
            assert!((OPEN_VIEWS_PER_HOUR / 2..=OPEN_VIEWS_PER_HOUR).contains(&an_hour), "{members}: {an_hour}");
            // Those that need no waiting come besides: at most twice the depth, and one of each member.
            assert!(pace.views_max(0) <= 2 * DEPTH + members as u64, "{members}: {}", pace.views_max(0));
        }
    }

    #[test]
    fn views_that_go_by_faster_are_noticed() {
        let mut pace = Pace::new(4);
        let mut go = |second: u64, view, settled| pace.check(0, second * 1_000_000, view, settled);
        assert!(go(0, 1, 0).is_ok());
        assert!(go(1, 20, 0).is_ok(), "so many blocks may stand on each other");
        assert!(go(2, 40, 0).is_err());
        assert!(go(2, 40, 30).is_ok(), "those up to 30 were not in vain");
        assert!(go(3, 60, 30).is_err());
        assert!(go(300, 75, 30).is_ok());
    }
}
