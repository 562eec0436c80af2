//! Chance: the seeded source of a story (SplitMix64). Nothing of a story comes from elsewhere.

use std::ops::RangeInclusive;

pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn seeded(seed: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(0x5851_f42d));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn within(&mut self, range: RangeInclusive<u64>) -> u64 {
        range.start() + self.next() % (range.end() - range.start() + 1)
    }

    /// True in so many of a hundred.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.within(1..=100) <= percent
    }

    pub(super) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        let place = self.within(0..=choices.len() as u64 - 1);
        choices[usize::try_from(place).unwrap()].clone()
    }
}
