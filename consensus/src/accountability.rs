//! Who made a fork possible: from two blocks that were both final and exclude each other, the validators that must have
//! broken the protocol, each with a proof that anybody can check.
//!
//! Let `b` be finalized in view `v` and `c` in view `w ≥ v`, neither on the other's branch. Two quorums share f+1
//! validators, so with a sound branch for each at least f+1 are named:
//! - `v = w`: those who signed both Finalizations ([`EvidenceKind::DoubleFinalize`]).
//! - Otherwise follow `c`'s branch down to the first block certified above `v` whose parent was certified at `p ≤ v`.
//!   `p < v`: the justification of that block holds a Nullification of `v`; those who signed it and the Finalization of
//!   `b` ([`EvidenceKind::NullifyAndFinalize`]). `p = v`: that parent is another block notarized in `v`; those who signed
//!   its Notarization and `b`'s ([`EvidenceKind::DoubleNotarize`]).
//!
//! No honest validator is ever named: each proof is two votes of one validator that no honest one signs together.

use crate::evidence::{Evidence, EvidenceKind, votes_of};
use crate::message::Vote;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::{Digest, Verifier};
use amanah_ledger::position::View;
use std::collections::{BTreeMap, BTreeSet};

/// A final block and what its finality rests on, in any order: the Notarization of every block on the branch that the
/// other one does not share, its own included, and the Nullifications of the views that these blocks skip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Of the newest block of the branch.
    pub finalization: Certificate,
    /// What led there.
    pub certificates: Vec<Certificate>,
}

/// Why nobody is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unattributed {
    /// The certificate of a branch's end is no Finalization.
    #[error("a branch must end in a Finalization")]
    NotFinal,
    /// The two branches are one.
    #[error("the two final blocks do not exclude each other")]
    NoFork,
    /// A certificate does not hold.
    #[error("a certificate of view {0} does not verify")]
    Certificate(View),
    /// The branches lack certificates: fewer are named than a fork needs.
    #[error("the branches prove {named} guilty, a fork needs {needed}")]
    Incomplete {
        /// How many validators the branches prove guilty.
        named: usize,
        /// f+1.
        needed: usize,
    },
}

/// Names the guilty of a fork: at least f+1 validators, for each of them every kind of proof in every view that the two
/// branches hold, ordered by validator and view.
///
/// # Errors
/// When there is no fork, when a certificate does not hold, or when the branches lack the certificates that prove it.
pub fn guilty(
    chain: &Digest,
    committee: &Committee,
    verifier: &dyn Verifier,
    branches: [&Branch; 2],
) -> Result<Vec<Evidence>, Unattributed> {
    let [one, other] = branches;
    let (first, second) = (one.end()?, other.end()?);
    if first.block == second.block || one.contains(&second.block) || other.contains(&first.block) {
        return Err(Unattributed::NoFork);
    }
    let mut votes = BTreeMap::<(ValidatorIndex, View), Vec<Vote>>::new();
    for certificate in branches.into_iter().flat_map(Branch::all) {
        let view = certificate.content.view();
        certificate.verify(chain, committee, verifier).map_err(|_invalid| Unattributed::Certificate(view))?;
        for vote in votes_of(certificate, committee.n()) {
            votes.entry((vote.signer, view)).or_default().push(vote);
        }
    }
    let proofs: Vec<Evidence> = votes.into_values().flat_map(|said| contradictions(&said)).collect();
    let named: BTreeSet<ValidatorIndex> = proofs.iter().map(|proof| proof.votes[0].signer).collect();
    let needed = committee.f() + 1;
    if named.len() < needed {
        return Err(Unattributed::Incomplete { named: named.len(), needed });
    }
    Ok(proofs)
}

impl Branch {
    fn end(&self) -> Result<BlockVote, Unattributed> {
        match self.finalization.content {
            VoteContent::Finalize(vote) => Ok(vote),
            VoteContent::Notarize(_) | VoteContent::Nullify { .. } => Err(Unattributed::NotFinal),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.finalization).chain(&self.certificates)
    }

    fn contains(&self, block: &Digest) -> bool {
        self.all().any(|certificate| match certificate.content {
            VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => vote.block == *block,
            VoteContent::Nullify { .. } => false,
        })
    }
}

/// One proof of each kind in what one validator said about one view.
fn contradictions(said: &[Vote]) -> Vec<Evidence> {
    let mut proofs = BTreeMap::<EvidenceKind, Evidence>::new();
    for (at, one) in said.iter().enumerate() {
        for proof in said.iter().skip(at + 1).filter_map(|other| Evidence::of(one, other)) {
            proofs.entry(proof.kind).or_insert(proof);
        }
    }
    proofs.into_values().collect()
}

#[cfg(test)]
mod tests;
