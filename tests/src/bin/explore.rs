//! `cargo explore`: the exhaustive search over the consensus core. Without options the whole suite, two searches at a
//! time; with `--leads` one search of one's own; with `--replay` the path of a violation, one "member: event" a line.

use amanah_consensus::Mutant;
use amanah_tests::explore::{
    End, Entry, Event, Expected, Memory, Oracle, Outcome, Paths, STATES_MIN, Search, Second, Setting, Signers, Supply,
    Votes, suite,
};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Searches all ways things can go for four members.
#[derive(Parser)]
struct Arguments {
    /// Distinct states per search of more than one view.
    #[arg(long, default_value_t = 250_000)]
    states: usize,
    /// Only the searches of the suite whose names hold this text.
    #[arg(long)]
    only: Option<String>,
    /// One search: the views that liars lead, as 1,2.
    #[arg(long, value_delimiter = ',')]
    leads: Vec<u64>,
    /// Steps from the start.
    #[arg(long, default_value_t = usize::MAX)]
    depth: usize,
    /// Views.
    #[arg(long, default_value_t = 3)]
    views: u64,
    /// Crashes and restarts, 0 or 1.
    #[arg(long, default_value_t = 1)]
    crashes: u8,
    /// The liar's second block: valid, empty, invalid or misplaced.
    #[arg(long, default_value = "valid", value_parser = second)]
    second: Second,
    /// Votes arrive one by one.
    #[arg(long)]
    single_votes: bool,
    /// One transaction in all.
    #[arg(long)]
    single_transaction: bool,
    /// Transactions arrive late.
    #[arg(long)]
    late: bool,
    /// Starts where a random walk of this seed has come to view 2.
    #[arg(long)]
    walk: Option<u64>,
    /// Leaves a rule out; an unknown name lists them all.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
    /// A restart finds an empty vote log and votes again.
    #[arg(long)]
    forgetful: bool,
    /// Only different final blocks count as a violation.
    #[arg(long)]
    agreement: bool,
    /// Different final blocks are no violation, but that they do not name the liars.
    #[arg(long, conflicts_with = "agreement")]
    guilt: bool,
    /// Every step for itself.
    #[arg(long)]
    all_paths: bool,
    /// Certificates by every choice of signers, not by the first only.
    #[arg(long)]
    any_signers: bool,
    /// A file with a path to take again, in the search that the other options describe.
    #[arg(long)]
    replay: Option<PathBuf>,
}

fn second(name: &str) -> Result<Second, String> {
    match name {
        "valid" => Ok(Second::Valid),
        "empty" => Ok(Second::Empty),
        "invalid" => Ok(Second::Invalid),
        "misplaced" => Ok(Second::Misplaced),
        other => Err(format!("{other} is none of valid, empty, invalid, misplaced")),
    }
}

fn mutant(name: &str) -> Result<Mutant, String> {
    let known = || Mutant::ALL.iter().copied();
    let names = || known().map(Mutant::name).collect::<Vec<_>>().join(", ");
    known().find(|mutant| mutant.name() == name).ok_or_else(|| format!("{name} is none of {}", names()))
}

impl Arguments {
    fn setting(&self) -> Setting {
        Setting {
            liars_lead: self.leads.clone(),
            views: self.views,
            second: self.second,
            votes: if self.single_votes { Votes::Single } else { Votes::Certified },
            supply: if self.single_transaction { Supply::Single } else { Supply::Endless },
            is_supply_late: self.late,
            crashes: self.crashes.min(1),
            memory: if self.forgetful { Memory::Lost } else { Memory::Whole },
            mutant: self.mutant,
            oracle: match (self.agreement, self.guilt) {
                (true, _) => Oracle::Agreement,
                (false, true) => Oracle::Guilt,
                (false, false) => Oracle::Everything,
            },
            paths: if self.all_paths { Paths::All } else { Paths::Fewest },
            signers: if self.any_signers { Signers::Any } else { Signers::First },
            states_max: self.states,
            depth_max: self.depth,
            walk_seed: self.walk,
        }
    }
}

fn report(name: &str, cast: &str, outcome: &Outcome, took: Duration) -> String {
    let end = match outcome.end {
        End::Exhausted => format!("exhausted at depth {}", outcome.depth),
        End::Cut => format!("cut at depth {}, complete to {}", outcome.depth, outcome.depth_complete),
        End::Violated => format!("VIOLATION at depth {}", outcome.depth),
    };
    let mut text = format!(
        "{name} ({cast}): {end}; {} states, {} transitions, {} member states, {} machine steps, {} twins compared, \
         {} states with final blocks (up to {}), {} behind a crash, {} with forks; {:.1} s",
        outcome.states,
        outcome.transitions,
        outcome.places,
        outcome.steps,
        outcome.compared,
        outcome.final_states,
        outcome.finals_max,
        outcome.crashed_states,
        outcome.forks,
        took.as_secs_f64()
    );
    if let Some(found) = &outcome.found {
        text.push_str(&format!("\n  {}", found.violation));
        for event in &found.path {
            text.push_str(&format!("\n    {}: {}", event.member, event.what));
        }
    }
    text
}

/// What came of several searches.
#[derive(Default)]
struct Sums {
    states: usize,
    transitions: u64,
    wrong: usize,
}

/// Runs searches, two at a time. Prints each outcome and what is wrong with it.
fn run_all(entries: Vec<Entry>) -> Sums {
    let begin = Instant::now();
    let total = entries.len();
    let queue = Mutex::new(entries.into_iter().rev().collect::<Vec<_>>());
    let sums = Mutex::new(Sums::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(entry) = queue.lock().ok().and_then(|mut queue| queue.pop()) else { return };
                    let (search, at) = (Search::new(entry.setting.clone()), Instant::now());
                    let cast = search.cast();
                    let outcome = search.run();
                    println!("{}", report(&entry.name, &cast, &outcome, at.elapsed()));
                    let wrong = entry.wrong(&outcome);
                    if let Some(wrong) = &wrong {
                        println!("  WRONG: {wrong}");
                    }
                    let mut sums = sums.lock().expect("no thread ends inside");
                    if !entry.is_control() {
                        sums.states += outcome.states;
                        sums.transitions += outcome.transitions;
                    }
                    sums.wrong += usize::from(wrong.is_some());
                }
            });
        }
    });
    let sums = sums.into_inner().expect("all threads ended");
    println!(
        "explored {} distinct states over {} transitions in {total} searches, {} wrong, {:.0} s",
        sums.states,
        sums.transitions,
        sums.wrong,
        begin.elapsed().as_secs_f64()
    );
    sums
}

/// Runs the suite, or those whose names hold `only`; whether all came out as they must.
fn run_suite(states: usize, only: Option<&str>) -> bool {
    let mut entries = suite(states);
    entries.retain(|entry| only.is_none_or(|only| entry.name.contains(only)));
    if entries.is_empty() {
        println!("no search has such a name");
        return false;
    }
    let sums = run_all(entries);
    let is_enough = only.is_some() || sums.states >= STATES_MIN;
    if !is_enough {
        println!("WRONG: fewer than {STATES_MIN} distinct states");
    }
    sums.wrong == 0 && is_enough
}

fn replay(setting: Setting, path: &PathBuf) -> Result<bool, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let parse = |line: &str| {
        let (member, what) = line.trim().split_once(": ").ok_or_else(|| format!("not \"member: event\": {line}"))?;
        let member = member.parse().map_err(|error| format!("{member}: {error}"))?;
        Ok(Event { member, what: what.to_owned() })
    };
    let path = text.lines().filter(|line| !line.trim().is_empty()).map(parse).collect::<Result<Vec<_>, String>>()?;
    let violation = Search::new(setting).replay(&path)?;
    println!("{}", violation.as_deref().unwrap_or("nothing is wrong at the end of this path"));
    Ok(violation.is_none())
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let is_well = if let Some(path) = &arguments.replay {
        replay(arguments.setting(), path).unwrap_or_else(|error| {
            println!("{error}");
            false
        })
    } else if arguments.leads.is_empty() {
        run_suite(arguments.states, arguments.only.as_deref())
    } else {
        let (name, setting) = ("search".to_owned(), arguments.setting());
        run_all(vec![Entry { name, setting, expected: Expected::Nothing }]).wrong == 0
    };
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
