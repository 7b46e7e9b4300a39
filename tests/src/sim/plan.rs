//! What a seed means: how bad the network is, who lies, when what breaks.

use super::liar::{Adversary, Liar};
use super::matrix::Matrix;
use super::members::MEMBERS_MAX;
use super::random::Random;
use super::scheme::Scheme;
use amanah_consensus::Mutant;
use amanah_ledger::committee::faults;

/// What a restart finds in its vote log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Memory {
    /// Everything that was synced.
    Whole,
    /// Its votes and blocks, and none of the certificates beside them. Nothing a disk should do: it brings validators
    /// back to views they gave a Finalize in. They must keep their word there too, though they may wait for ever.
    Votes,
}

/// What a run is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Course {
    /// Faults, then calm, then silence.
    #[default]
    Storm,
    /// A short calm run, which stops at one place.
    Script(Option<Cut>),
    /// A day without work; an hour if somebody lies.
    Idle,
}

/// Where a script stops. Its victim is one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The victim stops before its output number `at`: a write, a message, a final block.
    One {
        /// Counts from 0.
        at: u64,
    },
    /// All stop at the victim's write number `at` to its vote log.
    All {
        /// Counts from 0.
        at: u64,
        /// When exactly.
        moment: Moment,
    },
}

/// A moment of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Moment {
    /// Nothing of it is on disk.
    Before,
    /// It is cut short.
    Within,
    /// It is on disk, and nothing that follows from it was done.
    After,
}

impl Cut {
    /// The number of the place.
    pub fn at(self) -> u64 {
        match self {
            Self::One { at } | Self::All { at, .. } => at,
        }
    }
}

/// Everything a run is drawn from.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Views to go through, at least.
    pub views: u64,
    /// How many members there are.
    pub members: usize,
    /// How far apart they are.
    pub matrix: Matrix,
    /// How signatures are made.
    pub scheme: Scheme,
    /// Who lies, and how.
    pub liars: Vec<Liar>,
    /// A rule that every validator leaves out.
    pub mutant: Option<Mutant>,
    /// What a restart finds in its vote log.
    pub memory: Memory,
    /// What it is about.
    pub course: Course,
    pub(super) weather: Weather,
}

/// How bad the network and the processes are while there are faults. Rates are per mille.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    /// Messages that take much longer than the spread allows.
    pub(super) delayed: u64,
    pub(super) gossip_lost: u64,
    /// Mean time between two splits of the network.
    pub(super) partition_every_ms: u64,
    /// Mean time between two stops of a process.
    pub(super) crash_every_ms: u64,
    /// Largest clock error.
    pub(super) skew_ms: u64,
    /// Mean time between two submissions.
    pub(super) submit_every_ms: u64,
}

/// What is fixed beforehand; the seed decides what is not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fixed {
    /// How many members there are, from 4 to 10.
    pub members: Option<usize>,
    /// How far apart they are.
    pub matrix: Option<Matrix>,
    /// How signatures are made.
    pub scheme: Option<Scheme>,
}

/// How many members a seed may draw; most draw four, as ten cost many times as much.
pub(super) const SIZES: [(usize, u64); 5] = [(4, 45), (5, 18), (6, 15), (7, 14), (10, 8)];

impl Plan {
    /// The plan of `seed` over at least `views` views.
    pub fn of(seed: u64, views: u64, fixed: Fixed) -> Self {
        let drawn = *Random::new(seed, "members").weighted(&SIZES);
        let members = fixed.members.unwrap_or(drawn).clamp(4, MEMBERS_MAX);
        let mut random = Random::new(seed, "plan");
        let drawn = if seed % 16 == 5 { Scheme::Ed25519 } else { Scheme::Fast };
        let mut some = |per_mille: u64, high: u64| if random.chance(per_mille) { random.below(high + 1) } else { 0 };
        let weather = Weather {
            lost: some(700, 200),
            duplicated: some(600, 100),
            delayed: some(600, 100),
            gossip_lost: if some(200, 1) == 1 { 1000 } else { some(500, 500) },
            partition_every_ms: 2_000 + some(1000, 8_000),
            crash_every_ms: 2_000 + some(1000, 8_000),
            skew_ms: some(400, 200),
            submit_every_ms: 20 + some(1000, 400),
        };
        Self {
            seed,
            views,
            members,
            matrix: fixed.matrix.unwrap_or_else(|| Matrix::draw(seed)),
            scheme: fixed.scheme.unwrap_or(drawn),
            liars: Liar::draw(seed, members),
            mutant: None,
            memory: Memory::Whole,
            course: Course::Storm,
            weather,
        }
    }

    /// The same plan with these lies, by at most f members.
    pub fn with_adversaries(self, lies: &[Adversary]) -> Self {
        Self { liars: Liar::spread(lies, self.seed, self.members), ..self }
    }

    /// The same plan with more than f liars, at most 2f of them, who all show the two halves of a split network two
    /// faces. Nothing is promised then but that a fork names the guilty.
    pub fn over_limit(self) -> Self {
        let f = faults(self.members);
        let count = Random::new(self.seed, "traitors").between(f as u64 + 1, 2 * f as u64);
        let traitors = Liar::traitors(self.seed, self.members, usize::try_from(count).unwrap_or(0));
        Self { liars: traitors, ..self }
    }

    pub(super) fn is_over_limit(&self) -> bool {
        self.liars.len() > faults(self.members)
    }

    /// Members that run a second copy of themselves.
    pub(super) fn twins(&self) -> impl Iterator<Item = usize> + '_ {
        let has_twin = |liar: &&Liar| liar.lies.contains(&Adversary::Twins);
        self.liars.iter().filter(has_twin).map(|liar| liar.member)
    }

    /// The same plan on this course; scripts and idle runs have exact clocks and steady work, scripts no liars.
    pub fn on_course(self, course: Course) -> Self {
        let weather = Weather { skew_ms: 0, submit_every_ms: 60, ..self.weather };
        match course {
            Course::Storm => Self { course, ..self },
            Course::Script(_) => Self { course, weather, liars: Vec::new(), ..self },
            Course::Idle => Self { course, weather, ..self },
        }
    }

    /// The member that a script is about.
    pub(super) fn victim(&self) -> usize {
        usize::try_from(self.seed).unwrap_or(0) % self.members
    }

    /// The same plan with a broken rule.
    pub fn with_mutant(self, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..self }
    }

    /// The same plan with this memory.
    pub fn with_memory(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    /// The command that repeats this run.
    pub fn replay(&self) -> String {
        let scheme = match self.scheme {
            Scheme::Fast => "fast",
            Scheme::Ed25519 => "ed25519",
        };
        let mutant = self.mutant.map_or(String::new(), |mutant| format!(" --mutant {}", mutant.name()));
        let memory = match self.memory {
            Memory::Whole => "",
            Memory::Votes => " --memory votes",
        };
        let course = match self.course {
            Course::Storm => String::new(),
            Course::Script(None) => " --script".to_owned(),
            Course::Script(Some(Cut::One { at })) => format!(" --script --cut {at}"),
            Course::Script(Some(Cut::All { at, moment })) => {
                let moment = clap::ValueEnum::to_possible_value(&moment);
                let moment = moment.map_or_else(String::new, |value| value.get_name().to_owned());
                format!(" --script --cut-all {at} --moment {moment}")
            }
            Course::Idle => " --idle-day".to_owned(),
        };
        let Self { seed, views, members, .. } = self;
        let matrix = self.matrix.name();
        let lies = match Liar::names(&self.liars) {
            _ if self.is_over_limit() => " --over-limit".to_owned(),
            names if names.is_empty() => String::new(),
            names => format!(" --adversary {names}"),
        };
        format!(
            "cargo sim --seed {seed} --views {views} --members {members} --matrix {matrix} --scheme {scheme}\
             {lies}{memory}{mutant}{course}"
        )
    }
}
