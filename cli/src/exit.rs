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
