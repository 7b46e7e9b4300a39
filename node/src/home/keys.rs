//! A node's secret keys on disk: 64 hex digits, one file each, for their owner's eyes only.

use super::new_file::{Readers, write_new};
use super::{HomeError, Signer, io};
use amanah_ledger::crypto::{Keypair, PublicKey};
use amanah_ledger::genesis::Founder;
use amanah_ledger::member::MemberKeys;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Governance. Kept offline; a demo keeps it in the home.
    Root,
    /// Batches, anchors, receipts, directory.
    Gateway,
    /// Talking to other validators.
    Node,
    /// Votes.
    Consensus,
}

/// A secret key as it lies on disk. Zeroed when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 32]>);

/// The keys that a running node needs.
#[derive(Debug)]
pub struct Keys {
    /// Batches, anchors, receipts, directory.
    pub gateway: Seed,
    /// Talking to other validators.
    pub node: Seed,
    /// Votes.
    pub consensus: Seed,
}

impl Role {
    /// Those that a running node needs.
    pub(super) const RUNNING: [Self; 3] = [Self::Gateway, Self::Node, Self::Consensus];
    /// Every role, in the order of [`MemberKeys`].
    pub const ALL: [Self; 4] = [Self::Root, Self::Gateway, Self::Node, Self::Consensus];

    /// Where the key lies below `keys`.
    pub fn path(self, keys: &Path) -> PathBuf {
        keys.join(format!("{self}.key"))
    }

    /// Reads the key below `keys` and compares it with the one registered for `member`.
    pub(super) fn load(self, keys: &Path, member: &Founder) -> Result<Seed, HomeError> {
        let path = self.path(keys);
        if !path.exists() {
            return Err(HomeError::KeyMissing { path, role: self, member: member.name.to_string() });
        }
        let seed = Seed::read(&path)?;
        if seed.keypair().public_key() != *self.registered(&member.keys) {
            return Err(HomeError::KeyNotRegistered { path, role: self, member: member.name.to_string() });
        }
        Ok(seed)
    }

    fn registered(self, keys: &MemberKeys) -> &PublicKey {
        match self {
            Self::Root => &keys.root,
            Self::Gateway => &keys.gateway,
            Self::Node => &keys.node,
            Self::Consensus => &keys.consensus,
        }
    }
}

impl Seed {
    /// Fresh randomness from the system.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn random() -> Result<Self, HomeError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| HomeError::Randomness(error.to_string()))?;
        Ok(Self(seed))
    }

    /// The key pair of this seed.
    pub fn keypair(&self) -> Keypair {
        Keypair::from_seed(&self.0)
    }

    /// The seed itself, for libp2p, which makes its own key pair.
    pub fn bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.clone()
    }

    /// Reads a key that nobody but its owner can read.
    ///
    /// # Errors
    /// When it cannot be read, is no key, or is open to others.
    pub fn read(path: &Path) -> Result<Self, HomeError> {
        let metadata = fs::metadata(path).map_err(|e| io(path, e))?;
        if metadata.mode() & 0o077 != 0 {
            return Err(HomeError::KeyExposed(path.to_owned()));
        }
        let text = Zeroizing::new(fs::read(path).map_err(|e| io(path, e))?);
        let mut seed = Zeroizing::new([0; 32]);
        match hex::decode_to_slice(text.trim_ascii(), &mut *seed) {
            Ok(()) => Ok(Self(seed)),
            Err(_not_hex) => Err(HomeError::KeyFile(path.to_owned())),
        }
    }

    /// Writes a new key file; one that exists stays.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), HomeError> {
        let text = Zeroizing::new(hex::encode(*self.0) + "\n");
        write_new(path, text.as_bytes(), Readers::Owner)
    }
}

impl Keys {
    /// Reads the keys below `dir` and compares them with those registered for `member`.
    pub(super) fn load(dir: &Path, member: &Founder) -> Result<Self, HomeError> {
        let load = |role: Role| role.load(dir, member);
        Ok(Self { gateway: load(Role::Gateway)?, node: load(Role::Node)?, consensus: load(Role::Consensus)? })
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::Gateway => "gateway",
            Self::Node => "node",
            Self::Consensus => "consensus",
        })
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}
