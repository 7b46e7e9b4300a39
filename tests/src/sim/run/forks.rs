//! More than f liars: a fork may come about, and then its certificates name at least f+1 of them and nobody else.

use super::*;
use amanah_consensus::accountability::{self, Branch};
use amanah_consensus::{EvidenceKind, Record};
use amanah_ledger::block::OpenBlock;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::position::View;
use std::collections::{BTreeMap, BTreeSet};

/// How long a run waits for a fork.
const FORK_MAX_MS: u64 = 60_000;

/// A fork and who is guilty of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The first height with two final blocks.
    pub height: u64,
    /// Members proven guilty.
    pub guilty: BTreeSet<usize>,
    /// Kinds of proof against them.
    pub kinds: BTreeSet<EvidenceKind>,
}

impl Simulation {
    /// Plays until two members that keep the rules have different final blocks at one height, and names the guilty.
    pub(super) fn play_traitors(&mut self) -> Result<Summary, Violation> {
        self.split_sides();
        let fork = match self.until(FORK_MAX_MS, |s| s.view() >= 4 * s.plan.views) {
            Err(Violation::Fork { height, .. }) => Some(self.attribute(height)?),
            Err(other) => return Err(other),
            Ok(_) => None,
        };
        Ok(Summary { convictions: self.convicted_so_far(), ..self.summary(fork) })
    }

    /// Cuts the network in two, each half with a copy of every traitor.
    pub(super) fn split_sides(&mut self) {
        let twins: Vec<usize> = self.plan.twins().collect();
        let mut side = vec![false; self.processes.len()];
        for (at, side) in side.iter_mut().enumerate() {
            *side = at >= self.plan.members || (!twins.contains(&at) && self.network.random.chance(500));
        }
        for one in 0..self.processes.len() {
            for other in 0..self.processes.len() {
                self.network.set_cut(one, other, side[one] != side[other]);
            }
        }
        self.faults.partitions += 1;
    }

    /// What the logs and stores of the members that keep the rules prove about a fork at `height`.
    fn attribute(&self, height: u64) -> Result<Fork, Violation> {
        let archive = Archive::of(self.living().map(|peer| &self.processes[peer].disk));
        let ends: BTreeMap<Digest, Certificate> =
            self.living().filter_map(|peer| self.processes[peer].disk.finalized_at(Height(height))).collect();
        let ends: Vec<&Certificate> = ends.values().collect();
        let [one, other, ..] = ends[..] else {
            return Err(Violation::Unattributed { height, why: "the stores hold one block".to_owned() });
        };
        let branches = [one, other].map(|end| archive.branch(end));
        let (chain, committee) = (self.newest.chain(), &self.world.committee);
        let named = accountability::guilty(chain, committee, &*self.world.verifier, [&branches[0], &branches[1]]);
        let proofs = named.map_err(|why| Violation::Unattributed { height, why: why.to_string() })?;
        let guilty: BTreeSet<usize> = proofs.iter().map(|proof| usize::from(proof.votes[0].signer.0)).collect();
        if let Some(validator) = guilty.iter().copied().find(|member| !self.coalition.is_liar(*member)) {
            return Err(Violation::FalseEvidence { validator });
        }
        Ok(Fork { height, guilty, kinds: proofs.iter().map(|proof| proof.kind).collect() })
    }
}

/// All certificates and blocks that honest members hold.
#[derive(Default)]
struct Archive {
    certificates: BTreeMap<View, Vec<Certificate>>,
    parents: BTreeMap<Digest, Digest>,
}

impl Archive {
    fn of<'a>(disks: impl Iterator<Item = &'a Disk>) -> Self {
        let mut archive = Self::default();
        for disk in disks {
            for record in disk.all_records() {
                match record {
                    Record::Certificate(certificate) => archive.keep(certificate),
                    Record::Block(block) => archive.keep_block(&block),
                    Record::Voted(_) | Record::Entered(_) | Record::EpochClosed(_) | Record::Evidence(_) => {}
                }
            }
            for (block, finalization) in disk.final_blocks() {
                archive.keep_block(block);
                finalization.into_iter().for_each(|certificate| archive.keep(certificate.clone()));
            }
        }
        archive
    }

    fn keep(&mut self, certificate: Certificate) {
        self.certificates.entry(certificate.content.view()).or_default().push(certificate);
    }

    fn keep_block(&mut self, bytes: &[u8]) {
        if let Ok(open) = OpenBlock::decode(bytes) {
            self.parents.insert(*open.digest(), open.header().parent);
        }
    }

    /// The branch that ends in `finalization`, as far as it is known.
    fn branch(&self, finalization: &Certificate) -> Branch {
        let mut branch = Branch { finalization: finalization.clone(), certificates: Vec::new() };
        let VoteContent::Finalize(mut at) = finalization.content else { return branch };
        loop {
            let own = self.of_view(at.view).filter(|certificate| match certificate.content {
                VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => vote == at,
                VoteContent::Nullify { .. } => false,
            });
            branch.certificates.extend(own.cloned());
            let skipped = (at.parent_view.0 + 1..at.view.0).flat_map(|view| self.of_view(View(view)));
            let is_skip = |certificate: &&Certificate| matches!(certificate.content, VoteContent::Nullify { .. });
            branch.certificates.extend(skipped.filter(is_skip).cloned());
            let Some(parent) = self.parents.get(&at.block) else { return branch };
            let below = self.of_view(at.parent_view).find_map(|certificate| match certificate.content {
                VoteContent::Notarize(vote) | VoteContent::Finalize(vote) if vote.block == *parent => Some(vote),
                VoteContent::Notarize(_) | VoteContent::Finalize(_) | VoteContent::Nullify { .. } => None,
            });
            let Some(below) = below else { return branch };
            at = below;
        }
    }

    fn of_view(&self, view: View) -> impl Iterator<Item = &Certificate> {
        self.certificates.get(&view).into_iter().flatten()
    }
}
