//! Hashes, keys and signatures, and the one list of everything that is ever signed or hashed.
//!
//! Signatures are made with ed25519-dalek and accepted by exactly one rule, ZIP-215, with one library
//! (ed25519-zebra), so that a batch and a single check never disagree: [`signature`].

pub mod digest;
pub mod domain;
pub mod signature;

pub use digest::{Digest, ParseDigestError};
pub use domain::{Context, Domain, PairHash};
pub use signature::{Check, Ed25519, Keypair, PublicKey, Signature, Signer, Verifier, WeakKeyError};
