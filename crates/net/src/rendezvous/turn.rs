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
        let urgent = |attending: &Attending| attending.watches.iter().any(|watch| watch.urgent(now.tick));
        let joining = self.seen.is_none() && self.pings < 8;
        match self.on {
            false => None,
            true if joining || self.meetings.iter().any(urgent) => Some(100),
            true if self.meetings.is_empty() => Some(5_000),
            true => Some(500),
        }
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
        let quarters: u64 = self.meetings.iter().map(|attending| attending.weight(today)).sum();
        let share = PEEK_SPACING.saturating_mul(quarters) / OTHER_DAY_FACTOR;
        let mut asked = Vec::new();
        for attending in &mut self.meetings {
            let old = now.tick.saturating_sub(attending.since) > OLD;
            let seats = attending.watches.iter().filter(|watch| watch.day == today).count() as u64;
            for watch in &mut attending.watches {
                let mut idle = share.max(PEEK_IDLE);
                idle = idle.saturating_mul(if old { OLD_FACTOR } else { 1 });
                idle = idle.saturating_mul(if watch.day == today { 1 } else { OTHER_DAY_FACTOR });
                if let Some(node) = watch.peek(seats, idle, now.tick) {
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
        for (attending, said) in self.meetings.iter_mut().zip(said) {
            let Some(said) = said else { continue };
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
