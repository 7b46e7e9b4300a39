//! Files that only the wallet's own seed opens: canonical or foreign bytes under a key of their own, replaced whole.

use crate::failure::{Failure, Fallible};
use crate::keystore::Seed;
use crate::private_file::{self, Existing};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

const NONCE_BYTES: usize = 24;
/// What sealing adds to the content.
const SEAL_BYTES: u64 = 64;

/// The key of one use of the seed, and what its files are bound to.
pub(crate) struct Seal<'a> {
    cipher: XChaCha20Poly1305,
    bound_to: &'a [u8],
}

impl<'a> Seal<'a> {
    /// The seal for one use of this seed. Files sealed for something else than `bound_to` do not open.
    pub(crate) fn new(seed: &Seed, context: &str, bound_to: &'a [u8]) -> Self {
        let mut key = blake3::derive_key(context, seed.as_slice());
        let cipher = XChaCha20Poly1305::new(&Key::from(key));
        key.zeroize();
        Self { cipher, bound_to }
    }

    /// Opens the file of at most `bytes_max` bytes of content; `None` if there is none.
    pub(crate) fn read(&self, path: &Path, bytes_max: u64) -> Fallible<Option<Zeroizing<Vec<u8>>>> {
        if !path.exists() {
            return Ok(None);
        }
        let sealed = private_file::read_secret(path, bytes_max + SEAL_BYTES)?;
        let damaged = || Failure::damaged(path, "it does not open with this wallet's key");
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_length| damaged())?;
        let payload = Payload { msg: sealed, aad: self.bound_to };
        let opened = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_forged| damaged())?;
        Ok(Some(Zeroizing::new(opened)))
    }

    /// Seals `content` into `path`, in place of what is there.
    pub(crate) fn write(&self, path: &Path, content: &[u8]) -> Fallible<()> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(Failure::no_randomness)?;
        let payload = Payload { msg: content, aad: self.bound_to };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_too_long| Failure::damaged(path, "the content cannot be sealed"))?;
        private_file::write(path, &[nonce.as_slice(), &sealed].concat(), Existing::Replace)
    }
}
