//! A small set of small numbers.

/// A set of numbers below 512.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Bits([u64; WORDS]);

const WORDS: usize = 8;

impl Bits {
    pub(crate) fn insert(&mut self, at: impl Into<usize>) {
        let at = at.into();
        self.0[at / 64] |= 1 << (at % 64);
    }
    pub(crate) fn contains(&self, at: impl Into<usize>) -> bool {
        let at = at.into();
        self.0[at / 64] & (1 << (at % 64)) != 0
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }
    pub(crate) fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
    pub(crate) fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            std::iter::successors(Some(*bits), |bits| Some(bits & bits.wrapping_sub(1)))
                .take_while(|bits| *bits != 0)
                .map(move |bits| word * 64 + bits.trailing_zeros() as usize)
        })
    }
    fn zip(&self, other: &Self, op: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = [0; WORDS];
        for (word, (a, b)) in words.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *word = op(*a, *b);
        }
        Self(words)
    }
}
