//! The one place that looks at clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Disagreement of the two clocks, in milliseconds, that means sleep: more than time servers
/// correct at once.
const JUMP: u64 = 5_000;

/// One moment on two clocks, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Now {
    /// Monotonic.
    pub(crate) tick: u64,
    /// Since 1970, for people.
    pub(crate) wall: u64,
}

/// A configured wait in the unit of all internal times.
pub(crate) fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX / 4)
}

/// Tells the time, in milliseconds since the network started and since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeSource {
    start: Instant,
}

impl TimeSource {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// Monotonic milliseconds; never 0, so that 0 can mean never.
    pub(crate) fn tick(&self) -> u64 {
        1 + millis(self.start.elapsed())
    }

    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map(millis).unwrap_or(0);
        Now { tick: self.tick(), wall }
    }
}

/// Notices that this machine slept, or that its clock was set.
#[derive(Debug)]
pub(crate) struct SleepDetector {
    last: Now,
}

/// How two looks at the clocks do not fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    /// The machine, or at least this process, stood still in between.
    Slept,
    /// The wall clock was set back.
    SetBack,
}

impl SleepDetector {
    pub(crate) fn new(now: Now) -> Self {
        Self { last: now }
    }

    /// To be called at least every `expected` milliseconds. After sleep the wall clock ran ahead of
    /// the monotonic one, or, where that counts sleep as well, both ran ahead of us.
    pub(crate) fn jumped(&mut self, now: Now, expected: u64) -> Option<Jump> {
        let last = std::mem::replace(&mut self.last, now);
        let tick = now.tick.saturating_sub(last.tick);
        let wall = now.wall.saturating_sub(last.wall);
        if wall > tick.saturating_add(JUMP) || tick > expected.saturating_add(JUMP) {
            return Some(Jump::Slept);
        }
        (now.wall.saturating_add(JUMP) < last.wall.saturating_add(tick)).then_some(Jump::SetBack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tick: u64, wall: u64) -> Now {
        Now { tick, wall }
    }

    #[test]
    fn sleep_is_noticed_on_either_kind_of_clock_and_once() {
        let mut detector = SleepDetector::new(at(0, 1_000_000));
        assert_eq!(detector.jumped(at(2000, 1_002_001), 2000), None);
        assert_eq!(detector.jumped(at(4000, 1_034_000), 2000), Some(Jump::Slept), "monotonic time stood still");
        assert_eq!(detector.jumped(at(6000, 1_036_000), 2000), None);
        assert_eq!(detector.jumped(at(60_000, 1_090_000), 2000), Some(Jump::Slept), "monotonic time went on");
        assert_eq!(detector.jumped(at(62_000, 1_092_000), 2000), None);
    }

    #[test]
    fn a_clock_set_back_is_noticed_once_and_is_not_sleep() {
        let mut detector = SleepDetector::new(at(0, 1_000_000));
        assert_eq!(detector.jumped(at(2000, 500), 2000), Some(Jump::SetBack));
        assert_eq!(detector.jumped(at(4000, 4500), 2000), None);
        assert_eq!(detector.jumped(at(6000, 4000), 2000), None, "nudged");
    }
}
