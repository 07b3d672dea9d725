//! Chance that can be repeated: SplitMix64 (Steele, Lea and Flood 2014).

use std::time::{SystemTime, UNIX_EPOCH};

/// A row of numbers that follows from its seed.
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed is taken from `GRAPEVINE_SEED`, or from the clock, and printed.
    pub(crate) fn new() -> Chance {
        let told = std::env::var("GRAPEVINE_SEED").ok().and_then(|text| text.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64;
        let seed = told.unwrap_or_else(clock);
        println!("again with GRAPEVINE_SEED={seed}");
        Chance(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}
