//! Votes and certificates whose signatures were checked.
//!
//! A `Verified…` value exists only if its signatures were checked against the committee of the epoch, here. The
//! safety-critical code takes these types and no raw ones.

use crate::config::{Config, Omission};
use crate::message::Vote;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::{Committee, ValidatorIndex};
use amanah_ledger::crypto::{Check, Digest, Verifier};
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::{Epoch, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who votes, on which chain, in which epoch, and how signatures are checked.
#[derive(Clone)]
pub(crate) struct Electorate {
    chain: Digest,
    epoch: Epoch,
    committee: Committee,
    me: ValidatorIndex,
    verifier: Arc<dyn Verifier>,
    omission: Omission,
}

/// A vote whose signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifiedVote(Vote);

/// A quorum notarized a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedNotarization(BlockVote, Certificate);

/// A quorum gave a view up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedNullification(View, Certificate);

/// A quorum finalized a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedFinalization(BlockVote, Certificate);

/// Any of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VerifiedCertificate {
    /// A Notarization.
    Notarization(VerifiedNotarization),
    /// A Nullification.
    Nullification(VerifiedNullification),
    /// A Finalization.
    Finalization(VerifiedFinalization),
}

impl Electorate {
    /// The electorate of `config`.
    pub(crate) fn new(config: &Config, verifier: Arc<dyn Verifier>) -> Self {
        Self {
            chain: config.chain,
            epoch: config.epoch,
            committee: config.committee.clone(),
            me: config.me,
            verifier,
            omission: config.omission(),
        }
    }

    /// Checks one vote: place, epoch, shape, signature.
    pub(crate) fn check_vote(&self, vote: &Vote) -> Option<VerifiedVote> {
        let validator = self.committee.get(vote.signer)?;
        let message = vote.content.signing_bytes(&self.chain);
        let check = Check { key: &validator.key, message: &message, signature: &vote.signature };
        (self.is_well_formed(&vote.content) && self.verifier.verify(check)).then_some(VerifiedVote(*vote))
    }

    /// Checks a certificate: epoch, shape, quorum, every signature.
    pub(crate) fn check(&self, certificate: Certificate) -> Option<VerifiedCertificate> {
        let holds = self.is_well_formed(&certificate.content)
            && (certificate.verify(&self.chain, &self.committee, &*self.verifier).is_ok()
                || self.passes_broken_check(&certificate));
        holds.then(|| wrap(certificate))
    }

    /// The certificate that these votes make, if they are a quorum of equal content. One vote per validator counts.
    pub(crate) fn assemble(&self, content: VoteContent, votes: &[VerifiedVote]) -> Option<VerifiedCertificate> {
        let signatures: BTreeMap<_, _> =
            votes.iter().filter(|v| v.0.content == content).map(|v| (v.0.signer, v.0.signature)).collect();
        let counted = if self.omission.is(Mutant::VotesCountedTwice) { votes.len() } else { signatures.len() };
        let is_quorum = counted >= self.quorum();
        is_quorum.then(|| wrap(Certificate::assemble(content, self.committee.n(), &signatures)))
    }

    /// Our epoch, a view after the floor's, a parent before the block.
    fn is_well_formed(&self, content: &VoteContent) -> bool {
        content.epoch() == self.epoch
            && match content {
                VoteContent::Notarize(vote) | VoteContent::Finalize(vote) => vote.parent_view < vote.view,
                VoteContent::Nullify { view, .. } => *view > View(0),
            }
    }

    pub(crate) fn chain(&self) -> &Digest {
        &self.chain
    }
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }
    pub(crate) fn committee(&self) -> &Committee {
        &self.committee
    }
    pub(crate) fn me(&self) -> ValidatorIndex {
        self.me
    }
    /// Everybody else, by index.
    pub(crate) fn others(&self) -> impl Iterator<Item = ValidatorIndex> + use<> {
        let me = self.me;
        self.committee.indices().filter(move |index| *index != me)
    }
}

impl Electorate {
    /// The rule left out, if any.
    pub(crate) fn omission(&self) -> Omission {
        self.omission
    }

    /// How many votes certify.
    fn quorum(&self) -> usize {
        if self.omission.is(Mutant::QuorumMinusOne) {
            self.committee.quorum() - 1
        } else if self.omission.is(Mutant::QuorumTwoFPlusOne) {
            2 * self.committee.f() + 1
        } else {
            self.committee.quorum()
        }
    }

    /// What a broken rule about quorums would let pass. Nothing, if none is left out.
    fn passes_broken_check(&self, certificate: &Certificate) -> bool {
        let is_broken = [Mutant::QuorumMinusOne, Mutant::QuorumTwoFPlusOne, Mutant::SignersCountedTwice]
            .into_iter()
            .any(|mutant| self.omission.is(mutant));
        let Some(signers) = certificate.signers.members(self.committee.n()).filter(|_| is_broken) else { return false };
        let is_repeated = self.omission.is(Mutant::SignersCountedTwice) && !signers.is_empty();
        let message = certificate.content.signing_bytes(&self.chain);
        certificate.signatures.len() >= self.quorum()
            && (signers.len() == certificate.signatures.len() || is_repeated)
            && signers.iter().cycle().zip(&certificate.signatures).all(|(signer, signature)| {
                let Some(validator) = self.committee.get(*signer) else { return false };
                self.verifier.verify(Check { key: &validator.key, message: &message, signature })
            })
    }
}

/// Private: only after the signatures were checked.
fn wrap(certificate: Certificate) -> VerifiedCertificate {
    match certificate.content {
        VoteContent::Notarize(vote) => VerifiedCertificate::Notarization(VerifiedNotarization(vote, certificate)),
        VoteContent::Nullify { view, .. } => {
            VerifiedCertificate::Nullification(VerifiedNullification(view, certificate))
        }
        VoteContent::Finalize(vote) => VerifiedCertificate::Finalization(VerifiedFinalization(vote, certificate)),
    }
}

impl VerifiedVote {
    pub(crate) fn vote(&self) -> &Vote {
        &self.0
    }
}

impl VerifiedNotarization {
    pub(crate) fn vote(&self) -> &BlockVote {
        &self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedNullification {
    pub(crate) fn view(&self) -> View {
        self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedFinalization {
    pub(crate) fn vote(&self) -> &BlockVote {
        &self.0
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        &self.1
    }
}

impl VerifiedCertificate {
    /// The view it is about.
    pub(crate) fn view(&self) -> View {
        match self {
            Self::Notarization(n) => n.vote().view,
            Self::Nullification(n) => n.view(),
            Self::Finalization(f) => f.vote().view,
        }
    }
    pub(crate) fn certificate(&self) -> &Certificate {
        match self {
            Self::Notarization(n) => n.certificate(),
            Self::Nullification(n) => n.certificate(),
            Self::Finalization(f) => f.certificate(),
        }
    }
}

impl std::fmt::Debug for Electorate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Electorate").field("epoch", &self.epoch).field("n", &self.committee.n()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
