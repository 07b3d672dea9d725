//! Whether a link's other side is still there.

use crate::config::Times;
use crate::time::millis;

/// What to do about a link's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing before this time (milliseconds, monotonic).
    Calm { until: u64 },
    /// Ask for a sign of life now.
    Ping,
    /// Two questions went unanswered.
    Dead,
}

/// Counts the questions that went unanswered.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    unanswered: u8,
    asked_at: u64,
}

impl Pulse {
    /// Judges a link that was last heard of at `heard`. After [`Beat::Ping`] the caller sends one.
    pub(crate) fn check(&mut self, heard: u64, now: u64, times: &Times) -> Beat {
        if self.unanswered > 0 && heard >= self.asked_at {
            self.unanswered = 0;
        }
        let due = match self.unanswered {
            0 => heard + millis(times.silence),
            _ => self.asked_at + millis(times.answer),
        };
        if now < due {
            return Beat::Calm { until: due };
        }
        if self.unanswered >= 2 {
            return Beat::Dead;
        }
        self.ask(now)
    }

    /// Asks at once, whatever was heard: after sleep nothing before counts.
    pub(crate) fn ask(&mut self, now: u64) -> Beat {
        self.unanswered = (self.unanswered + 1).min(2);
        self.asked_at = now;
        Beat::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_peer_is_pinged_twice_and_dead_after_7_s() {
        let (mut pulse, times) = (Pulse::default(), Times::default());
        assert_eq!(pulse.check(0, 0, &times), Beat::Calm { until: 4_000 });
        assert_eq!(pulse.check(0, 3_999, &times), Beat::Calm { until: 4_000 });
        assert_eq!(pulse.check(0, 4_000, &times), Beat::Ping);
        assert_eq!(pulse.check(0, 4_001, &times), Beat::Calm { until: 5_500 });
        assert_eq!(pulse.check(0, 5_500, &times), Beat::Ping);
        assert_eq!(pulse.check(0, 5_501, &times), Beat::Calm { until: 7_000 });
        assert_eq!(pulse.check(0, 7_000, &times), Beat::Dead);
    }

    #[test]
    fn any_answer_starts_afresh() {
        let (mut pulse, times) = (Pulse::default(), Times::default());
        assert_eq!(pulse.check(0, 4_000, &times), Beat::Ping);
        assert_eq!(pulse.check(0, 5_500, &times), Beat::Ping);
        assert_eq!(pulse.check(5_540, 5_550, &times), Beat::Calm { until: 9_540 });
        assert_eq!(pulse.check(5_540, 9_540, &times), Beat::Ping);
        assert_eq!(pulse.check(5_540, 11_040, &times), Beat::Ping);
    }

    #[test]
    fn after_sleep_a_gone_peer_is_noticed_in_3_s() {
        let (mut pulse, times) = (Pulse::default(), Times::default());
        assert_eq!(pulse.ask(1_000), Beat::Ping);
        assert_eq!(pulse.check(900, 2_500, &times), Beat::Ping);
        assert_eq!(pulse.check(900, 4_000, &times), Beat::Dead);
    }
}
