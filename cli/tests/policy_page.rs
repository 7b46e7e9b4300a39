//! The examples of the reference page of `amanah policy`, run as they stand there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "an example that cannot be run fails, with its place")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn page() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/policy-eval.md");
    std::fs::read_to_string(path).unwrap()
}

/// Fenced blocks: what stands behind the fence, and what is inside.
fn blocks(page: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("```") else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        found.push((head, inside.join("\n")));
    }
    found
}

/// What a command prints, then how it exits.
fn run(command: &str, dir: &Path) -> String {
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let mut amanah = Command::new(env!("CARGO_BIN_EXE_amanah"));
    let output = amanah.args(words).current_dir(dir).env("AMANAH_HOME", dir).env("NO_COLOR", "1").output().unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    write!(said, "exit {}", output.status.code().unwrap()).unwrap();
    said
}

#[test]
fn every_example_of_the_page_gives_the_answer_that_stands_there() {
    let dir = tempfile::tempdir().unwrap();
    let page = page();
    let mut commands = 0;
    for (head, inside) in blocks(&page) {
        if let Some(name) = head.strip_prefix("json ") {
            std::fs::write(dir.path().join(name), &inside).unwrap();
        }
        if head != "console" {
            continue;
        }
        for example in inside.split("$ ").filter(|example| !example.is_empty()) {
            let (command, expected) = example.trim_end().split_once('\n').unwrap();
            assert_eq!(run(command, dir.path()), expected, "{command}");
            commands += 1;
        }
    }
    assert!(commands > 8, "only {commands} examples");
}
