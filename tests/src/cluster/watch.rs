//! Looks at what every hospital shows all the time: heights never go back, and one height is one block and one state.

use super::Cluster;
use super::api::{self, Status};
use amanah_ledger::crypto::Digest;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// Between two looks at one hospital.
const LOOK: Duration = Duration::from_millis(100);

/// Somebody who looks at all hospitals.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Seen>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    over: AtomicBool,
    /// Block and state root at each height.
    heads: Mutex<BTreeMap<u64, (Digest, Digest)>>,
    complaints: Mutex<Vec<String>>,
    looks: AtomicU64,
    /// Counts, for each hospital, how often its data was taken away.
    losses: [AtomicU64; 4],
}

/// What was seen.
#[derive(Debug)]
pub struct Report {
    /// What must not be.
    pub complaints: Vec<String>,
    /// Answers that were compared.
    pub looks: u64,
    /// Different heights among them.
    pub heights: usize,
}

impl Watch {
    /// Begins to look.
    pub fn begin(cluster: &Cluster) -> Self {
        let seen = Arc::new(Seen::default());
        let threads = cluster.hospitals.iter().enumerate().map(|(i, hospital)| {
            let (seen, name, address) = (Arc::clone(&seen), hospital.name, hospital.api);
            std::thread::spawn(move || seen.watch(i, name, address))
        });
        let threads = threads.collect();
        Self { seen, threads }
    }

    /// The ledger of this hospital, which does not run, has been taken away: it may begin again from the beginning.
    pub fn forgive(&self, hospital: usize) {
        self.seen.losses[hospital].fetch_add(1, Ordering::SeqCst);
    }

    /// What was seen.
    ///
    /// # Panics
    /// When a thread that looks had panicked.
    pub fn end(self) -> Report {
        self.seen.over.store(true, Ordering::SeqCst);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        Report {
            complaints: self.seen.complaints.lock().unwrap().clone(),
            looks: self.seen.looks.load(Ordering::SeqCst),
            heights: self.seen.heads.lock().unwrap().len(),
        }
    }
}

impl Seen {
    fn watch(&self, hospital: usize, name: &str, address: SocketAddr) {
        let (mut highest, mut losses) = (0, 0);
        while !self.over.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
            let before = self.losses[hospital].load(Ordering::SeqCst);
            let Ok(answer) = api::get(address, "/v1/status") else { continue };
            let Ok(status) = serde_json::from_str::<Status>(&answer) else { continue };
            if self.losses[hospital].load(Ordering::SeqCst) != before {
                continue;
            }
            if losses != before {
                (highest, losses) = (0, before);
            }
            if status.height < highest {
                self.complain(format!("{name} went back from height {highest} to {}", status.height));
            }
            highest = highest.max(status.height);
            self.compare(name, &status);
        }
    }

    fn compare(&self, name: &str, status: &Status) {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let shown = (status.block, status.state_root);
        let known = *self.heads.lock().unwrap().entry(status.height).or_insert(shown);
        if known != shown {
            self.complain(format!("{name} shows {shown:?} at height {}, another showed {known:?}", status.height));
        }
    }

    fn complain(&self, what: String) {
        self.complaints.lock().unwrap().push(what);
    }
}
