//! What a trial showed, and where: one JSON object, with the commit and the machine.

use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// Commit, processor, memory, profile.
pub(super) fn circumstances() -> Value {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).map(|line| line.split_once(':'));
        line.flatten().map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    json!({
        "commit": git(&["rev-parse", "HEAD"]),
        "changed": !git(&["status", "--porcelain"]).is_empty(),
        "profile": if cfg!(debug_assertions) { "dev" } else { "release" },
        "machine": {
            "processor": field("/proc/cpuinfo", "model name"),
            "cores": std::thread::available_parallelism().map_or(0, usize::from),
            "memory": field("/proc/meminfo", "MemTotal"),
            "load_average": fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
        },
    })
}

fn git(args: &[&str]) -> String {
    let said = Command::new("git").args(args).output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}
