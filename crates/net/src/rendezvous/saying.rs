//! What this device says in its own slot of a meeting.

use super::bucket::Bucket;
use super::keys::Slot;
use super::limits::{CHECK_SEAT, RETRY, RETRY_MOST, SAY_AGAIN, SAY_BURST, SAY_EVERY};
use super::meeting::Seat;
use super::value::Said;
use super::watch::backed_off;
use crate::time::Now;

/// How storing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// At least one node has it.
    Done,
    /// The nodes have something with a higher number.
    Older,
    /// Nobody took it.
    Failed,
}

/// A slot that this device writes.
pub(super) struct Saying {
    pub(super) slot: Slot,
    pub(super) seat: Seat,
    pub(super) day: u64,
    /// What is there, as far as is known.
    pub(super) said: Option<Said>,
    said_at: u64,
    number: i64,
    storing: bool,
    not_before: u64,
    failures: u32,
    budget: Bucket,
    /// When to look whether somebody else wrote over it.
    check_at: Option<u64>,
}

impl Saying {
    pub(super) fn new(secret: &[u8; 32], day: u64, seat: Seat) -> Self {
        Self {
            slot: Slot::of(secret, day, seat),
            seat,
            day,
            said: None,
            said_at: 0,
            number: 0,
            storing: false,
            not_before: 0,
            failures: 0,
            budget: Bucket::new(SAY_BURST, SAY_EVERY),
            check_at: None,
        }
    }

    pub(super) fn due(&self, said: &Said, now: u64) -> bool {
        let fresh = self.said.as_ref() == Some(said) && now.saturating_sub(self.said_at) < SAY_AGAIN;
        !fresh && !self.storing && now >= self.not_before
    }

    pub(super) fn changes(&self, said: &Said) -> bool {
        self.said.as_ref() != Some(said)
    }

    /// Whether `said` names a partner at whom this device did not fire before.
    pub(super) fn fires_anew(&self, said: &Said) -> bool {
        self.said.as_ref().is_some_and(|old| said.to.iter().any(|to| !old.to.contains(to)))
    }

    /// The number under which `said` is to be stored now, if it is.
    pub(super) fn say(&mut self, said: &Said, now: Now) -> Option<i64> {
        if !self.due(said, now.tick) {
            return None;
        }
        if self.changes(said) && !self.budget.take(now.tick) {
            self.not_before = now.tick.saturating_add(SAY_EVERY / 4);
            return None;
        }
        let wall = i64::try_from(now.wall).unwrap_or(i64::MAX);
        self.number = wall.max(self.number.saturating_add(1));
        self.storing = true;
        self.said = Some(said.clone());
        self.said_at = now.tick;
        Some(self.number)
    }

    pub(super) fn stored(&mut self, outcome: Stored, now: u64) {
        self.storing = false;
        if outcome == Stored::Done {
            self.failures = 0;
            self.check_at = Some(now.saturating_add(CHECK_SEAT));
            return;
        }
        self.said = None;
        self.not_before = now.saturating_add(backed_off(RETRY, self.failures).min(RETRY_MOST));
        self.failures = self.failures.saturating_add(1);
    }

    /// Once after storing: two joiners who sit in one seat would hide each other.
    pub(super) fn check_due(&mut self, now: u64) -> bool {
        let joiner = matches!(self.seat, Seat::Joiner(_));
        self.check_at.take_if(|at| *at <= now).is_some() && joiner
    }

    /// The nodes have this number. Whether it is higher than ours; then the next one is above it.
    pub(super) fn outbid(&mut self, number: i64) -> bool {
        let higher = number > self.number;
        self.number = self.number.max(number);
        higher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saying() -> Saying {
        Saying::new(&[7; 32], 20_000, Seat::Joiner(2))
    }

    fn at(tick: u64) -> Now {
        Now { tick, wall: 1_000_000 + tick }
    }

    fn said(port: u16) -> Said {
        Said { udp: Some(([11, 99, 0, 7], port).into()), ..Said::default() }
    }

    #[test]
    fn the_same_is_said_again_only_before_nodes_forget_it() {
        let mut saying = saying();
        assert_eq!(saying.say(&said(1), at(0)), Some(1_000_000));
        assert_eq!(saying.say(&said(2), at(1)), None, "one at a time");
        saying.stored(Stored::Done, 2);
        assert_eq!(saying.say(&said(1), at(SAY_AGAIN - 1)), None);
        assert!(saying.say(&said(1), at(SAY_AGAIN)).is_some());
    }

    #[test]
    fn changes_are_said_at_once_but_not_without_end() {
        let mut saying = saying();
        let mut stored = 0;
        for tick in 0..600_u16 {
            if saying.say(&said(tick), at(u64::from(tick) * 100)).is_some() {
                stored += 1;
                saying.stored(Stored::Done, u64::from(tick) * 100);
            }
        }
        assert_eq!(stored, SAY_BURST + 60_000 / SAY_EVERY - 1);
    }

    #[test]
    fn numbers_rise_though_the_clock_is_set_back() {
        let mut saying = saying();
        let first = saying.say(&said(1), at(1_000)).expect("it is new");
        saying.stored(Stored::Done, 1_000);
        let second = saying.say(&said(2), Now { tick: 2_000, wall: 5 }).expect("it is new");
        saying.stored(Stored::Older, 2_000);
        assert!(saying.outbid(i64::MAX - 1) && !saying.outbid(5));
        assert!(second > first);
        assert_eq!(saying.say(&said(2), at(2_500)), None, "it waits after a failure");
        assert_eq!(saying.say(&said(2), at(2_000 + RETRY)), Some(i64::MAX));
    }
}
