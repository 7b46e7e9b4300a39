//! A budget that refills with time. Pure: whoever asks says what time it is.

/// So much per second, and so much at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenBucket {
    per_second: u64,
    burst: u64,
    /// Thousandths of a token, so that slow buckets fill every millisecond too. Below zero while a debt is paid off.
    held_thousandths: i128,
    filled_at_ms: u64,
}

impl TokenBucket {
    /// A full bucket that holds `burst` and gains `per_second`.
    pub(crate) const fn full(per_second: u64, burst: u64) -> Self {
        Self { per_second, burst, held_thousandths: burst as i128 * 1000, filled_at_ms: 0 }
    }

    /// Takes `cost` at `now_ms` if there is as much. A clock that was set back only starts the refill anew.
    pub(crate) fn take(&mut self, now_ms: u64, cost: u64) -> bool {
        self.fill(now_ms);
        let cost = i128::from(cost) * 1000;
        let is_enough = self.held_thousandths >= cost;
        if is_enough {
            self.held_thousandths -= cost;
        }
        is_enough
    }

    /// Takes `cost` in any case, and tells how many milliseconds it takes until the debt is paid off; 0 without one.
    pub(crate) fn owe(&mut self, now_ms: u64, cost: u64) -> u64 {
        self.fill(now_ms);
        self.held_thousandths -= i128::from(cost) * 1000;
        let debt = (-self.held_thousandths).max(0);
        u64::try_from(debt / i128::from(self.per_second.max(1))).unwrap_or(u64::MAX)
    }

    /// Whether `cost` could be taken at `now_ms`.
    pub(crate) fn has(&mut self, now_ms: u64, cost: u64) -> bool {
        self.fill(now_ms);
        self.held_thousandths >= i128::from(cost) * 1000
    }

    fn fill(&mut self, now_ms: u64) {
        let elapsed_ms = now_ms.saturating_sub(self.filled_at_ms);
        let gained = i128::from(elapsed_ms) * i128::from(self.per_second);
        self.held_thousandths = (self.held_thousandths + gained).min(i128::from(self.burst) * 1000);
        self.filled_at_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_its_rate_after_that() {
        let mut bucket = TokenBucket::full(10, 20);
        let mut taken = |now_ms| (0..1_000).filter(|_| bucket.take(now_ms, 1)).count();
        assert_eq!([taken(5_000), taken(5_000), taken(6_000), taken(6_050), taken(6_100)], [20, 0, 10, 0, 1]);
        assert_eq!(taken(1_000_000), 20, "it never holds more than its burst");
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_away_and_stops_nothing() {
        let mut bucket = TokenBucket::full(1_000, 1);
        assert!(bucket.take(10_000, 1) && !bucket.take(10_000, 1));
        assert!(!bucket.take(5_000, 1), "nothing for the time that came back");
        assert!(bucket.take(5_001, 1), "it fills by the clock as it is now");
    }

    #[test]
    fn a_debt_is_paid_off_before_anything_else() {
        let mut bucket = TokenBucket::full(1_000, 100);
        assert_eq!(bucket.owe(1, 100), 0);
        assert_eq!(bucket.owe(1, 500), 500);
        assert!(!bucket.has(400, 1));
        assert!(bucket.has(502, 1) && bucket.take(502, 1));
    }
}
