//! How long a protocol that failed is left alone.

use super::limits::{FIRST_REST, REMEMBER, REST_KNOWN, REST_UNKNOWN};

/// The failures of one protocol on one network.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    granted_at: Option<u64>,
}

impl Backoff {
    /// It opened a door.
    pub(super) fn granted(&mut self, tick: u64) {
        *self = Self { failures: 0, granted_at: Some(tick) };
    }

    /// It failed: when to try it again.
    pub(super) fn failed(&mut self, tick: u64) -> u64 {
        let known = self.granted_at.is_some_and(|at| tick < at.saturating_add(REMEMBER));
        let longest = if known { REST_KNOWN } else { REST_UNKNOWN };
        let rest = FIRST_REST.saturating_mul(1 << self.failures.min(10)).min(longest);
        self.failures = self.failures.saturating_add(1);
        tick.saturating_add(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_to_minutes_but_stay_short_where_a_door_was_open() {
        let mut never = Backoff::default();
        let rests: Vec<u64> = (0..10).map(|_| never.failed(0)).collect();
        assert_eq!(rests, [2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]);
        let mut known = Backoff::default();
        known.granted(0);
        let rests: Vec<u64> = (0..6).map(|_| known.failed(0)).collect();
        assert_eq!(rests, [2000, 4000, 8000, 16_000, 20_000, 20_000]);
        assert_eq!(known.failed(REMEMBER), REMEMBER + 128_000, "an hour later it is a stranger");
    }
}
