//! Whether a router started anew, told by its own clock (RFC 6887 §8.5, RFC 6886 §3.6).

/// One router's clock beside ours.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Epoch {
    last: Option<(u64, u64)>,
}

impl Epoch {
    /// Notes a time that the router told, in seconds, at ours in milliseconds. True: its clock does
    /// not fit to what it told before, so it has forgotten its rules.
    pub(super) fn jumped(&mut self, told: u32, tick: u64) -> bool {
        let (theirs, ours) = (u64::from(told), tick / 1000);
        let Some((theirs_before, ours_before)) = self.last.replace((theirs, ours)) else { return false };
        if theirs.saturating_add(1) < theirs_before {
            return true;
        }
        let (their_step, our_step) = (theirs.saturating_sub(theirs_before), ours.saturating_sub(ours_before));
        let behind = |slow: u64, fast: u64| slow.saturating_add(2) < fast.saturating_sub(fast / 16);
        behind(our_step, their_step) || behind(their_step, our_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(steps: &[(u32, u64)], expected: &[bool]) {
        let mut epoch = Epoch::default();
        let jumps: Vec<bool> = steps.iter().map(|(told, tick)| epoch.jumped(*told, *tick)).collect();
        assert_eq!(jumps, expected, "{steps:?}");
    }

    #[test]
    fn a_clock_that_goes_on_is_no_restart() {
        check(&[(100, 1), (150, 50_001), (199, 100_001), (198, 100_002)], &[false, false, false, false]);
        check(&[(0, 1), (1000, 1_060_001)], &[false, false]);
    }

    #[test]
    fn a_clock_that_starts_anew_is_a_restart_and_noticed_once() {
        check(&[(5000, 1), (3, 50_001), (53, 100_001)], &[false, true, false]);
        check(&[(40, 1), (45, 50_001)], &[false, true]);
    }

    #[test]
    fn a_clock_that_ran_ahead_is_suspect_too() {
        check(&[(100, 1), (1100, 50_001)], &[false, true]);
        check(&[(u32::MAX, 1), (0, 10_001)], &[false, true]);
    }
}
