//! Ed25519 keys and the one rule by which signatures are accepted.

use bincode::{Decode, Encode};
use ed25519_dalek::Signer as _;
use std::fmt;

/// An ed25519 public key as it travels. Whether it is a usable key is checked where it is registered
/// ([`PublicKey::check_strength`]) and, as a point, at every verification.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PublicKey(pub [u8; 32]);

/// An ed25519 signature as it travels: `R ‖ s`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Signature(pub [u8; 64]);

/// A key that must not be registered: not a point, not canonical, or of small order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical ed25519 key of full order")]
pub struct WeakKeyError;

/// The ordinates of the eight points of small order, without the bit for the sign of x: 0, 1, p − 1, and those of order 8.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    *b"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
];

impl PublicKey {
    /// Refuses what must not be registered as anybody's key.
    ///
    /// # Errors
    /// When the bytes are no curve point, are not its canonical encoding, or are a point of small order.
    pub fn check_strength(&self) -> Result<(), WeakKeyError> {
        self.check_signers_strength()?;
        match ed25519_dalek::VerifyingKey::from_bytes(&self.0) {
            Ok(_point) => Ok(()),
            Err(_no_point) => Err(WeakKeyError),
        }
    }

    /// [`PublicKey::check_strength`] of a key under which a signature has been accepted: it is a point, and whether it is
    /// a strong one shows in its bytes. A square root, the cost of telling a point, is not taken again.
    ///
    /// # Errors
    /// When the bytes are not the point's canonical encoding, or it is of small order.
    pub(crate) fn check_signers_strength(&self) -> Result<(), WeakKeyError> {
        let mut ordinate = self.0;
        ordinate[31] &= 0x7f;
        // A sign of x = 0, the other long writing, is of a point of small order.
        if SMALL_ORDER.contains(&ordinate) || !self.is_reduced() { Err(WeakKeyError) } else { Ok(()) }
    }

    /// Whether y, the lower 255 bits, is less than p = 2²⁵⁵ − 19: re-compressing the point would show the same at the
    /// price of a second square root.
    fn is_reduced(&self) -> bool {
        let [first, middle @ .., last] = self.0;
        first < 0xed || last & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
    }
}

/// One signature to check: who, what, and the signature.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// The signer's key.
    pub key: &'a PublicKey,
    /// The signed bytes, domain included.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a Signature,
}

/// How signatures are checked. Ed25519 everywhere; the simulator brings a fast stand-in.
pub trait Verifier: Send + Sync {
    /// Whether every check holds. Gives the same answer as checking one by one.
    fn verify_all(&self, checks: &[Check<'_>]) -> bool;

    /// Whether this one signature holds.
    fn verify(&self, check: Check<'_>) -> bool {
        self.verify_all(std::slice::from_ref(&check))
    }
}

/// Who can sign under a key.
pub trait Signer: Send {
    /// The public half.
    fn public_key(&self) -> PublicKey;
    /// Signs `message`, which must come from [`super::Domain::signing_bytes`].
    fn sign(&self, message: &[u8]) -> Signature;
}

/// Ed25519 by the rule of ZIP-215: cofactored equation, `s < L`, any decodable `A` and `R`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ed25519;

impl Verifier for Ed25519 {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        // From four signatures on, the batch equation is cheaper; ZIP-215 makes both answers equal.
        if checks.len() < 4 {
            return checks.iter().all(verify_one);
        }
        let mut batch = ed25519_zebra::batch::Verifier::new();
        for check in checks {
            let key = ed25519_zebra::VerificationKeyBytes::from(check.key.0);
            let signature = ed25519_zebra::Signature::from(check.signature.0);
            batch.queue((key, signature, &check.message));
        }
        batch.verify(Blinding::over(checks)).is_ok()
    }
}

/// The random factors of the batch equation, drawn from a hash of the whole batch: whoever chooses the signatures
/// cannot choose the factors after seeing them, and the crate needs no randomness from outside.
struct Blinding(blake3::OutputReader);

impl Blinding {
    fn over(checks: &[Check<'_>]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("amanah signature batch blinding v1");
        for check in checks {
            hasher.update(&check.key.0);
            hasher.update(&check.signature.0);
            hasher.update(blake3::hash(check.message).as_bytes());
        }
        Self(hasher.finalize_xof())
    }
}

impl rand_core::TryRng for Blinding {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Blinding {}

fn verify_one(check: &Check<'_>) -> bool {
    let Ok(key) = ed25519_zebra::VerificationKey::try_from(check.key.0) else {
        return false;
    };
    key.verify(&ed25519_zebra::Signature::from(check.signature.0), check.message).is_ok()
}

/// A secret key with its public half. Zeroed when dropped; `Debug` shows the public half only.
pub struct Keypair(ed25519_dalek::SigningKey);

impl Keypair {
    /// The key of this 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }
}

impl Signer for Keypair {
    fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
    fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({:?})", self.public_key())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}…", hex::encode(&self.0[..6]))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signature {}…", hex::encode(&self.0[..6]))
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::Digest::deserialize(deserializer).map(|digest| Self(digest.0))
    }
}

#[cfg(test)]
mod tests;
