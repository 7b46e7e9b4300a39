//! Honest work at a steady rate, and how long each act takes.

use crate::cluster::patient::Patient;
use crate::cluster::surroundings::Surroundings;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Patients of each hospital that take turns.
const PATIENTS: u64 = 16;
/// From one grant at a hospital to the next.
const EVERY: Duration = Duration::from_millis(500);
/// A consent that is not proven final by then counts as lost.
const FINAL_MAX: Duration = Duration::from_secs(60);

/// The patients of one hospital.
pub(super) struct Clients(VecDeque<Patient>);

/// What came of one phase at one hospital.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies {
    ms: Vec<u64>,
    pub(super) lost: usize,
}

impl Clients {
    /// Patients of hospital `at`, enrolled and linked.
    pub(super) async fn of(around: &Arc<Surroundings>, at: usize) -> Self {
        let mut random = StdRng::seed_from_u64(at as u64);
        let mut patients = VecDeque::new();
        for _ in 0..PATIENTS {
            let patient = Patient::new(Arc::clone(around), at, random.random());
            patient.enrol().await.unwrap();
            patients.push_back(patient);
        }
        Self(patients)
    }

    /// Grants at the rate until `until`; what is under way then is waited for.
    pub(super) async fn work(self, until: Instant) -> (Self, Latencies) {
        let (mut idle, mut busy, mut latencies) = (self.0, JoinSet::new(), Latencies::default());
        let mut next = Instant::now();
        while next < until {
            sleep_until(next).await;
            next += EVERY;
            while let Some(done) = busy.try_join_next() {
                latencies.note(&mut idle, done.unwrap());
            }
            // All are waiting: the next one to finish goes on, and the rate falls.
            if idle.is_empty()
                && let Some(done) = busy.join_next().await
            {
                latencies.note(&mut idle, done.unwrap());
            }
            let mut patient = idle.pop_front().expect("one is idle now");
            busy.spawn(async move {
                let began = Instant::now();
                let is_final = timeout(FINAL_MAX, patient.grant()).await.is_ok_and(|granted| granted.is_ok());
                (patient, is_final.then(|| began.elapsed()))
            });
        }
        while let Some(done) = busy.join_next().await {
            latencies.note(&mut idle, done.unwrap());
        }
        (Self(idle), latencies)
    }
}

impl Latencies {
    fn note(&mut self, idle: &mut VecDeque<Patient>, (patient, took): (Patient, Option<Duration>)) {
        idle.push_back(patient);
        match took {
            Some(took) => self.ms.push(u64::try_from(took.as_millis()).unwrap()),
            None => self.lost += 1,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.ms.len()
    }

    /// The smallest latency that so many per cent do not exceed, milliseconds.
    fn percentile_ms(&self, per_cent: usize) -> u64 {
        let mut sorted = self.ms.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * per_cent).div_ceil(100).saturating_sub(1);
        sorted.get(at).copied().unwrap_or(0)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "final": self.count(), "lost": self.lost,
            "p50_ms": self.percentile_ms(50), "p99_ms": self.percentile_ms(99), "max_ms": self.percentile_ms(100),
        })
    }
}
