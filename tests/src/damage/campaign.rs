//! Many trials, each a random change to the files of one stopped hospital, with results that a later run goes on from.

use super::flip::Flip;
use super::town::Town;
use super::trial::{Finder, Outcome, Task};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A trial's process is ended after this time; its own patience is shorter.
const TRIAL_MAX: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(2);

/// What stands beside the stores and says how far they reached, and is what a campaign can leave out to show that it
/// would see the loss.
const WITNESSES: [&str; 3] = ["votes.reached", "private/vault/reached", "private/days/reached"];

/// Whether the witnesses are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnesses {
    /// As in every home.
    Kept,
    /// Removed before each start: some damage then goes unnoticed, and the campaign must say so.
    Removed,
}

/// What to do.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Whether the witnesses are there.
    pub witnesses: Witnesses,
    /// Trials 0 to before this one.
    pub count: u64,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Towns, and trials at a time.
    pub jobs: usize,
    /// One line of JSON for each trial; those in it already are not run again.
    pub results: Option<PathBuf>,
    /// What stands in the first line of new results: commit and machine.
    pub about: Value,
}

/// How many trials of which kind of file had which outcome.
pub type Tally = BTreeMap<(String, &'static str), u64>;

/// Runs what is left of a campaign, in `dir`.
///
/// # Errors
/// When the disk fails.
pub fn run(campaign: &Campaign, dir: &Path) -> io::Result<(Tally, Vec<String>)> {
    let done = read(campaign)?;
    let next = AtomicU64::new(0);
    let shared = Mutex::new(done.tally);
    let (file, wrong) = (Mutex::new(open(campaign)?), Mutex::new(done.wrong));
    let work = |job: usize| -> io::Result<()> {
        let mut worker = Worker::start(&dir.join(format!("town-{job}")))?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= campaign.count {
                return Ok(());
            }
            if done.numbers.contains(&number) {
                continue;
            }
            let (flip, outcome, ms) = worker.trial(campaign, number)?;
            let line = json!({"trial": number, "flip": flip.to_json(), "result": outcome, "ms": ms});
            note(&outcome, flip.kind, &line, &mut locked(&shared), &mut locked(&wrong));
            if let Some(file) = locked(&file).as_mut() {
                writeln!(file, "{line}")?;
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..campaign.jobs.max(1))
            .map(|job| {
                scope.spawn({
                    let work = &work;
                    move || work(job)
                })
            })
            .collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    let (tally, wrong) = (locked(&shared).clone(), locked(&wrong).clone());
    Ok((tally, wrong))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nobody panics while holding it")
}

fn note(outcome: &Outcome, kind: &str, line: &Value, tally: &mut Tally, wrong: &mut Vec<String>) {
    *tally.entry((kind.to_owned(), word(outcome))).or_default() += 1;
    if let Outcome::Wrong { .. } = outcome {
        wrong.push(line.to_string());
    }
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Refused { .. } => "refused",
        Outcome::Rebuilt { by: Finder::Start } => "rebuilt",
        Outcome::Rebuilt { by: Finder::Scrub } => "scrubbed",
        Outcome::Told => "told",
        Outcome::Harmless => "harmless",
        Outcome::Wrong { .. } => "WRONG",
    }
}

#[derive(Default)]
struct Done {
    numbers: std::collections::BTreeSet<u64>,
    tally: Tally,
    wrong: Vec<String>,
}

/// What an earlier run has left.
fn read(campaign: &Campaign) -> io::Result<Done> {
    let mut done = Done::default();
    let Some(path) = campaign.results.as_deref().filter(|path| path.exists()) else { return Ok(done) };
    for line in BufReader::new(File::open(path)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let Some(number) = line["trial"].as_u64() else { continue };
        let outcome: Outcome = serde_json::from_value(line["result"].clone())?;
        let kind = line["flip"]["kind"].as_str().unwrap_or("other").to_owned();
        note(&outcome, &kind, &line, &mut done.tally, &mut done.wrong);
        done.numbers.insert(number);
    }
    Ok(done)
}

fn open(campaign: &Campaign) -> io::Result<Option<File>> {
    let Some(path) = &campaign.results else { return Ok(None) };
    let is_new = !path.exists();
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    if is_new {
        writeln!(file, "{}", json!({"about": campaign.about, "seed": campaign.seed}))?;
    }
    Ok(Some(file))
}

/// A town and the place where its stopped hospital is damaged.
struct Worker {
    runtime: tokio::runtime::Runtime,
    town: Town,
    height: u64,
    dir: PathBuf,
}

impl Worker {
    fn start(dir: &Path) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let town = runtime.block_on(Town::found(dir));
        let height = town.height();
        Ok(Self { runtime, town, height, dir: dir.to_owned() })
    }

    fn trial(&mut self, campaign: &Campaign, number: u64) -> io::Result<(Flip, Outcome, u64)> {
        let mut random = StdRng::seed_from_u64(campaign.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let home = self.dir.join("damaged");
        copy(&self.town.home, &home)?;
        if campaign.witnesses == Witnesses::Removed {
            WITNESSES.iter().try_for_each(|name| fs::remove_file(home.join(name)))?;
        }
        let flip = Flip::draw(&mut random, &home)?;
        flip.apply(&home)?;
        let began = Instant::now();
        let outcome = self.attempt(&home)?;
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        fs::remove_dir_all(&home)?;
        // Damage must not make the hospital say anything new.
        let height = self.runtime.block_on(async { self.town.height() });
        if height != std::mem::replace(&mut self.height, height) {
            return Ok((flip, Outcome::Wrong { detail: format!("the ledger grew to {height}: {outcome:?}") }, ms));
        }
        Ok((flip, outcome, ms))
    }

    /// One process.
    fn attempt(&self, home: &Path) -> io::Result<Outcome> {
        let (task_file, outcome_file) = (self.dir.join("task.json"), self.dir.join("outcome.json"));
        let (truth, relationships) = (self.town.truth.clone(), self.town.relationships.clone());
        fs::write(&task_file, serde_json::to_vec(&Task { home: home.to_owned(), truth, relationships })?)?;
        fs::remove_file(&outcome_file)
            .or_else(|gone| if gone.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(gone) })?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("trial").arg(&task_file).arg(&outcome_file).stdin(Stdio::null()).stdout(Stdio::null());
        let stderr = self.dir.join("stderr.txt");
        let mut child = command.stderr(File::create(&stderr)?).spawn()?;
        let deadline = Instant::now() + TRIAL_MAX;
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if Instant::now() < deadline => std::thread::sleep(LOOK),
                None => {
                    child.kill()?;
                    child.wait()?;
                    break None;
                }
            }
        };
        if let Ok(bytes) = fs::read(&outcome_file) {
            return Ok(serde_json::from_slice(&bytes)?);
        }
        let said = fs::read_to_string(&stderr)?;
        let said: String = said.chars().take(400).collect();
        Ok(match status.map(|status| status.code()) {
            // The node's own threads end the process where nothing further may be said.
            Some(Some(exit @ (1 | 9..=15))) => {
                Outcome::Refused { exit: u8::try_from(exit).unwrap_or(1), code: String::new(), detail: said }
            }
            Some(other) => Outcome::Wrong { detail: format!("the process ended with {other:?}: {said}") },
            None => Outcome::Wrong { detail: format!("the process hung: {said}") },
        })
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
