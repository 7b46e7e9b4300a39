//! What a block did to a consent, found again among its transactions. Of a final block every outcome was executed again
//! by a quorum; of any other it is what its proposer claims.

use super::Block;
use crate::crypto::{PublicKey, Signature};
use crate::transaction::{Active, GrantItem, Outcome, RevokeProof};

impl Block {
    /// The item that put this version of a consent into force, with the signature of the consent's key.
    pub fn granted(&self, consent: &PublicKey, version: u32) -> Option<(&GrantItem, &Signature)> {
        self.body.iter().find_map(|entry| {
            let Some(Active::Grants { batch, item_signatures, .. }) = entry.transaction.active() else { return None };
            let signed = batch.items.iter().zip(item_signatures);
            let mut applied = signed.zip(&entry.outcomes).filter(|(_, outcome)| **outcome == Outcome::Applied);
            let is_it = |item: &GrantItem| item.consent == *consent && item.version == version;
            applied.find(|((item, _), _)| is_it(item)).map(|(signed, _)| signed)
        })
    }

    /// The proof that ended a consent.
    pub fn revoked(&self, consent: &PublicKey) -> Option<&RevokeProof> {
        self.body.iter().find_map(|entry| match entry.transaction.active() {
            Some(Active::Revoke { consent: ended, proof, .. }) if ended == consent => {
                entry.outcomes.contains(&Outcome::Applied).then_some(proof)
            }
            Some(Active::Revoke { .. } | Active::Grants { .. } | Active::Anchor { .. } | Active::Evidence(_))
            | None => None,
        })
    }
}

#[cfg(test)]
mod tests;
