//! Random numbers that a seed decides (splitmix64).

/// A stream of them.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The stream of a seed.
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of these, of which there is at least one.
    pub fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.below(of.len() as u64)).unwrap_or(0);
        of[place].clone()
    }

    /// What `make` makes, in so many of a hundred cases.
    pub fn maybe<T>(&mut self, share: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(share).then(|| make(self))
    }

    /// None, one or two of what `make` makes: none in all but so many of a hundred cases.
    pub fn few<T, C: FromIterator<T>>(&mut self, share: u64, make: impl Fn(&mut Self) -> T) -> C {
        let count = if self.percent(share) { 1 + self.below(2) } else { 0 };
        (0..count).map(|_| make(self)).collect()
    }
}
