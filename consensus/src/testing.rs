//! Toy keys and ready certificates for the unit tests.

use crate::certificate::Electorate;
use crate::config::{Config, Timing};
use crate::message::Vote;
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::committee::{Committee, Validator, ValidatorIndex, quorum};
use amanah_ledger::crypto::{Check, Context, Digest, PublicKey, Signature, Signer, Verifier};
use amanah_ledger::member::MemberId;
use amanah_ledger::position::Epoch;
use std::sync::Arc;

pub(crate) const CHAIN: Digest = Digest([7; 32]);

/// Signs by hashing its number and the message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Toy(pub(crate) u8);

impl Signer for Toy {
    fn public_key(&self) -> PublicKey {
        PublicKey([self.0 + 1; 32])
    }
    fn sign(&self, message: &[u8]) -> Signature {
        toy_signature(&self.public_key(), message)
    }
}

pub(crate) struct ToyVerifier;

pub(crate) fn toy_verifier() -> Arc<dyn Verifier> {
    Arc::new(ToyVerifier)
}

impl Verifier for ToyVerifier {
    fn verify_all(&self, checks: &[Check<'_>]) -> bool {
        checks.iter().all(|check| toy_signature(check.key, check.message) == *check.signature)
    }
}

fn toy_signature(key: &PublicKey, message: &[u8]) -> Signature {
    let digest = Context::Label.hash(&[&key.0, message]);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&digest.0);
    Signature(bytes)
}

pub(crate) fn electorate(n: u8, me: u8) -> Electorate {
    #[cfg(feature = "mutants")]
    return electorate_with(n, me, None);
    #[cfg(not(feature = "mutants"))]
    Electorate::new(&config(n, me), Arc::new(ToyVerifier))
}

pub(crate) fn electorate_in(n: u8, me: u8, epoch: Epoch) -> Electorate {
    Electorate::new(&Config { epoch, ..config(n, me) }, Arc::new(ToyVerifier))
}

#[cfg(feature = "mutants")]
pub(crate) fn electorate_with(n: u8, me: u8, mutant: Option<amanah_ledger::mutant::Mutant>) -> Electorate {
    Electorate::new(&Config { mutant, ..config(n, me) }, Arc::new(ToyVerifier))
}

pub(crate) fn committee(n: u8) -> Committee {
    let validator = |i: u8| Validator { member: MemberId(Digest([i + 1; 32])), key: Toy(i).public_key() };
    Committee::new((0..n).map(validator).collect()).expect("distinct keys")
}

fn config(n: u8, me: u8) -> Config {
    Config {
        chain: CHAIN,
        epoch: Epoch(0),
        committee: committee(n),
        me: ValidatorIndex(me),
        timing: Timing::default(),
        jitter_seed: 0,
        #[cfg(feature = "mutants")]
        mutant: None,
    }
}

pub(crate) fn vote(signer: u8, content: VoteContent) -> Vote {
    let signature = Toy(signer).sign(&content.signing_bytes(&CHAIN));
    Vote { content, signer: ValidatorIndex(signer), signature }
}

pub(crate) fn notarize(signer: u8, block: BlockVote) -> Vote {
    vote(signer, VoteContent::Notarize(block))
}

/// What the first quorum of `n` validators makes by voting for `content`.
pub(crate) fn certificate(n: u8, content: VoteContent) -> Certificate {
    let signers = u8::try_from(quorum(usize::from(n))).expect("small");
    certificate_of(n, content, 0..signers)
}

pub(crate) fn certificate_of(n: u8, content: VoteContent, signers: impl Iterator<Item = u8>) -> Certificate {
    let votes = signers.map(|signer| (ValidatorIndex(signer), vote(signer, content).signature)).collect();
    Certificate::assemble(content, usize::from(n), &votes)
}
