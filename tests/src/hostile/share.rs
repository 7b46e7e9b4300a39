//! A part of one core, kept by asking for each act: whoever has used more than its part waits.

use std::time::{Duration, Instant};

/// Clock ticks of `/proc` in a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// What this process may use.
pub(super) struct Share {
    began: Instant,
    used_before: f64,
    part: f64,
}

impl Share {
    /// `part` of one core from now on.
    pub(super) fn of_one_core(part: f64) -> Self {
        Self { began: Instant::now(), used_before: cpu_seconds(), part }
    }

    /// Returns once this process has used no more than its part since the beginning.
    pub(super) async fn turn(&self) {
        loop {
            let over = self.used() - self.part * self.began.elapsed().as_secs_f64();
            if over <= 0.0 {
                // Many small acts between two ticks of the clock: others get their turn too.
                return tokio::task::yield_now().await;
            }
            tokio::time::sleep(Duration::from_secs_f64((over / self.part).clamp(0.001, 1.0))).await;
        }
    }

    /// The part of one core that was used.
    pub(super) fn measured(&self) -> f64 {
        self.used() / self.began.elapsed().as_secs_f64().max(0.001)
    }

    fn used(&self) -> f64 {
        cpu_seconds() - self.used_before
    }
}

/// Seconds of processor time of all threads of this process, user and system.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The second field is the program's name in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / TICKS_PER_SECOND
}
