//! The hidden command that is one hospital's node: in a session of its own, and either outliving who started it or not.

use crate::args::Life;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::output::{self, Report};
use crate::private_file::{self, Existing};
use std::path::Path;
use std::process::ExitCode;

/// Runs the node of `home` until it is told to stop, or its life is over.
pub(crate) fn run(home: &Path, life: Life) -> ExitCode {
    if amanah_node::home::is_running(home) {
        output::note(&format!("another process already runs on {}", home.display()));
        return Exit::Unsafe.into();
    }
    // Fails only for a process that leads a group already, as one started by a shell does: then it stays in that session.
    rustix::process::setsid().ok();
    if let Err(failure) =
        private_file::write(&home.join("pid"), std::process::id().to_string().as_bytes(), Existing::Replace)
    {
        output::note(&output::failure_text(&failure, false));
        return failure.exit.into();
    }
    match life {
        Life::Own => {}
        Life::Starters => drop(std::thread::spawn(end_with_starter)),
    }
    amanah_node::node::run(home).into()
}

/// Whoever started this process holds the other end of its stdin, and drops it however it ends.
fn end_with_starter() {
    // An end that cannot be read has ended too.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).ok();
    rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM).ok();
}

/// The node brings its own runtime; inside another there is no place for it.
pub(crate) fn refuse(home: &Path) -> Fallible<Report> {
    let detail = format!("the node of {} cannot run inside another command", home.display());
    Err(Failure::new(Exit::Failed, 609, detail, "amanah demo up"))
}
