//! What is done next: who is asked, where is searched, what is said.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::net::{SocketAddr, SocketAddrV4};

use rand::RngExt;

use super::attending::Attending;
use super::core::Core;
use super::effect::Effect;
use super::keys::day_of;
use super::krpc;
use super::limits::*;
use super::meeting::{DhtState, RendezvousEvent};
use super::questions::Question;
use super::value::{Said, Value, seal};
use super::watch::backed_off;
use crate::time::Now;

impl Core {
    /// How long nothing needs to be done unless there is news. None: for ever.
    pub(super) fn rest(&self, now: Now) -> Option<u64> {
        let urgent = |attending: &Attending| attending.watches.iter().any(|watch| watch.urgent(now.tick) || watch.met(now.tick));
        let joining = self.seen.is_none() && self.pings < 8;
        match self.on {
            false => None,
            true if joining || self.meetings.iter().any(urgent) => Some(100),
            true if self.meetings.is_empty() => Some(5_000),
            true => Some(500),
        }
    }

    /// How many of the first meetings come before all others.
    fn foremost(&self) -> usize {
        let mut seats = 0_usize;
        let fits = |attending: &&Attending| {
            seats = seats.saturating_add(attending.seats());
            seats <= FOREMOST
        };
        self.meetings.iter().take_while(fits).count()
    }

    pub(super) fn act(&mut self, now: Now, out: &mut Vec<Effect>) {
        for attending in &mut self.meetings {
            attending.keep_days(now);
        }
        self.look_after(now, out);
        self.ping(now, out);
        if !self.bootstrap.is_empty() {
            self.search(now, out);
            self.say(now, out);
        }
        self.peek(now, out);
        self.tell(now, out);
    }

    fn look_after(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.bootstrap.is_empty() && !self.resolving && now.tick >= self.resolve_at {
            self.resolving = true;
            out.push(Effect::Resolve);
        }
        let silence = now.tick.saturating_sub(self.answered_at.max(self.on_since));
        let asked = self.unanswered >= UNANSWERED || self.resolve_failures > 0;
        if silence >= UNREACHABLE && asked {
            self.set_state(DhtState::Unreachable, out);
        }
    }

    fn ask(
        &mut self,
        to: SocketAddrV4,
        slot: Option<[u8; 32]>,
        bytes: impl FnOnce(&[u8; 20], krpc::Tag) -> Vec<u8>,
        at: u64,
    ) -> Option<Effect> {
        let tag: krpc::Tag = self.rng.random();
        if !self.questions.add(tag, Question { to, slot, at }) {
            return None;
        }
        self.unanswered = self.unanswered.saturating_add(1);
        Some(Effect::Ask { to, bytes: bytes(&self.name, tag) })
    }

    /// Asks some nodes where they see this device, until enough have answered; later to hear
    /// whether it is still so. Questions about slots do the same, so beside them it is rare.
    fn ping(&mut self, now: Now, out: &mut Vec<Effect>) {
        let mut nodes: Vec<SocketAddrV4> = self.known.iter().chain(&self.bootstrap).copied().collect();
        nodes.dedup();
        if now.tick < self.ping_at || nodes.is_empty() {
            return;
        }
        let answered = self.votes.count() >= MIN_VOTES && self.state == DhtState::Reachable;
        let wait = if answered { PING_IDLE } else { backed_off(PING_SOON, self.pings).min(PING_MOST) };
        self.pings = if answered { 0 } else { self.pings.saturating_add(1) };
        self.ping_at = now.tick.saturating_add(wait);
        for _ in 0..PINGS.min(nodes.len()) {
            let node = nodes.swap_remove(self.rng.random_range(..nodes.len()));
            let effect = self.ask(node, None, krpc::ping, now.tick);
            out.extend(effect);
        }
        // The first nodes of the public DHT are few, and may be silent: then others are searched.
        if self.pings == 3 && self.scouting.is_none() && self.meetings.is_empty() && self.searches.take(now.tick) {
            let public: [u8; 32] = self.rng.random();
            self.scouting = Some(public);
            out.push(Effect::Search { public });
        }
    }

    fn search(&mut self, now: Now, out: &mut Vec<Effect>) {
        let watches = || self.meetings.iter().flat_map(|attending| &attending.watches);
        let mut running = watches().filter(|watch| watch.searching).count();
        for attending in &mut self.meetings {
            if attending.saying.check_due(now.tick) && self.searches.take(now.tick) {
                out.push(Effect::Search { public: attending.saying.slot.public });
            }
            for watch in &mut attending.watches {
                if running < MAX_SEARCHES && watch.search_due(now.tick) && self.searches.take(now.tick) {
                    watch.searching = true;
                    running = running.saturating_add(1);
                    out.push(Effect::Search { public: watch.slot.public });
                }
            }
        }
    }

    fn peek(&mut self, now: Now, out: &mut Vec<Effect>) {
        let today = day_of(now.wall);
        let foremost = self.foremost();
        let quarters = |part: &[Attending]| part.iter().map(|attending| attending.weight(today)).sum::<u64>() / OTHER_DAY_FACTOR;
        let (first, others) = self.meetings.split_at(foremost.min(self.meetings.len()));
        let seats = first.iter().filter(|attending| attending.is_new(now.tick)).map(Attending::seats).sum::<usize>() as u64;
        let idle = [PEEK_FOREMOST.saturating_mul(quarters(first)), PEEK_SPACING.saturating_mul(quarters(others))];
        let mut asked = Vec::new();
        for (index, attending) in self.meetings.iter_mut().enumerate() {
            let first = index < foremost;
            let idle = if first { idle[0] } else { idle[1] }.max(PEEK_IDLE);
            let old = if now.tick.saturating_sub(attending.since) > OLD { OLD_FACTOR } else { 1 };
            let met = PEEK_URGENT.saturating_mul(attending.seats() as u64);
            for watch in &mut attending.watches {
                let wait = match watch.day == today {
                    _ if watch.met(now.tick) => met,
                    _ if first && watch.urgent(now.tick) => PEEK_URGENT.saturating_mul(seats),
                    true => idle.saturating_mul(old),
                    false => idle.saturating_mul(old).saturating_mul(OTHER_DAY_FACTOR),
                };
                if let Some(node) = watch.peek(wait, now.tick) {
                    asked.push((node, watch.slot.public, watch.target, watch.number));
                }
            }
        }
        for (node, public, target, number) in asked {
            let effect = self.ask(node, Some(public), |name, tag| krpc::get(name, tag, &target, number), now.tick);
            out.extend(effect);
        }
    }

    fn say(&mut self, now: Now, out: &mut Vec<Effect>) {
        let said: Vec<Option<Said>> = self.meetings.iter().map(|attending| self.said(attending, now.tick)).collect();
        for (index, (attending, said)) in self.meetings.iter_mut().zip(said).enumerate() {
            let Some(said) = said else { continue };
            // Whoever is told that this device fires at them waits for that word.
            let free = (index < FREE_TO_SAY && attending.saying.changes(&said)) || attending.saying.fires_anew(&said);
            if !attending.saying.due(&said, now.tick) || !(free || self.stores.take(now.tick)) {
                continue;
            }
            let Some(number) = attending.saying.say(&said, now) else { continue };
            let author = Attending::signed(attending.saying.seat).then_some(&*self.me);
            let slot = &attending.saying.slot;
            if let Some(value) = seal(slot, &Value { time: now.wall, said }, author, self.rng.random()) {
                out.push(Effect::Store { seed: slot.seed.clone(), public: slot.public, number, value });
            }
        }
    }

    fn tell(&mut self, now: Now, out: &mut Vec<Effect>) {
        // Nobody may lead this device to its own services, except where all is on one computer.
        let on_loopback = self.seen.is_some_and(|(seen, _)| seen.ip().is_loopback());
        let fit = |address: &SocketAddr| on_loopback || !address.ip().to_canonical().is_loopback();
        for attending in &mut self.meetings {
            let mine = attending.saying.said.clone().unwrap_or_default();
            for watch in &mut attending.watches {
                let Some(Value { said, .. }) = watch.tell(now.tick) else { continue };
                out.push(Effect::Tell(RendezvousEvent::Met {
                    meeting: attending.meeting.clone(),
                    seat: watch.seat,
                    to_me: said.to.iter().any(|to| mine.addresses().any(|address| address == to)),
                    udp: said.udp.filter(fit),
                    tcp: said.tcp.filter(fit),
                    addresses: said.own.into_iter().filter(|address| fit(address)).collect(),
                    class: said.class,
                }));
            }
        }
    }
}
