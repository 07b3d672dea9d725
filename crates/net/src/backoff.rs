//! How long to wait before dialling a peer again: decorrelated jitter.

use std::time::Duration;

use rand::{Rng, RngExt};

/// How fast failed dials are repeated.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Shortest wait. Longer: short outages last longer; shorter: restarts are hammered.
    pub base: Duration,
    /// Longest wait. Longer: a peer that comes back is found later; shorter: the absent cost more
    /// traffic.
    pub cap: Duration,
    /// Longest wait for a peer with a private or loopback address, where dialling costs nothing.
    /// Same trade.
    pub near_cap: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(300), near_cap: Duration::from_secs(30) }
    }
}

/// Whether a peer has an address on the own network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distance {
    Near,
    Far,
}

/// One peer's memory of failures: each wait is drawn between the base and three times the one
/// before, which spreads peers that failed together faster than doubling does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    last: Duration,
}

impl Backoff {
    /// The next wait: at least the base, at most the cap.
    pub(crate) fn next(&mut self, pace: &Pace, distance: Distance, rng: &mut impl Rng) -> Duration {
        let cap = match distance {
            Distance::Near => pace.near_cap,
            Distance::Far => pace.cap,
        };
        let base = pace.base.min(cap);
        let high = self.last.max(base).saturating_mul(3).min(cap).max(base);
        self.last = Duration::from_secs_f64(rng.random_range(base.as_secs_f64()..=high.as_secs_f64())).clamp(base, cap);
        self.last
    }

    /// Forgets the failures.
    pub(crate) fn reset(&mut self) {
        self.last = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    proptest! {
        #[test]
        fn every_wait_is_between_base_and_cap(seed: u64, rounds in 1..60_usize) {
            let pace = Pace::default();
            for (distance, cap) in [(Distance::Near, pace.near_cap), (Distance::Far, pace.cap)] {
                let mut rng = StdRng::seed_from_u64(seed);
                let mut backoff = Backoff::default();
                let mut before = pace.base;
                for _ in 0..rounds {
                    let wait = backoff.next(&pace, distance, &mut rng);
                    prop_assert!(wait >= pace.base && wait <= cap, "{wait:?}");
                    prop_assert!(wait <= before * 3 + Duration::from_nanos(10), "{wait:?} after {before:?}");
                    before = wait;
                }
                backoff.reset();
                prop_assert!(backoff.next(&pace, distance, &mut rng) <= pace.base * 3);
            }
        }

        #[test]
        fn waits_grow_until_they_are_minutes(seed: u64) {
            let (pace, mut rng) = (Pace::default(), StdRng::seed_from_u64(seed));
            let mut backoff = Backoff::default();
            let longest = (0..1000).map(|_| backoff.next(&pace, Distance::Far, &mut rng)).max();
            prop_assert!(longest > Some(Duration::from_secs(60)), "{longest:?}");
        }
    }
}
