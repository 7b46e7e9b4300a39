//! An open load: questions are asked at their times, whether those before are answered or not. What an answer took is
//! counted from when its question was due, so that a slow hospital cannot hide by being asked less.

use crate::failure::Fallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Questions that are out at once, at most; the next ones wait, and that counts.
const OUT_MAX: usize = 512;

/// When questions are asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    pub(super) begin: Instant,
    pub(super) rate_per_s: u32,
    /// How many.
    pub(super) count: u64,
}

/// A question that was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answered {
    /// When it was due.
    pub(super) due: Instant,
    /// From then to the answer.
    pub(super) elapsed: Duration,
}

impl Schedule {
    fn due(&self, number: u64) -> Instant {
        self.begin + Duration::from_nanos(number.saturating_mul(1_000_000_000) / u64::from(self.rate_per_s))
    }

    /// Asks them all. The first that fails ends it.
    pub(super) async fn ask<F>(self, ask: impl Fn(u64) -> F) -> Fallible<Vec<Answered>>
    where
        F: Future<Output = Fallible<()>> + Send + 'static,
    {
        let room = Arc::new(Semaphore::new(OUT_MAX));
        let mut out: JoinSet<Fallible<Answered>> = JoinSet::new();
        let mut answered = Vec::new();
        for number in 0..self.count {
            let due = self.due(number);
            sleep_until(due).await;
            let place = Arc::clone(&room).acquire_owned().await.map_err(|closed| crate::bug(&closed))?;
            let question = ask(number);
            out.spawn(async move {
                question.await?;
                drop(place);
                Ok(Answered { due, elapsed: due.elapsed() })
            });
            while let Some(one) = out.try_join_next() {
                answered.push(one.map_err(|broken| crate::bug(&broken))??);
            }
        }
        while let Some(one) = out.join_next().await {
            answered.push(one.map_err(|broken| crate::bug(&broken))??);
        }
        Ok(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_asked_for_late_counts_from_when_it_was_due() {
        let schedule = Schedule { begin: Instant::now(), rate_per_s: 1000, count: 2 * OUT_MAX as u64 };
        let second = Duration::from_secs(1);
        let answered = schedule
            .ask(move |_| async move {
                tokio::time::sleep(second).await;
                Ok(())
            })
            .await
            .unwrap();
        let slowest = answered.iter().map(|one| one.elapsed).max().unwrap();
        assert_eq!(answered.len(), 2 * OUT_MAX);
        // The first OUT_MAX are asked on time. Each after them waits for a place, and its wait is its own.
        assert!(slowest > second + second / 4, "{slowest:?}");
        assert!(answered.iter().all(|one| one.elapsed >= second));
    }

    #[tokio::test(start_paused = true)]
    async fn questions_are_due_evenly() {
        let begin = Instant::now();
        let schedule = Schedule { begin, rate_per_s: 4, count: 9 };
        let answered = schedule.ask(|_| async { Ok(()) }).await.unwrap();
        let mut due: Vec<Duration> = answered.iter().map(|one| one.due - begin).collect();
        due.sort();
        assert_eq!(due, (0..9).map(|n| Duration::from_millis(250 * n)).collect::<Vec<_>>());
    }
}
