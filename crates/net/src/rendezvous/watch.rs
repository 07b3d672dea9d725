//! One slot of the other side, and the nodes near it.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use mainline::MutableItem;

use super::keys::Slot;
use super::limits::*;
use super::meeting::Seat;
use super::value::Value;
use crate::time::Now;

struct Near {
    node: SocketAddrV4,
    /// Questions in a row that it did not answer.
    silent: u8,
}

/// A slot that is looked at.
pub(super) struct Watch {
    pub(super) slot: Slot,
    pub(super) seat: Seat,
    pub(super) day: u64,
    /// Where DHT nodes keep its value.
    pub(super) target: [u8; 20],
    /// Its number in the DHT, of the newest value that opened.
    pub(super) number: Option<i64>,
    pub(super) searching: bool,
    near: Vec<Near>,
    turn: usize,
    peek_at: u64,
    search_at: u64,
    searches: u32,
    failures: u32,
    urgent_until: u64,
    /// The same, though the meeting is not foremost.
    met_until: u64,
    /// The newest value, until it has been told.
    untold: Option<Value>,
    told: Option<Value>,
    told_at: u64,
}

impl Watch {
    pub(super) fn new(secret: &[u8; 32], day: u64, seat: Seat, urgent_until: u64) -> Self {
        let slot = Slot::of(secret, day, seat);
        let target = *MutableItem::target_from_key(&slot.public, None).as_bytes();
        Self {
            slot,
            seat,
            day,
            target,
            number: None,
            searching: false,
            near: Vec::new(),
            turn: 0,
            peek_at: 0,
            search_at: 0,
            searches: 0,
            failures: 0,
            urgent_until,
            met_until: 0,
            untold: None,
            told: None,
            told_at: 0,
        }
    }

    /// The partner is likely to be there soon.
    pub(super) fn urgent(&self, now: u64) -> bool {
        now < self.urgent_until
    }

    /// The partner is there.
    pub(super) fn met(&self, now: u64) -> bool {
        now < self.met_until
    }

    pub(super) fn search_due(&self, now: u64) -> bool {
        !self.searching && now >= self.search_at
    }

    /// The network changed: all that is known of nodes is worth nothing.
    pub(super) fn search_now(&mut self) {
        (self.search_at, self.failures) = (0, 0);
    }

    /// A search ended; `alone` if the partner has only this slot, which may be searched more often.
    pub(super) fn searched(&mut self, near: &[SocketAddrV4], alone: bool, now: u64) {
        self.searching = false;
        if near.is_empty() {
            self.search_at = now.saturating_add(backed_off(RETRY, self.failures).min(RETRY_MOST));
            self.failures = self.failures.saturating_add(1);
            return;
        }
        self.near = near.iter().take(MAX_NEAR).map(|node| Near { node: *node, silent: 0 }).collect();
        let again = if alone { backed_off(SEARCH_SOON, self.searches.saturating_mul(2)).min(SEARCH_AGAIN) } else { SEARCH_AGAIN };
        self.search_at = now.saturating_add(again);
        self.searches = self.searches.saturating_add(1);
        self.failures = 0;
    }

    /// The node to be asked now, if it is time; `wait` is that until the next question.
    pub(super) fn peek(&mut self, wait: u64, now: u64) -> Option<SocketAddrV4> {
        if now < self.peek_at || self.near.is_empty() {
            return None;
        }
        self.peek_at = now.saturating_add(wait);
        self.turn = self.turn.wrapping_add(1);
        let asked = self.near.len().min(ASKED_NEAR);
        let near = self.near.get_mut(self.turn.checked_rem(asked)?)?;
        near.silent = near.silent.saturating_add(1);
        let node = near.node;
        self.near.retain(|near| near.silent <= MAX_SILENT);
        if self.near.len() < 2 {
            self.search_at = self.search_at.min(now);
        }
        Some(node)
    }

    pub(super) fn answered(&mut self, node: SocketAddrV4) {
        for near in self.near.iter_mut().filter(|near| near.node == node) {
            near.silent = 0;
        }
    }

    /// A value that opened. Nodes may bring back old ones: only a later one counts.
    pub(super) fn take(&mut self, value: Value, number: i64, now: Now) {
        let newest = [&self.untold, &self.told].into_iter().flatten().map(|value| value.time).max();
        if newest.is_some_and(|newest| value.time <= newest) || value.time.abs_diff(now.wall) > BELIEVED {
            return;
        }
        self.number = Some(number);
        self.met_until = now.tick.saturating_add(URGENT_AFTER_MET);
        // The next question has the new pace.
        self.peek_at = self.peek_at.min(now.tick.saturating_add(PEEK_URGENT));
        self.untold = Some(value);
    }

    /// The newest value, once, and other addresses not too often.
    pub(super) fn tell(&mut self, now: u64) -> Option<Value> {
        let known: Vec<IpAndPort> = self.told.iter().flat_map(addresses).collect();
        let new = self.untold.iter().flat_map(addresses).any(|address| !known.contains(&address));
        if new && self.told.is_some() && now.saturating_sub(self.told_at) < MET_EVERY {
            return None;
        }
        let value = self.untold.take()?;
        if new {
            self.told_at = now;
        }
        self.told = Some(value.clone());
        Some(value)
    }
}

type IpAndPort = (IpAddr, u16);

fn addresses(value: &Value) -> Vec<IpAndPort> {
    value.said.addresses().map(|address: &SocketAddr| (address.ip(), address.port())).collect()
}

/// `wait`, doubled so many times.
pub(super) fn backed_off(wait: u64, times: u32) -> u64 {
    wait.saturating_mul(1_u64 << times.min(20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendezvous::value::Said;

    const WALL: u64 = 20_000 * 86_400_000;

    fn watch() -> Watch {
        Watch::new(&[7; 32], 20_000, Seat::Inviter, 60_000)
    }

    fn at(tick: u64) -> Now {
        Now { tick, wall: WALL + tick }
    }

    fn value(time: u64, port: u16) -> Value {
        Value { time: WALL + time, said: Said { udp: Some(([11, 99, 0, 7], port).into()), ..Said::default() } }
    }

    fn nodes(count: u8) -> Vec<SocketAddrV4> {
        (0..count).map(|index| SocketAddrV4::new([11, 99, 0, index].into(), 6881)).collect()
    }

    #[test]
    fn only_later_values_of_our_time_are_told_and_each_once() {
        let mut watch = watch();
        watch.take(value(50, 1), 5, at(100));
        assert_eq!(watch.tell(100), Some(value(50, 1)));
        assert_eq!(watch.tell(101), None);
        for old in [value(50, 2), value(10, 2)] {
            watch.take(old, 9, at(200));
        }
        watch.take(value(BELIEVED + 300, 2), 9, at(200));
        assert_eq!((watch.tell(10_000), watch.number), (None, Some(5)));
    }

    #[test]
    fn other_addresses_wait_their_turn_and_the_same_ones_do_not() {
        let mut watch = watch();
        watch.take(value(1, 1), 1, at(100));
        assert!(watch.tell(100).is_some());
        watch.take(value(2, 1), 2, at(200));
        assert!(watch.tell(200).is_some(), "the partner says only that it fires");
        for port in 3..9 {
            watch.take(value(u64::from(port), port), i64::from(port), at(300));
            assert_eq!(watch.tell(300), None);
        }
        assert_eq!(watch.tell(100 + MET_EVERY), Some(value(8, 8)));
    }

    #[test]
    fn silent_nodes_are_given_up_and_others_are_searched() {
        let mut watch = watch();
        watch.searched(&nodes(3), false, 10);
        assert!(!watch.search_due(20));
        let mut now = 20;
        for _ in 0..40 {
            now += PEEK_IDLE;
            if let Some(node) = watch.peek(PEEK_IDLE, now)
                && node == nodes(3)[0]
            {
                watch.answered(node);
            }
        }
        assert_eq!(watch.near.iter().map(|near| near.node).collect::<Vec<_>>(), nodes(1));
        assert!(watch.search_due(now));
    }

    #[test]
    fn a_search_that_found_nobody_is_repeated_ever_later() {
        let mut watch = watch();
        let mut waits = Vec::new();
        let mut now = 0;
        for _ in 0..12 {
            watch.searched(&[], true, now);
            let before = now;
            while !watch.search_due(now) {
                now += 500;
            }
            waits.push(now - before);
        }
        assert_eq!((waits[0], waits[1], waits[11]), (RETRY, 2 * RETRY, RETRY_MOST));
    }
}
