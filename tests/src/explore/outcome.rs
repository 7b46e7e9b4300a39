//! What comes of a search.

/// One step of a path: whom it happened to, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The member.
    pub member: u8,
    /// What happened, in words that [`crate::explore::Search::replay`] understands.
    pub what: String,
}

/// A state in which something is wrong.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is wrong.
    pub violation: String,
    /// How it came about.
    pub path: Vec<Event>,
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// There is no further state within the bounds.
    Exhausted,
    /// There are more states than were asked for.
    Cut,
    /// Something is wrong.
    Violated,
}

/// What came of a search.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it ended.
    pub end: End,
    /// Distinct states.
    pub states: usize,
    /// Steps from the start to the last state found.
    pub depth: usize,
    /// Depth up to which every state was looked at.
    pub depth_complete: usize,
    /// Steps between states that were taken.
    pub transitions: u64,
    /// Distinct states of single members.
    pub places: usize,
    /// Steps that real machines made.
    pub steps: u64,
    /// Meetings of two paths at which both machines were compared in what they do next.
    pub compared: u64,
    /// States in which some member can have a final block.
    pub final_states: usize,
    /// Most final blocks at one member.
    pub finals_max: usize,
    /// States behind a crash.
    pub crashed_states: usize,
    /// States in which two members can have called different blocks final.
    pub forks: usize,
    /// The violation.
    pub found: Option<Found>,
}

impl Outcome {
    /// Before the first step.
    pub(crate) fn new() -> Self {
        Self {
            end: End::Exhausted,
            states: 1,
            depth: 0,
            depth_complete: 0,
            transitions: 0,
            places: 0,
            steps: 0,
            compared: 0,
            final_states: 0,
            finals_max: 0,
            crashed_states: 0,
            forks: 0,
            found: None,
        }
    }
}
