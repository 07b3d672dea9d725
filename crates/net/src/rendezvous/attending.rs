//! One meeting: the slots of the other side that are looked at, and the own slot.

use std::net::SocketAddr;

use super::keys::{day_of, other_day, partners_of, seat_of};
use super::limits::*;
use super::meeting::{Meeting, Seat, Side};
use super::saying::Saying;
use super::watch::Watch;
use crate::time::Now;

/// A meeting that is attended.
pub(super) struct Attending {
    pub(super) meeting: Meeting,
    pub(super) since: u64,
    pub(super) watches: Vec<Watch>,
    pub(super) saying: Saying,
    /// Partners' addresses at which this device has begun to fire, the newest last.
    pub(super) fired: Vec<SocketAddr>,
    joiner: u8,
}

impl Attending {
    /// `joiner` is chance: which of the joiners' seats it takes.
    pub(super) fn new(meeting: Meeting, joiner: u8, now: Now) -> Self {
        let saying = Saying::new(&meeting.secret, day_of(now.wall), seat_of(meeting.side, joiner));
        let mut attending = Self { meeting, since: now.tick, watches: Vec::new(), saying, fired: Vec::new(), joiner };
        attending.keep_days(now);
        attending
    }

    /// Keys rotate at midnight (UTC).
    pub(super) fn keep_days(&mut self, now: Now) {
        let today = day_of(now.wall);
        let days = [Some(today), other_day(now.wall)];
        self.watches.retain(|watch| days.contains(&Some(watch.day)));
        let urgent_until = self.since.saturating_add(URGENT);
        for day in days.into_iter().flatten() {
            for seat in partners_of(self.meeting.side) {
                if !self.watches.iter().any(|watch| (watch.day, watch.seat) == (day, seat)) {
                    self.watches.push(Watch::new(&self.meeting.secret, day, seat, urgent_until));
                }
            }
        }
        if self.saying.day != today {
            self.take_seat(today);
        }
    }

    /// Another joiner sits where this one does: it takes the next seat. Other sides have one seat
    /// only, and stay.
    pub(super) fn change_seat(&mut self) {
        if self.meeting.side == Side::Joiner {
            self.joiner = self.joiner.wrapping_add(1);
            self.take_seat(self.saying.day);
        }
    }

    fn take_seat(&mut self, day: u64) {
        self.saying = Saying::new(&self.meeting.secret, day, seat_of(self.meeting.side, self.joiner));
    }

    /// How many seats the other side has.
    pub(super) fn seats(&self) -> usize {
        partners_of(self.meeting.side).len()
    }

    /// Somebody has just begun to wait.
    pub(super) fn is_new(&self, now: u64) -> bool {
        now.saturating_sub(self.since) < URGENT
    }

    /// How many slots share the questions that are asked when nothing is urgent, in quarters: those
    /// of the other day are asked about less often.
    pub(super) fn weight(&self, today: u64) -> u64 {
        self.watches.iter().map(|watch| if watch.day == today { OTHER_DAY_FACTOR } else { 1 }).sum()
    }

    pub(super) fn fire(&mut self, to: SocketAddr) {
        self.fired.retain(|fired| *fired != to);
        self.fired.push(to);
        if self.fired.len() > MAX_TO {
            self.fired.remove(0);
        }
    }

    /// Whether values of this seat are signed by the one who is awaited.
    pub(super) fn signed(seat: Seat) -> bool {
        seat == Seat::Inviter
    }
}
