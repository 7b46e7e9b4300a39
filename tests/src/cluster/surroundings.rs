//! What the patients of a cluster have in common.

use super::Cluster;
use super::api::Api;
use super::journal::Journal;
use amanah_ledger::crypto::Digest;
use amanah_ledger::document::MemberRef;
use amanah_ledger::proof::Trust;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What every patient of a cluster knows, and where they write down what they are told.
#[derive(Debug)]
pub struct Surroundings {
    /// The network.
    pub chain: Digest,
    /// Against what proofs are checked.
    pub trust: Trust,
    /// The hospitals.
    pub members: Vec<MemberRef>,
    /// Their APIs.
    pub apis: Vec<Api>,
    /// The keys of their own systems.
    pub api_keys: Vec<String>,
    /// What was promised.
    pub journal: Journal,
    /// Grants that were proven final: at whom, when it had taken them, when they were proven.
    pub finals: std::sync::Mutex<Vec<(usize, Instant, Instant)>>,
    /// No new acts from now on; those under way end where they are.
    pub over: AtomicBool,
}

impl Surroundings {
    /// Those of this cluster.
    ///
    /// # Panics
    /// Never: the genesis made a network.
    pub fn of(cluster: &Cluster) -> Arc<Self> {
        Arc::new(Self {
            chain: cluster.chain(),
            trust: Trust::from_genesis(&cluster.genesis).unwrap(),
            members: cluster.network.members().iter().map(|known| known.member.clone()).collect(),
            apis: cluster.hospitals.iter().map(|hospital| Api::new(hospital.api)).collect(),
            api_keys: cluster.hospitals.iter().map(|hospital| hospital.api_key.clone()).collect(),
            journal: Journal::default(),
            finals: std::sync::Mutex::default(),
            over: AtomicBool::new(false),
        })
    }

    /// Whether acts are to end where they are.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
