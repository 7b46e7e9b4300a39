//! From 24 words to every key: the seed, one secret per relationship, and what grows from each.
//!
//! Every step is BLAKE3 `derive_key` with a context of its own over inputs of fixed width, so no step can be undone
//! and none collides with another. The words restore keys, salts and slip; documents come back from custodians or
//! from a backup. All types here hold secrets: they are zeroed when dropped and print nothing.

use crate::crypto::{Context, Digest, Keypair};
use crate::member::MemberId;
use crate::transaction::lock_of;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a slip: twelve words with their checksum.
pub const SLIP_BYTES: usize = 16;
/// Looking for consents stops after so many indices in a row without one.
pub const MISSES_MAX: u32 = 20;

const RELATIONSHIP: &str = "amanah wallet relationship v1";
const RELATIONSHIP_KEY: &str = "amanah wallet relationship key v1";
const LOG_KEY: &str = "amanah wallet log key v1";
const SLIP: &str = "amanah wallet slip v1";
const CONSENT_KEY: &str = "amanah wallet consent key v1";
const SALT: &str = "amanah wallet document salt v1";
const SLIP_ITEM: &str = "amanah slip consent secret v1";

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $bytes:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The secret of these bytes.
            pub const fn new(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
            /// The bytes, for those who must store or send them.
            pub const fn expose(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret!(
    /// What the 24 words of a wallet say.
    WalletSeed,
    32
);
secret!(
    /// Root of everything between one patient and one custodian, in one generation.
    RelationshipSecret,
    32
);
secret!(
    /// Finds a relationship's leaf in a day's access tree. Known to the wallet and its custodian only.
    LogKey,
    32
);
secret!(
    /// The printed revocation slip: ends every consent of its relationship and generation.
    Slip,
    SLIP_BYTES
);
secret!(
    /// Opens the lock of one consent; published to revoke it.
    SlipItem,
    32
);

fn derive(context: &'static str, key: &[u8], inputs: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    hasher.update(key);
    for input in inputs {
        hasher.update(input);
    }
    let mut output = [0; 32];
    hasher.finalize_xof().fill(&mut output);
    hasher.zeroize();
    output
}

fn keypair(mut seed: [u8; 32]) -> Keypair {
    let keypair = Keypair::from_seed(&seed);
    seed.zeroize();
    keypair
}

impl WalletSeed {
    /// The secret shared with nobody, for one custodian on one network. `generation` counts replacements from 0.
    pub fn relationship(&self, chain: &Digest, custodian: &MemberId, generation: u32) -> RelationshipSecret {
        let inputs: [&[u8]; 3] = [&chain.0, &custodian.0.0, &generation.to_le_bytes()];
        RelationshipSecret(derive(RELATIONSHIP, &self.0, &inputs))
    }
}

impl RelationshipSecret {
    /// Signs enrolments, sign-ins and "this document is my consent".
    pub fn key(&self) -> Keypair {
        keypair(derive(RELATIONSHIP_KEY, &self.0, &[]))
    }

    /// Finds this relationship's leaf in the custodian's access trees.
    pub fn log_key(&self) -> LogKey {
        LogKey(derive(LOG_KEY, &self.0, &[]))
    }

    /// The revocation slip.
    pub fn slip(&self) -> Slip {
        let mut wide = derive(SLIP, &self.0, &[]);
        let mut slip = [0; SLIP_BYTES];
        slip.copy_from_slice(&wide[..SLIP_BYTES]);
        wide.zeroize();
        Slip(slip)
    }

    /// Key of consent number `index` of this relationship.
    pub fn consent_key(&self, index: u32) -> Keypair {
        keypair(derive(CONSENT_KEY, &self.0, &[&index.to_le_bytes()]))
    }

    /// Salt of one version of consent number `index`.
    pub fn salt(&self, index: u32, version: u32) -> [u8; 32] {
        derive(SALT, &self.0, &[&index.to_le_bytes(), &version.to_le_bytes()])
    }

    /// Lock of consent number `index`: the slip opens it.
    pub fn lock(&self, chain: &Digest, index: u32) -> Digest {
        self.slip().item(index).lock(chain)
    }
}

impl Slip {
    /// What opens consent number `index`.
    pub fn item(&self, index: u32) -> SlipItem {
        SlipItem(derive(SLIP_ITEM, &self.0, &[&index.to_le_bytes()]))
    }
}

impl SlipItem {
    /// The lock it opens.
    pub fn lock(&self, chain: &Digest) -> Digest {
        lock_of(chain, &self.0)
    }
}

impl LogKey {
    /// How an enrolment names the key without giving it away.
    pub fn digest(&self) -> Digest {
        Context::LogKey.hash(&[&self.0])
    }
}

#[cfg(test)]
mod tests;
