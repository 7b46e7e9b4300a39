//! How votes and transactions are signed in a run: ed25519, or a stand-in that costs one hash.

use amanah_ledger::crypto::{Check, Ed25519, Keypair, PublicKey, Signature, Signer, Verifier};
use std::sync::Arc;

/// The signatures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheme {
    /// A hash of key and message. Anybody could make one; nobody in the simulator does.
    Fast,
    /// The real thing.
    Ed25519,
}

impl Scheme {
    pub(super) fn verifier(self) -> Arc<dyn Verifier> {
        match self {
            Self::Fast => Arc::new(Fast),
            Self::Ed25519 => Arc::new(Ed25519),
        }
    }

    /// A signer under the real public key of `seed`.
    pub(super) fn signer(self, seed: &[u8; 32]) -> Box<dyn Signer> {
        let keypair = Keypair::from_seed(seed);
        match self {
            Self::Fast => Box::new(FastSigner(keypair.public_key())),
            Self::Ed25519 => Box::new(keypair),
        }
    }

    /// Signs once under a key whose public half is known already.
    pub(super) fn sign(self, seed: &[u8; 32], key: PublicKey, message: &[u8]) -> Signature {
        match self {
            Self::Fast => fast(&key, message),
            Self::Ed25519 => Keypair::from_seed(seed).sign(message),
        }
    }
}

struct Fast;
struct FastSigner(PublicKey);

fn fast(key: &PublicKey, message: &[u8]) -> Signature {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&key.0).update(message);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(hasher.finalize().as_bytes());
    Signature(signature)
}

impl Verifier for Fast {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        checks.iter().all(|check| fast(check.key, check.message) == *check.signature)
    }
}

impl Signer for FastSigner {
    fn public_key(&self) -> PublicKey {
        self.0
    }
    fn sign(&self, message: &[u8]) -> Signature {
        fast(&self.0, message)
    }
}
