//! `cargo sim`: runs seeds of the simulator on all cores and says what came of them.

use amanah_consensus::Mutant;
use amanah_tests::sim::{
    Adversary, Census, Course, Cut, Fixed, Fork, Liar, Matrix, Memory, Moment, Next, Plan, Report, Scheme, campaign,
    run,
};
use clap::Parser;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// From this many worlds on that fix nothing, every kind must have taken place.
const SPREAD_FROM_WORLDS: u64 = 2_000;
/// How often progress is shown and kept.
const KEEP_EVERY: Duration = Duration::from_secs(2);

/// Simulates a network of validators under faults.
#[derive(Parser)]
struct Arguments {
    /// One seed.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// So many seeds from 0, or seeds from A to before B.
    #[arg(long, value_name = "N|A..B", value_parser = range, default_value = "0..100")]
    seeds: Range<u64>,
    /// Views to go through, at least.
    #[arg(long, default_value_t = 100)]
    views: u64,
    /// Members, from 4 to 10; the seed decides if no number is named.
    #[arg(long, value_parser = clap::value_parser!(u8).range(4..=10))]
    members: Option<u8>,
    /// How far apart they are; the seed decides if none is named.
    #[arg(long)]
    matrix: Option<Matrix>,
    /// Signatures; the seed decides if none is named.
    #[arg(long)]
    scheme: Option<Scheme>,
    /// What a restart finds in its vote log.
    #[arg(long, default_value = "whole")]
    memory: Memory,
    /// Who lies, by name: f members in turn; the seed decides if none is named.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    adversary: Vec<Adversary>,
    /// More than f liars, from f+1 to 2f: what is checked is that every fork names the guilty and nobody else.
    #[arg(long, conflicts_with = "adversary")]
    over_limit: bool,
    /// Leaves a rule out; an unknown name lists them all.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
    /// A short calm run instead, which may be cut.
    #[arg(long)]
    script: bool,
    /// Stops one process of the script before this output.
    #[arg(long, value_name = "N", requires = "script", conflicts_with = "cut_all")]
    cut: Option<u64>,
    /// Stops all processes of the script at this write to a vote log.
    #[arg(long, value_name = "N", requires = "script")]
    cut_all: Option<u64>,
    /// When exactly.
    #[arg(long, requires = "cut_all", default_value = "after")]
    moment: Moment,
    /// A day without work instead; an hour if somebody lies.
    #[arg(long, conflicts_with = "script")]
    idle_day: bool,
    /// Besides, cuts the scripts of so many seeds at every place there is.
    #[arg(long, value_name = "N", default_value_t = 0)]
    scripts: u64,
    /// Besides, watches so many networks without work: a day, or an hour if somebody lies.
    #[arg(long, value_name = "N", default_value_t = 0)]
    idle_days: u64,
    /// A line for each seed, not only for broken ones.
    #[arg(long)]
    verbose: bool,
    /// Keeps what was done in this file and goes on from it.
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parse = |number: &str| number.parse::<u64>().map_err(|error| error.to_string());
    match text.split_once("..") {
        Some((from, to)) => Ok(parse(from)?..parse(to)?),
        None => Ok(0..parse(text)?),
    }
}

fn mutant(name: &str) -> Result<Mutant, String> {
    let names = || Mutant::ALL.iter().map(|mutant| mutant.name()).collect::<Vec<_>>().join(", ");
    let found = Mutant::ALL.iter().find(|mutant| mutant.name() == name).copied();
    found.ok_or_else(|| format!("none is called {name}; there are {}", names()))
}

impl Arguments {
    fn plan(&self, seed: u64) -> Plan {
        let fixed = Fixed { members: self.members.map(usize::from), matrix: self.matrix, scheme: self.scheme };
        let mut plan = Plan::of(seed, self.views, fixed).with_memory(self.memory);
        plan.mutant = self.mutant;
        if !self.adversary.is_empty() {
            plan = plan.with_adversaries(&self.adversary);
        }
        if self.over_limit {
            plan = plan.over_limit();
        }
        plan.on_course(self.course())
    }

    fn course(&self) -> Course {
        match (self.script, self.idle_day, self.cut, self.cut_all) {
            (true, _, Some(at), _) => Course::Script(Some(Cut::One { at })),
            (true, _, None, Some(at)) => Course::Script(Some(Cut::All { at, moment: self.moment })),
            (true, _, None, None) => Course::Script(None),
            (false, true, ..) => Course::Idle,
            (false, false, ..) => Course::Storm,
        }
    }

    /// Whether the seeds decide everything.
    fn fixes_nothing(&self) -> bool {
        let decides =
            self.course() == Course::Storm && self.members.is_none() && self.matrix.is_none() && self.scheme.is_none();
        decides
            && self.memory == Memory::Whole
            && self.adversary.is_empty()
            && !self.over_limit
            && self.mutant.is_none()
    }
}

/// What is done so far, as the file of `--resume` keeps it.
struct Done {
    /// The first seed that is not.
    next: u64,
    broken: Vec<u64>,
    seconds: f64,
    census: Census,
}

impl Done {
    fn load(path: &Path, seeds: &Range<u64>, views: u64) -> Result<Option<Self>, String> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let kept: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if kept["begin"] != seeds.start || kept["views"] != views {
            return Err("the file is of other seeds or views".to_owned());
        }
        let map = |value: &serde_json::Value| -> BTreeMap<String, u64> {
            let entries = value.as_object().into_iter().flatten();
            entries.filter_map(|(name, count)| Some((name.clone(), count.as_u64()?))).collect()
        };
        Ok(Some(Self {
            next: kept["next"].as_u64().ok_or("the file names no next seed")?,
            broken: kept["broken"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_u64).collect(),
            seconds: kept["seconds"].as_f64().unwrap_or(0.0),
            census: Census::of_parts(map(&kept["sums"]), map(&kept["most"])),
        }))
    }

    fn save(&self, path: &Path, seeds: &Range<u64>, views: u64) -> io::Result<()> {
        let (sums, most) = self.census.parts();
        let Self { next, broken, seconds, .. } = self;
        let kept = serde_json::json!({
            "begin": seeds.start, "views": views, "next": next, "broken": broken, "seconds": seconds,
            "sums": sums, "most": most,
        });
        let beside = path.with_extension("new");
        fs::write(&beside, format!("{kept:#}\n"))?;
        fs::rename(beside, path)
    }
}

fn tell(arguments: &Arguments, seed: u64, plan: &Plan, report: &Report) {
    let is_verbose = arguments.verbose || arguments.seed.is_some();
    match &report.verdict {
        Ok(summary) => {
            if is_verbose {
                let lies = Liar::names(&plan.liars);
                println!(
                    "seed {seed}: {} members, {}, {} liars {lies}, {} views, {} blocks, {} transactions, {} simulated \
                     ms, trace {}",
                    plan.members,
                    plan.matrix.name(),
                    plan.liars.len(),
                    summary.views,
                    summary.height,
                    summary.transactions,
                    summary.time_ms,
                    report.trace
                );
            }
            if let (Some(Fork { height, guilty, kinds }), true) = (&summary.fork, is_verbose) {
                let liars = plan.liars.len();
                println!("  a fork at height {height}, guilty {guilty:?} of {liars} liars by {kinds:?}");
            }
        }
        Err(violation) => println!("seed {seed}: {violation}\n  repeat: {}", plan.replay()),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let seeds = arguments.seed.map_or(arguments.seeds.clone(), |seed| seed..seed + 1);
    let resume = arguments.resume.as_deref();
    let kept = resume.map_or(Ok(None), |path| Done::load(path, &seeds, arguments.views));
    let fresh = || Done { next: seeds.start, broken: Vec::new(), seconds: 0.0, census: Census::default() };
    let mut done = match kept {
        Ok(kept) => kept.unwrap_or_else(fresh),
        Err(why) => {
            eprintln!("--resume: {why}");
            return ExitCode::from(2);
        }
    };
    let (earlier_s, begin, mut shown) = (done.seconds, Instant::now(), Instant::now());
    let is_terminal = io::stderr().is_terminal();
    campaign(
        done.next..seeds.end.max(done.next),
        |seed| arguments.plan(seed),
        |seed, plan, report| {
            tell(&arguments, seed, &plan, &report);
            done.census.add(&plan, &report);
            if report.verdict.is_err() {
                done.broken.push(seed);
            }
            (done.next, done.seconds) = (seed + 1, earlier_s + begin.elapsed().as_secs_f64());
            if shown.elapsed() >= KEEP_EVERY || done.next == seeds.end {
                shown = Instant::now();
                if is_terminal {
                    let (worlds, all) = (done.next - seeds.start, seeds.end - seeds.start);
                    eprint!("\r{worlds} of {all} worlds, {} broken, {:.0} s ", done.broken.len(), done.seconds);
                    io::stderr().flush().unwrap_or_default();
                }
                if let Some(why) = resume.and_then(|path| done.save(path, &seeds, arguments.views).err()) {
                    eprintln!("--resume: {why}");
                    return Next::Stop;
                }
            }
            Next::GoOn
        },
    );
    if is_terminal {
        eprintln!();
    }
    let broken = cut_scripts(&arguments) + run_idle_days(&arguments);
    close(&arguments, &done, broken)
}

/// Cuts the scripts of the first seeds at every place. Returns how many worlds broke.
fn cut_scripts(arguments: &Arguments) -> u64 {
    let (mut worlds, mut broken, mut places) = (0, 0, (0, 0));
    for seed in 0..arguments.scripts {
        let script = |cut| arguments.plan(seed).on_course(Course::Script(cut));
        let boundaries = run(&script(None)).boundaries;
        let moments = [Moment::Before, Moment::Within, Moment::After];
        let all = (0..boundaries.appends).flat_map(|at| moments.map(|moment| Cut::All { at, moment }));
        let cuts: Vec<Cut> = (0..boundaries.actions).map(|at| Cut::One { at }).chain(all).collect();
        places = (places.0 + boundaries.actions, places.1 + boundaries.appends);
        campaign(
            0..cuts.len() as u64,
            |number| script(usize::try_from(number).ok().and_then(|at| cuts.get(at)).copied()),
            |_, plan, report| {
                tell(arguments, seed, &plan, &report);
                worlds += 1;
                broken += u64::from(report.verdict.is_err());
                Next::GoOn
            },
        );
    }
    if arguments.scripts > 0 {
        let (outputs, writes) = places;
        println!(
            "{} scripts cut: one process before each of {outputs} outputs, all before, within and after each of {writes} \
             writes to a vote log: {worlds} worlds, {broken} broken",
            arguments.scripts
        );
    }
    broken
}

/// Watches the silence of so many idle networks. Returns how many broke.
fn run_idle_days(arguments: &Arguments) -> u64 {
    let (mut broken, mut hours) = (0, 0);
    let plan = |seed| arguments.plan(seed).on_course(Course::Idle);
    campaign(0..arguments.idle_days, plan, |seed, plan, report| {
        tell(arguments, seed, &plan, &report);
        broken += u64::from(report.verdict.is_err());
        hours += u64::from(!plan.liars.is_empty());
        Next::GoOn
    });
    if arguments.idle_days > 0 {
        let days = arguments.idle_days - hours;
        println!(
            "{days} idle days of 24 h and {hours} idle hours among liars: no block, no vote, no record, no view change \
             but in {broken}"
        );
    }
    broken
}

/// The closing summary; fails if a world broke or a kind never took place.
fn close(arguments: &Arguments, done: &Done, broken_besides: u64) -> ExitCode {
    for line in done.census.lines() {
        println!("{line}");
    }
    let worlds = done.census.of("worlds");
    let gaps = if arguments.fixes_nothing() && worlds >= SPREAD_FROM_WORLDS { done.census.gaps() } else { Vec::new() };
    for gap in &gaps {
        println!("missing: {gap}");
    }
    if !done.broken.is_empty() {
        println!("broken seeds: {:?}", done.broken);
    }
    let (broken, blocks) = (done.broken.len(), done.census.of("final blocks"));
    println!(
        "{worlds} worlds, {blocks} final blocks, {broken} broken, {} kinds missing, {:.1} s",
        gaps.len(),
        done.seconds
    );
    if broken == 0 && broken_besides == 0 && gaps.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
