//! `cargo explore`: the exhaustive search over the consensus core. Without options the whole suite, two searches at a
//! time; with `--leads` one search of one's own; with `--replay` the path of a violation, one "member: event" a line.

use amanah_consensus::Mutant;
use amanah_tests::explore::{
    End, Entry, Event, Memory, Oracle, Outcome, Paths, Search, Second, Setting, Signers, Supply, Votes, suite,
};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Searches all ways things can go for four members.
#[derive(Parser)]
struct Arguments {
    /// Distinct states per search.
    #[arg(long, default_value_t = 600_000)]
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

/// Runs searches, two at a time; whether each came out as it must.
fn run_all(entries: Vec<Entry>) -> bool {
    let begin = Instant::now();
    let total = entries.len();
    let queue = Mutex::new(entries.into_iter().rev().collect::<Vec<_>>());
    // States, transitions, searches that came out wrong.
    let sums = Mutex::new((0usize, 0u64, 0usize));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(entry) = queue.lock().ok().and_then(|mut queue| queue.pop()) else { return };
                    let (search, at) = (Search::new(entry.setting), Instant::now());
                    let cast = search.cast();
                    let outcome = search.run();
                    let is_right = entry.is_control == outcome.found.is_some();
                    println!("{}", report(&entry.name, &cast, &outcome, at.elapsed()));
                    if !is_right {
                        println!(
                            "  WRONG: {}",
                            if entry.is_control { "a violation must be found" } else { "see above" }
                        );
                    }
                    let mut sums = sums.lock().expect("no thread ends inside");
                    if !entry.is_control {
                        (sums.0, sums.1) = (sums.0 + outcome.states, sums.1 + outcome.transitions);
                    }
                    sums.2 += usize::from(!is_right);
                }
            });
        }
    });
    let (states, transitions, wrong) = *sums.lock().expect("all threads ended");
    println!(
        "explored {states} distinct states over {transitions} transitions in {total} searches, {wrong} wrong, {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    wrong == 0
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
        let mut entries = suite(arguments.states);
        entries.retain(|entry| arguments.only.as_ref().is_none_or(|only| entry.name.contains(only.as_str())));
        !entries.is_empty() && run_all(entries)
    } else {
        run_all(vec![Entry { name: "search".to_owned(), setting: arguments.setting(), is_control: false }])
    };
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
