//! One value, one encoding; nothing else decodes; and no input makes the decoder allocate what it only announces.

use super::*;
use crate::block::Block;
use crate::certificate::Certificate;
use crate::fixture::{network, patient};
use crate::genesis::Genesis;
use crate::proof::{StateProof, TransactionReceipt};
use crate::transaction::SignedTransaction;
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Debug, Clone, PartialEq, Encode, Decode)]
enum Shape {
    Unit,
    Numbers { small: u8, large: u64, flag: bool },
    List(BoundedVec<Option<u32>, 8>),
    Text(BoundedString<16>),
    Nested(BoundedVec<BoundedVec<u16, 4>, 4>),
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Unit),
        (any::<u8>(), any::<u64>(), any::<bool>()).prop_map(|(small, large, flag)| Shape::Numbers {
            small,
            large,
            flag
        }),
        vec(any::<Option<u32>>(), 0..=8).prop_map(|items| Shape::List(items.try_into().unwrap())),
        "[a-zع]{0,8}".prop_map(|text| Shape::Text(text.as_str().try_into().unwrap())),
        vec(vec(any::<u16>(), 0..=4), 0..=4).prop_map(|lists| {
            let lists: Vec<BoundedVec<u16, 4>> = lists.into_iter().map(|list| list.try_into().unwrap()).collect();
            Shape::Nested(lists.try_into().unwrap())
        }),
    ]
}

proptest! {
    #[test]
    fn a_value_comes_back_and_its_neighbours_do_not(value in shape(), extra in any::<u8>()) {
        let bytes = encode(&value);
        prop_assert_eq!(decode::<Shape>(&bytes, bytes.len()).unwrap(), value);
        let mut longer = bytes.clone();
        longer.push(extra);
        prop_assert_eq!(decode::<Shape>(&longer, 1000), Err(DecodeError::Trailing { left: 1 }));
        let (len, bytes_max) = (bytes.len(), bytes.len() - 1);
        prop_assert_eq!(decode::<Shape>(&bytes, bytes_max), Err(DecodeError::TooLong { bytes: len, bytes_max }));
        for cut in 0..len {
            prop_assert_eq!(decode::<Shape>(&bytes[..cut], 1000), Err(DecodeError::Malformed));
        }
    }

    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(bytes in vec(any::<u8>(), 0..200)) {
        fn check<T: Decode<()> + Encode>(bytes: &[u8]) {
            if let Ok(value) = decode::<T>(bytes, BYTES_MAX) {
                assert_eq!(encode(&value), bytes);
            }
        }
        check::<Shape>(&bytes);
        check::<SignedTransaction>(&bytes);
        check::<Certificate>(&bytes);
    }

    #[test]
    fn flipped_bytes_of_real_values_never_decode_to_the_same_value(
        at in any::<prop::sample::Index>(), flip in 1u8..=255
    ) {
        let network = network();
        let block = network.next(&network.tip, &[network.revoke_unknown(0, &patient(1)), network.grant(0, &patient(2))]);
        let mut bytes = encode(block.block());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(altered) = decode::<Block>(&bytes, BYTES_MAX) {
            prop_assert_ne!(&altered, block.block());
            prop_assert_eq!(encode(&altered), bytes);
        }
    }
}

#[test]
fn integers_are_little_endian_and_of_fixed_width() {
    let value = Shape::Numbers { small: 1, large: 0x0102, flag: true };
    assert_eq!(encode(&value), [1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 1]);
    let list = Shape::List(vec![Some(7), None].try_into().unwrap());
    assert_eq!(encode(&list), [2, 0, 0, 0, 2, 0, 0, 0, 1, 7, 0, 0, 0, 0]);
}

#[test]
fn bytes_beside_the_canonical_ones_do_not_decode() {
    let wrong: [&[u8]; 6] = [
        &[5, 0, 0, 0],                                        // no such variant
        &[0, 0, 0, 1],                                        // no such variant
        &[1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0, 2],          // a bool that is 2
        &[2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 0, 0, 0],             // an option that is 2
        &[3, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0x28],                // text that is not UTF-8
        &[2, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // one item too many
    ];
    for bytes in wrong {
        assert_eq!(decode::<Shape>(bytes, 1000), Err(DecodeError::Malformed), "{bytes:?}");
    }
}

/// A careless type: every byte decodes to the same value.
#[derive(Debug, PartialEq, Encode)]
struct Careless(u8);

impl<C> Decode<C> for Careless {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, BincodeError> {
        u8::decode(decoder).map(|_| Self(0))
    }
}

#[test]
fn a_second_encoding_of_a_value_is_refused_even_if_its_type_would_take_it() {
    assert_eq!(decode::<Careless>(&[0], 1), Ok(Careless(0)));
    assert_eq!(decode::<Careless>(&[1], 1), Err(DecodeError::NotCanonical));
}

#[test]
fn bounds_hold_for_values_made_here_too() {
    assert_eq!(BoundedVec::<u8, 2>::try_from(vec![1, 2, 3]), Err(TooMany { len: 3, max: 2 }));
    assert_eq!(BoundedString::<2>::try_from("abc"), Err(TooMany { len: 3, max: 2 }));
    assert_eq!(BoundedString::<2>::try_from("ع").unwrap().as_str(), "ع");
}

/// A list that announces far more than it brings, for every type that comes from outside.
#[test]
fn announced_lengths_allocate_nothing() {
    fn bomb<T: Decode<()> + Encode>(prefix: &[u8]) {
        for len in [u32::MAX, 1 << 31, 1_000_000, 4096, 33] {
            let mut bytes = prefix.to_vec();
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(&[0xff; 5]);
            assert!(matches!(decode::<T>(&bytes, BYTES_MAX), Err(DecodeError::Malformed)));
        }
    }
    type Deep = BoundedVec<BoundedVec<BoundedVec<u64, { u32::MAX as usize }>, { u32::MAX as usize }>, 4096>;
    bomb::<Deep>(&[]);
    bomb::<Deep>(&[1, 0, 0, 0]);
    bomb::<Deep>(&[1, 0, 0, 0, 1, 0, 0, 0]);
    bomb::<BoundedString<{ u32::MAX as usize }>>(&[]);
    bomb::<SignedTransaction>(&[3, 0, 0, 0]);
    bomb::<SignedTransaction>(&[[0u8; 4].as_slice(), &[0; 32]].concat());
    let mut header = encode(network().tip.header());
    bomb::<Block>(&header);
    header.pop();
    header.push(1);
    bomb::<Block>(&header);
    bomb::<Genesis>(&[1, 0]);
    bomb::<Certificate>(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let certified = [header.as_slice(), &[0; 64]].concat();
    bomb::<StateProof>(&certified);
    bomb::<TransactionReceipt>(&[0; 64]);
}

#[test]
fn a_string_within_its_bound_but_beyond_the_input_allocates_within_the_limit() {
    let bytes = (u32::MAX - 1).to_le_bytes();
    assert_eq!(decode::<BoundedString<{ u32::MAX as usize }>>(&bytes, 4), Err(DecodeError::Malformed));
}
