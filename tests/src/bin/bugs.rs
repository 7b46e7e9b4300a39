//! `cargo bugs`: leaves every protective rule out once and prints what notices.

use amanah_consensus::Mutant;
use amanah_tests::bugs::{self, Bug, Catch, Notice, Worlds};
use amanah_tests::sim::Memory;
use clap::Parser;
use std::collections::BTreeSet;
use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// Leaves every protective rule out, one at a time, and looks whether it is noticed.
#[derive(Parser)]
struct Arguments {
    /// Prints the table as Markdown.
    #[arg(long)]
    markdown: bool,
    /// Only this rule.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// What came of one way to notice a bug.
struct Row {
    bug: &'static Bug,
    notice: &'static Notice,
    outcome: Result<String, String>,
    controls: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let begin = Instant::now();
    let is_asked_for = |bug: &&Bug| arguments.only.as_deref().is_none_or(|name| name == bug.mutant.name());
    let bugs: Vec<&Bug> = bugs::bugs().filter(is_asked_for).collect();
    let passed = match passed_tests() {
        Ok(passed) => passed,
        Err(error) => {
            eprintln!("the tests did not run: {error}");
            return ExitCode::FAILURE;
        }
    };
    let rows = rows(&bugs, &passed);
    if arguments.markdown {
        println!("| left out | stands for | noticed by | after |\n|---|---|---|---|");
    }
    for row in &rows {
        print(row, arguments.markdown);
    }
    let forgotten = Mutant::ALL.iter().filter(|mutant| bugs::bugs().all(|bug| bug.mutant != **mutant)).count();
    let missed = bugs.iter().filter(|bug| {
        let own = rows.iter().filter(|row| row.bug.mutant == bug.mutant);
        own.clone().count() == 0 || own.into_iter().any(|row| row.outcome.is_err())
    });
    let (missed, controls) = (missed.count(), rows.iter().map(|row| row.controls).sum::<u64>());
    eprintln!(
        "bugs: {} rules left out, {} noticed, {forgotten} without a row, {controls} control worlds kept every promise, \
         {:.1} s",
        bugs.len(),
        bugs.len() - missed,
        begin.elapsed().as_secs_f64()
    );
    if missed + forgotten == 0 && !bugs.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The tests of rules left out that pass, by their last names.
fn passed_tests() -> io::Result<BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--test", "machine"];
    let output = Command::new(cargo).args(arguments).args(["--", "omissions"]).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let passed = text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... ok"));
    Ok(passed.filter_map(|path| path.rsplit("::").next()).map(str::to_owned).collect())
}

/// All rows, in the order of the table; worlds run on every core.
fn rows(bugs: &[&'static Bug], passed: &BTreeSet<String>) -> Vec<Row> {
    let all: Vec<_> = bugs.iter().flat_map(|bug| bug.noticed_by.iter().map(move |notice| (*bug, notice))).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let take = || {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    all.get(at).map(|(bug, notice)| (at, row(bug, notice, passed)))
                };
                while let Some((at, row)) = take() {
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, row));
                }
            });
        }
    });
    let mut rows = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn row(bug: &'static Bug, notice: &'static Notice, passed: &BTreeSet<String>) -> Row {
    let (outcome, controls) = match notice {
        Notice::Test(name) if passed.contains(*name) => (Ok("one run, both sides".to_owned()), 0),
        Notice::Test(_) => (Err("NOT NOTICED: the test failed or did not run".to_owned()), 0),
        Notice::Worlds(worlds) => match worlds.hunt(bug.mutant) {
            Ok(Catch { seed: 0, .. }) => (Ok("1 seed".to_owned()), 1),
            Ok(Catch { seed, .. }) => (Ok(format!("{} seeds", seed + 1)), seed + 1),
            Err(miss) => (Err(format!("NOT NOTICED: {miss}")), 0),
        },
    };
    Row { bug, notice, outcome, controls }
}

fn print(row: &Row, is_markdown: bool) {
    let (name, stands_for) = (row.bug.mutant.name(), row.bug.stands_for);
    let noticed_by = match row.notice {
        Notice::Test(test) if is_markdown => format!("`{test}`"),
        Notice::Test(test) => (*test).to_owned(),
        Notice::Worlds(worlds) => worlds_of(worlds),
    };
    let after = match &row.outcome {
        Ok(after) | Err(after) => after,
    };
    if is_markdown {
        let meaning = row.bug.mutant.meaning().trim_end_matches('.');
        println!("| `{name}`: {meaning} | {stands_for} | {noticed_by} | {after} |");
    } else {
        println!("{name:<30} {stands_for:<26} {after:<22} {noticed_by}");
    }
}

fn worlds_of(worlds: &Worlds) -> String {
    let liar = worlds.liar.map_or_else(String::new, |liar| format!(", {}", liar.name()));
    let memory = match worlds.memory {
        Memory::Whole => "",
        Memory::Votes => ", restarts find their votes only",
    };
    format!("simulator, {} members{liar}{memory}: {}", worlds.members, worlds.breaks.name())
}
