//! Small changes to an input that is accepted: bits, numbers where lengths and counts may stand, pieces left out,
//! doubled or taken from another input.

use crate::explore::Random;

/// Makes inputs out of good ones, the same ones for the same seed.
#[derive(Debug)]
pub struct Mutator {
    random: Random,
    seeds: Vec<Vec<u8>>,
}

impl Mutator {
    /// Starts from these inputs.
    pub fn new(seed: u64, seeds: Vec<Vec<u8>>) -> Self {
        Self { random: Random::seeded(seed), seeds }
    }

    /// The next input: a good one as it is one time in eight, otherwise with one to four changes.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.pick();
        if self.random.below(8) > 0 {
            for _ in 0..=self.random.below(4) {
                self.change(&mut input);
            }
        }
        input
    }

    fn pick(&mut self) -> Vec<u8> {
        self.seeds[self.random.below(self.seeds.len())].clone()
    }

    /// Changes one thing behind the first byte, which says what the rest is taken for.
    fn change(&mut self, input: &mut Vec<u8>) {
        let len = input.len();
        if len < 2 {
            input.push(self.byte());
            return;
        }
        let at = 1 + self.random.below(len - 1);
        match self.random.below(9) {
            0 => input[at] ^= 1 << self.random.below(8),
            1 => input[at] = self.byte(),
            2 => input.truncate(at),
            3 => input.insert(at, self.byte()),
            4 => drop(input.remove(at)),
            5 => {
                let end = len.min(at + 1 + self.random.below(64));
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            6 => {
                let other = self.pick();
                let from = self.random.below(other.len());
                let piece = &other[from..other.len().min(from + 1 + self.random.below(64))];
                let end = len.min(at + piece.len());
                input.splice(at..end, piece.iter().copied());
            }
            7 => {
                let number = [0, 1, 2, 255, 4096, 65_535, 1 << 24, u32::MAX][self.random.below(8)];
                let bytes = number.to_le_bytes();
                let end = len.min(at + bytes.len());
                input[at..end].copy_from_slice(&bytes[..end - at]);
            }
            _ => {
                let other = 1 + self.random.below(len - 1);
                input.swap(at, other);
            }
        }
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.random.below(256)).expect("below 256")
    }
}
