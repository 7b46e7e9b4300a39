//! Contradictions of validators, as this node finds them: counted by name, and said once.

use crate::metrics::{ByMember, Metrics};
use amanah_consensus::{Evidence, EvidenceKind};
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::genesis::Genesis;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Counts contradictions of validators by name, and says each kind once per process.
pub(super) struct Accused {
    /// Names of the validators, by index.
    names: Vec<String>,
    said: BTreeSet<(ValidatorIndex, EvidenceKind)>,
    metrics: Arc<Metrics>,
}

impl Accused {
    pub(super) fn new(genesis: &Genesis, metrics: Arc<Metrics>) -> Self {
        let names = genesis.founders.iter().map(|founder| founder.name.to_string()).collect();
        Self { names, said: BTreeSet::new(), metrics }
    }

    /// Where it counts.
    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// One more proof.
    pub(super) fn report(&mut self, evidence: &Evidence) {
        let signer = evidence.signer();
        let member = self.names.get(usize::from(signer.0)).cloned().unwrap_or_default();
        let (kind, view) = (evidence.kind.name(), evidence.votes[0].content.view());
        if self.said.insert((signer, evidence.kind)) {
            tracing::error!(member, kind, %view, "a validator lied: the proof goes to the ledger");
        } else {
            tracing::debug!(member, kind, %view, "a validator lied again");
        }
        self.metrics.ledger.equivocations.get_or_create(&ByMember { member }).inc();
    }
}
