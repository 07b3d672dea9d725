//! What is known of one linked device that has the room.

use std::collections::BTreeMap;

use wire::ids::LogKey;

use crate::{Config, Millis, Trust};

/// Logs remembered for one neighbour in one room: the bound for one that lies.
const MAX_LOGS: usize = 8_192;
/// Requests to change views or trees that one neighbour may make at once, and the time in which one
/// comes back. An honest one makes some in a minute, and relays some for each newcomer.
const REQUESTS: u32 = 128;
const REQUEST_REFILL: Millis = 50;
/// Requests beyond that, one after the other, which are a fault.
const STORM: u32 = 256;

/// One neighbour. All linked members get Heads; only active ones are in the overlay, and only eager
/// ones get runs.
pub(crate) struct Neighbour {
    pub(crate) trust: Trust,
    /// How far the peer is known to have each log: it said so, or sent it.
    has: BTreeMap<LogKey, u32>,
    /// How far each log was pushed to it beyond that.
    pushed: BTreeMap<LogKey, u32>,
    /// How far each log went when a large run of it was not pushed to the peer.
    passed_over: BTreeMap<LogKey, u32>,
    pub(crate) full_heads_at: Option<Millis>,
    /// When the peer is told what changed here, and how many changes it was told of.
    pub(crate) heads_at: Option<Millis>,
    pub(crate) told: u64,
    pub(crate) digest_at: Option<Millis>,
    /// A live message did not fit into the peer's queue. It gets Heads instead, and all of them
    /// once there is room.
    pub(crate) owed: bool,
    /// In the active view, on both sides.
    pub(crate) active: bool,
    /// This device asked for it; otherwise the peer did.
    pub(crate) chosen: bool,
    /// Fresh events are pushed to the peer.
    pub(crate) eager: bool,
    /// The peer is a lookout of this device: it was asked to tell early what is new. And the other
    /// way round.
    pub(crate) lookout: bool,
    pub(crate) looks_out_for: bool,
    pub(crate) pruned_at: Option<Millis>,
    pub(crate) grafted_at: Option<Millis>,
    /// Until when an answer to our request to be a neighbour is waited for.
    pub(crate) asked: Option<Millis>,
    /// The peer is not asked again before this time.
    pub(crate) rests_until: Millis,
    /// How many active neighbours the peer last said to have.
    pub(crate) degree: u8,
    degree_at: Millis,
    /// Linked only to see whether the peer has other logs. If it has, it is asked to be a
    /// neighbour.
    pub(crate) looked_up: bool,
    /// Needs that the peer has not answered yet, and how many it never answered.
    pub(crate) questions: usize,
    pub(crate) late: u8,
    requests: u32,
    requests_at: Millis,
    ignored: u32,
}

impl Neighbour {
    pub(crate) fn new(trust: Trust, now: Millis) -> Self {
        Neighbour {
            trust,
            has: BTreeMap::new(),
            pushed: BTreeMap::new(),
            passed_over: BTreeMap::new(),
            full_heads_at: None,
            heads_at: None,
            told: 0,
            digest_at: None,
            owed: false,
            active: false,
            chosen: false,
            eager: false,
            lookout: false,
            looks_out_for: false,
            pruned_at: None,
            grafted_at: None,
            asked: None,
            rests_until: 0,
            degree: u8::MAX,
            degree_at: now,
            looked_up: false,
            questions: 0,
            late: 0,
            requests: REQUESTS,
            requests_at: now,
            ignored: 0,
        }
    }

    pub(crate) fn is_member(&self) -> bool {
        self.trust == Trust::Member
    }

    /// The peer said how many active neighbours it has.
    pub(crate) fn says_degree(&mut self, degree: u8, now: Millis) {
        (self.degree, self.degree_at) = (degree, now);
    }

    /// Whether the peer may have no other neighbour that tells it: it is about to become an active
    /// neighbour, or it lately had too few. One that still has too few asks again.
    pub(crate) fn is_needy(&self, config: &Config, now: Millis) -> bool {
        let poor = usize::from(self.degree) < config.active_min && now.saturating_sub(self.degree_at) < config.rest;
        !self.is_member() || self.asked.is_some() || poor
    }

    /// How far the peer is known, or about, to have a log.
    pub(crate) fn has(&self, log: &LogKey) -> u32 {
        self.has_said(log).max(self.pushed.get(log).copied().unwrap_or(0))
    }

    /// How far the peer is known to have a log.
    pub(crate) fn has_said(&self, log: &LogKey) -> u32 {
        self.has.get(log).copied().unwrap_or(0)
    }

    /// All logs that the peer is known to have something of.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&LogKey, u32)> {
        self.has.iter().map(|(log, seq)| (log, *seq))
    }

    pub(crate) fn was_heard(&self) -> bool {
        !self.has.is_empty()
    }

    /// The peer has a log up to here, at least.
    pub(crate) fn note(&mut self, log: LogKey, seq: u32) {
        if self.pushed.get(&log).is_some_and(|pushed| *pushed <= seq) {
            self.pushed.remove(&log);
        }
        let known = self.has_said(&log);
        self.keep(log, known.max(seq));
    }

    /// The peer said that it has a log up to here.
    pub(crate) fn state(&mut self, log: LogKey, seq: u32) {
        self.pushed.remove(&log);
        self.keep(log, seq);
    }

    fn keep(&mut self, log: LogKey, seq: u32) {
        if self.has.len() < MAX_LOGS || self.has.contains_key(&log) {
            self.has.insert(log, seq);
        }
    }

    /// A run that ends here was pushed to the peer.
    pub(crate) fn push(&mut self, log: LogKey, seq: u32) {
        if self.pushed.len() < MAX_LOGS || self.pushed.contains_key(&log) {
            self.pushed.insert(log, seq);
        }
    }

    /// A run that ends here was not pushed to the peer, because it is large.
    pub(crate) fn pass_over(&mut self, log: LogKey, seq: u32) {
        if self.passed_over.len() < MAX_LOGS || self.passed_over.contains_key(&log) {
            self.passed_over.insert(log, seq);
        }
    }

    /// Whether the peer may lack what comes before a fresh run of a log, and could do nothing with
    /// it.
    pub(crate) fn is_behind(&self, log: &LogKey) -> bool {
        self.passed_over.get(log).is_some_and(|seq| self.has(log) < *seq)
    }

    pub(crate) fn forget(&mut self, log: &LogKey) {
        self.has.remove(log);
        self.pushed.remove(log);
    }

    pub(crate) fn forget_all(&mut self) {
        self.has.clear();
        self.pushed.clear();
    }

    /// No longer in the active view.
    pub(crate) fn deactivate(&mut self) {
        (self.active, self.chosen, self.eager) = (false, false, false);
        (self.lookout, self.looks_out_for) = (false, false);
    }

    /// Whether another request to change views or trees is taken.
    pub(crate) fn may_ask(&mut self, now: Millis) -> Request {
        let refilled = u32::try_from(now.saturating_sub(self.requests_at) / REQUEST_REFILL).unwrap_or(u32::MAX);
        if refilled > 0 {
            self.requests = self.requests.saturating_add(refilled).min(REQUESTS);
            self.requests_at = now;
        }
        if let Some(left) = self.requests.checked_sub(1) {
            (self.requests, self.ignored) = (left, 0);
            return Request::Taken;
        }
        self.ignored = self.ignored.saturating_add(1);
        if self.ignored.is_multiple_of(STORM) { Request::Storm } else { Request::Ignored }
    }
}

/// What becomes of a request to change views or trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Taken,
    /// There were too many; an honest peer asks again.
    Ignored,
    /// So many that it is a fault.
    Storm,
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use wire::ids::LogId;

    use super::*;

    #[test]
    fn what_was_pushed_counts_as_said_only_once_they_say_so() {
        let log = LogKey { device: Identity::from_seed(&[1; 32]).peer(), log: LogId(1) };
        let mut ben = Neighbour::new(Trust::Member, 0);
        ben.push(log, 5);
        assert_eq!((ben.has(&log), ben.has_said(&log), ben.was_heard()), (5, 0, false));
        ben.note(log, 3);
        assert_eq!((ben.has(&log), ben.has_said(&log)), (5, 3));
        ben.note(log, 6);
        assert_eq!((ben.has(&log), ben.has_said(&log)), (6, 6));
        ben.push(log, 9);
        ben.state(log, 6);
        assert_eq!((ben.has(&log), ben.has_said(&log)), (6, 6), "their own words are the last");
        ben.forget_all();
        assert_eq!((ben.has(&log), ben.was_heard()), (0, false));
    }
}
