//! A small set of small numbers.

/// A set of numbers below 64 · `WORDS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bits<const WORDS: usize>([u64; WORDS]);

/// Contents of votes.
pub(crate) type Contents = Bits<4>;

/// Proposals.
pub(crate) type Offers = Bits<16>;

/// What can happen to a member.
pub(crate) type Inputs = Bits<32>;

impl<const WORDS: usize> Default for Bits<WORDS> {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

impl<const WORDS: usize> Bits<WORDS> {
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
