//! `siege plans`: several at a time, each result a line in a file, those in the file left out.

use crate::results::{self, PlanResult};
use amanah_tests::cluster::campaign::{self, Outcome};
use amanah_tests::cluster::plan::{Abilities, Plan};
use clap::Args;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

#[derive(Args)]
pub(crate) struct Plans {
    /// Plans from A to before B.
    #[arg(long, value_name = "A..B", value_parser = range, default_value = "0..4")]
    plans: Range<u64>,
    /// Length of a plan.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u64,
    /// Plans at once.
    #[arg(long, value_name = "K", default_value_t = 1)]
    jobs: usize,
    /// Patients at each hospital.
    #[arg(long, value_name = "N", default_value_t = 4)]
    patients: usize,
    /// Where a line is added for each plan; plans that stand there are left out.
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Fails if the machine cannot do all kinds of faults.
    #[arg(long)]
    all_kinds: bool,
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let parse = |number: &str| number.parse::<u64>().map_err(|error| error.to_string());
    let (from, to) = text.split_once("..").ok_or("write A..B")?;
    Ok(parse(from)?..parse(to)?)
}

impl Plans {
    pub(crate) fn run(self) -> ExitCode {
        let abilities = Abilities::of_this_machine();
        let missing = results::missing(abilities);
        if !missing.is_empty() {
            println!("left out on this machine: {}", missing.join(", "));
            if self.all_kinds {
                return ExitCode::FAILURE;
            }
        }
        let done: BTreeSet<u64> =
            self.results.as_deref().map(results::read).unwrap_or_default().iter().map(|result| result.plan).collect();
        let todo: Vec<u64> = self.plans.clone().filter(|seed| !done.contains(seed)).collect();
        let (queue, came) = (Mutex::new(todo.into_iter()), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().unwrap().next();
                        let Some(seed) = next else { break };
                        let result = self.one(seed, abilities);
                        came.lock().unwrap().push(result);
                    }
                });
            }
        });
        let came = came.into_inner().unwrap();
        println!("{}", results::figures(&came));
        if came.iter().all(|result| result.complaints.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn one(&self, seed: u64, abilities: Abilities) -> PlanResult {
        let plan = Plan::of(seed, Duration::from_secs(self.seconds), abilities);
        let began = Instant::now();
        let (node, patients) = (crate::node(), self.patients);
        // A cluster that does not even start is a result too.
        let ran = std::panic::catch_unwind(|| campaign::run(&plan, &node, patients));
        let outcome = ran.unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Outcome { complaints: vec![said.unwrap_or_default()], ..Outcome::default() }
        });
        let result = PlanResult::of(&plan, self.seconds, began.elapsed(), &outcome);
        println!("{}", result.line());
        for complaint in result.complaints.iter().take(20) {
            println!("    {complaint}");
        }
        if let Some(kept) = &outcome.kept {
            println!("    homes and logs are in {}", kept.display());
        }
        if let Some(path) = &self.results {
            results::add(path, &result);
        }
        result
    }
}
