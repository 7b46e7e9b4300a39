//! The wallet's seed at rest: 256 bits under a passphrase (argon2id, ChaCha20-Poly1305), in a versioned JSON file.
//!
//! The seed is the entropy of 24 BIP-39 words. The file names its own cost, within bounds, so that a stronger default
//! later opens older files; every field that is not the ciphertext is authenticated with it.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::private_file::{self, Existing};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// A wallet's secret, from which everything else is derived.
pub(crate) type Seed = Zeroizing<[u8; 32]>;

const SCHEMA: &str = "amanah.keystore/1";
const FILE_BYTES_MAX: u64 = 4096;
/// Highest cost a file may ask of the machine that opens it.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 32;

/// How hard a guess at the passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes: about a fifth of a second.
    pub(crate) const WALLET: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeystoreFile {
    schema: String,
    kdf: String,
    cost: Cost,
    salt: String,
    cipher: String,
    nonce: String,
    sealed_seed: String,
}

impl KeystoreFile {
    /// What is authenticated beside the seed: all that decides how the file is read.
    fn associated(&self) -> Vec<u8> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let Self { schema, kdf, salt, cipher, .. } = self;
        format!("{schema}|{kdf}|{memory_kib}|{passes}|{lanes}|{salt}|{cipher}").into_bytes()
    }
}

/// Seals `seed` under `passphrase` into a new file.
pub(crate) fn create(path: &Path, seed: &Seed, passphrase: &str, cost: Cost) -> Fallible<()> {
    let mut salt = [0; 16];
    let mut nonce = [0; 12];
    getrandom::fill(&mut salt).and_then(|()| getrandom::fill(&mut nonce)).map_err(Failure::no_randomness)?;
    let mut file = KeystoreFile {
        schema: SCHEMA.to_owned(),
        kdf: "argon2id".to_owned(),
        cost,
        salt: hex::encode(salt),
        cipher: "chacha20-poly1305".to_owned(),
        nonce: hex::encode(nonce),
        sealed_seed: String::new(),
    };
    let key = stretch(passphrase, &salt, cost).map_err(|why| Failure::damaged(path, why))?;
    let payload = Payload { msg: seed.as_slice(), aad: &file.associated() };
    let sealed = cipher(&key)
        .encrypt(&Nonce::from(nonce), payload)
        .map_err(|_too_long| Failure::damaged(path, "the seed cannot be sealed"))?;
    file.sealed_seed = hex::encode(sealed);
    let text = serde_json::to_vec_pretty(&file).map_err(|e| Failure::damaged(path, e))?;
    private_file::write(path, &text, Existing::Keep)
}

/// Opens the file at `path`.
pub(crate) fn open(path: &Path, passphrase: &str) -> Fallible<Seed> {
    let bytes = private_file::read_secret(path, FILE_BYTES_MAX)?;
    let file: KeystoreFile = serde_json::from_slice(&bytes).map_err(|e| Failure::damaged(path, e))?;
    if file.schema != SCHEMA || file.kdf != "argon2id" || file.cipher != "chacha20-poly1305" {
        return Err(Failure::damaged(path, "another format than this program writes"));
    }
    let salt: [u8; 16] = fixed(&file.salt).ok_or_else(|| Failure::damaged(path, "its salt"))?;
    let nonce: [u8; 12] = fixed(&file.nonce).ok_or_else(|| Failure::damaged(path, "its nonce"))?;
    let sealed: [u8; 48] = fixed(&file.sealed_seed).ok_or_else(|| Failure::damaged(path, "its seed"))?;
    let key = stretch(passphrase, &salt, file.cost).map_err(|why| Failure::damaged(path, why))?;
    let payload = Payload { msg: &sealed, aad: &file.associated() };
    let opened = cipher(&key).decrypt(&Nonce::from(nonce), payload).map(Zeroizing::new);
    let seed: [u8; 32] = match opened.map(|seed| seed.as_slice().try_into()) {
        Ok(Ok(seed)) => seed,
        Ok(Err(_)) | Err(_) => {
            let fix = "try again; if it is lost: amanah wallet recover NAME with your 24 words";
            return Err(Failure::new(Exit::Locked, 133, "this passphrase does not open the wallet", fix));
        }
    };
    Ok(Zeroizing::new(seed))
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(&Key::from(**key))
}

fn stretch(passphrase: &str, salt: &[u8; 16], cost: Cost) -> Result<Zeroizing<[u8; 32]>, &'static str> {
    if cost.memory_kib > MEMORY_KIB_MAX || cost.passes > PASSES_MAX || cost.lanes != 1 {
        return Err("its cost is out of bounds");
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32));
    let params = params.map_err(|_out_of_range| "its cost is out of bounds")?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_memory| "not enough memory to open it")?;
    Ok(key)
}

fn fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn seed() -> Seed {
        Zeroizing::new([7; 32])
    }

    #[test]
    fn only_the_passphrase_opens_the_seed_and_no_file_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keystore.json");
        create(&path, &seed(), "silver orbit", CHEAP).unwrap();
        assert_eq!(*open(&path, "silver orbit").unwrap(), [7; 32]);
        assert_eq!(open(&path, "silver orbi").unwrap_err().exit, Exit::Locked);
        assert_eq!(create(&path, &seed(), "other", CHEAP).unwrap_err().exit, Exit::Conflict);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex::encode([7; 32])) && !text.contains("silver"));
    }

    #[test]
    fn every_field_of_the_file_is_authenticated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keystore.json");
        create(&path, &seed(), "p", CHEAP).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        for field in ["salt", "nonce", "sealed_seed"] {
            let mut changed = file.clone();
            let old = changed[field].as_str().unwrap().to_owned();
            let first = if old.starts_with('0') { "1" } else { "0" };
            changed[field] = format!("{first}{}", &old[1..]).into();
            private_file::write(&path, changed.to_string().as_bytes(), Existing::Replace).unwrap();
            assert_eq!(open(&path, "p").unwrap_err().exit, Exit::Locked, "{field}");
        }
        let mut changed = file.clone();
        changed["cost"]["memory_kib"] = (MEMORY_KIB_MAX + 1).into();
        private_file::write(&path, changed.to_string().as_bytes(), Existing::Replace).unwrap();
        assert_eq!(
            open(&path, "p").unwrap_err().code,
            "AMN-0012",
            "a file must not make the machine run out of memory"
        );
    }
}
