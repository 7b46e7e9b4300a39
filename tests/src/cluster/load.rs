//! Many patients at once, each doing one thing after the other until the run is over.

use super::Cluster;
use super::patient::{Over, Patient};
use super::surroundings::Surroundings;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::task::JoinHandle;

/// Patients that are at work.
pub struct Load {
    /// What they know and were told.
    pub around: Arc<Surroundings>,
    patients: Vec<JoinHandle<Patient>>,
    runtime: tokio::runtime::Runtime,
}

/// Patients that have stopped.
pub struct Rested {
    /// What they know and were told.
    pub around: Arc<Surroundings>,
    /// The patients.
    pub patients: Vec<Patient>,
    /// Where they can be asked to do more.
    pub runtime: tokio::runtime::Runtime,
}

impl Load {
    /// Enrols `per_hospital` patients at each hospital and sets them to work. What they do follows from `seed`.
    ///
    /// # Panics
    /// When somebody cannot be enrolled: the hospitals must be well at the start.
    pub fn begin(cluster: &Cluster, per_hospital: usize, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let around = Surroundings::of(cluster);
        let mut random = StdRng::seed_from_u64(seed);
        let mut patients = Vec::new();
        for _ in 0..per_hospital {
            for custodian in 0..cluster.hospitals.len() {
                let patient = Patient::new(Arc::clone(&around), custodian, random.random());
                runtime.block_on(patient.enrol()).unwrap_or_else(|why| panic!("a patient cannot enrol: {why:?}"));
                patients.push((patient, StdRng::seed_from_u64(random.random())));
            }
        }
        let patients = patients.into_iter().map(|(patient, random)| runtime.spawn(live(patient, random))).collect();
        Self { around, patients, runtime }
    }

    /// When the first grant that `hospital` took after `moment` was proven final.
    pub fn first_final_after(&self, moment: Instant, hospital: Option<usize>) -> Option<Instant> {
        let finals = self.around.finals.lock().unwrap();
        let fits = |(custodian, accepted, _): &&(usize, Instant, Instant)| {
            *accepted >= moment && hospital.is_none_or(|hospital| hospital == *custodian)
        };
        finals.iter().filter(fits).map(|(.., proven)| *proven).min()
    }

    /// Ends the run: nothing new is begun, and what waits is left as it is.
    ///
    /// # Panics
    /// When a patient's task had panicked.
    pub fn end(self) -> Rested {
        self.around.over.store(true, Ordering::Relaxed);
        let Self { around, patients, runtime } = self;
        let patients = patients.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
        Rested { around, patients, runtime }
    }
}

async fn live(mut patient: Patient, mut random: StdRng) -> Patient {
    while !patient.is_over() {
        let done: Result<(), Over> = match random.random_range(0..10u32) {
            0..=4 => patient.grant().await.map(drop),
            5..=6 => patient.revoke(random.random_range(0..4)).await.map(drop),
            _ => patient.be_asked_about().await,
        };
        if done.is_err() {
            break;
        }
    }
    patient
}
