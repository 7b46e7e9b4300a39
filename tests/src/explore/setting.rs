//! What one search is about: who lies, how far it goes, what may happen.

use super::block::Supply;
use amanah_consensus::Mutant;

/// The second proposal that a liar has for every parent; the first is a block of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// Another block of transactions.
    Valid,
    /// An empty block.
    Empty,
    /// A block that no honest member judges valid.
    Invalid,
    /// A valid block on that parent, in a proposal that names a later parent view, as if it stood on what was certified
    /// there: no view between would have to be given up. Where there is no later one, there is no second proposal.
    Misplaced,
}

/// How votes reach a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Votes {
    /// As the certificates that they make. A single vote does nothing that a certificate or a deadline cannot do.
    Certified,
    /// One by one, and as certificates.
    Single,
}

/// A search.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Views whose leaders lie; 4 is the leader of none of the first three views.
    pub liars_lead: Vec<u64>,
    /// Views whose messages and deadlines exist. A certificate of the last one is the end of a member's way.
    pub views: u64,
    /// A liar's second proposal.
    pub second: Second,
    /// How votes travel.
    pub votes: Votes,
    /// Who signs certificates.
    pub signers: Signers,
    /// Which ways are looked at.
    pub paths: Paths,
    /// Transactions at every member.
    pub supply: Supply,
    /// Whether members may get their transactions late; otherwise all have them at the start.
    pub is_supply_late: bool,
    /// How many crashes and restarts of honest members there may be.
    pub crashes: u8,
    /// Whether a restart finds its vote log; without it a member votes again with the same key, against the rules.
    pub memory: Memory,
    /// A rule left out.
    pub mutant: Option<Mutant>,
    /// What counts as a violation.
    pub oracle: Oracle,
    /// Distinct states after which the search ends.
    pub states_max: usize,
    /// Steps from the start after which the search ends.
    pub depth_max: usize,
    /// Starts in a state that a random walk under this seed reached, every member in view 2 or later.
    pub walk_seed: Option<u64>,
}

/// What a restart finds in its vote log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// What was durable.
    Whole,
    /// Nothing.
    Lost,
}

/// What counts as a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oracle {
    /// Everything that the safety argument promises.
    Everything,
    /// Only what it is all for: no two members with different final blocks.
    Agreement,
    /// Different final blocks are expected, for too many lie; a violation is a fork that does not name every liar, or
    /// whatever an honest member does against the rules.
    Guilt,
}

/// Which honest members sign a certificate beside the liars, as far as they said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signers {
    /// The first that said it, by place. Which of them sign decides only who is asked for a block, and blocks may always
    /// arrive.
    First,
    /// Any of them: a certificate for each choice.
    Any,
}

/// Which of the ways things can happen are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// Of ways that differ in nothing that anybody notices, the shortest; a liar's proposal reaches a member in its view.
    Fewest,
    /// All, step by step.
    All,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            liars_lead: vec![1],
            views: 3,
            second: Second::Valid,
            votes: Votes::Certified,
            signers: Signers::First,
            paths: Paths::Fewest,
            supply: Supply::Endless,
            is_supply_late: false,
            crashes: 1,
            memory: Memory::Whole,
            mutant: None,
            oracle: Oracle::Everything,
            states_max: usize::MAX,
            depth_max: usize::MAX,
            walk_seed: None,
        }
    }
}
