//! Who leads which view: the validators in an order drawn once per epoch, one view each, again and again.

use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::Digest;
use amanah_ledger::position::View;

/// The order of leaders of one epoch.
#[derive(Debug, Clone)]
pub(crate) struct Leaders(Vec<ValidatorIndex>);

impl Leaders {
    /// The order of these validators that the block at the epoch's start draws.
    pub(crate) fn new(validators: impl Iterator<Item = ValidatorIndex>, epoch_start: &Digest) -> Self {
        let mut order: Vec<_> = validators.collect();
        let mut draw = Draw::seeded(epoch_start.0.chunks_exact(8).fold(0, |seed, chunk| {
            let word = chunk.iter().fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
            Draw::seeded(seed ^ word).next()
        }));
        // Fisher and Yates; the bias of a remainder over at most 31 is below 2⁻⁵⁸.
        for last in (1..order.len()).rev() {
            let at = draw.next() % (last as u64 + 1);
            order.swap(last, usize::try_from(at).unwrap_or(last));
        }
        Self(order)
    }

    /// Who leads `view`.
    pub(crate) fn of(&self, view: View) -> ValidatorIndex {
        let at = view.0.checked_rem(self.0.len() as u64).unwrap_or(0);
        self.after(usize::try_from(at).unwrap_or(0)).next().unwrap_or(ValidatorIndex(0))
    }

    /// All validators in order, from the leader of `view` on.
    pub(crate) fn from(&self, view: View) -> impl Iterator<Item = ValidatorIndex> + '_ {
        let at = view.0.checked_rem(self.0.len() as u64).unwrap_or(0);
        self.after(usize::try_from(at).unwrap_or(0))
    }

    fn after(&self, at: usize) -> impl Iterator<Item = ValidatorIndex> + '_ {
        self.0.iter().cycle().skip(at).take(self.0.len()).copied()
    }
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014). Spreads; hides nothing.
#[derive(Debug, Clone)]
pub(crate) struct Draw(u64);

impl Draw {
    /// A sequence of its own per seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `value` changed by at most a fifth, up or down.
    pub(crate) fn jitter(&mut self, value: u64) -> u64 {
        let fifth = value / 5;
        value - fifth + self.next() % (2 * fifth + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_validator_leads_once_per_round_in_an_order_drawn_from_the_floor() {
        let orders: Vec<Vec<u8>> = (0..8u8)
            .map(|seed| {
                let leaders = Leaders::new((0..7).map(ValidatorIndex), &Digest([seed; 32]));
                let order: Vec<u8> = (14..21).map(|view| leaders.of(View(view)).0).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..7).collect::<Vec<u8>>());
                assert_eq!(leaders.from(View(14)).map(|i| i.0).collect::<Vec<_>>(), order);
                order
            })
            .collect();
        assert!(orders.iter().any(|order| *order != orders[0]), "the floor draws the order");
    }

    #[test]
    fn jitter_stays_within_a_fifth_and_spreads() {
        let mut draw = Draw::seeded(7);
        let values: std::collections::BTreeSet<u64> = (0..1000).map(|_| draw.jitter(2000)).collect();
        assert!(values.iter().all(|value| (1600..=2400).contains(value)));
        assert!(values.len() > 300);
    }
}
