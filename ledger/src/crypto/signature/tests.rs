//! One signature, one answer: alone, in any batch, in a transaction, in a block and in a certificate. The answer is
//! ZIP-215's.

use super::*;
use crate::certificate::{BlockVote, Certificate, VoteContent};
use crate::codec::BoundedVec;
use crate::committee::{Committee, Validator, ValidatorIndex};
use crate::crypto::Digest;
use crate::execute::BlockError;
use crate::fixture::{Network, network};
use crate::member::MemberId;
use crate::position::{Epoch, View};
use crate::transaction::{Relay, RevokeProof, SignedTransaction, TransactionError, revoke_signing_bytes};
use curve25519_dalek::constants::{ED25519_BASEPOINT_TABLE, EIGHT_TORSION};
use curve25519_dalek::{EdwardsPoint, Scalar};
use sha2::{Digest as _, Sha512};

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

/// The signature alone, and at every place of batches of several sizes among good ones; one answer or a failed test.
fn answer(check: Check<'_>) -> bool {
    let alone = Ed25519.verify(check);
    assert_eq!(verify_one(&check), alone);
    let good: Vec<_> = (0..9u8)
        .map(|n| {
            let pair = Keypair::from_seed(&[n; 32]);
            (pair.public_key(), vec![n; 20], pair.sign(&[n; 20]))
        })
        .collect();
    let good: Vec<_> = good.iter().map(|(key, message, signature)| Check { key, message, signature }).collect();
    for size in [0, 1, 2, 3, 4, 8] {
        for at in 0..=size {
            let mut batch = good[..size].to_vec();
            batch.insert(at, check);
            assert_eq!(Ed25519.verify_all(&batch), alone, "at {at} of {size}");
        }
    }
    // Twice the same: two wrongs must not make a right.
    assert_eq!(Ed25519.verify_all(&[&good[..4], &[check, check]].concat()), alone);
    alone
}

/// The twelve vectors of Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (2020), section 5: message, key,
/// signature, and whether ZIP-215 accepts.
const SPECCHECK: [(&str, &str, &str, bool); 12] = [
    (
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a\
         0000000000000000000000000000000000000000000000000000000000000000",
        true,
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        true,
    ),
    (
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa\
         8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        true,
    ),
    (
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f\
         87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
        true,
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512\
         5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        true,
    ),
    (
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7\
         e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        true,
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e\
         547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        false,
    ),
    (
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942\
         7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        false,
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
        false,
    ),
    (
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
        true,
    ),
    (
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        true,
    ),
    (
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc\
         a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        true,
    ),
];

#[test]
fn the_published_edge_cases_have_the_answer_of_zip_215_alone_and_in_every_batch() {
    for (number, (message, key, signature, accepted)) in SPECCHECK.into_iter().enumerate() {
        let (key, signature) = (PublicKey(bytes(key)), Signature(bytes(signature)));
        let message: [u8; 32] = bytes(message);
        let check = Check { key: &key, message: &message, signature: &signature };
        assert_eq!(answer(check), accepted, "case {number}");
    }
}

type Sign = Box<dyn Fn(&[u8]) -> Signature>;

/// A key and the signature it makes of a message, by somebody who follows no rules.
struct Crafted {
    name: &'static str,
    key: PublicKey,
    sign: Sign,
    accepted: bool,
}

const SECRET: u64 = 0x00c0_ffee_1234_5678;
const NONCE: u64 = 0x0bad_cafe_8765_4321;
/// p + 1: the neutral element, written the long way.
const LONG_NEUTRAL: &str = "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f";
/// The group's order, little-endian.
const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

fn join(r: [u8; 32], s: [u8; 32]) -> Signature {
    let mut both = [0; 64];
    both[..32].copy_from_slice(&r);
    both[32..].copy_from_slice(&s);
    Signature(both)
}

/// Signs with secret and nonce under the given encodings of A and R, then lets `spoil` have the scalar's bytes.
fn crafted(
    name: &'static str,
    accepted: bool,
    (key, secret): ([u8; 32], u64),
    (r, nonce): ([u8; 32], u64),
    spoil: fn([u8; 32]) -> [u8; 32],
) -> Crafted {
    let sign = move |message: &[u8]| {
        let s = Scalar::from(nonce) + challenge(&r, &key, message) * Scalar::from(secret);
        join(r, spoil(s.to_bytes()))
    };
    Crafted { name, key: PublicKey(key), sign: Box::new(sign), accepted }
}

fn plus_order(s: [u8; 32]) -> [u8; 32] {
    let (mut sum, mut carry) = ([0; 32], 0u16);
    for (at, (one, two)) in s.iter().zip(bytes::<32>(ORDER)).enumerate() {
        carry += u16::from(*one) + u16::from(two);
        sum[at] = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    sum
}

fn all_crafted() -> Vec<Crafted> {
    let base = |secret: u64| ED25519_BASEPOINT_TABLE * &Scalar::from(secret);
    let encode = |point: EdwardsPoint| point.compress().to_bytes();
    let (a, r) = (encode(base(SECRET)), encode(base(NONCE)));
    let torsion = EIGHT_TORSION[1];
    let (mixed_a, mixed_r) = (encode(base(SECRET) + torsion), encode(base(NONCE) + torsion));
    let (small, long) = (encode(torsion), bytes(LONG_NEUTRAL));
    let mut no_point = [0; 32];
    no_point[0] = 2;
    let as_is: fn([u8; 32]) -> [u8; 32] = |s| s;
    let off_by_one: fn([u8; 32]) -> [u8; 32] = |mut s| {
        s[0] ^= 1;
        s
    };
    vec![
        crafted("honest", true, (a, SECRET), (r, NONCE), as_is),
        crafted("mixed A", true, (mixed_a, SECRET), (r, NONCE), as_is),
        crafted("mixed R", true, (a, SECRET), (mixed_r, NONCE), as_is),
        crafted("mixed A and R", true, (mixed_a, SECRET), (mixed_r, NONCE), as_is),
        crafted("small A, small R, s = 0", true, (small, 0), (small, 0), as_is),
        crafted("small A", true, (small, 0), (r, NONCE), as_is),
        crafted("small R", true, (a, SECRET), (small, 0), as_is),
        crafted("non-canonical A", true, (long, 0), (r, NONCE), as_is),
        crafted("non-canonical R", true, (a, SECRET), (long, 0), as_is),
        crafted("s + L", false, (a, SECRET), (r, NONCE), plus_order),
        crafted("s + L under a small A", false, (small, 0), (r, NONCE), plus_order),
        crafted("another s", false, (a, SECRET), (r, NONCE), off_by_one),
        crafted("another s under a mixed A", false, (mixed_a, SECRET), (r, NONCE), off_by_one),
        crafted("R is no point", false, (a, SECRET), (no_point, NONCE), as_is),
        crafted("A is no point", false, (no_point, SECRET), (r, NONCE), as_is),
    ]
}

#[test]
fn crafted_signatures_have_one_answer_alone_and_in_every_batch() {
    for case in all_crafted() {
        let message = b"a message".as_slice();
        let signature = (case.sign)(message);
        let check = Check { key: &case.key, message, signature: &signature };
        assert_eq!(answer(check), case.accepted, "{}", case.name);
    }
}

/// A revocation by the crafted key: alone, and among others in a block.
fn in_a_transaction(network: &Network, case: &Crafted) -> bool {
    let proof = RevokeProof::Key((case.sign)(&revoke_signing_bytes(&network.chain, &case.key)));
    let member = network.members[0].id;
    let relay = network.gateway(0, &Relay::signing_bytes(&network.chain, &member, &case.key));
    let relay = Some(Relay { member, gateway: relay });
    let transaction = SignedTransaction::Revoke { consent: case.key, proof, relay };
    let verdict = transaction.clone().verify(&network.chain, &Ed25519).map(drop);
    if let Err(error) = verdict {
        assert_eq!(error, TransactionError::Signature);
    }
    let others: Vec<_> = (0..5).map(|n| network.revoke_unknown(1, &crate::fixture::patient(n))).collect();
    for count in [0, 2, 5] {
        let transactions: Vec<_> = others[..count].iter().cloned().chain([transaction.clone()]).collect();
        let valid = match network.tip.execute(block_of(network, transactions), &Ed25519, &|_| false) {
            // The state root is not the point here: it is reached only when every signature held.
            Ok(_) | Err(BlockError::Outcome(_) | BlockError::StateRoot) => true,
            Err(BlockError::Transaction { index, error: TransactionError::Signature }) => {
                assert_eq!(index, count, "the bad one is named");
                false
            }
            Err(other) => panic!("{other}"),
        };
        assert_eq!(valid, verdict.is_ok(), "{} in a block with {count} others", case.name);
    }
    verdict.is_ok()
}

fn block_of(network: &Network, transactions: Vec<SignedTransaction>) -> crate::block::OpenBlock {
    let mut block = network.build(&network.tip, crate::fixture::START, &[]).block().clone();
    let outcomes = BoundedVec::try_from(vec![crate::transaction::Outcome::Applied]).unwrap();
    let entries: Vec<_> = transactions
        .into_iter()
        .map(|transaction| crate::block::Entry { transaction, outcomes: outcomes.clone() })
        .collect();
    block.body = BoundedVec::try_from(entries).unwrap();
    let names: Vec<_> =
        block.body.iter().map(|entry| (entry.transaction.tx_id(&network.chain), entry.transaction.wire_id())).collect();
    block.header.tx_root = crate::block::tx_root(&names, &block.body);
    block.header.tx_count = u32::try_from(names.len()).unwrap();
    crate::block::OpenBlock::of(block).unwrap()
}

/// A certificate with the crafted signature among `n - 1` honest ones.
fn in_a_certificate(chain: &Digest, case: &Crafted, n: u8) -> bool {
    let pairs: Vec<_> = (1..n).map(|seed| Keypair::from_seed(&[seed; 32])).collect();
    let keys = std::iter::once(case.key).chain(pairs.iter().map(Signer::public_key));
    let validators = keys.zip(0u8..).map(|(key, id)| Validator { member: MemberId(Digest([id; 32])), key }).collect();
    let committee = Committee::new(validators).unwrap();
    let vote = BlockVote { epoch: Epoch(0), view: View(1), parent_view: View(0), block: Digest([9; 32]) };
    let content = VoteContent::Finalize(vote);
    let message = content.signing_bytes(chain);
    let signatures = std::iter::once((case.sign)(&message)).chain(pairs.iter().map(|pair| pair.sign(&message)));
    let votes = committee.indices().collect::<Vec<ValidatorIndex>>().into_iter().zip(signatures).collect();
    Certificate::assemble(content, usize::from(n), &votes).verify(chain, &committee, &Ed25519).is_ok()
}

#[test]
fn crafted_signatures_have_the_same_answer_in_transactions_blocks_and_certificates() {
    let network = network();
    for case in all_crafted() {
        assert_eq!(in_a_transaction(&network, &case), case.accepted, "{} in a transaction", case.name);
        for n in [1, 3, 4, 7] {
            let accepted = in_a_certificate(&network.chain, &case, n);
            assert_eq!(accepted, case.accepted, "{} in a certificate of {n}", case.name);
        }
    }
}

#[test]
fn weak_keys_are_refused_where_keys_are_registered() {
    for torsion in EIGHT_TORSION {
        assert_eq!(PublicKey(torsion.compress().to_bytes()).check_strength(), Err(WeakKeyError));
    }
    let written_long = [
        LONG_NEUTRAL,
        // p, p with a sign bit, and the neutral element with a sign bit.
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0100000000000000000000000000000000000000000000000000000000000080",
        // No point at all.
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    for text in written_long {
        assert_eq!(PublicKey(bytes(text)).check_strength(), Err(WeakKeyError), "{text}");
    }
    // Of full order, but written as p + y instead of y: refused for the writing alone.
    let mut seen = 0;
    for y in 3..19u8 {
        let mut short = [0; 32];
        short[0] = y;
        let mut long = bytes::<32>(LONG_NEUTRAL);
        long[0] = 0xed + y;
        if PublicKey(short).check_strength().is_ok() {
            assert_eq!(PublicKey(long).check_strength(), Err(WeakKeyError), "{y}");
            seen += 1;
        }
    }
    assert!(seen > 3, "{seen}");
    for seed in 0..20 {
        assert_eq!(Keypair::from_seed(&[seed; 32]).public_key().check_strength(), Ok(()));
    }
}

/// Every point of small order in every writing that decodes, and points of full order in both.
fn keys_that_decode() -> Vec<PublicKey> {
    let mut written: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().to_bytes()).collect();
    for low in 0..=255u8 {
        // y and p + y, each with and without a sign.
        for mut long in [[0; 32], bytes::<32>(LONG_NEUTRAL)] {
            long[0] = low;
            written.push(long);
        }
    }
    written.extend((0..100u8).map(|seed| *blake3::hash(&[seed]).as_bytes()));
    let signed = written.clone().into_iter().map(|mut bytes| {
        bytes[31] ^= 0x80;
        bytes
    });
    written.extend(signed);
    let decodes = |bytes: &[u8; 32]| ed25519_zebra::VerificationKey::try_from(*bytes).is_ok();
    written.into_iter().filter(decodes).map(PublicKey).collect()
}

#[test]
fn whether_a_signers_key_is_weak_shows_in_its_bytes() {
    let keys = keys_that_decode();
    let is_weak = |key: &PublicKey| {
        let point = ed25519_dalek::VerifyingKey::from_bytes(&key.0).unwrap();
        point.is_weak() || point.to_edwards().compress().to_bytes() != key.0
    };
    let weak = keys.iter().filter(|key| is_weak(key)).count();
    assert!(weak > 14 && keys.len() - weak > 100, "{weak} of {}", keys.len());
    for key in &keys {
        assert_eq!(key.check_signers_strength().is_err(), is_weak(key), "{key}");
        assert_eq!(key.check_strength().is_err(), is_weak(key), "{key}");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_a_bad_signature() {
    let pair = Keypair::from_seed(&[5; 32]);
    let (key, message, signature) = (pair.public_key(), b"message".to_vec(), pair.sign(b"message"));
    assert!(Ed25519.verify(Check { key: &key, message: &message, signature: &signature }));
    for bit in 0..512 {
        let mut bad = signature;
        bad.0[bit / 8] ^= 1 << (bit % 8);
        assert!(!Ed25519.verify(Check { key: &key, message: &message, signature: &bad }), "bit {bit}");
    }
    assert!(!Ed25519.verify(Check { key: &key, message: b"Message", signature: &signature }));
    assert!(Ed25519.verify_all(&[]), "nothing to check, nothing wrong");
}

#[test]
fn secrets_do_not_show() {
    let pair = Keypair::from_seed(&[0xab; 32]);
    let shown = format!("{pair:?}");
    assert!(shown.contains(&hex::encode(&pair.public_key().0[..6])));
    assert!(!shown.contains("abab"));
}
