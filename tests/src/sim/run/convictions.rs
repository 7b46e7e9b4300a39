//! Who was found out stands on the ledger, and nobody else does.

use super::*;
use amanah_consensus::{Evidence, EvidenceKind};
use amanah_ledger::state::State;
use std::collections::BTreeSet;

/// Members whose contradictions somebody who keeps the rules has found.
#[derive(Default)]
pub(super) struct Accused(BTreeSet<(usize, EvidenceKind)>);

impl Simulation {
    /// A process found a proof.
    pub(super) fn accuse(&mut self, peer: Peer, evidence: &Evidence) -> Result<(), Violation> {
        let accused = usize::from(evidence.signer().0);
        if !self.is_liar(accused) {
            return Err(Violation::FalseEvidence { validator: accused });
        }
        if !self.is_liar(peer) {
            self.accused.0.insert((accused, evidence.kind));
        }
        Ok(())
    }

    /// Every finding is final by now, crash or not, and every conviction is of a liar. How many there are.
    pub(super) fn convictions(&self) -> Result<usize, Violation> {
        let convicted = convicted(self.newest.state(), self.plan.members);
        if let Some((validator, _)) = convicted.iter().find(|(validator, _)| !self.is_liar(*validator)) {
            return Err(Violation::FalseEvidence { validator: *validator });
        }
        match self.accused.0.difference(&convicted).next() {
            Some((validator, kind)) => Err(Violation::EvidenceLost { validator: *validator, kind: kind.name() }),
            None => Ok(convicted.len()),
        }
    }

    /// How many convictions stand on a ledger that may have stopped before all findings were final.
    pub(super) fn convicted_so_far(&self) -> usize {
        convicted(self.newest.state(), self.plan.members).len()
    }
}

fn convicted(state: &State, members: usize) -> BTreeSet<(usize, EvidenceKind)> {
    let number = |id| (0..members).find(|number| members::member_id(*number) == id).unwrap_or(usize::MAX);
    state.contradictions().map(|leaf| (number(leaf.member), leaf.proof.kind())).collect()
}
