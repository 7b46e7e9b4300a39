//! What validators vote for, and the certificates their votes make. CONSENSUS rules that use them: `consensus`.

use crate::codec::{self, BoundedVec};
use crate::committee::{Committee, VALIDATORS_MAX, ValidatorIndex};
use crate::crypto::{Check, Digest, Domain, Signature, Verifier};
use crate::position::{Epoch, View};
use bincode::{Decode, Encode};

/// The signed content of a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum VoteContent {
    /// "I hold this block, it is valid, and it may be built on."
    Notarize(BlockVote),
    /// "This view is over for me."
    Nullify {
        /// Epoch of the vote.
        epoch: Epoch,
        /// The view given up.
        view: View,
    },
    /// "I saw this block notarized and have not given its view up."
    Finalize(BlockVote),
}

/// A vote about one block in one view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct BlockVote {
    /// Epoch of the vote.
    pub epoch: Epoch,
    /// View of the vote.
    pub view: View,
    /// View whose certificate names the block's parent (for a re-proposed seal block: the block itself).
    pub parent_view: View,
    /// The block.
    pub block: Digest,
}

impl VoteContent {
    /// The bytes that are signed.
    pub fn signing_bytes(&self, chain: &Digest) -> Vec<u8> {
        Domain::Vote.signing_bytes(chain, &codec::encode(self))
    }

    /// Epoch of the vote.
    pub fn epoch(&self) -> Epoch {
        match self {
            Self::Notarize(vote) | Self::Finalize(vote) => vote.epoch,
            Self::Nullify { epoch, .. } => *epoch,
        }
    }

    /// View of the vote.
    pub fn view(&self) -> View {
        match self {
            Self::Notarize(vote) | Self::Finalize(vote) => vote.view,
            Self::Nullify { view, .. } => *view,
        }
    }
}

/// A set of validators as a bit each: bit `i % 8` of byte `i / 8`. Exactly `⌈n/8⌉` bytes, unused bits zero.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Bitmap(BoundedVec<u8, { VALIDATORS_MAX.div_ceil(8) }>);

impl Bitmap {
    /// The set of these of `n` validators; indices beyond `n` are left out.
    pub fn of(n: usize, members: impl IntoIterator<Item = ValidatorIndex>) -> Self {
        let mut bytes = vec![0u8; n.min(VALIDATORS_MAX).div_ceil(8)];
        for index in members {
            let at = usize::from(index.0);
            if let Some(byte) = bytes.get_mut(at / 8).filter(|_| at < n) {
                *byte |= 1 << (at % 8);
            }
        }
        Self(BoundedVec::try_from(bytes).unwrap_or_default())
    }

    /// The validators in the set, ascending; `None` if it is not a canonical set over `n` validators.
    pub fn members(&self, n: usize) -> Option<Vec<ValidatorIndex>> {
        if self.0.len() != n.div_ceil(8) {
            return None;
        }
        let mut members = Vec::new();
        for (i, byte) in self.0.iter().enumerate() {
            for bit in 0..8 {
                if byte & (1 << bit) != 0 {
                    let at = i * 8 + bit;
                    if at >= n {
                        return None;
                    }
                    members.push(ValidatorIndex(u8::try_from(at).ok()?));
                }
            }
        }
        Some(members)
    }
}

/// A quorum's signatures under one content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Certificate {
    /// What was voted for.
    pub content: VoteContent,
    /// Who signed.
    pub signers: Bitmap,
    /// Their signatures, by ascending index.
    pub signatures: BoundedVec<Signature, VALIDATORS_MAX>,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The set of signers is not a set over this committee, or its size is not the number of signatures.
    #[error("the signers are not a set over this committee")]
    Signers,
    /// Too few signers.
    #[error("{got} signatures, {need} needed")]
    TooFew {
        /// How many signed.
        got: usize,
        /// The quorum.
        need: usize,
    },
    /// A signature does not verify.
    #[error("a signature does not verify")]
    Signature,
}

impl Certificate {
    /// Puts a certificate together from votes in any order; the first `quorum` by index are enough, all are kept.
    pub fn assemble(
        content: VoteContent,
        n: usize,
        votes: &std::collections::BTreeMap<ValidatorIndex, Signature>,
    ) -> Self {
        Self {
            content,
            signers: Bitmap::of(n, votes.keys().copied()),
            signatures: BoundedVec::try_from(votes.values().copied().collect::<Vec<_>>()).unwrap_or_default(),
        }
    }

    /// Checks that a quorum of `committee` signed the content on `chain`. The caller compares epoch, view and block.
    ///
    /// # Errors
    /// When the signers are no canonical set, too few, or a signature is bad.
    pub fn verify(
        &self,
        chain: &Digest,
        committee: &Committee,
        verifier: &dyn Verifier,
    ) -> Result<(), CertificateError> {
        let signers = self.signers.members(committee.n()).ok_or(CertificateError::Signers)?;
        if signers.len() != self.signatures.len() {
            return Err(CertificateError::Signers);
        }
        if signers.len() < committee.quorum() {
            return Err(CertificateError::TooFew { got: signers.len(), need: committee.quorum() });
        }
        let message = self.content.signing_bytes(chain);
        let checks: Vec<Check<'_>> = signers
            .iter()
            .filter_map(|index| committee.get(*index))
            .zip(&self.signatures)
            .map(|(validator, signature)| Check { key: &validator.key, message: &message, signature })
            .collect();
        if checks.len() == signers.len() && verifier.verify_all(&checks) {
            Ok(())
        } else {
            Err(CertificateError::Signature)
        }
    }
}

#[cfg(test)]
mod tests;
