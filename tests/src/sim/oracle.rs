//! What must never be seen, whatever goes wrong: an omniscient recorder, and what it checks.
//!
//! | oracle | promise | where |
//! |---|---|---|
//! | A | one block and one state at each height | [`chain`] |
//! | B | the four steps of the safety proof hold for all votes and certificates seen | [`wire`] |
//! | C | nobody honest signs two votes that exclude each other, on the wire, on disk and across restarts | [`wire`] |
//! | D | a final transaction is neither lost nor doubled, in the chain and in every store | [`chain`] |
//! | E | after the faults the network moves, and what all hold is proposed within f+2 views | `run`, [`progress`] |
//! | F | without work nothing is voted for, repeated or written, and no view changes | `run` |
//! | G | memory stays within its bounds at every step, and views that leave something go by no faster than they may | [`memory`], [`pace`] |
//! | H | the same seed is the same run | [`super::Report::trace`] |
//! | I | each block is later than its parent | [`chain`] |
//! | J | evidence names only the guilty | `run` |

mod chain;
mod memory;
mod pace;
mod progress;
mod violation;
mod wire;

pub use violation::Violation;

use super::plan::Plan;
use chain::Chain;
use pace::Pace;
use progress::Progress;
use wire::Wire;

/// Everything seen so far.
pub(super) struct Oracle {
    pub(super) chain: Chain,
    pub(super) wire: Wire,
    pub(super) progress: Progress,
    pub(super) pace: Pace,
}

impl Oracle {
    pub(super) fn new(plan: &Plan) -> Self {
        let members = plan.members;
        Self {
            chain: Chain::new(members),
            wire: Wire::new(plan),
            progress: Progress::new(members),
            pace: Pace::new(members),
        }
    }

    /// Everything is over: what only the whole shows.
    pub(super) fn finish(&self) -> Result<(), Violation> {
        self.wire.check_ancestry(&self.chain)
    }
}

pub(super) use memory::check as check_memory;
