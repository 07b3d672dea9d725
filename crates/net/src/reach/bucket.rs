//! A rate that allows a burst.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// So many at once, and one more each time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// At once, after a rest.
    pub(crate) burst: u64,
    /// Milliseconds for each.
    pub(crate) every: u64,
}

/// What is left of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    /// When all of the burst is there again.
    full_at: u64,
}

impl Bucket {
    /// Takes one if there is one.
    pub(crate) fn take(&mut self, rate: &Rate, now: u64) -> bool {
        let full_at = self.full_at.max(now).saturating_add(rate.every);
        let there = full_at <= now.saturating_add(rate.burst.saturating_mul(rate.every));
        if there {
            self.full_at = full_at;
        }
        there
    }

    /// Whether there is one.
    pub(crate) fn has(&self, rate: &Rate, now: u64) -> bool {
        let mut copy = *self;
        copy.take(rate, now)
    }

    /// Nothing is remembered any more.
    pub(crate) fn is_full(&self, now: u64) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_each_time() {
        let rate = Rate { burst: 8, every: 2_000 };
        let mut bucket = Bucket::default();
        assert_eq!((0..50).filter(|_| bucket.take(&rate, 1_000)).count(), 8);
        assert!(!bucket.take(&rate, 2_999));
        assert!(bucket.take(&rate, 3_000));
        assert!(!bucket.take(&rate, 3_000));
        assert!(!bucket.is_full(3_000));
        assert!(bucket.is_full(60_000));
        assert_eq!((0..50).filter(|_| bucket.take(&rate, 60_000)).count(), 8, "no more is saved up");
    }
}
