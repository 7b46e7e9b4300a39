//! What a verified state lets one say about a consent: granted, revoked, never existed, in force as of a height; and
//! about a member: its validator contradicted itself.
//!
//! None of this speaks of *now*: a claim is as old as the header it holds under. The end date of a consent stands in
//! its document, not here.

use crate::crypto::{PublicKey, Verifier};
use crate::evidence::EvidenceKind;
use crate::leaf::{ConsentLeaf, ConsentStatus, EvidenceLeaf, Leaf, LeafKey, MemberStatus, RevokedBy};
use crate::member::MemberId;
use crate::position::{Epoch, Height};
use crate::proof::{Shown, Trust, VerifiedState};

/// What a state says about one consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentClaim<'a> {
    /// It stands, in this version.
    Granted(&'a ConsentLeaf),
    /// It has ended.
    Revoked {
        /// Its last version; version 0 if it was never granted.
        leaf: &'a ConsentLeaf,
        /// First height at which it no longer stood.
        height: Height,
        /// Who ended it.
        by: RevokedBy,
    },
    /// The ledger has never known it.
    NeverExisted,
}

/// Why a claim cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The state does not show the leaf that the claim is about.
    #[error("the proof does not show the leaf")]
    NotShown,
    /// The asked height lies above the state's.
    #[error("height {asked} lies above the proof's {shown}")]
    AboveTheProof {
        /// The asked height.
        asked: Height,
        /// The state's.
        shown: Height,
    },
    /// An earlier version that the claim depends on is missing.
    #[error("version {0} is needed and not among those shown")]
    VersionMissing(u32),
    /// The state says that a validator contradicted itself, and the statements it shows do not: whoever certified that
    /// state lied.
    #[error("the statements in the leaf do not show that this member contradicted itself")]
    StatementsDoNotHold,
}

impl VerifiedState {
    /// What the state says about `consent`.
    ///
    /// # Errors
    /// When the proof does not show its leaf.
    pub fn consent(&self, consent: &PublicKey) -> Result<ConsentClaim<'_>, ClaimError> {
        match self.shown(&LeafKey::Consent(*consent)) {
            Shown::Leaf(Leaf::Consent(leaf)) => Ok(match leaf.status {
                ConsentStatus::Active => ConsentClaim::Granted(leaf),
                ConsentStatus::Revoked { height, by } => ConsentClaim::Revoked { leaf, height, by },
            }),
            Shown::Absent => Ok(ConsentClaim::NeverExisted),
            Shown::Leaf(_) | Shown::NotAsked => Err(ClaimError::NotShown),
        }
    }

    /// The version of `consent` that stood after the block at `height`; `None` if none did. Earlier versions are looked
    /// for among `shown`, which needs no trust: each must hash to the `prev` of the next.
    ///
    /// # Errors
    /// When the proof does not show the consent, is older than `height`, or a needed version is not among `shown`.
    pub fn in_force_as_of(
        &self,
        consent: &PublicKey,
        height: Height,
        shown: &[ConsentLeaf],
    ) -> Result<Option<ConsentLeaf>, ClaimError> {
        if height > self.height() {
            return Err(ClaimError::AboveTheProof { asked: height, shown: self.height() });
        }
        let mut leaf = match self.consent(consent)? {
            ConsentClaim::NeverExisted => return Ok(None),
            ConsentClaim::Revoked { height: ended, .. } if ended <= height => return Ok(None),
            ConsentClaim::Granted(leaf) | ConsentClaim::Revoked { leaf, .. } => *leaf,
        };
        while leaf.since > height {
            if leaf.version <= 1 {
                return Ok(None);
            }
            let before = shown.iter().find(|earlier| earlier.hash() == leaf.prev);
            leaf = *before.ok_or(ClaimError::VersionMissing(leaf.version - 1))?;
        }
        Ok(Some(leaf))
    }

    /// Whether it is proven that this member's validator contradicted itself in `epoch`, in this way. `trust` names the
    /// key of the member; both signatures are checked under it, so that the answer rests on no quorum's word.
    ///
    /// # Errors
    /// When the proof does not show the leaf, or the leaf's statements prove nothing against this member.
    pub fn contradiction(
        &self,
        (member, epoch, kind): (MemberId, Epoch, EvidenceKind),
        trust: &Trust,
        verifier: &dyn Verifier,
    ) -> Result<Option<&EvidenceLeaf>, ClaimError> {
        let leaf = match self.shown(&LeafKey::Evidence(member, epoch, kind)) {
            Shown::Leaf(Leaf::Evidence(leaf)) => leaf,
            Shown::Absent => return Ok(None),
            Shown::Leaf(_) | Shown::NotAsked => return Err(ClaimError::NotShown),
        };
        let mut validators = trust.committee().validators().iter();
        let is_its_key = validators.any(|validator| validator.member == member && validator.key == *leaf.proof.key());
        if is_its_key && leaf.proof.holds(trust.chain(), verifier) {
            Ok(Some(leaf))
        } else {
            Err(ClaimError::StatementsDoNotHold)
        }
    }

    /// The standing of the consent's custodian: a claim about a consent is to be read with it.
    ///
    /// # Errors
    /// When the proof does not show the custodian's leaf.
    pub fn custodian_status(&self, consent: &ConsentLeaf) -> Result<MemberStatus, ClaimError> {
        match self.shown(&LeafKey::Member(consent.custodian)) {
            Shown::Leaf(Leaf::Member(member)) => Ok(member.status),
            Shown::Leaf(_) | Shown::Absent | Shown::NotAsked => Err(ClaimError::NotShown),
        }
    }
}

#[cfg(test)]
mod tests;
