//! A shell that stays open: one command after the other, as a person types them.

use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell in which the steps of a page are run.
#[derive(Debug)]
pub struct Session {
    shell: Child,
    typing: ChildStdin,
    screen: BufReader<ChildStdout>,
    mark: u64,
}

impl Session {
    /// A shell in `dir` that finds the programs in `programs` first, with these variables and nobody else's of ours.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn open(dir: &Path, programs: &Path, variables: &[(&str, &str)]) -> std::io::Result<Self> {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc"]).current_dir(dir).process_group(0);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AMANAH")) {
            command.env_remove(name);
        }
        command.env("PATH", format!("{}:{path}", programs.display())).env("NO_COLOR", "1").env("HOME", dir);
        command.envs(variables.iter().copied());
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(mut typing), Some(screen)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(std::io::Error::other("a shell without ends"));
        };
        writeln!(typing, "exec 2>&1")?;
        Ok(Self { shell, typing, screen: BufReader::new(screen), mark: 0 })
    }

    /// Runs one command; what it printed on both streams, and how it ended.
    ///
    /// # Errors
    /// When the shell is gone.
    pub fn run(&mut self, command: &str) -> std::io::Result<(String, i32)> {
        self.mark += 1;
        let mark = format!("@@{}@@", self.mark);
        writeln!(self.typing, "{{ {command}\n}} </dev/null\nprintf '\\n{mark} %d\\n' $?")?;
        self.typing.flush()?;
        let mut printed = String::new();
        loop {
            let mut line = String::new();
            if self.screen.read_line(&mut line)? == 0 {
                return Err(std::io::Error::other(format!("the shell ended after {printed}")));
            }
            if let Some(code) = line.strip_prefix(&mark) {
                return Ok((printed, code.trim().parse().unwrap_or(-1)));
            }
            printed.push_str(&line);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // With all that it has left in the background. What is gone already needs no end.
        kill_process_group(Pid::from_child(&self.shell), Signal::KILL).ok();
        drop(self.shell.wait());
    }
}
