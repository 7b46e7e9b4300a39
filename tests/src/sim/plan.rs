//! What a seed means: how bad the network is, who lies, when what breaks.

use super::liar::{Adversary, Liar};
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

/// Everything a run is drawn from.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Views to go through, at least.
    pub views: u64,
    /// How many members there are.
    pub members: usize,
    /// How signatures are made.
    pub scheme: Scheme,
    /// Who lies, and how.
    pub liars: Vec<Liar>,
    /// A rule that every validator leaves out.
    pub mutant: Option<Mutant>,
    /// What a restart finds in its vote log.
    pub memory: Memory,
    pub(super) weather: Weather,
}

/// How bad the network and the processes are while there are faults. Rates are per mille.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    /// Fastest a message arrives.
    pub(super) latency_us: u64,
    /// How much slower it may be.
    pub(super) spread_us: u64,
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
    /// How signatures are made.
    pub scheme: Option<Scheme>,
}

/// How many members a seed may draw; most draw four, as ten cost many times as much.
const SIZES: [(usize, u64); 5] = [(4, 45), (5, 18), (6, 15), (7, 14), (10, 8)];

fn members(random: &mut Random) -> usize {
    let mut ticket = random.below(SIZES.iter().map(|(_, weight)| weight).sum());
    let drawn = SIZES.iter().find(|(_, weight)| {
        let is_drawn = ticket < *weight;
        ticket = ticket.saturating_sub(*weight);
        is_drawn
    });
    drawn.map_or(4, |(members, _)| *members)
}

impl Plan {
    /// The plan of `seed` over at least `views` views.
    pub fn of(seed: u64, views: u64, fixed: Fixed) -> Self {
        let drawn = members(&mut Random::new(seed, "members"));
        let members = fixed.members.unwrap_or(drawn).clamp(4, MEMBERS_MAX);
        let mut random = Random::new(seed, "plan");
        let drawn = if seed % 16 == 5 { Scheme::Ed25519 } else { Scheme::Fast };
        let mut some = |per_mille: u64, high: u64| if random.chance(per_mille) { random.below(high + 1) } else { 0 };
        let weather = Weather {
            latency_us: 1_000 + some(1000, 60_000),
            spread_us: 500 + some(700, 80_000),
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
            scheme: fixed.scheme.unwrap_or(drawn),
            liars: Liar::draw(seed, members),
            mutant: None,
            memory: Memory::Whole,
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
        let Self { seed, views, members, .. } = self;
        let lies = match Liar::names(&self.liars) {
            _ if self.is_over_limit() => " --over-limit".to_owned(),
            names if names.is_empty() => String::new(),
            names => format!(" --adversary {names}"),
        };
        format!("cargo sim --seed {seed} --views {views} --members {members} --scheme {scheme}{lies}{memory}{mutant}")
    }
}
