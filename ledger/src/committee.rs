//! The validators of an epoch and the only quorum arithmetic there is.

use crate::codec::{self, BoundedVec};
use crate::crypto::{Context, Digest, PublicKey};
use crate::member::MemberId;
use bincode::de::{BorrowDecode, BorrowDecoder, Decoder};
use bincode::error::DecodeError;
use bincode::{Decode, Encode};

/// Most validators of one epoch: votes travel over a full mesh.
pub const VALIDATORS_MAX: usize = 31;

/// One validator: a member and its consensus key of the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Validator {
    /// Whose node votes.
    pub member: MemberId,
    /// The key it votes with in this epoch.
    pub key: PublicKey,
}

/// Position of a validator in its committee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct ValidatorIndex(pub u8);

/// The validators of one epoch, in the order that votes and certificates use. One vote each.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct Committee(BoundedVec<Validator, VALIDATORS_MAX>);

impl<C> Decode<C> for Committee {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let validators = BoundedVec::<Validator, VALIDATORS_MAX>::decode(decoder)?;
        match Self::new(validators.into_vec()) {
            Ok(committee) => Ok(committee),
            Err(_cannot_be) => Err(DecodeError::Other("a committee that cannot be")),
        }
    }
}

impl<'de, C> BorrowDecode<'de, C> for Committee {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// A committee that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommitteeError {
    /// No validators.
    #[error("a committee needs at least one validator")]
    Empty,
    /// More than [`VALIDATORS_MAX`].
    #[error("{0} validators, at most {VALIDATORS_MAX} allowed")]
    TooMany(usize),
    /// A member or a key stands twice.
    #[error("a member or a key stands twice in the committee")]
    Repeated,
}

impl Committee {
    /// A committee of these validators, in this order.
    ///
    /// # Errors
    /// When it is empty, too large, or names a member or key twice.
    pub fn new(validators: Vec<Validator>) -> Result<Self, CommitteeError> {
        if validators.is_empty() {
            return Err(CommitteeError::Empty);
        }
        for (i, one) in validators.iter().enumerate() {
            if validators.iter().skip(i + 1).any(|other| other.member == one.member || other.key == one.key) {
                return Err(CommitteeError::Repeated);
            }
        }
        BoundedVec::try_from(validators).map(Self).map_err(|e| CommitteeError::TooMany(e.len))
    }

    /// How many validators.
    pub fn n(&self) -> usize {
        self.0.len()
    }

    /// How many of them may lie: `⌊(n-1)/3⌋`.
    pub fn f(&self) -> usize {
        faults(self.n())
    }

    /// How many votes certify: `⌊(n+f)/2⌋+1`.
    pub fn quorum(&self) -> usize {
        quorum(self.n())
    }

    /// The validators in order.
    pub fn validators(&self) -> &[Validator] {
        &self.0
    }

    /// The validator at `index`.
    pub fn get(&self, index: ValidatorIndex) -> Option<&Validator> {
        self.0.get(usize::from(index.0))
    }

    /// The indices in order.
    pub fn indices(&self) -> impl Iterator<Item = ValidatorIndex> + use<> {
        (0..u8::try_from(self.n()).unwrap_or(u8::MAX)).map(ValidatorIndex)
    }

    /// Where `member` stands.
    pub fn index_of(&self, member: &MemberId) -> Option<ValidatorIndex> {
        let at = self.0.iter().position(|v| v.member == *member)?;
        u8::try_from(at).ok().map(ValidatorIndex)
    }

    /// Hash named in every header of the epoch.
    pub fn hash(&self) -> Digest {
        Context::Validators.hash(&[&codec::encode(self)])
    }
}

/// How many of `n` validators may lie: `⌊(n-1)/3⌋`.
pub const fn faults(n: usize) -> usize {
    n.saturating_sub(1) / 3
}

/// How many of `n` votes certify: `⌊(n+f)/2⌋+1`. Two quorums share `2q-n ≥ f+1` validators, one of them honest, and
/// `q ≤ n-f`, so the honest alone can certify.
pub const fn quorum(n: usize) -> usize {
    (n + faults(n)) / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_nobody_or_somebody_twice_is_no_committee() {
        let validator = |n: u8| Validator { member: MemberId(Digest([n; 32])), key: PublicKey([n; 32]) };
        let good = Committee::new(vec![validator(1), validator(2)]).unwrap();
        let bytes = codec::encode(&good);
        assert_eq!(codec::decode::<Committee>(&bytes, bytes.len()), Ok(good));
        let twice = codec::encode(&BoundedVec::<_, 2>::try_from(vec![validator(1), validator(1)]).unwrap());
        assert_eq!(codec::decode::<Committee>(&twice, 1000), Err(codec::DecodeError::Malformed));
        assert_eq!(codec::decode::<Committee>(&[0; 4], 4), Err(codec::DecodeError::Malformed));
        let one_key = Validator { member: MemberId(Digest([3; 32])), ..validator(1) };
        assert_eq!(Committee::new(vec![validator(1), one_key]), Err(CommitteeError::Repeated));
        assert_eq!(Committee::new((0..32).map(validator).collect()), Err(CommitteeError::TooMany(32)));
    }

    #[test]
    fn quorums_intersect_in_an_honest_validator_and_the_honest_alone_reach_one() {
        for n in 1..=200 {
            let (f, q) = (faults(n), quorum(n));
            assert!(2 * q - n > f, "n={n}");
            assert!(q <= n - f, "n={n}");
        }
        let known = [(4, 1, 3), (5, 1, 4), (6, 1, 4), (7, 2, 5), (8, 2, 6), (9, 2, 6), (10, 3, 7), (31, 10, 21)];
        for (n, f, q) in known {
            assert_eq!((faults(n), quorum(n)), (f, q), "n={n}");
        }
    }
}
