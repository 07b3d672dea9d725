//! What is known of one linked device that has the room.

use std::collections::BTreeMap;

use wire::ids::LogKey;

use crate::{Millis, Standing};

/// Logs remembered for one neighbour in one room; a lying neighbour cannot make more grow.
const MAX_LOGS: usize = 8_192;
/// Requests to change views or trees that one neighbour may make at once, and how fast they come back. An honest one makes some in a minute.
const STORM: u32 = 64;
const STORM_REFILL: Millis = 250;

/// One neighbour. All linked members get Heads; only active ones are in the overlay, and only eager ones get runs.
pub(crate) struct Neighbour {
    pub(crate) standing: Standing,
    /// How far they are known, or about, to have each log.
    has: BTreeMap<LogKey, u32>,
    pub(crate) full_heads_at: Option<Millis>,
    pub(crate) digest_at: Option<Millis>,
    /// A live message did not fit into their queue: they get Heads instead, and all of them once there is room.
    pub(crate) owed: bool,
    /// In the active view, on both sides.
    pub(crate) active: bool,
    /// This device asked; otherwise they did.
    pub(crate) chosen: bool,
    /// Fresh events are pushed to them.
    pub(crate) eager: bool,
    pub(crate) pruned_at: Option<Millis>,
    /// Until when an answer to our request is waited for.
    pub(crate) asked: Option<Millis>,
    /// Not asked again before.
    pub(crate) rests_until: Millis,
    /// Active neighbours that they last said to have.
    pub(crate) degree: u8,
    /// Questions that they owe an answer to, and how many they never answered.
    pub(crate) questions: usize,
    pub(crate) late: u8,
    storm: u32,
    storm_at: Millis,
}

impl Neighbour {
    pub(crate) fn new(standing: Standing, now: Millis) -> Self {
        Neighbour {
            standing,
            has: BTreeMap::new(),
            full_heads_at: None,
            digest_at: None,
            owed: false,
            active: false,
            chosen: false,
            eager: false,
            pruned_at: None,
            asked: None,
            rests_until: 0,
            degree: u8::MAX,
            questions: 0,
            late: 0,
            storm: STORM,
            storm_at: now,
        }
    }

    pub(crate) fn is_member(&self) -> bool {
        self.standing == Standing::Member
    }

    /// How far they are known to have a log.
    pub(crate) fn has(&self, log: &LogKey) -> u32 {
        self.has.get(log).copied().unwrap_or(0)
    }

    /// They have a log up to here, at least.
    pub(crate) fn note(&mut self, log: LogKey, seq: u32) {
        let known = self.has(&log);
        self.state(log, known.max(seq));
    }

    /// They have a log up to here, by their own words.
    pub(crate) fn state(&mut self, log: LogKey, seq: u32) {
        if self.has.len() < MAX_LOGS || self.has.contains_key(&log) {
            self.has.insert(log, seq);
        }
    }

    pub(crate) fn forget(&mut self, log: &LogKey) {
        self.has.remove(log);
    }

    pub(crate) fn forget_all(&mut self) {
        self.has.clear();
    }

    /// No longer in the active view.
    pub(crate) fn deactivate(&mut self) {
        (self.active, self.chosen, self.eager) = (false, false, false);
    }

    /// Whether they may make another request to change views or trees.
    pub(crate) fn may_ask(&mut self, now: Millis) -> bool {
        let refilled = u32::try_from((now.saturating_sub(self.storm_at)) / STORM_REFILL).unwrap_or(u32::MAX);
        if refilled > 0 {
            self.storm = self.storm.saturating_add(refilled).min(STORM);
            self.storm_at = now;
        }
        let may = self.storm > 0;
        self.storm = self.storm.saturating_sub(1);
        may
    }
}
