//! Time as events carry it: a hybrid logical clock (Kulkarni et al. 2014), 48 bits of milliseconds and a 16-bit counter.

use std::fmt;

use bincode::{Decode, Encode};

use crate::limits::{MAX_AHEAD_MS, MAX_FOLLOW_MS};

/// Later than any honest clock, and far enough below the end of the scale that counting on from it never overflows.
const LATEST_MS: u64 = 1 << 47;

/// A moment of hybrid time: `milliseconds since 1970 << 16 | counter`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Hlc(pub u64);

impl Hlc {
    /// The beginning of a millisecond since 1970 UTC. Milliseconds beyond the year 6429 are taken as that year.
    pub fn from_ms(ms: u64) -> Self {
        Self(ms.min(LATEST_MS) << 16)
    }

    /// Milliseconds since 1970 UTC.
    pub fn ms(self) -> u64 {
        self.0 >> 16
    }

    /// Tells events of one millisecond apart.
    pub fn counter(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// More than [`MAX_AHEAD_MS`] later than the local clock: kept and relayed, and not shown before `ms() − MAX_AHEAD_MS`.
    pub fn is_ahead(self, now_ms: u64) -> bool {
        self.ms() > now_ms.saturating_add(MAX_AHEAD_MS)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hlc({}+{})", self.ms(), self.counter())
    }
}

/// Gives times that rise, whatever the computer's clock does. One for each device.
///
/// Invariant: every tick is later than all before it and all that was observed, guarded by `ticks_rise_whatever_the_computers_clock_does`.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    last: Hlc,
}

impl Clock {
    /// Has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next time: now if the computer's clock moved on, else one count later than the last.
    pub fn tick(&mut self, now_ms: u64) -> Hlc {
        let next = Hlc(self.last.0.saturating_add(1));
        self.last = next.max(Hlc::from_ms(now_ms));
        self.last
    }

    /// Takes note of somebody else's event, so that what is written next sorts after it.
    ///
    /// Times more than [`MAX_FOLLOW_MS`] ahead of the local clock are not followed: no peer can drag this device into the future.
    pub fn observe(&mut self, seen: Hlc, now_ms: u64) {
        if seen.ms() <= now_ms.min(LATEST_MS).saturating_add(MAX_FOLLOW_MS) {
            self.last = self.last.max(seen);
        }
    }

    /// Takes note of one's own event: always followed, for a log never runs backwards.
    pub fn follow(&mut self, own: Hlc) {
        self.last = self.last.max(own);
    }

    /// By how many milliseconds the next tick would be later than the computer's clock. Beyond [`MAX_AHEAD_MS`] others would hold back what this
    /// device writes; a new log with a new clock ends that (it happens when the computer's clock was wrong and was put right).
    pub fn ahead(&self, now_ms: u64) -> u64 {
        self.last.ms().saturating_sub(now_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: u64 = 1_760_000_000_000;
    const DAY: u64 = 86_400_000;

    proptest! {
        #[test]
        fn ticks_rise_whatever_the_computers_clock_does(
            steps in prop::collection::vec((any::<bool>(), prop_oneof![
                0..u64::MAX,
                Just(NOON), Just(NOON - 365 * DAY), Just(NOON + DAY), Just(0), Just(u64::MAX), NOON..NOON + 10,
            ]), 1..200)
        ) {
            let mut clock = Clock::new();
            let mut last = Hlc(0);
            for (observes, ms) in steps {
                if observes {
                    clock.observe(Hlc(ms), NOON);
                    prop_assert!(clock.last <= last || clock.last.ms() <= NOON + MAX_FOLLOW_MS);
                } else {
                    let next = clock.tick(ms);
                    prop_assert!(next > last);
                    prop_assert!(next >= Hlc::from_ms(ms));
                }
                last = last.max(clock.last);
            }
        }
    }

    #[test]
    fn a_clock_that_jumps_back_a_year_goes_on_counting() {
        let mut clock = Clock::new();
        let before = clock.tick(NOON);
        let after = clock.tick(NOON - 365 * DAY);
        assert_eq!((after.ms(), after.counter()), (before.ms(), before.counter() + 1));
        assert_eq!(clock.ahead(NOON - 365 * DAY), 365 * DAY);
        assert_eq!(clock.ahead(NOON + 1), 0);
    }

    #[test]
    fn a_full_counter_carries_into_the_milliseconds() {
        let mut clock = Clock::new();
        clock.tick(NOON);
        for _ in 0..0x10000 {
            clock.tick(0);
        }
        assert_eq!(clock.last, Hlc((NOON + 1) << 16));
    }

    #[test]
    fn ben_from_the_year_2100_does_not_drag_the_clock_along() {
        let mut clock = Clock::new();
        clock.observe(Hlc::from_ms(4_102_444_800_000), NOON);
        clock.observe(Hlc(u64::MAX), NOON);
        assert_eq!(clock.tick(NOON), Hlc::from_ms(NOON));
        clock.observe(Hlc::from_ms(NOON + MAX_FOLLOW_MS), NOON);
        assert!(clock.tick(NOON) > Hlc::from_ms(NOON + MAX_FOLLOW_MS));
        assert!(!clock.last.is_ahead(NOON - 1_000), "others still show it");
    }

    #[test]
    fn an_event_is_ahead_only_beyond_two_minutes() {
        assert!(!Hlc::from_ms(NOON + MAX_AHEAD_MS).is_ahead(NOON));
        assert!(Hlc::from_ms(NOON + MAX_AHEAD_MS + 1).is_ahead(NOON));
        assert!(!Hlc(0).is_ahead(NOON));
        assert!(Hlc(u64::MAX).is_ahead(NOON));
    }
}
