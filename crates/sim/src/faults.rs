//! What goes wrong on purpose: deaths, crashes, freezes, partitions, and hostile outbursts.

use std::time::Duration;

use rand::RngExt;
use rand::seq::SliceRandom;
use wire::message::Message;

use crate::happening::Happening;
use crate::hostile::{Hostile, Invention, Manner};
use crate::links::{Parcel, Side, WireId};
use crate::world::World;

impl World {
    /// Draws correct members by lot: this share of all members, and never number 0.
    pub fn draw(&mut self, share: f64) -> Vec<u32> {
        let mut all: Vec<u32> = (1..self.members()).filter(|number| self.is_correct(*number)).collect();
        all.shuffle(&mut self.rng);
        all.truncate((f64::from(self.members()) * share).round() as usize);
        all.sort_unstable();
        all
    }

    /// Members, dead ones included.
    pub fn members(&self) -> u32 {
        u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)
    }

    /// Runs, reads, and is not hostile.
    pub fn is_correct(&self, number: u32) -> bool {
        self.hosts.get(number as usize).is_some_and(|host| host.is_correct())
    }

    /// All correct members.
    pub fn correct(&self) -> Vec<u32> {
        (0..self.members()).filter(|number| self.is_correct(*number)).collect()
    }

    /// Kills processes at once: their connections break, and of what was not synced each loses
    /// some.
    pub fn kill(&mut self, numbers: &[u32]) {
        for number in numbers {
            let Some(host) = self.hosts.get_mut(*number as usize).filter(|host| host.body.is_some()) else { continue };
            host.body = None;
            host.frozen = false;
            host.wake_at = None;
            host.flush_at = None;
            host.attempts.clear();
            let unsynced = host.medium.unsynced();
            let kept = if unsynced == 0 { 0 } else { self.rng.random_range(0..=unsynced) };
            host.medium.crash(kept);
            let links: Vec<(WireId, Side)> = std::mem::take(&mut host.links).into_values().collect();
            links.into_iter().for_each(|(wire, side)| self.die_on(wire, side));
        }
    }

    /// Ends programs in order.
    pub fn stop(&mut self, numbers: &[u32]) {
        for number in numbers {
            let Some(host) = self.hosts.get_mut(*number as usize) else { continue };
            let Some(body) = host.body.take() else { continue };
            body.hand.close();
            (host.wake_at, host.flush_at) = (None, None);
            host.attempts.clear();
            let links: Vec<(WireId, Side)> = std::mem::take(&mut host.links).into_values().collect();
            links.into_iter().for_each(|(wire, side)| self.die_on(wire, side));
        }
    }

    /// Sets a member's clock, right or wrong.
    pub fn set_clock(&mut self, number: u32, ahead_ms: i64) {
        if let Some(host) = self.hosts.get_mut(number as usize) {
            host.skew_ms = ahead_ms;
        }
        self.settle(number);
    }

    fn die_on(&mut self, id: WireId, side: Side) {
        let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)) else { return };
        end.stage = crate::links::Stage::Over;
        end.feed = None;
        end.inbox.clear();
        self.send(id, side, Parcel::Lost);
        self.bury(id);
    }

    /// Starts dead members again, on what is left on their disks.
    pub fn restart(&mut self, numbers: &[u32]) {
        numbers.iter().for_each(|number| self.start(*number));
    }

    /// Members stand still with their connections open, as if suspended.
    pub fn freeze(&mut self, numbers: &[u32]) {
        self.set_frozen(numbers, true);
    }

    /// They go on where they stood.
    pub fn thaw(&mut self, numbers: &[u32]) {
        self.set_frozen(numbers, false);
    }

    fn set_frozen(&mut self, numbers: &[u32], frozen: bool) {
        for number in numbers {
            if let Some(host) = self.hosts.get_mut(*number as usize) {
                host.frozen = frozen;
            }
        }
        self.recheck_wires();
        if !frozen {
            for number in numbers {
                if let Some(body) = self.hosts.get_mut(*number as usize).and_then(|host| host.body.as_mut()) {
                    body.hand.flush();
                }
                self.settle(*number);
            }
        }
    }

    /// Members read nothing any more from their connections, and go on otherwise.
    pub fn deafen(&mut self, numbers: &[u32]) {
        for number in numbers {
            if let Some(host) = self.hosts.get_mut(*number as usize) {
                host.deaf = true;
            }
        }
    }

    /// Cuts the network in two: these members, and all others.
    pub fn part(&mut self, numbers: &[u32]) {
        self.split(&[numbers.to_vec()]);
    }

    /// Cuts the network into several parts: each of these, and all others.
    pub fn split(&mut self, parts: &[Vec<u32>]) {
        for (part, numbers) in (1..).zip(parts) {
            for number in numbers {
                if let Some(host) = self.hosts.get_mut(*number as usize) {
                    host.part = part;
                }
            }
        }
        self.recheck_wires();
    }

    /// Makes the network one again.
    pub fn heal(&mut self) {
        self.hosts.iter_mut().for_each(|host| host.part = 0);
        self.recheck_wires();
    }

    /// Hostile members say what nobody asked for.
    pub(crate) fn on_outburst(&mut self, number: u32) {
        let Some(host) = self.hosts.get_mut(number as usize) else { return };
        let links: Vec<(WireId, Side)> = host.links.values().copied().collect();
        for (wire, side) in links {
            let Some(hostile) = self.hosts.get_mut(number as usize).and_then(|host| host.hostile.as_mut()) else { return };
            let said = hostile.outburst(&self.peers);
            self.inject(wire, side, &said);
        }
        self.agenda.put(self.now.after(Duration::from_secs(1)), Happening::Outburst(number));
    }

    /// A member tells all its neighbours of things that it has invented; how many ids each of them
    /// has heard.
    pub fn invent(&mut self, number: u32, invention: Invention) -> usize {
        let room = self.room();
        let mut hostile = Hostile::new(Manner::Forger, room, self.rng.random());
        let (count, said) = hostile.invent(invention, &self.peers);
        let Some(host) = self.hosts.get(number as usize) else { return 0 };
        let links: Vec<(WireId, Side)> = host.links.values().copied().collect();
        links.iter().for_each(|(wire, side)| self.inject(*wire, *side, &said));
        if links.is_empty() { 0 } else { count }
    }

    /// Messages that no engine meant to send.
    pub(crate) fn inject(&mut self, wire: WireId, side: Side, messages: &[Message]) {
        let running = self.wire(wire).is_some_and(|wire| wire.end(side).stage == crate::links::Stage::Running);
        for message in messages.iter().filter(|_| running) {
            let mut plaintext = Vec::new();
            if wire::frame::push_record(&mut plaintext, &message.encode()).is_ok() {
                wire::frame::pad(&mut plaintext);
                self.send(wire, side, Parcel::Frame(plaintext.into()));
            }
        }
    }
}
