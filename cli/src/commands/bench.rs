//! `amanah bench`: how fast four hospitals on this machine are, by a load that checks everything it is shown.

mod decisions;
mod grants;
mod latencies;
mod load;
mod patients;
mod resources;
mod schedule;
mod signatures;
mod throw_away;

use crate::args::BenchCommand;
use crate::failure::Fallible;
use crate::output::Report;
use crate::settings::Settings;
use std::time::Duration;

/// Load before the first answer counts: queues fill, caches and books are warm.
const WARM_UP: Duration = Duration::from_secs(5);

pub(crate) async fn run(command: BenchCommand, settings: &Settings) -> Fallible<Report> {
    match command {
        BenchCommand::Grants(arguments) => grants::run(arguments, settings).await,
        BenchCommand::Decisions(arguments) => decisions::run(arguments, settings).await,
    }
}

/// To two places, for people.
fn rounded(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn ms(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1000.0)
}
