//! How `amanahd` ends: an exit code that scripts act on, and an error that says what to do.

/// Why the process ends, as the operating system sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something failed.
    Failed = 1,
    /// Offline, or not in time.
    Offline = 7,
    /// Refused for safety; also a second start on one home.
    Refused = 9,
    /// The configuration is wrong.
    Config = 10,
    /// A key is not the registered one.
    Key = 11,
    /// The data is newer than this program.
    DataNewer = 12,
    /// The data is damaged beyond repair.
    Damaged = 13,
    /// The vote log is missing.
    VoteLogMissing = 14,
    /// This node's state differs from what the others certified.
    Diverged = 15,
}

/// An error as its reader meets it: what is so, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// Number of the error, `AMN-` and four digits.
    pub code: &'static str,
    /// The state of the world.
    pub detail: String,
    /// What to do.
    pub fix: String,
}

impl Failure {
    /// An error with its number, state and fix.
    pub fn new(exit: Exit, code: &'static str, detail: impl ToString, fix: impl Into<String>) -> Self {
        Self { exit, code, detail: detail.to_string(), fix: fix.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "error[{}]: {}\n  fix: {}", self.code, self.detail, self.fix)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
