//! Sealed bytes: ChaCha20-Poly1305 under a key that is drawn at random, used for one purpose and zeroed when dropped.
//! What is sealed opens only under the same key and the same address (folder, kind, number), so records cannot be
//! swapped for one another by whoever can write to the disk.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NONCE_BYTES: usize = 12;
/// What sealing adds to the length of a record.
pub(crate) const OVERHEAD_BYTES: usize = NONCE_BYTES + 16;

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// The bytes are not what was sealed under this key at this address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed record does not open: another key, another place, or damaged")]
pub struct DoesNotOpen;

/// A secret key of 32 bytes. Prints nothing; zeroed when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, bincode::Encode, bincode::Decode)]
pub(crate) struct SecretKey([u8; 32]);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKey")
    }
}

/// `N` random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_no_randomness) => Err(NoRandomness),
    }
}

impl SecretKey {
    /// A fresh key.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        random().map(Self)
    }

    /// The key of these bytes.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for derivations and for the key file.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals `plain` at `address`: nonce ‖ ciphertext ‖ tag.
    pub(crate) fn seal(&self, address: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        // A key seals far fewer than 2³² records, so random nonces do not meet.
        let nonce: [u8; NONCE_BYTES] = random()?;
        let cipher = ChaCha20Poly1305::new(&self.0.into());
        let sealed = cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: address })
            .expect("records are far below the cipher's limit of 256 GiB");
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed at `address`.
    pub(crate) fn open(&self, address: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(DoesNotOpen)?;
        let cipher = ChaCha20Poly1305::new(&self.0.into());
        match cipher.decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: address }) {
            Ok(plain) => Ok(Zeroizing::new(plain)),
            Err(_tag_differs) => Err(DoesNotOpen),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_open_only_under_their_key_at_their_address_and_unchanged() {
        let key = SecretKey::generate().unwrap();
        let sealed = key.seal(b"here", b"plain").unwrap();
        assert_eq!(sealed.len(), b"plain".len() + OVERHEAD_BYTES);
        assert_eq!(key.open(b"here", &sealed).unwrap().as_slice(), b"plain");
        assert_eq!(key.open(b"there", &sealed), Err(DoesNotOpen));
        assert_eq!(SecretKey::generate().unwrap().open(b"here", &sealed), Err(DoesNotOpen));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(b"here", &changed), Err(DoesNotOpen), "byte {at}");
        }
        assert_eq!(key.open(b"here", &sealed[..11]), Err(DoesNotOpen));
    }
}
