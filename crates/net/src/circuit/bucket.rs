//! How much of something may still come now: a bucket that fills with time.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// So many units at once, and so many in the long run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// At once, after a rest.
    pub(crate) burst: u64,
    /// Units that come...
    pub(crate) amount: u64,
    /// ... in so many milliseconds.
    pub(crate) per: u64,
}

/// Counts in units × `per`, so that nothing is rounded. Below zero is debt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    left: i64,
    at: u64,
}

impl Bucket {
    /// Full.
    pub(crate) fn new(flow: &Flow, now: u64) -> Self {
        Self { left: full(flow), at: now }
    }

    /// Whole units that are there now.
    pub(crate) fn left(&mut self, flow: &Flow, now: u64) -> usize {
        let passed = signed(now.saturating_sub(self.at));
        self.at = self.at.max(now);
        self.left = self.left.saturating_add(passed.saturating_mul(signed(flow.amount))).min(full(flow));
        usize::try_from(self.left.checked_div(signed(flow.per)).unwrap_or(0)).unwrap_or(0)
    }

    /// Takes so many, also such as are not there.
    pub(crate) fn charge(&mut self, flow: &Flow, units: usize) {
        let units = i64::try_from(units).unwrap_or(i64::MAX);
        self.left = self.left.saturating_sub(units.saturating_mul(signed(flow.per)));
    }

    /// Takes one if it is there.
    pub(crate) fn take(&mut self, flow: &Flow, now: u64) -> bool {
        let there = self.left(flow, now) > 0;
        if there {
            self.charge(flow, 1);
        }
        there
    }

    /// When so many units are there, if nobody takes any.
    pub(crate) fn due(&self, flow: &Flow, units: usize) -> u64 {
        let wanted = i64::try_from(units).unwrap_or(i64::MAX).saturating_mul(signed(flow.per));
        let lacking = u64::try_from(wanted.saturating_sub(self.left)).unwrap_or(0);
        self.at.saturating_add(lacking.div_ceil(flow.amount.max(1)))
    }

    pub(crate) fn is_full(&mut self, flow: &Flow, now: u64) -> bool {
        self.left(flow, now);
        self.left == full(flow)
    }
}

fn full(flow: &Flow) -> i64 {
    signed(flow.burst.saturating_mul(flow.per))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_the_rest_comes_in_its_time() {
        let flow = Flow { burst: 4, amount: 1, per: 5_000 };
        let mut opens = Bucket::new(&flow, 100);
        assert_eq!((0..10).filter(|_| opens.take(&flow, 100)).count(), 4);
        assert_eq!(opens.due(&flow, 1), 5_100);
        assert!(!opens.take(&flow, 5_099));
        assert!(opens.take(&flow, 5_100));
        assert!(opens.is_full(&flow, 60_000), "no more is saved up than a burst");
        assert_eq!(opens.left(&flow, 60_000), 4);
    }

    #[test]
    fn debt_is_paid_off_before_anything_is_there_again() {
        let flow = Flow { burst: 100, amount: 1_000, per: 1_000 };
        let mut bytes = Bucket::new(&flow, 0);
        bytes.charge(&flow, 300);
        assert_eq!(bytes.left(&flow, 200), 0);
        assert_eq!(bytes.due(&flow, 50), 250);
        assert_eq!(bytes.left(&flow, 250), 50);
    }
}
