//! Time as events carry it: a hybrid logical clock (Kulkarni et al. 2014), 48 bits of milliseconds
//! and a 16-bit counter.

use std::fmt;

use bincode::{Decode, Encode};

use crate::limits::MAX_AHEAD_MS;

/// Later than any honest clock, and far enough below the end of the scale that counting on from it
/// never overflows.
const LATEST_MS: u64 = 1 << 47;

/// A moment of hybrid time: `milliseconds since 1970 << 16 | counter`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Hlc(pub u64);

impl Hlc {
    /// The beginning of a millisecond since 1970 UTC. Milliseconds beyond the year 6429 are taken
    /// as that year.
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

    /// More than [`MAX_AHEAD_MS`] later than the local clock: kept and relayed, and not shown
    /// before `ms() − MAX_AHEAD_MS`.
    pub fn is_ahead(self, now_ms: u64) -> bool {
        self.ms() > now_ms.saturating_add(MAX_AHEAD_MS)
    }
}

impl fmt::Debug for Hlc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hlc({}+{})", self.ms(), self.counter())
    }
}

/// Gives times that rise, whatever the computer's clock does. One for each room of a device: what
/// is dated ahead in one of them drags no other along.
///
/// Invariant: every tick is later than all before it and all that was observed, guarded by
/// `ticks_rise_whatever_the_computers_clock_does`. The exception is a clock that is [put
/// right](Self::put_right): a time that the computer's clock no longer backs would hold back what
/// is written, for as long as the clock was wrong.
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

    /// Takes note of another member's event, so that what is written next sorts after it.
    ///
    /// All that is shown is followed, and nothing else: no peer can drag this device into a future
    /// that is not shown yet.
    pub fn observe(&mut self, seen: Hlc, now_ms: u64) {
        if !seen.is_ahead(now_ms.min(LATEST_MS)) {
            self.last = self.last.max(seen);
        }
    }

    /// Takes note of one's own event: always followed, for a log never runs backwards.
    pub fn follow(&mut self, own: Hlc) {
        self.last = self.last.max(own);
    }

    /// Others would hold back what this device writes next: the computer's clock was wrong, and was
    /// put right.
    pub fn is_ahead(&self, now_ms: u64) -> bool {
        self.last.is_ahead(now_ms)
    }

    /// The computer's clock was set: forgets a time that [is ahead](Self::is_ahead) now, and
    /// follows all of `seen` that is shown now. If a log that is being written is ahead, a new one
    /// must begin.
    pub fn put_right(&mut self, now_ms: u64, seen: impl IntoIterator<Item = Hlc>) {
        if self.is_ahead(now_ms) {
            *self = Self::new();
        }
        seen.into_iter().for_each(|seen| self.observe(seen, now_ms));
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
                    prop_assert!(clock.last <= last || clock.last.ms() <= NOON + MAX_AHEAD_MS);
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
        assert!(clock.is_ahead(NOON - 365 * DAY));
        assert!(!clock.is_ahead(NOON - MAX_AHEAD_MS));
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
        clock.observe(Hlc::from_ms(NOON + MAX_AHEAD_MS), NOON);
        assert!(clock.tick(NOON) > Hlc::from_ms(NOON + MAX_AHEAD_MS));
        assert!(!clock.last.is_ahead(NOON), "others still show it");
    }

    #[test]
    fn a_clock_that_was_put_right_comes_after_what_was_seen_and_not_after_its_own_future() {
        let (ana, mut clock) = (Hlc::from_ms(NOON + 50_000), Clock::new());
        for fast in [3 * 60_000, 30 * DAY] {
            clock.tick(NOON + fast);
            clock.put_right(NOON, [Hlc::from_ms(NOON + fast), ana]);
            assert_eq!(clock.tick(NOON), Hlc(ana.0 + 1));
        }
        clock.put_right(NOON, [Hlc::default()]);
        assert_eq!(clock.tick(NOON), Hlc(ana.0 + 2), "nothing is wrong, and nothing begins anew");
    }

    #[test]
    fn an_event_is_ahead_only_beyond_two_minutes() {
        assert!(!Hlc::from_ms(NOON + MAX_AHEAD_MS).is_ahead(NOON));
        assert!(Hlc::from_ms(NOON + MAX_AHEAD_MS + 1).is_ahead(NOON));
        assert!(!Hlc(0).is_ahead(NOON));
        assert!(Hlc(u64::MAX).is_ahead(NOON));
    }
}
