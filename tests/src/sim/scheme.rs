//! How votes and transactions are signed in a run: ed25519, or a stand-in that costs almost nothing.

use amanah_ledger::crypto::{Check, Ed25519, Keypair, PublicKey, Signature, Signer, Verifier};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The signatures of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheme {
    /// Eight bytes from key and message. Anybody could make one; nobody in the simulator does for another's key.
    Fast,
    /// The real thing.
    Ed25519,
}

impl Scheme {
    pub(super) fn verifier(self) -> Arc<dyn Verifier> {
        match self {
            Self::Fast => Arc::new(Fast),
            Self::Ed25519 => Arc::new(Remembered::default()),
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

/// The verdicts of ed25519 in one world: what one member has asked, the others get without the curve.
#[derive(Default)]
struct Remembered(Mutex<HashMap<[u8; 32], bool>>);

impl Verifier for Remembered {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        let mut question = blake3::Hasher::new();
        for check in checks {
            question.update(&check.key.0).update(&check.signature.0).update(blake3::hash(check.message).as_bytes());
        }
        let mut verdicts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *verdicts.entry(*question.finalize().as_bytes()).or_insert_with(|| Ed25519.verify_all(checks))
    }
}

struct Fast;
struct FastSigner(PublicKey);

/// Mixes key and message, eight bytes at a time, as MurmurHash3 does at its end.
fn fast(key: &PublicKey, message: &[u8]) -> Signature {
    let (mut sum, mut word) = (message.len() as u64, [0; 8]);
    for chunk in key.0.chunks(8).chain(message.chunks(8)) {
        word[..chunk.len()].copy_from_slice(chunk);
        sum = (sum ^ u64::from_le_bytes(word)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        sum ^= sum >> 33;
    }
    let mut signature = [0; 64];
    signature[..8].copy_from_slice(&sum.wrapping_mul(0xC4CE_B9FE_1A85_EC53).to_le_bytes());
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
