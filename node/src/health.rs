//! Whether the node lives, and whether it is fit to serve. A silent ledger is healthy: age of blocks says nothing.

mod components;

pub use components::{Chart, Component, Finding, Health};

use amanah_ledger::committee::quorum;
use amanah_ledger::position::Height;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A loop that has not turned for this long hangs.
pub const LIVE_MAX: Duration = Duration::from_secs(5);
/// What a validator said counts for this long.
pub const HEARD_MAX: Duration = Duration::from_secs(15);
/// A node further behind than this does not serve.
pub const BEHIND_MAX: u64 = 2;

/// The sign of life of the validator's loop. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pulse {
    start: Instant,
    /// Milliseconds from `start` to the last beat.
    last: Arc<AtomicU64>,
}

impl Pulse {
    /// A pulse that has just beaten.
    pub fn new() -> Self {
        Self { start: Instant::now(), last: Arc::new(AtomicU64::new(0)) }
    }

    /// To be called at every turn of the loop, at least once a second.
    pub fn beat(&self) {
        self.last.store(millis(self.start.elapsed()), Ordering::Relaxed);
    }

    /// Time since the last beat.
    pub fn age(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)))
    }
}

impl Default for Pulse {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a node is not fit to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Unready {
    /// The validator's loop hangs.
    Hangs,
    /// Too few validators were heard lately, this one included.
    FewHeard {
        /// How many were.
        heard: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A quorum knows blocks that this node has not.
    Behind {
        /// How many.
        blocks: u64,
    },
    /// The disk is nearly full.
    DiskLow,
    /// A quorum has not agreed with this node's clock since its start.
    ClockUnconfirmed {
        /// Milliseconds by which theirs are ahead; negative if behind. `None` before enough were heard.
        offset_ms: Option<i64>,
    },
}

/// What speaks against serving: `heard` are the final heights that other validators reported within [`HEARD_MAX`].
/// Own height counts as heard.
pub fn unready(own: Height, heard: &[Height], validators: usize) -> Option<Unready> {
    let mut heights: Vec<u64> = heard.iter().chain([&own]).map(|height| height.0).collect();
    let needed = quorum(validators);
    if heights.len() < needed {
        return Some(Unready::FewHeard { heard: heights.len(), needed });
    }
    heights.sort_unstable_by_key(|height| std::cmp::Reverse(*height));
    // The q-th highest: at least one honest validator of those q has it.
    let blocks = heights[needed - 1].saturating_sub(own.0);
    (blocks > BEHIND_MAX).then_some(Unready::Behind { blocks })
}

/// What speaks against serving from a follower: `newest` is the height that anybody has proven, `heard` the number of
/// members heard within [`HEARD_MAX`], of which with `needed` of them one is honest.
pub fn unready_follower(own: Height, newest: Height, heard: usize, needed: usize) -> Option<Unready> {
    if heard < needed {
        return Some(Unready::FewHeard { heard, needed });
    }
    let blocks = newest.0.saturating_sub(own.0);
    (blocks > BEHIND_MAX).then_some(Unready::Behind { blocks })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl std::fmt::Display for Unready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hangs => write!(f, "the validator's loop hangs"),
            Self::FewHeard { heard, needed } => write!(f, "{heard} validators heard lately, {needed} are needed"),
            Self::Behind { blocks } => write!(f, "{blocks} blocks behind"),
            Self::DiskLow => write!(f, "the disk is nearly full"),
            Self::ClockUnconfirmed { offset_ms: None } => write!(f, "the clock is not compared with the others' yet"),
            Self::ClockUnconfirmed { offset_ms: Some(ms) } => {
                write!(f, "the others' clocks are {ms} ms ahead of this one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(heights: &[u64]) -> Vec<Height> {
        heights.iter().copied().map(Height).collect()
    }

    #[test]
    fn a_node_that_heard_a_quorum_at_its_height_is_ready() {
        assert_eq!(unready(Height(7), &at(&[7, 7]), 4), None);
        assert_eq!(unready(Height(5), &at(&[7, 7]), 4), None, "two blocks behind is in time");
        assert_eq!(unready(Height(0), &[], 1), None, "alone, it is the quorum");
    }

    #[test]
    fn one_liar_with_a_great_height_makes_nobody_unready() {
        assert_eq!(unready(Height(7), &at(&[u64::MAX, 7, 7]), 4), None);
    }

    #[test]
    fn too_few_voices_or_too_many_missing_blocks_are_said() {
        assert_eq!(unready(Height(7), &at(&[7]), 4), Some(Unready::FewHeard { heard: 2, needed: 3 }));
        assert_eq!(unready(Height(1), &at(&[9, 8, 7]), 4), Some(Unready::Behind { blocks: 6 }));
    }

    #[test]
    fn a_pulse_that_beats_is_young() {
        let pulse = Pulse { start: Instant::now() - Duration::from_secs(60), last: Arc::default() };
        assert!(pulse.age() >= Duration::from_secs(60));
        pulse.clone().beat();
        assert!(pulse.age() < LIVE_MAX);
    }

    #[test]
    fn a_follower_is_ready_while_one_honest_member_is_heard_and_nothing_newer_is_proven() {
        let ready = |own, newest, heard| unready_follower(Height(own), Height(newest), heard, 2);
        assert_eq!(ready(7, 7, 2), None);
        assert_eq!(ready(7, 9, 2), None, "within two blocks");
        assert_eq!(ready(7, 10, 4), Some(Unready::Behind { blocks: 3 }));
        assert_eq!(ready(7, 7, 1), Some(Unready::FewHeard { heard: 1, needed: 2 }), "the one may be the liar");
        assert_eq!(ready(8, 7, 2), None, "it may know what nobody has told it yet");
    }
}
