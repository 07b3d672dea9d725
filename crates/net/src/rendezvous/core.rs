//! What is known, and what each piece of news changes. `turn.rs` decides what is done next.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

use identity::Identity;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::reach::NatClass;

use super::attending::Attending;
use super::bucket::Bucket;
use super::effect::{Effect, Input};
use super::krpc;
use super::limits::*;
use super::meeting::{DhtState, Meeting, Own, RendezvousEvent};
use super::questions::Questions;
use super::saying::Stored;
use super::value::{Said, open};
use super::votes::{Votes, Witnesses};
use super::watch::Watch;
use crate::time::Now;

/// Decides; sends nothing, and looks at no clock.
pub(super) struct Core {
    pub(super) me: Arc<Identity>,
    pub(super) rng: StdRng,
    pub(super) on: bool,
    pub(super) state: DhtState,
    /// This device's name in questions: random each time it is turned on.
    pub(super) name: [u8; 20],
    pub(super) bootstrap: Vec<SocketAddrV4>,
    pub(super) resolving: bool,
    pub(super) resolve_at: u64,
    pub(super) resolve_failures: u32,
    /// Nodes that lately answered a search.
    pub(super) known: Vec<SocketAddrV4>,
    pub(super) questions: Questions,
    pub(super) votes: Votes,
    pub(super) seen: Option<(SocketAddr, NatClass)>,
    pub(super) on_since: u64,
    pub(super) answered_at: u64,
    pub(super) unanswered: u32,
    pub(super) ping_at: u64,
    pub(super) pings: u32,
    /// A search for no slot, which finds nodes to ask where they see this device.
    pub(super) scouting: Option<[u8; 32]>,
    pub(super) own: Own,
    /// Those first that matter most.
    pub(super) meetings: Vec<Attending>,
    pub(super) searches: Bucket,
    pub(super) stores: Bucket,
}

impl Core {
    /// `own_dht`: the bootstrap nodes were configured, so that it is not the public DHT.
    pub(super) fn new(me: Arc<Identity>, own_dht: bool, seed: [u8; 32]) -> Self {
        let mut rng = StdRng::from_seed(seed);
        let witnesses = if own_dht { Witnesses::Sockets } else { Witnesses::Networks };
        Self {
            me,
            name: rng.random(),
            rng,
            on: false,
            state: DhtState::Off,
            bootstrap: Vec::new(),
            resolving: false,
            resolve_at: 0,
            resolve_failures: 0,
            known: Vec::new(),
            questions: Questions::default(),
            votes: Votes::new(witnesses),
            seen: None,
            on_since: 0,
            answered_at: 0,
            unanswered: 0,
            ping_at: 0,
            pings: 0,
            scouting: None,
            own: Own::default(),
            meetings: Vec::new(),
            searches: Bucket::new(SEARCH_BURST, SEARCH_EVERY),
            stores: Bucket::new(STORE_BURST, STORE_EVERY),
        }
    }

    pub(super) fn handle(&mut self, input: Input, now: Now, out: &mut Vec<Effect>) {
        match input {
            Input::On(on) => self.turn(on, now, out),
            Input::Meetings(meetings) => self.set_meetings(meetings, now),
            Input::Own(own) => self.own = own,
            Input::Fired(meeting, to) => {
                for attending in self.meetings.iter_mut().filter(|attending| attending.meeting == meeting) {
                    attending.fire(to);
                }
            }
            Input::Refresh => self.refresh(now),
            Input::Heard(from, bytes) => self.heard(from, &bytes, now, out),
            Input::Resolved(nodes) => self.resolved(nodes, now),
            Input::Found { public, number, value } => self.found(&public, number, &value, now),
            Input::Searched { public, near } => self.searched(&public, &near, now, out),
            Input::Stored { public, outcome } => {
                for attending in self.meetings.iter_mut().filter(|attending| attending.saying.slot.public == public) {
                    attending.saying.stored(outcome, now.tick);
                    if outcome == Stored::Older {
                        out.push(Effect::Search { public });
                    }
                }
            }
            Input::Tick => {}
        }
        if self.on {
            self.act(now, out);
        }
    }

    fn turn(&mut self, on: bool, now: Now, out: &mut Vec<Effect>) {
        if self.on == on {
            return;
        }
        self.on = on;
        for attending in &mut self.meetings {
            *attending = Attending::new(attending.meeting.clone(), self.rng.random(), now);
        }
        if on {
            self.name = self.rng.random();
            self.on_since = now.tick;
            self.set_state(DhtState::Joining, out);
            return;
        }
        // Nothing is kept that came of it: the next time may be in another network.
        self.questions.clear();
        self.votes.clear();
        (self.seen, self.scouting) = (None, None);
        (self.resolving, self.resolve_at, self.resolve_failures) = (false, 0, 0);
        (self.answered_at, self.unanswered, self.ping_at, self.pings) = (0, 0, 0, 0);
        self.bootstrap.clear();
        self.known.clear();
        out.push(Effect::Stop);
        self.set_state(DhtState::Off, out);
    }

    pub(super) fn set_state(&mut self, state: DhtState, out: &mut Vec<Effect>) {
        if self.state != state {
            self.state = state;
            out.push(Effect::Tell(RendezvousEvent::State(state)));
        }
    }

    fn set_meetings(&mut self, wanted: Vec<Meeting>, now: Now) {
        let mut old = std::mem::take(&mut self.meetings);
        for meeting in wanted {
            if self.meetings.len() >= MAX_MEETINGS || self.meetings.iter().any(|attending| attending.meeting == meeting) {
                continue;
            }
            let attending = match old.iter().position(|attending| attending.meeting == meeting) {
                Some(at) => old.swap_remove(at),
                None => Attending::new(meeting, self.rng.random(), now),
            };
            self.meetings.push(attending);
        }
    }

    fn refresh(&mut self, now: Now) {
        self.votes.clear();
        (self.ping_at, self.pings, self.resolve_at) = (0, 0, 0);
        self.on_since = now.tick;
        for watch in self.meetings.iter_mut().flat_map(|attending| &mut attending.watches) {
            watch.search_now();
        }
    }

    fn resolved(&mut self, nodes: Vec<SocketAddrV4>, now: Now) {
        self.resolving = false;
        if nodes.is_empty() {
            self.unanswered = self.unanswered.saturating_add(1);
            self.resolve_at = now.tick.saturating_add(super::watch::backed_off(RETRY, self.resolve_failures).min(RETRY_MOST));
            self.resolve_failures = self.resolve_failures.saturating_add(1);
        } else {
            self.resolve_failures = 0;
            self.bootstrap = nodes;
            self.bootstrap.truncate(MAX_KNOWN);
        }
    }

    fn heard(&mut self, from: SocketAddrV4, bytes: &[u8], now: Now, out: &mut Vec<Effect>) {
        if !self.on {
            return;
        }
        let Some(answer) = krpc::read(bytes) else { return };
        let Some(question) = self.questions.answered(answer.tag, from, now.tick) else { return };
        self.reached(now, out);
        if let Some(seen) = answer.seen {
            self.votes.add(from, seen, now.tick);
            self.judge(out);
        }
        let Some(public) = question.slot else { return };
        if let Some(watch) = self.watch(&public) {
            watch.answered(from);
        }
        if let Some((number, value)) = answer.number.zip(answer.value) {
            self.found(&public, number, value, now);
        }
    }

    fn reached(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.answered_at = now.tick;
        self.unanswered = 0;
        self.set_state(DhtState::Reachable, out);
    }

    /// A hard NAT's port is another for each node, so a new one is no news.
    fn judge(&mut self, out: &mut Vec<Effect>) {
        let Some((addr, class)) = self.votes.verdict() else { return };
        let same = self.seen.is_some_and(|(old, old_class)| {
            old_class == class && old.ip() == addr.ip() && (old.port() == addr.port() || class == NatClass::Hard)
        });
        if !same {
            self.seen = Some((addr, class));
            out.push(Effect::Tell(RendezvousEvent::Seen { addr, class }));
        }
    }

    pub(super) fn watch(&mut self, public: &[u8; 32]) -> Option<&mut Watch> {
        self.meetings.iter_mut().flat_map(|attending| &mut attending.watches).find(|watch| watch.slot.public == *public)
    }

    /// What somebody stored in a slot. Nodes pass it on, and whether it is true is seen only from
    /// its seal.
    fn found(&mut self, public: &[u8; 32], number: i64, value: &[u8], now: Now) {
        for attending in &mut self.meetings {
            let author = attending.meeting.peer;
            for watch in attending.watches.iter_mut().filter(|watch| watch.slot.public == *public) {
                let signed = Attending::signed(watch.seat);
                // A joiner who does not know the inviter believes nobody.
                if signed && author.is_none() {
                    continue;
                }
                if let Ok(value) = open(&watch.slot, value, author.as_ref().filter(|_| signed)) {
                    watch.take(value, number, now);
                }
            }
            if attending.saying.slot.public == *public && attending.saying.outbid(number) {
                attending.change_seat();
            }
        }
    }

    fn searched(&mut self, public: &[u8; 32], near: &[SocketAddrV4], now: Now, out: &mut Vec<Effect>) {
        if !near.is_empty() {
            self.known = near.to_vec();
            self.known.truncate(MAX_KNOWN);
            self.reached(now, out);
        }
        if self.scouting == Some(*public) {
            self.scouting = None;
            (self.ping_at, self.pings) = (0, 0);
        }
        for attending in &mut self.meetings {
            let today = attending.saying.day;
            let alone = attending.seats() == 1;
            for watch in attending.watches.iter_mut().filter(|watch| watch.slot.public == *public) {
                watch.searched(near, alone && watch.day == today, now.tick);
            }
        }
    }

    /// What there is to be said to partners; none as long as nothing is known that helps them.
    pub(super) fn said(&self, attending: &Attending, now: u64) -> Option<Said> {
        let (seen, class) = self.seen.unzip();
        let class = Some(self.own.class).filter(|class| *class != NatClass::Unknown).or(class).unwrap_or_default();
        let mut own = self.own.addresses.clone();
        own.truncate(MAX_OWN);
        let udp = self.own.udp.or(seen);
        let waiting = now.saturating_sub(self.on_since.max(attending.since)) < WAIT_FOR_SEEN;
        if udp.is_none() && (waiting || (own.is_empty() && self.own.tcp.is_none())) {
            return None;
        }
        Some(Said { class, udp, tcp: self.own.tcp, own, to: attending.fired.clone() })
    }
}
