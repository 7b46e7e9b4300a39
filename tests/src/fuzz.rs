//! Functions that take any bytes: for `cargo fuzz`, which looks for new ways through them, and for a loop over seeds on
//! stable Rust. A promise that does not hold ends in a panic.
//!
//! The first byte of an input chooses what the rest is taken for, so that one function stands for many decoders. Every
//! function names inputs that are accepted ([`Target::seeds`]); [`Mutator`] changes them a little, so that a run gets
//! past the first byte.

mod decoders;
mod golden;
mod mutation;
mod proofs;
mod schedule;
mod texts;
mod truth;
mod vote_logs;

pub use mutation::Mutator;

/// What became of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It says something that is believed; what it says was compared with the truth.
    Accepted,
    /// It was refused.
    Refused,
}

impl Verdict {
    fn of(is_accepted: bool) -> Self {
        if is_accepted { Self::Accepted } else { Self::Refused }
    }
}

/// One function and inputs that it accepts.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, also that of the `cargo fuzz` target.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]) -> Verdict,
    /// Inputs that it accepts.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All functions.
pub const TARGETS: [Target; 5] = [
    Target { name: "decoders", run: decoders::run, seeds: decoders::seeds },
    Target { name: "texts", run: texts::run, seeds: texts::seeds },
    Target { name: "proofs", run: proofs::run, seeds: proofs::seeds },
    Target { name: "vote_logs", run: vote_logs::run, seeds: vote_logs::seeds },
    Target { name: "schedules", run: schedule::run, seeds: schedule::seeds },
];

/// Runs the function of this name; for the `cargo fuzz` targets.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target of this name");
    (target.run)(bytes);
}
