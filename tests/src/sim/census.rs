//! What many worlds together went through, as counts under names. A kind that never took place tests nothing.

use super::faults::Faults;
use super::liar::Adversary;
use super::matrix::Matrix;
use super::plan::{Plan, SIZES};
use super::run::Report;
use std::collections::BTreeMap;

/// Worlds of each size, matrix and adversary that a spread campaign must hold.
const WORLDS_EACH_MIN: u64 = 50;
/// Pairs of adversaries that it must hold.
const PAIRS_MIN: usize = 100;

/// The counts. Adding worlds in another order gives the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    sums: BTreeMap<String, u64>,
    /// The largest of something that any world showed.
    most: BTreeMap<String, u64>,
}

impl Census {
    /// Adds what came of a plan.
    pub fn add(&mut self, plan: &Plan, report: &Report) {
        self.count("worlds", 1);
        match &report.verdict {
            Ok(summary) => {
                self.count("views", summary.views);
                self.count("final blocks", summary.height);
                self.count("final transactions", summary.transactions as u64);
                self.count("simulated seconds", summary.time_ms / 1000);
                self.count("convictions", summary.convictions as u64);
                self.count("forks", u64::from(summary.fork.is_some()));
                for (name, value) in summary.delays() {
                    let most = self.most.entry(name.to_owned()).or_default();
                    *most = value.max(*most);
                }
            }
            Err(_) => self.count("broken", 1),
        }
        self.count(&size_key(plan.members), 1);
        self.count(&matrix_key(plan.matrix), 1);
        let mut lies: Vec<Adversary> = plan.liars.iter().flat_map(|liar| liar.lies.iter().copied()).collect();
        lies.sort_unstable();
        lies.dedup();
        self.count(&format!("liars {}", plan.liars.len()), 1);
        for lie in &lies {
            self.count(&adversary_key(*lie), 1);
            self.count(&deed_key(*lie), report.deeds.of(*lie));
        }
        if let [one, other] = lies[..] {
            self.count(&format!("pair {}+{}", one.name(), other.name()), 1);
        }
        for (name, times) in report.faults.counts() {
            self.count(&fault_key(name), times);
            self.count(&format!("worlds with {name}"), u64::from(times > 0));
        }
    }

    /// Sums and maxima by name, for keeping.
    pub fn parts(&self) -> (&BTreeMap<String, u64>, &BTreeMap<String, u64>) {
        (&self.sums, &self.most)
    }

    /// A census from parts that were kept.
    pub fn of_parts(sums: BTreeMap<String, u64>, most: BTreeMap<String, u64>) -> Self {
        Self { sums, most }
    }

    /// How often something was counted.
    pub fn of(&self, name: &str) -> u64 {
        self.sums.get(name).copied().unwrap_or(0)
    }

    /// Distinct pairs of adversaries that lied in one world.
    pub fn pairs(&self) -> usize {
        self.sums.keys().filter(|name| name.starts_with("pair ")).count()
    }

    /// What a campaign that fixes nothing should hold and does not.
    pub fn gaps(&self) -> Vec<String> {
        let sizes = SIZES.iter().map(|(members, _)| size_key(*members));
        let matrices = Matrix::all().iter().map(|matrix| matrix_key(*matrix));
        let adversaries = Adversary::all().iter().map(|adversary| adversary_key(*adversary));
        let few = sizes.chain(matrices).chain(adversaries).filter(|name| self.of(name) < WORLDS_EACH_MIN);
        let mut gaps: Vec<String> = few.map(|name| format!("{name}: {} worlds", self.of(&name))).collect();
        let deeds = Adversary::all().iter().map(|adversary| deed_key(*adversary));
        let faults = Faults::default().counts().into_iter().map(|(name, _)| fault_key(name));
        gaps.extend(deeds.chain(faults).filter(|name| self.of(name) == 0).map(|name| format!("{name} never happened")));
        if self.pairs() < PAIRS_MIN {
            gaps.push(format!("{} pairs of adversaries", self.pairs()));
        }
        gaps
    }

    /// The closing summary, a line for each kind.
    pub fn lines(&self) -> Vec<String> {
        let totals = ["views", "final blocks", "final transactions", "convictions", "simulated seconds"];
        let mut lines: Vec<String> = totals.iter().map(|name| format!("{name:>20} {}", self.of(name))).collect();
        lines.extend(self.most.iter().map(|(name, value)| format!("{name:>20} at most {value}")));
        for (members, _) in SIZES {
            lines.push(format!("{:>20} {} worlds", format!("{members} members"), self.of(&size_key(members))));
        }
        for matrix in Matrix::all() {
            lines.push(format!("{:>20} {} worlds", matrix.name(), self.of(&matrix_key(*matrix))));
        }
        for adversary in Adversary::all() {
            let (worlds, deeds) = (self.of(&adversary_key(*adversary)), self.of(&deed_key(*adversary)));
            lines.push(format!("{:>20} {worlds} worlds, {deeds} deeds", adversary.name()));
        }
        if self.of("forks") > 0 {
            lines.push(format!("{:>20} {}, each attributed to its guilty alone", "forks", self.of("forks")));
        }
        lines.push(format!("{:>20} {} kinds", "pairs of adversaries", self.pairs()));
        for (name, _) in Faults::default().counts() {
            let worlds = self.of(&format!("worlds with {name}"));
            lines.push(format!("{name:>20} {} in {worlds} worlds", self.of(&fault_key(name))));
        }
        lines
    }

    fn count(&mut self, name: &str, times: u64) {
        match self.sums.get_mut(name) {
            Some(sum) => *sum += times,
            None => {
                self.sums.insert(name.to_owned(), times);
            }
        }
    }
}

fn size_key(members: usize) -> String {
    format!("members {members}")
}

fn matrix_key(matrix: Matrix) -> String {
    format!("matrix {}", matrix.name())
}

fn adversary_key(adversary: Adversary) -> String {
    format!("adversary {}", adversary.name())
}

fn deed_key(adversary: Adversary) -> String {
    format!("deeds of {}", adversary.name())
}

fn fault_key(name: &str) -> String {
    format!("fault {name}")
}
