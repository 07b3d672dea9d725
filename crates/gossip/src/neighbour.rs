//! What is known of one linked device that has the room.

use std::collections::BTreeMap;

use wire::ids::LogKey;

use crate::{Config, Millis, Trust};

/// Logs remembered for one neighbour in one room; a lying neighbour cannot make more grow.
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
    /// How far they are known to have each log: they said so, or sent it.
    has: BTreeMap<LogKey, u32>,
    /// How far each log was pushed to them beyond that.
    pushed: BTreeMap<LogKey, u32>,
    pub(crate) full_heads_at: Option<Millis>,
    /// When they are told what changed here, and how many changes they were told of.
    pub(crate) heads_at: Option<Millis>,
    pub(crate) told: u64,
    pub(crate) digest_at: Option<Millis>,
    /// A live message did not fit into their queue: they get Heads instead, and all of them once
    /// there is room.
    pub(crate) owed: bool,
    /// In the active view, on both sides.
    pub(crate) active: bool,
    /// This device asked; otherwise they did.
    pub(crate) chosen: bool,
    /// Fresh events are pushed to them.
    pub(crate) eager: bool,
    /// A lookout of this device: asked to tell it early what is new; and this device is one of
    /// theirs.
    pub(crate) lookout: bool,
    pub(crate) looks_out_for: bool,
    pub(crate) pruned_at: Option<Millis>,
    pub(crate) grafted_at: Option<Millis>,
    /// Until when an answer to our request is waited for.
    pub(crate) asked: Option<Millis>,
    /// Not asked again before.
    pub(crate) rests_until: Millis,
    /// Active neighbours that they last said to have.
    pub(crate) degree: u8,
    degree_at: Millis,
    /// Linked only to look whether they are apart from us; so they are asked if their logs differ.
    pub(crate) looked_up: bool,
    /// Questions that they owe an answer to, and how many they never answered.
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

    /// They said how many active neighbours they have.
    pub(crate) fn says_degree(&mut self, degree: u8, now: Millis) {
        (self.degree, self.degree_at) = (degree, now);
    }

    /// Whether they may have nobody else to be told by: those who are to become active neighbours,
    /// and those who had too few lately. Who still has too few asks again.
    pub(crate) fn is_needy(&self, config: &Config, now: Millis) -> bool {
        let poor = usize::from(self.degree) < config.active_min && now.saturating_sub(self.degree_at) < config.rest;
        !self.is_member() || self.asked.is_some() || poor
    }

    /// How far they are known, or about, to have a log.
    pub(crate) fn has(&self, log: &LogKey) -> u32 {
        self.has_said(log).max(self.pushed.get(log).copied().unwrap_or(0))
    }

    /// How far they are known to have a log.
    pub(crate) fn has_said(&self, log: &LogKey) -> u32 {
        self.has.get(log).copied().unwrap_or(0)
    }

    /// All logs that they are known to have something of.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&LogKey, u32)> {
        self.has.iter().map(|(log, seq)| (log, *seq))
    }

    pub(crate) fn was_heard(&self) -> bool {
        !self.has.is_empty()
    }

    /// They have a log up to here, at least.
    pub(crate) fn note(&mut self, log: LogKey, seq: u32) {
        if self.pushed.get(&log).is_some_and(|pushed| *pushed <= seq) {
            self.pushed.remove(&log);
        }
        let known = self.has_said(&log);
        self.keep(log, known.max(seq));
    }

    /// They have a log up to here, by their own words.
    pub(crate) fn state(&mut self, log: LogKey, seq: u32) {
        self.pushed.remove(&log);
        self.keep(log, seq);
    }

    fn keep(&mut self, log: LogKey, seq: u32) {
        if self.has.len() < MAX_LOGS || self.has.contains_key(&log) {
            self.has.insert(log, seq);
        }
    }

    /// They are about to have a log up to here.
    pub(crate) fn push(&mut self, log: LogKey, seq: u32) {
        if self.pushed.len() < MAX_LOGS || self.pushed.contains_key(&log) {
            self.pushed.insert(log, seq);
        }
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
    /// Too many; whoever meant it will ask again.
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
