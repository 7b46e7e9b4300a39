//! `SignedTransaction → VerifiedTransaction`: form and signatures, whatever the state says.

use super::revoke_signing_bytes;
use super::{Active, GatewaySignature, Relay, RevokeProof, SignedTransaction, TRANSACTION_BYTES_MAX, TxId, WireId};
use crate::codec;
use crate::crypto::{Check, Context, Digest, Domain, PublicKey, Signature, Verifier};

/// A transaction whose signatures all hold. Only [`SignedTransaction::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTransaction {
    transaction: SignedTransaction,
    tx_id: TxId,
    wire_id: WireId,
    bytes: usize,
}

/// Why signed bytes are not a transaction at all. In a block it makes the block invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// A batch without items, with another number of signatures, or with an item of another custodian.
    #[error("the batch is not well formed")]
    Malformed,
    /// Longer than [`TRANSACTION_BYTES_MAX`].
    #[error("{0} bytes, at most {TRANSACTION_BYTES_MAX} allowed")]
    TooLong(usize),
    /// A signature does not verify.
    #[error("a signature does not verify")]
    Signature,
}

/// One thing that is signed: by whom, what, and the signature.
pub(crate) struct SignedPart {
    key: PublicKey,
    message: Vec<u8>,
    signature: Signature,
}

impl SignedPart {
    fn new(key: &PublicKey, message: Vec<u8>, signature: &Signature) -> Self {
        Self { key: *key, message, signature: *signature }
    }
    fn by_gateway(gateway: &GatewaySignature, message: Vec<u8>) -> Self {
        Self { key: gateway.key, message, signature: gateway.signature }
    }
    /// The signature to check.
    pub(crate) fn check(&self) -> Check<'_> {
        Check { key: &self.key, message: &self.message, signature: &self.signature }
    }
}

impl SignedTransaction {
    /// Checks form and every signature; what the state says is checked where it is applied.
    ///
    /// # Errors
    /// When it is too long, a batch is malformed, or a signature does not verify.
    pub fn verify(self, chain: &Digest, verifier: &dyn Verifier) -> Result<VerifiedTransaction, TransactionError> {
        let bytes = codec::encode(&self);
        if bytes.len() > TRANSACTION_BYTES_MAX {
            return Err(TransactionError::TooLong(bytes.len()));
        }
        let signed = self.signed_parts(chain)?;
        let checks: Vec<Check<'_>> = signed.iter().map(SignedPart::check).collect();
        if !verifier.verify_all(&checks) {
            return Err(TransactionError::Signature);
        }
        Ok(VerifiedTransaction {
            tx_id: self.tx_id(chain),
            wire_id: WireId(Context::WireId.hash(&[&bytes])),
            bytes: bytes.len(),
            transaction: self,
        })
    }

    /// Everything in it that is signed, if it is well formed. A form that the types allow never exceeds
    /// [`TRANSACTION_BYTES_MAX`].
    pub(crate) fn signed_parts(&self, chain: &Digest) -> Result<Vec<SignedPart>, TransactionError> {
        let mut parts = Vec::new();
        match self.active() {
            Some(Active::Grants { batch, item_signatures, gateway }) => {
                let well_formed = !batch.items.is_empty()
                    && batch.items.len() == item_signatures.len()
                    && batch.items.iter().all(|item| item.custodian == batch.custodian);
                if !well_formed {
                    return Err(TransactionError::Malformed);
                }
                let items = batch.items.iter().zip(item_signatures);
                parts.extend(
                    items.map(|(item, signature)| SignedPart::new(&item.consent, item.signing_bytes(chain), signature)),
                );
                parts.push(SignedPart::by_gateway(gateway, batch.signing_bytes(chain)));
            }
            Some(Active::Revoke { consent, proof, relay }) => {
                match proof {
                    RevokeProof::Key(signature) => {
                        parts.push(SignedPart::new(consent, revoke_signing_bytes(chain, consent), signature));
                    }
                    RevokeProof::Slip(_) => {}
                    RevokeProof::Custodian(gateway) => {
                        let message = Domain::RevokeByCustodian.signing_bytes(chain, &consent.0);
                        parts.push(SignedPart::by_gateway(gateway, message));
                    }
                }
                if let Some(Relay { member, gateway }) = relay {
                    let message = Relay::signing_bytes(chain, member, consent);
                    parts.push(SignedPart::by_gateway(gateway, message));
                }
            }
            Some(Active::Anchor { anchor, gateway }) => {
                parts.push(SignedPart::by_gateway(gateway, anchor.signing_bytes(chain)));
            }
            Some(Active::Evidence(proof)) => parts.extend(proof.statements().iter().map(|statement| {
                SignedPart::new(proof.key(), statement.content.signing_bytes(chain), &statement.signature)
            })),
            None => {}
        }
        Ok(parts)
    }
}

impl VerifiedTransaction {
    /// The transaction.
    pub fn transaction(&self) -> &SignedTransaction {
        &self.transaction
    }
    /// Name of the act.
    pub fn tx_id(&self) -> TxId {
        self.tx_id
    }
    /// Name of the bytes.
    pub fn wire_id(&self) -> WireId {
        self.wire_id
    }
    /// Length of the encoding.
    pub fn bytes_len(&self) -> usize {
        self.bytes
    }
}
