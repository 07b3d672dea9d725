//! Dials: from an address to two ends that have greeted each other.

use std::time::Duration;

use identity::PeerId;
use node::manual::net::{Path, Reason};
use rand::RngExt;
use wire::Address;

use crate::dial::{Dial, Step};
use crate::happening::Happening;
use crate::host::{address, number_of};
use crate::links::{Side, Wire, WireId};
use crate::world::World;

impl World {
    pub(crate) fn begin_dial(&mut self, node: u32, attempt: u64, expect: Option<PeerId>, addresses: Vec<Address>) {
        let Some(host) = self.hosts.get_mut(node as usize) else { return };
        host.attempts.insert(attempt);
        let life = host.life;
        let dial = Dial { node, life, attempt, expect, addresses, target: 0, distance: Duration::ZERO, step: Step::Connect };
        self.try_next(dial, Reason::NoRoute);
    }

    /// Goes on to the next address, or fails for the reason that the last one did.
    fn try_next(&mut self, mut dial: Dial, reason: Reason) {
        if dial.addresses.is_empty() {
            let (node, at) = (dial.node, self.moment_of(dial.node));
            let mut acts = Vec::new();
            if let Some(host) = self.hosts.get_mut(node as usize) {
                host.attempts.remove(&dial.attempt);
            }
            let address = address(dial.target).into();
            self.with_body(node, |body| body.net.dial_failed(dial.attempt, address, reason, at, &mut acts));
            return self.carry_out(node, acts);
        }
        let next = dial.addresses.remove(0);
        let Some(target) = number_of(&next).filter(|target| (*target as usize) < self.hosts.len()) else {
            return self.later(self.config.times.connect, Dial { step: Step::Fail(Reason::TimedOut), ..dial });
        };
        dial.target = target;
        dial.distance = self.weather.distance(dial.node, target, &mut self.rng);
        dial.step = Step::Connect;
        self.later(dial.distance * 2, dial);
    }

    fn later(&mut self, wait: Duration, dial: Dial) {
        self.agenda.put(self.now.after(wait), Happening::Dial(dial));
    }

    fn moment_of(&self, node: u32) -> node::manual::net::Moment {
        self.hosts.get(node as usize).map_or(node::manual::net::Moment { tick: 1, wall: 0 }, |host| host.moment(self.now))
    }

    pub(crate) fn on_dial(&mut self, dial: Dial) {
        let Some(host) = self.hosts.get(dial.node as usize) else { return };
        let over = host.life != dial.life || host.body.is_none();
        if over || (!host.attempts.contains(&dial.attempt) && !matches!(dial.step, Step::Greeted(_) | Step::Complete(_))) {
            return;
        }
        let wait = dial.distance * 2;
        let dead = self.hosts.get(dial.target as usize).is_none_or(|target| target.body.is_none());
        let parted = self.is_parted(dial.node, dial.target);
        match dial.step {
            Step::Connect if parted => self.later(self.config.times.connect, Dial { step: Step::Fail(Reason::TimedOut), ..dial }),
            Step::Connect if dead || self.is_refused() => self.try_next(dial, Reason::Refused),
            Step::Connect => self.later(wait, Dial { step: Step::Prove, ..dial }),
            Step::Prove if parted => self.later(self.config.times.connect, Dial { step: Step::Fail(Reason::TimedOut), ..dial }),
            Step::Prove if dead => self.try_next(dial, Reason::Lost),
            Step::Prove => self.prove(dial),
            Step::Greeted(wire) => self.greeted(wire, dial),
            Step::Complete(wire) => self.complete(wire, &dial),
            Step::Fail(reason) => self.try_next(dial, reason),
        }
    }

    fn is_refused(&mut self) -> bool {
        self.weather.refuse > 0.0 && self.rng.random_bool(self.weather.refuse)
    }

    fn prove(&mut self, dial: Dial) {
        let (node, at) = (dial.node, self.moment_of(dial.node));
        let Some(peer) = self.peers.get(dial.target as usize).copied() else { return };
        if peer == self.peers.get(node as usize).copied().unwrap_or(peer) || dial.expect.is_some_and(|expected| expected != peer) {
            return self.try_next(dial, Reason::WrongPeer);
        }
        let mut acts = Vec::new();
        let mut may = false;
        self.with_body(node, |body| may = body.net.may_complete(dial.attempt, peer, at, &mut acts));
        if may {
            let hash = self.rng.random();
            let id = WireId(self.wires.len());
            self.wires.push(Some(Box::new(Wire::new(node, dial.target, dial.distance, hash))));
            self.later(dial.distance, Dial { step: Step::Greeted(id), ..dial });
        } else if let Some(host) = self.hosts.get_mut(node as usize) {
            host.attempts.remove(&dial.attempt);
        }
        self.carry_out(node, acts);
    }

    /// The listener has the proof; its greeting is on its way back.
    fn greeted(&mut self, id: WireId, dial: Dial) {
        let (parted, target) = (self.is_parted(dial.node, dial.target), dial.target);
        if parted || self.hosts.get(target as usize).is_none_or(|host| host.body.is_none()) {
            if let Some(slot) = self.wires.get_mut(id.0) {
                *slot = None;
            }
            let (wait, reason) = if parted { (self.config.times.connect, Reason::TimedOut) } else { (dial.distance, Reason::Lost) };
            return self.later(wait, Dial { step: Step::Fail(reason), ..dial });
        }
        let back = self.now.after(dial.distance);
        if let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(Side::Listener)) {
            end.not_before = back;
        }
        let (dialler, attempt) = (dial.node, None);
        self.later(dial.distance, Dial { step: Step::Complete(id), ..dial });
        self.hand_in(id, Side::Listener, dialler, attempt);
    }

    fn complete(&mut self, id: WireId, dial: &Dial) {
        if let Some(host) = self.hosts.get_mut(dial.node as usize) {
            host.attempts.remove(&dial.attempt);
        }
        self.hand_in(id, Side::Dialler, dial.target, Some(dial.attempt));
    }

    /// Gives a link to the table of its node, which lets it run or closes it.
    fn hand_in(&mut self, id: WireId, side: Side, other: u32, attempt: Option<u64>) {
        let Some(number) = self.wire(id).map(|wire| wire.end(side).node) else { return };
        let at = self.moment_of(number);
        let Some(peer) = self.peers.get(other as usize).copied() else { return };
        // 0 if the other node has died meanwhile.
        let nonce = self.hosts.get(other as usize).and_then(|host| host.body.as_ref()).map_or(0, |body| body.net.hello().boot_nonce);
        let Some(host) = self.hosts.get_mut(number as usize) else { return };
        let Some(body) = &mut host.body else { return };
        let mut acts = Vec::new();
        let link = body.net.greeted(peer, Path::Tcp(address(other)), nonce, attempt, at, &mut acts);
        host.links.insert(link, (id, side));
        if let Some(end) = self.wire_mut(id).map(|wire| wire.end_mut(side)) {
            end.link = Some(link);
        }
        if self.is_cut(id) {
            self.recheck_wires();
        }
        self.carry_out(number, acts);
    }
}
