//! Why a command did not do what was asked: a code, what happened, the state of the world, and what to try.

use crate::exit::Exit;
use serde_json::{Map, Value};
use std::path::Path;

/// A failure as people and scripts see it. `fields` are those of the command's answer that are known all the same.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// `AMN-nnnn`.
    pub(crate) code: String,
    /// What happened.
    pub(crate) detail: String,
    /// What holds now: "nothing was sent".
    pub(crate) state: Option<String>,
    /// A command to try, or what to do.
    pub(crate) fix: String,
    /// Fields of the answer that are known.
    pub(crate) fields: Map<String, Value>,
}

/// What every fallible step of a command returns.
pub(crate) type Fallible<T> = Result<T, Box<Failure>>;

impl Failure {
    /// A failure with this code number, text and fix.
    pub(crate) fn new(exit: Exit, number: u16, detail: impl Into<String>, fix: impl Into<String>) -> Box<Self> {
        Box::new(Self {
            exit,
            code: format!("AMN-{number:04}"),
            detail: detail.into(),
            state: None,
            fix: fix.into(),
            fields: Map::new(),
        })
    }

    /// Says what holds now.
    pub(crate) fn state(mut self: Box<Self>, state: impl Into<String>) -> Box<Self> {
        self.state = Some(state.into());
        self
    }

    /// Adds a field of the answer that is known.
    pub(crate) fn field(mut self: Box<Self>, name: &str, value: impl Into<Value>) -> Box<Self> {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// A file that cannot be read or written.
    pub(crate) fn io(doing: &str, path: &Path, error: &std::io::Error) -> Box<Self> {
        let path = path.display();
        if error.kind() == std::io::ErrorKind::NotFound {
            return Self::new(Exit::NotFound, 11, format!("cannot {doing} {path}: no such file"), "check the path");
        }
        let fix = "check that the place exists, has room and belongs to you";
        Self::new(Exit::Failed, 10, format!("cannot {doing} {path}: {error}"), fix)
    }

    /// A file of ours whose content is not what we wrote.
    pub(crate) fn damaged(path: &Path, why: impl std::fmt::Display) -> Box<Self> {
        let detail = format!("{} is damaged: {why}", path.display());
        Self::new(Exit::Failed, 12, detail, "restore it from a backup, or recover the wallet from its 24 words")
            .state("nothing was changed")
    }

    /// The system has no randomness to give.
    pub(crate) fn no_randomness(error: getrandom::Error) -> Box<Self> {
        Self::new(Exit::Failed, 13, format!("the system gives no random bytes: {error}"), "try again later")
    }

    /// The person said no.
    pub(crate) fn cancelled() -> Box<Self> {
        Self::new(Exit::Failed, 229, "you said no", "run it again when you are sure")
            .state("nothing was signed and nothing was sent")
            .field("cancelled", true)
    }
}
