//! One hospital: a process that can be started, stopped, killed and frozen, and what it says on its public ports.

use super::api::{self, Status};
use super::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often something is looked at that tells nobody.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// One hospital.
#[derive(Debug)]
pub struct Hospital {
    /// Its name.
    pub name: &'static str,
    /// Its home.
    pub dir: PathBuf,
    /// Everything it wrote to stderr since the beginning.
    pub log: PathBuf,
    /// Where its API answers.
    pub api: SocketAddr,
    /// Where its operator's port answers: reached through [`Hospital::ops_get`].
    pub ops: SocketAddr,
    /// Where other validators call.
    pub p2p: SocketAddr,
    /// The key of its own systems.
    pub api_key: String,
    /// Its clock.
    pub clock: Clock,
    command: Vec<OsString>,
    process: Mutex<Process>,
}

/// What became of a hospital's processes.
#[derive(Debug, Default)]
struct Process {
    child: Option<Child>,
    starts: u32,
}

/// How a process came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or(0)),
        }
    }
}

impl Hospital {
    /// A hospital that does not run. `command` runs the node of the home that follows it.
    pub(super) fn new(
        name: &'static str,
        dir: PathBuf,
        log: PathBuf,
        [api, ops, p2p]: [SocketAddr; 3],
        api_key: String,
        command: Vec<OsString>,
        clock: Clock,
    ) -> Self {
        Self { name, dir, log, api, ops, p2p, api_key, clock, command, process: Mutex::default() }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The command that runs a node on `home` where and as this hospital's runs, its words going to `log`.
    ///
    /// # Panics
    /// When the log cannot be opened.
    pub fn command_on(&self, home: &std::path::Path, log: &std::path::Path) -> Command {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).arg(home).env_clear().current_dir("/");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.clock.environment());
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    /// Starts the process unless it runs.
    ///
    /// # Panics
    /// When the system starts no process.
    pub fn start(&self) {
        let mut process = self.process();
        if process.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none()) {
            return;
        }
        process.child = Some(self.command_on(&self.dir, &self.log).spawn().unwrap());
        process.starts += 1;
    }

    /// How often it was started.
    pub fn starts(&self) -> u32 {
        self.process().starts
    }

    /// The process, if it runs.
    pub fn pid(&self) -> Option<i32> {
        let mut process = self.process();
        let child = process.child.as_mut()?;
        let id = i32::try_from(child.id()).ok()?;
        child.try_wait().unwrap().is_none().then_some(id)
    }

    /// How the last process ended; `None` while it runs, or before the first.
    pub fn ended(&self) -> Option<Ended> {
        let mut process = self.process();
        process.child.as_mut()?.try_wait().unwrap().map(Ended::from)
    }

    /// SIGKILL, and gone when this returns. How it ended: it may have been quicker.
    pub fn kill(&self) -> Option<Ended> {
        let mut process = self.process();
        let child = process.child.as_mut()?;
        // It fails only for a process that is gone already.
        child.kill().ok();
        child.wait().ok().map(Ended::from)
    }

    /// Sends a signal, if it runs.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid().and_then(Pid::from_raw) {
            // It fails only for a process that ends at this moment.
            kill_process(pid, signal).ok();
        }
    }

    /// SIGSTOP.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// SIGTERM, and how it ended; `None` if it did not within `limit`.
    pub fn stop(&self, limit: Duration) -> Option<Ended> {
        self.signal(Signal::TERM);
        self.wait_until_ended(limit)
    }

    /// How it ended; `None` if it did not within `limit`.
    pub fn wait_until_ended(&self, limit: Duration) -> Option<Ended> {
        let deadline = Instant::now() + limit;
        loop {
            let ended = self.ended();
            if ended.is_some() || Instant::now() >= deadline {
                return ended;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until it answers `/livez`. How long that took.
    ///
    /// # Errors
    /// When the process ends first, or `deadline` passes: with its last words.
    pub fn wait_until_live(&self, deadline: Instant) -> Result<Duration, String> {
        let began = Instant::now();
        loop {
            if self.ops_get("/livez").is_ok_and(|answer| answer.starts_with("ok")) {
                return Ok(began.elapsed());
            }
            if let Some(ended) = self.ended() {
                return Err(format!("ended with {ended:?}: {}", self.last_words()));
            }
            if Instant::now() >= deadline {
                return Err(format!("does not live in time: {}", self.last_words()));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// What it shows of the ledger, if it answers.
    pub fn status(&self) -> Option<Status> {
        serde_json::from_str(&api::get(self.api, "/v1/status").ok()?).ok()
    }

    /// What its operator's port answers.
    ///
    /// # Errors
    /// When it does not answer with success.
    pub fn ops_get(&self, path: &str) -> Result<String, String> {
        if self.api.ip() == self.ops.ip() {
            return api::get(self.ops, path);
        }
        // The port is for its own machine only: ask from there. The same program knows how.
        let program = self.command.len() - 1;
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..program]).args(["get", &self.ops.to_string(), path]);
        let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// The value of a metric without labels.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.ops_get("/metrics").ok()?;
        let line = text.lines().find(|line| line.starts_with(name) && line[name.len()..].starts_with(' '))?;
        line[name.len()..].trim().parse().ok()
    }

    /// Memory of the process in KiB: the most it ever held.
    pub fn rss_max_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(6)..].join("\n")
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        self.kill();
    }
}
