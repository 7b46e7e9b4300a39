//! Exit codes: the part of every answer that a script reads first.

/// How a command ended. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or permitted.
    Ok = 0,
    /// Did not work, or a prompt was declined.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A hospital asked and consent says no. An answer, not an error.
    Denied = 3,
    /// A passphrase, a wallet or an API key is missing or wrong.
    Locked = 4,
    /// No such name, file, consent or patient.
    NotFound = 5,
    /// Already so, not yet possible, or out of date.
    Conflict = 6,
    /// Not final in time, or nobody answers.
    NotFinal = 7,
    /// A signature, proof or log does not hold.
    NotVerified = 8,
    /// Refused because it would be unsafe.
    Unsafe = 9,
    /// Stopped by the person at the keyboard.
    Interrupted = 130,
}

impl Exit {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Denied,
        Self::Locked,
        Self::NotFound,
        Self::Conflict,
        Self::NotFinal,
        Self::NotVerified,
        Self::Unsafe,
        Self::Interrupted,
    ];

    /// What it tells a script.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "Done; a decision is permit; a receipt is valid.",
            Self::Failed => "Failed, or a question was answered with no.",
            Self::Usage => "The command line makes no sense.",
            Self::Denied => "Denied by consent. An answer, not an error.",
            Self::Locked => "Locked: passphrase, wallet or API key is missing or wrong.",
            Self::NotFound => "No such name, file, consent or patient.",
            Self::Conflict => "Already so, not yet possible, or out of date.",
            Self::NotFinal => "Not final in time, or nobody answers. What was sent becomes final by itself, once.",
            Self::NotVerified => "A signature, proof, log or ledger does not hold; a receipt is not proven valid.",
            Self::Unsafe => "Refused for safety.",
            Self::Interrupted => "Interrupted at the keyboard.",
        }
    }

    /// Whether the answer carries an error: neither done nor denied.
    pub(crate) fn is_error(self) -> bool {
        !matches!(self, Self::Ok | Self::Denied)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
