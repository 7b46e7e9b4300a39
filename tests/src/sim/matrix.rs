//! How far apart the members are: one latency for each pair, drawn from a range that somebody measured.
//!
//! Measured are round trips; one way counts as half of it. How much slower than usual a message may be is an assumption:
//! a quarter of the latency and 0.2 ms.

use super::network::Peer;
use super::random::Random;

/// Where the members stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Matrix {
    /// One campus or city. Round trips of 0.25 to 3.37 ms, the shortest and the longest between two availability zones of
    /// an AWS region in "Measuring AWS Region and AZ Latency", <https://www.xkyle.com/Measuring-AWS-Region-and-AZ-Latency/>.
    Lan,
    /// One country. Round trips of 3 to 28 ms, the shortest and the longest within Europe in "Azure network round-trip
    /// latency statistics", October 2019, <https://docs.microsoft.com/en-us/azure/networking/azure-network-latency>. Two
    /// regions of one country lie at the near end: UK South to UK West takes 5.4 ms in "Exploring Azure Network Latency",
    /// <https://www.simonpainter.com/azure-latency-1/>.
    Country,
    /// Cities of a continent. Round trips of 5 to 72 ms, within North America on the same page.
    InterCity,
    /// An assumption, not a measurement: bad lines of very different length, up to 141 ms one way.
    Rough,
}

/// Round trips in microseconds: the shortest and the longest.
const LAN_US: (u64, u64) = (250, 3_370);
const COUNTRY_US: (u64, u64) = (3_000, 28_000);
const INTER_CITY_US: (u64, u64) = (5_000, 72_000);
const ROUGH_US: (u64, u64) = (2_000, 122_000);
/// How much slower a message on a rough line may be.
const ROUGH_SPREAD_US: u64 = 80_000;

/// Which matrices a seed may draw, with their weights.
const WEIGHTS: [(Matrix, u64); 4] =
    [(Matrix::Lan, 20), (Matrix::Country, 30), (Matrix::InterCity, 25), (Matrix::Rough, 25)];

impl Matrix {
    /// All of them.
    pub fn all() -> &'static [Self] {
        <Self as clap::ValueEnum>::value_variants()
    }

    /// The command line's word.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The one that `seed` draws.
    pub(super) fn draw(seed: u64) -> Self {
        *Random::new(seed, "matrix").weighted(&WEIGHTS)
    }
}

/// One way of a line between two processes.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Fastest a message arrives.
    latency_us: u64,
    /// How much slower it may be.
    spread_us: u64,
}

/// The lines between all processes, by sender and receiver. Both ways of a line are alike.
#[derive(Debug)]
pub(super) struct Lines(Vec<Vec<Line>>);

impl Lines {
    pub(super) fn new(seed: u64, matrix: Matrix, peers: usize) -> Self {
        let mut random = Random::new(seed, "lines");
        let rough_spread_us = 500 + random.below(ROUGH_SPREAD_US);
        let mut line = || {
            let (low, high) = match matrix {
                Matrix::Lan => LAN_US,
                Matrix::Country => COUNTRY_US,
                Matrix::InterCity => INTER_CITY_US,
                Matrix::Rough => ROUGH_US,
            };
            let latency_us = random.between(low, high) / 2;
            let spread_us = match matrix {
                Matrix::Lan | Matrix::Country | Matrix::InterCity => latency_us / 4 + 200,
                Matrix::Rough => rough_spread_us,
            };
            Line { latency_us, spread_us }
        };
        let mut lines = vec![vec![Line { latency_us: 0, spread_us: 0 }; peers]; peers];
        let pairs = (0..peers).flat_map(|one| (one + 1..peers).map(move |other| (one, other)));
        for (one, other) in pairs {
            let drawn = line();
            lines[one][other] = drawn;
            lines[other][one] = drawn;
        }
        Self(lines)
    }

    /// How long a message takes now.
    pub(super) fn latency_us(&self, from: Peer, to: Peer, random: &mut Random) -> u64 {
        let line = self.0[from][to];
        line.latency_us + random.below(line.spread_us)
    }
}
