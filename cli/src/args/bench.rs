//! `amanah bench`, and how long a node runs that this program starts.

use clap::{Args, Subcommand};

/// How long a node runs that this program starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Life {
    /// Until somebody ends it.
    Own,
    /// As long as the process that started it.
    Starters,
}

impl Life {
    /// As it is typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Starters => "starters",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Grants that become final, on a network of its own that is thrown away afterwards
    Grants(BenchGrantsArgs),
    /// Decisions that one hospital is asked for, on a network of its own that is thrown away afterwards
    Decisions(BenchDecisionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BenchGrantsArgs {
    /// How long is measured, after the warm-up; sessions last 15 minutes
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Clients: one connection each, to the hospitals in turn
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) clients: u16,
    /// Relationships of each client; each has one grant on its way
    #[arg(long, value_name = "K", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) in_flight: u16,
}

#[derive(Debug, Args)]
pub(crate) struct BenchDecisionsArgs {
    /// How long is measured, after the warm-up
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Decisions asked for in a second, evenly, whether those before are answered or not
    #[arg(long, value_name = "R", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rate: u32,
    /// Relationships of the hospital, each with one consent; asked about in turn
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) relationships: u32,
}
