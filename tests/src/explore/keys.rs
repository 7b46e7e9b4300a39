//! Keys of the members of a search: a signature is a hash that anybody could make, so that a step costs little.

use amanah_consensus::Vote;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::committee::{Committee, Validator, ValidatorIndex};
use amanah_ledger::crypto::{Check, Digest, PublicKey, Signature, Signer, Verifier};
use amanah_ledger::member::MemberId;

/// The network of every search.
pub(crate) const CHAIN: Digest = Digest([7; 32]);

/// The key of one member.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key(pub(crate) u8);

/// Checks what [`Key`] signs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checker;

fn seal(key: &PublicKey, message: &[u8]) -> Signature {
    let words = key.0.iter().chain(message);
    let hash =
        words.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mut bytes = [0; 64];
    bytes[..8].copy_from_slice(&hash.to_le_bytes());
    Signature(bytes)
}

impl Signer for Key {
    fn public_key(&self) -> PublicKey {
        PublicKey([self.0 + 1; 32])
    }
    fn sign(&self, message: &[u8]) -> Signature {
        seal(&self.public_key(), message)
    }
}

impl Verifier for Checker {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        checks.iter().all(|check| seal(check.key, check.message) == *check.signature)
    }
}

/// The `n` members of a search.
pub(crate) fn committee(n: u8) -> Committee {
    let member = |i: u8| Validator { member: MemberId(Digest([i + 1; 32])), key: Key(i).public_key() };
    Committee::new((0..n).map(member).collect()).expect("distinct keys of few members")
}

/// What `signer` says when it says this.
pub(crate) fn vote(signer: u8, content: VoteContent) -> Vote {
    let signature = Key(signer).sign(&content.signing_bytes(&CHAIN));
    Vote { content, signer: ValidatorIndex(signer), signature }
}

/// A certificate by these of `n` members.
pub(crate) fn certificate(n: u8, signers: impl IntoIterator<Item = u8>, content: VoteContent) -> Certificate {
    let votes = signers.into_iter().map(|i| (ValidatorIndex(i), vote(i, content).signature)).collect();
    Certificate::assemble(content, usize::from(n), &votes)
}
