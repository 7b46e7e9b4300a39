//! One hospital as a process: started off the caller's terminal, told by the lock on its home.

use super::LOOK;
use crate::args::Life;
use crate::client::{Body, Method, Node};
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::home::Home;
use crate::private_file;
use rustix::process::{Pid, Signal, kill_process};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// Longest pid file.
const PID_BYTES_MAX: u64 = 32;
/// How much of the end of a log is shown.
const LOG_LINES_SHOWN: usize = 5;
/// A health question takes no longer.
const ASK: Duration = Duration::from_secs(2);

/// Where one hospital lives.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Hospital {
    pub(in crate::commands) name: String,
    pub(in crate::commands) dir: PathBuf,
    pub(in crate::commands) log: PathBuf,
    pub(in crate::commands) api: String,
    pub(in crate::commands) ops: String,
    pub(in crate::commands) p2p: String,
}

impl Hospital {
    /// Whether a process holds the home.
    pub(in crate::commands) fn is_running(&self) -> bool {
        amanah_node::home::is_running(&self.dir)
    }

    /// The process that holds the home, or held it last.
    pub(in crate::commands) fn pid(&self) -> Option<i32> {
        let bytes = private_file::read(&self.dir.join("pid"), PID_BYTES_MAX).ok()?;
        std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
    }

    /// Starts the process: no terminal, no output of the caller's, nothing of the caller's environment. A node that lives
    /// with its starter ends when the child that is returned is dropped.
    pub(in crate::commands) fn start(&self, life: Life) -> Fallible<Child> {
        Home::make_parent(&self.log)?;
        let log = std::fs::File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(|e| Failure::io("open", &self.log, &e))?;
        let copy = log.try_clone().map_err(|e| Failure::io("open", &self.log, &e))?;
        let program = std::env::current_exe().map_err(|e| Failure::io("find", std::path::Path::new("amanah"), &e))?;
        let started = Command::new(&program)
            .args(["demo-node", "--life", life.name()])
            .arg(&self.dir)
            .env_clear()
            .current_dir("/")
            .stdin(match life {
                Life::Own => Stdio::null(),
                Life::Starters => Stdio::piped(),
            })
            .stdout(copy)
            .stderr(log)
            .spawn();
        started.map_err(|e| Failure::io("start", &program, &e))
    }

    /// Signals the process that holds the home. The lock is held, so the pid is its own and not a stranger's.
    pub(in crate::commands) fn signal(&self, signal: Signal) -> Fallible<()> {
        let Some(pid) = self.pid().and_then(Pid::from_raw).filter(|_| self.is_running()) else { return Ok(()) };
        match kill_process(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => {
                let detail = format!("{} cannot be signalled: {error}", self.name);
                Err(Failure::new(Exit::Failed, 606, detail, "end it as the user who started it"))
            }
        }
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n  ")
    }
}

/// Waits until the hospital answers `path` on its ops port. `child` is watched where this command started it.
pub(in crate::commands) async fn wait_for(
    hospital: &Hospital,
    mut child: Option<&mut Child>,
    path: &str,
    deadline: Instant,
) -> Fallible<()> {
    let ops = Node::new(&hospital.name, &hospital.ops)?;
    loop {
        if ops.exchange(Method::Get, path, Body::Empty, 64 * 1024, ASK).await.is_ok() {
            return Ok(());
        }
        let ended = child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        if ended.is_some() || Instant::now() >= deadline {
            let what = if ended.is_some() { "ended at once" } else { "does not become ready" };
            let detail = format!("{} {what}; it said:\n  {}", hospital.name, hospital.last_words());
            return Err(Failure::new(Exit::Failed, 607, detail, format!("look into {}", hospital.log.display())));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until nobody holds the home.
pub(in crate::commands) async fn wait_until_gone(hospital: &Hospital, deadline: Instant) -> Fallible<()> {
    while hospital.is_running() {
        if Instant::now() >= deadline {
            let detail = format!("{} does not end", hospital.name);
            return Err(Failure::new(Exit::Failed, 608, detail, format!("amanah demo kill {}", hospital.name)));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
