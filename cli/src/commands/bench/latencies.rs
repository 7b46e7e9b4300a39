//! How long grants took.

use std::time::Duration;

/// Half of the grants, 95 and 99 of 100, took no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Percentiles {
    pub(super) p50: Duration,
    pub(super) p95: Duration,
    pub(super) p99: Duration,
}

/// Of all of them, by the nearest rank: each figure is one that was measured. Zero of nothing.
pub(super) fn percentiles(times: impl Iterator<Item = Duration>) -> Percentiles {
    let mut sorted: Vec<Duration> = times.collect();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    };
    Percentiles { p50: at(50), p95: at(95), p99: at(99) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_that_so_many_stayed_within() {
        let ms = Duration::from_millis;
        let hundred = percentiles((1..=100).rev().map(ms));
        assert_eq!(hundred, Percentiles { p50: ms(50), p95: ms(95), p99: ms(99) });
        let few = percentiles([7, 3, 5].map(ms).into_iter());
        assert_eq!(few, Percentiles { p50: ms(5), p95: ms(7), p99: ms(7) });
        assert_eq!(percentiles(std::iter::empty()).p99, Duration::ZERO);
    }
}
