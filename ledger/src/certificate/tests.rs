//! A certificate is a quorum's signatures under one content, written in one way.

use super::*;
use crate::committee::Validator;
use crate::crypto::{Ed25519, Keypair, Signer};
use crate::member::MemberId;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const CHAIN: Digest = Digest([3; 32]);

fn pairs(n: u8) -> Vec<Keypair> {
    (0..n).map(|seed| Keypair::from_seed(&[seed; 32])).collect()
}

fn committee(pairs: &[Keypair]) -> Committee {
    let validator =
        |(pair, id): (&Keypair, u8)| Validator { member: MemberId(Digest([id; 32])), key: pair.public_key() };
    Committee::new(pairs.iter().zip(0..).map(validator).collect()).unwrap()
}

fn content() -> VoteContent {
    VoteContent::Nullify { epoch: Epoch(0), view: View(4) }
}

fn votes(pairs: &[Keypair], content: &VoteContent, signers: &[u8]) -> BTreeMap<ValidatorIndex, Signature> {
    let message = content.signing_bytes(&CHAIN);
    signers.iter().map(|at| (ValidatorIndex(*at), pairs[usize::from(*at)].sign(&message))).collect()
}

fn certificate(pairs: &[Keypair], signers: &[u8]) -> Certificate {
    Certificate::assemble(content(), pairs.len(), &votes(pairs, &content(), signers))
}

proptest! {
    #[test]
    fn a_set_of_validators_comes_back(n in 1usize..=VALIDATORS_MAX, picked in proptest::collection::btree_set(0u8..31, 0..31)) {
        let inside: BTreeSet<_> = picked.iter().filter(|at| usize::from(**at) < n).copied().collect();
        let bitmap = Bitmap::of(n, picked.into_iter().map(ValidatorIndex));
        let members: Vec<_> = bitmap.members(n).unwrap().into_iter().map(|index| index.0).collect();
        prop_assert!(members.iter().eq(inside.iter()));
        // Over another number of bytes, or of fewer validators than it names, it is no set.
        prop_assert_eq!(bitmap.members(n + 8), None);
        if let Some(last) = inside.last() {
            prop_assert_eq!(bitmap.members(usize::from(*last)), None);
        }
    }
}

#[test]
fn any_quorum_makes_a_certificate() {
    let pairs = pairs(7);
    let committee = committee(&pairs);
    for signers in [&[0, 1, 2, 3, 4][..], &[2, 3, 4, 5, 6], &[0, 1, 2, 3, 4, 5, 6]] {
        assert_eq!(certificate(&pairs, signers).verify(&CHAIN, &committee, &Ed25519), Ok(()));
    }
    let too_few = CertificateError::TooFew { got: 4, need: 5 };
    assert_eq!(certificate(&pairs, &[0, 1, 2, 3]).verify(&CHAIN, &committee, &Ed25519), Err(too_few));
}

#[test]
fn what_is_not_a_quorums_word_is_refused() {
    let pairs = pairs(4);
    let committee = committee(&pairs);
    let good = certificate(&pairs, &[0, 1, 2]);
    let verdict = |certificate: &Certificate| certificate.verify(&CHAIN, &committee, &Ed25519);
    assert_eq!(verdict(&good), Ok(()));
    let signature = Err(CertificateError::Signature);
    let signers = Err(CertificateError::Signers);
    let other = VoteContent::Nullify { epoch: Epoch(0), view: View(5) };
    assert_eq!(verdict(&Certificate { content: other, ..good.clone() }), signature);
    assert_eq!(verdict(&Certificate { signers: certificate(&pairs, &[1, 2, 3]).signers, ..good.clone() }), signature);
    assert_eq!(verdict(&Certificate { signers: certificate(&pairs, &[0, 1]).signers, ..good.clone() }), signers);
    let mut reversed = good.signatures.to_vec();
    reversed.reverse();
    let reversed = Certificate { signatures: BoundedVec::try_from(reversed).unwrap(), ..good.clone() };
    assert_eq!(verdict(&reversed), signature);
    // One signer's signature three times.
    let one = vec![good.signatures[0]; 3];
    assert_eq!(verdict(&Certificate { signatures: BoundedVec::try_from(one).unwrap(), ..good.clone() }), signature);
    // A bit for a fifth validator of four.
    let stray = Bitmap(BoundedVec::try_from(vec![0b0001_0111]).unwrap());
    assert_eq!(verdict(&Certificate { signers: stray, ..good.clone() }), signers);
    assert_eq!(good.verify(&Digest([4; 32]), &committee, &Ed25519), signature, "another network");
}

#[test]
fn a_vote_says_its_epoch_and_view() {
    let vote = BlockVote { epoch: Epoch(2), view: View(9), parent_view: View(7), block: Digest([1; 32]) };
    let nullify = VoteContent::Nullify { epoch: Epoch(2), view: View(9) };
    for content in [VoteContent::Notarize(vote), VoteContent::Finalize(vote), nullify] {
        assert_eq!((content.epoch(), content.view()), (Epoch(2), View(9)));
    }
    let all: BTreeSet<_> = [VoteContent::Notarize(vote), VoteContent::Finalize(vote), nullify]
        .iter()
        .map(|content| content.signing_bytes(&CHAIN))
        .collect();
    assert_eq!(all.len(), 3, "each kind is another word");
}
