//! The tree agrees with a map and a naive root, whatever the order; its proofs show what is there and nothing else.

use super::*;
use crate::codec;
use crate::crypto::{Context, PairHash};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

type Days = Tree<Access>;
type Model = BTreeMap<Digest, Digest>;

fn value(n: u64) -> Digest {
    Digest(*blake3::hash(&n.to_le_bytes()).as_bytes())
}

/// 64 keys: eight groups that share 0, 1, 7, 8, 9, 63, 128 or 250 leading bits, and differ in the three bits behind.
fn shared_prefix_key(n: u8) -> Digest {
    let shared = [0usize, 1, 7, 8, 9, 63, 128, 250][usize::from(n / 8 % 8)];
    let mut key = Digest([0; 32]);
    for bit in 0..3 {
        if n >> bit & 1 == 1 {
            let at = shared + bit;
            key.0[at / 8] |= 0x80 >> (at % 8);
        }
    }
    key.0[31] |= n / 8 % 8;
    key
}

/// The root by its definition, without sharing, sorting or caching.
fn naive_root(leaves: &[(Digest, Digest)], depth: usize) -> Digest {
    match leaves {
        [] => Digest::ZERO,
        [(key, value)] => PairHash::new(Context::AccessLeaf).of(key, value),
        _ => {
            let bit = |key: &Digest| (key.0[depth / 8] >> (7 - depth % 8)) & 1;
            let half = |side| leaves.iter().copied().filter(|(key, _)| bit(key) == side).collect::<Vec<_>>();
            PairHash::new(Context::AccessNode).of(&naive_root(&half(0), depth + 1), &naive_root(&half(1), depth + 1))
        }
    }
}

fn root_of(model: &Model) -> Digest {
    naive_root(&model.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), 0)
}

fn tree_of(model: &Model) -> Days {
    Days::new().with(model.iter().map(|(k, v)| (*k, *v)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_run_of_batches_agrees_with_a_map_and_leaves_older_versions_alone(
        batches in vec(vec((0u8..64, 0u64..5), 0..12), 0..25)
    ) {
        let (mut tree, mut model) = (Days::new(), Model::new());
        for batch in batches {
            let (old, old_root) = (tree.clone(), tree.root());
            let changes: Vec<_> = batch.iter().map(|(k, v)| (shared_prefix_key(*k), value(*v))).collect();
            tree = tree.with(changes.iter().copied());
            model.extend(changes);
            prop_assert_eq!(old.root(), old_root);
            prop_assert_eq!(tree.root(), root_of(&model));
            prop_assert_eq!(tree.len(), model.len());
            prop_assert!(tree.iter().eq(model.iter()));
        }
        let root = tree.root();
        for n in 0..64 {
            let key = shared_prefix_key(n);
            prop_assert_eq!(tree.get(&key), model.get(&key));
            let proof = tree.prove(&key);
            prop_assert_eq!(proof.verify::<Access>(&root, &key, model.get(&key)), Ok(()));
            let (lie, wrong) = (value(99), ProofError::Terminal);
            match model.get(&key) {
                Some(_) => {
                    prop_assert_eq!(proof.verify::<Access>(&root, &key, None), Err(wrong));
                    prop_assert_eq!(proof.verify::<Access>(&root, &key, Some(&lie)), Err(ProofError::Root));
                }
                None => prop_assert_eq!(proof.verify::<Access>(&root, &key, Some(&lie)), Err(wrong)),
            }
            let bytes = codec::encode(&proof);
            prop_assert_eq!(codec::decode::<Proof>(&bytes, bytes.len()).unwrap(), proof);
        }
    }

    #[test]
    fn the_root_forgets_the_order(keys in vec((0u8..64, 0u64..9), 1..64), seed in 0usize..64) {
        let model: Model = keys.iter().map(|(k, v)| (shared_prefix_key(*k), value(*v))).collect();
        let mut leaves: Vec<_> = model.iter().map(|(k, v)| (*k, *v)).collect();
        let whole = tree_of(&model).root();
        let len = leaves.len();
        leaves.rotate_left(seed % len);
        leaves.swap(0, len - 1);
        let one_by_one = leaves.iter().fold(Days::new(), |tree, leaf| tree.with([*leaf]));
        prop_assert_eq!(one_by_one.root(), whole);
    }
}

#[test]
fn a_hundred_thousand_keys_have_the_naive_root_and_short_proofs() {
    let model: Model = (0..100_000).map(|n| (value(n), value(n + 1))).collect();
    let tree = tree_of(&model);
    assert_eq!(tree.len(), 100_000);
    assert_eq!(tree.root(), root_of(&model));
    let root = tree.root();
    for n in (0..100_000).step_by(97) {
        let proof = tree.prove(&value(n));
        assert_eq!(proof.verify::<Access>(&root, &value(n), Some(&value(n + 1))), Ok(()));
        assert!(codec::encode(&proof).len() < 1500);
    }
}

#[test]
fn keys_that_differ_in_their_last_bit_alone_have_the_longest_way() {
    let (left, mut right) = (Digest([0x5a; 32]), Digest([0x5a; 32]));
    right.0[31] ^= 1;
    let tree = Days::new().with([(left, value(1)), (right, value(2))]);
    for (key, value) in [(left, value(1)), (right, value(2))] {
        let proof = tree.prove(&key);
        assert_eq!(usize::from(proof.depth), DEPTH_MAX);
        assert_eq!(proof.verify::<Access>(&tree.root(), &key, Some(&value)), Ok(()));
    }
}

#[test]
fn a_proof_that_is_written_another_way_is_malformed() {
    // Two keys part at bit 19, a third at bit 0: 20 steps, 18 of them past nothing.
    let (key, mut beside) = (Digest([0; 32]), Digest([0; 32]));
    beside.0[2] = 0x10;
    let tree = Days::new().with([key, beside, Digest([0xff; 32])].map(|key| (key, value(3))));
    let (root, good) = (tree.root(), tree.prove(&key));
    let check = |proof: &Proof| proof.verify::<Access>(&root, &key, Some(&value(3)));
    assert_eq!(check(&good), Ok(()));
    let bitmap = |bytes: Vec<u8>| Proof { empty: codec::BoundedVec::try_from(bytes).unwrap(), ..good.clone() };
    let longer = bitmap([good.empty.to_vec(), vec![0]].concat());
    let shorter = bitmap(good.empty.to_vec()[1..].to_vec());
    // 20 steps use four bits of the third byte.
    let [first, second, third] = good.empty[..] else { panic!("three bytes") };
    let unused = [0x08, 0x01].map(|bit| bitmap(vec![first, second, third | bit]));
    // The empty sibling that the bitmap names, written out as 32 zeros.
    let step = (0..usize::from(good.depth)).find(|step| good.empty[step / 8] & (0x80 >> (step % 8)) != 0).unwrap();
    let mut spelt_out = bitmap(good.empty.to_vec());
    spelt_out.empty = codec::BoundedVec::try_from({
        let mut bytes = good.empty.to_vec();
        bytes[step / 8] &= !(0x80 >> (step % 8));
        bytes
    })
    .unwrap();
    let before = (0..step).filter(|at| good.empty[at / 8] & (0x80 >> (at % 8)) == 0).count();
    let mut siblings = good.siblings.to_vec();
    siblings.insert(before, Digest::ZERO);
    spelt_out.siblings = codec::BoundedVec::try_from(siblings).unwrap();
    for other in [longer, shorter, spelt_out].into_iter().chain(unused) {
        assert_eq!(check(&other), Err(ProofError::Malformed), "{other:?}");
    }
    // A bitmap for more steps than a key has bits does not even decode.
    let mut bytes = codec::encode(&(257u16, codec::BoundedVec::<u8, 33>::try_from(vec![0; 33]).unwrap()));
    bytes.extend(codec::encode(&(good.siblings.clone(), good.terminal)));
    assert!(codec::decode::<Proof>(&bytes, bytes.len()).is_err());
}

#[test]
fn the_empty_tree_is_zeros_and_shows_that_nothing_is_there() {
    let tree = Days::new();
    assert_eq!((tree.root(), tree.len()), (Digest::ZERO, 0));
    assert!(tree.is_empty() && !tree.with([(value(1), value(1))]).is_empty());
    assert_eq!(tree.prove(&value(1)).verify::<Access>(&Digest::ZERO, &value(1), None), Ok(()));
}

#[test]
fn a_proof_of_one_kind_of_tree_serves_no_other() {
    let tree = Days::new().with((0..50).map(|n| (value(n), value(n))));
    let proof = tree.prove(&value(7));
    assert_eq!(proof.verify::<Access>(&tree.root(), &value(7), Some(&value(7))), Ok(()));
    assert_eq!(proof.verify::<State>(&tree.root(), &value(7), Some(&value(7))), Err(ProofError::Root));
}

#[test]
fn absence_by_a_leaf_needs_another_leaf_on_the_same_way() {
    let tree = Days::new().with([(Digest([0x00; 32]), value(0)), (Digest([0xff; 32]), value(1))]);
    let (root, beside) = (tree.root(), Digest([0x0f; 32]));
    let proof = tree.prove(&beside);
    assert_eq!(proof.verify::<Access>(&root, &beside, None), Ok(()));
    // The same way shows nothing about a key on the other side, nor that the leaf itself is absent.
    assert_eq!(proof.verify::<Access>(&root, &Digest([0xf0; 32]), None), Err(ProofError::Terminal));
    assert_eq!(proof.verify::<Access>(&root, &Digest([0x00; 32]), None), Err(ProofError::Terminal));
}

#[test]
fn a_malformed_tree_still_has_one_answer_per_key() {
    // A custodian hangs the leaf of `key` on the wrong side: no proof shows it present, and absence is what the way says.
    let (key, other) = (Digest([0x00; 32]), Digest([0xff; 32]));
    let hashing = Access::hashing();
    let misplaced = hashing.leaf.of(&key, &value(1));
    let root = hashing.node.of(&hashing.leaf.of(&other, &value(2)), &misplaced);
    let present = Proof::new(&[hashing.leaf.of(&other, &value(2))], Terminal::Asked);
    assert_eq!(present.verify::<Access>(&root, &key, Some(&value(1))), Err(ProofError::Root));
    let mut absent = Proof::new(&[misplaced], Terminal::Other { key: other, value: value(2) });
    assert_eq!(absent.verify::<Access>(&root, &key, None), Err(ProofError::Terminal));
    absent.terminal = Terminal::Empty;
    assert_eq!(absent.verify::<Access>(&root, &key, None), Err(ProofError::Root));
}

/// A cheap reproducible stream of numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn mutate(proof: &Proof, numbers: &mut Numbers) -> Proof {
    let mut siblings = proof.siblings.to_vec();
    let mut empty = proof.empty.to_vec();
    let (mut depth, mut terminal) = (proof.depth, proof.terminal);
    let flip = 1u8 << numbers.below(8);
    match numbers.below(9) {
        0 | 1 if !siblings.is_empty() => {
            let at = numbers.below(siblings.len());
            siblings[at].0[numbers.below(32)] ^= flip;
        }
        2 if siblings.len() > 1 => {
            let at = numbers.below(siblings.len() - 1);
            siblings.swap(at, at + 1);
        }
        3 if !siblings.is_empty() => {
            siblings.remove(numbers.below(siblings.len()));
            depth -= u16::from(numbers.below(2) == 0);
        }
        4 => {
            siblings.insert(numbers.below(siblings.len() + 1), value(numbers.0));
            depth += u16::from(numbers.below(2) == 0);
        }
        5 if !empty.is_empty() => {
            let at = numbers.below(empty.len());
            empty[at] ^= flip;
        }
        6 => depth ^= u16::from(flip),
        7 => {
            terminal = match terminal {
                Terminal::Asked => Terminal::Empty,
                Terminal::Empty => Terminal::Other { key: value(numbers.0), value: value(1) },
                Terminal::Other { .. } => Terminal::Asked,
            }
        }
        _ => match &mut terminal {
            Terminal::Other { key, value } => (if flip & 1 == 0 { key } else { value }).0[numbers.below(32)] ^= flip,
            Terminal::Asked | Terminal::Empty => depth += 1,
        },
    }
    empty.resize(usize::from(depth).div_ceil(8).min(32), 0);
    Proof {
        depth,
        empty: codec::BoundedVec::try_from(empty).unwrap(),
        siblings: codec::BoundedVec::try_from(siblings).unwrap(),
        terminal,
    }
}

#[test]
fn of_a_million_mutated_proofs_none_is_accepted() {
    let model: Model =
        (0..500).map(|n| (value(n), value(n + 1))).chain((0..64).map(|n| (shared_prefix_key(n), value(3)))).collect();
    let tree = tree_of(&model);
    let root = tree.root();
    let asked: Vec<_> = (0..40).map(|n| value(n * 30)).chain((0..64).step_by(5).map(shared_prefix_key)).collect();
    let honest: Vec<_> = asked.iter().map(|key| (*key, model.get(key).copied(), tree.prove(key))).collect();
    assert!(honest.iter().any(|(_, value, _)| value.is_none()) && honest.iter().any(|(_, value, _)| value.is_some()));
    let (mut numbers, mut tried) = (Numbers(0x9e37_79b9_7f4a_7c15), 0u32);
    while tried < 1_000_000 {
        let (key, value, proof) = &honest[numbers.below(honest.len())];
        let forged = mutate(proof, &mut numbers);
        if forged == *proof {
            continue;
        }
        tried += 1;
        assert!(forged.verify::<Access>(&root, key, value.as_ref()).is_err(), "{forged:?} for {key}");
        // Nor does it show the opposite.
        let opposite = if value.is_some() { None } else { Some(&root) };
        assert!(forged.verify::<Access>(&root, key, opposite).is_err(), "{forged:?} for {key}");
    }
}
