//! A node's turns: it starts, wakes, and carries out what its network and its engine decide.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use node::Options;
use node::manual::net::{Act, DialId, Event, LinkId, LinkUp, Manual, Moment, Path};
use node::manual::store::open_in_memory;
use node::manual::{Hand, Shared, Show};
use rand::RngExt;
use wire::Role;

use crate::clock::Time;
use crate::happening::Happening;
use crate::host::{Body, address, time_of};
use crate::links::{Side, Stage, WireId};
use crate::template::{ROOT_KEY, identity, name};
use crate::world::World;

/// Rooms up to this size tell all that changes, as the program does.
const SHOWN_WHOLE: u32 = 100;

impl World {
    /// Starts a node on what its disk holds.
    pub(crate) fn start(&mut self, number: u32) {
        let (now, seed, room) = (self.now, self.plan.seed, self.template.room);
        let Some(host) = self.hosts.get_mut(number as usize).filter(|host| host.body.is_none()) else { return };
        let at = host.moment(now);
        let opened = open_in_memory(&host.medium, &ROOT_KEY).expect("memory opens");
        let heads = opened.store.heads(&room);
        let control = heads.iter().filter(|(log, _)| log.log.is_control()).map(|(log, head)| (*log, head.head));
        let members = match control.eq(self.template.control.iter().copied()) {
            true => BTreeMap::from([(room, self.template.membership.clone())]),
            false => BTreeMap::new(),
        };
        self.books.remembers(number, heads.into_iter().map(|(log, head)| ((log.device, log.log), head.head.seq)));
        host.life += 1;
        let (net, manual) = Manual::new(host.peer, &self.config, vec![address(number).into()], self.rng.random(), self.rng.random());
        let options = Options {
            identity: identity(seed, number),
            opened,
            name: Some(name(number)),
            fallback_name: String::new(),
            listen: Vec::new(),
            nearby: false,
            peer_exchange: true,
            mapping: false,
            dht: Vec::new(),
            agent: "sim".to_owned(),
            sink: host.told().sink(),
        };
        let mut hand = Hand::start(options, net, at, self.rng.random(), Shared { members, signatures: self.signatures.clone() });
        hand.on_net(Event::Listening { addresses: vec![address(number)], own: vec![address(number)], failed: None });
        host.body = Some(Body { hand, net: manual });
        self.settle(number);
    }

    pub(crate) fn on_wake(&mut self, number: u32) {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(number as usize).filter(|host| host.wake_at == Some(now)) else { return };
        host.wake_at = None;
        if host.frozen {
            return;
        }
        let at = host.moment(now);
        let Some(body) = &mut host.body else { return };
        let mut acts = Vec::new();
        if body.net.next_wake().is_some_and(|due| due <= at.tick) {
            body.net.tick(at, &mut acts);
        }
        self.carry_out(number, acts);
    }

    pub(crate) fn on_flush(&mut self, number: u32, life: u32) {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(number as usize).filter(|host| host.life == life && host.flush_at == Some(now)) else { return };
        host.flush_at = None;
        if host.frozen {
            // The thread stands still with the rest; it goes on when thawed.
            return;
        }
        if let Some(body) = &mut host.body {
            body.hand.flush();
        }
        self.settle(number);
    }

    /// Carries out what a node's network decided, and what the node makes of it.
    pub(crate) fn carry_out(&mut self, number: u32, mut acts: Vec<Act>) {
        let Some(at) = self.hosts.get(number as usize).map(|host| host.moment(self.now)) else { return };
        self.with_body(number, |body| body.hand.set_now(at));
        let show = if self.plan.members <= SHOWN_WHOLE { Show::All } else { Show::Messages };
        loop {
            while !acts.is_empty() {
                for act in std::mem::take(&mut acts) {
                    self.act(number, act, at, &mut acts);
                }
                self.with_body(number, |body| body.net.take_orders(at, &mut acts));
            }
            self.with_body(number, |body| {
                body.hand.end_turn(show);
                body.net.take_orders(at, &mut acts);
            });
            if acts.is_empty() {
                break;
            }
        }
        self.rest(number);
    }

    /// A node has been given something: it ends its turn.
    pub(crate) fn settle(&mut self, number: u32) {
        self.carry_out(number, Vec::new());
    }

    fn act(&mut self, number: u32, act: Act, at: Moment, acts: &mut Vec<Act>) {
        match act {
            Act::Dial { attempt, expect, addresses } => self.begin_dial(number, attempt, expect, addresses),
            Act::Abort(attempt) => {
                if let Some(host) = self.hosts.get_mut(number as usize) {
                    host.attempts.remove(&attempt);
                }
            }
            Act::Start(link, asked) => self.run_link(number, link, asked),
            Act::Close(link, bye) => self.close_link(number, link, bye, acts),
            Act::Tell(event) => self.with_body(number, |body| {
                body.hand.set_now(at);
                body.hand.on_net(event);
            }),
        }
    }

    pub(crate) fn with_body(&mut self, number: u32, f: impl FnOnce(&mut Body)) {
        if let Some(body) = self.hosts.get_mut(number as usize).and_then(|host| host.body.as_mut()) {
            let began = Instant::now();
            f(body);
            self.note_time(number, began);
        }
    }

    /// Times what one node does from here on, in real time.
    pub fn time(&mut self, number: u32) {
        self.timed = Some((number, Duration::ZERO));
    }

    /// How long the node that is timed has worked.
    pub fn timed(&self) -> Duration {
        self.timed.map_or(Duration::ZERO, |(_, took)| took)
    }

    pub(crate) fn note_time(&mut self, number: u32, began: Instant) {
        if let Some((_, took)) = self.timed.as_mut().filter(|(timed, _)| *timed == number) {
            *took += began.elapsed();
        }
    }

    /// After a turn: what is queued is sent, what was shown is noted, and the next wake-up is set.
    fn rest(&mut self, number: u32) {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(number as usize) else { return };
        let links: Vec<(WireId, Side)> = host.links.values().copied().collect();
        let told = host.told().take();
        let honest = host.hostile.is_none();
        let life = host.life;
        if let Some(body) = &mut host.body {
            if let Some(delay) = body.hand.flush_due() {
                let due = now.after(delay);
                if host.flush_at.is_none_or(|at| due < at) {
                    host.flush_at = Some(due);
                    self.agenda.put(due, Happening::Flush(number, life));
                }
            }
            let wake = [body.hand.next_wake(), body.net.next_wake()].into_iter().flatten().min();
            if let Some(wake) = wake.map(|tick| time_of(tick).max(Time(now.0 + 1)))
                && host.wake_at.is_none_or(|at| wake < at)
            {
                host.wake_at = Some(wake);
                self.agenda.put(wake, Happening::Wake(number));
            }
        }
        if honest && !told.is_empty() {
            self.books.seen(number, &told, now);
        }
        links.into_iter().for_each(|(wire, side)| self.pump(wire, side));
    }

    fn run_link(&mut self, number: u32, link: LinkId, asked: Option<DialId>) {
        let Some((wire, side)) = self.hosts.get(number as usize).and_then(|host| host.links.get(&link)).copied() else { return };
        let now = self.now;
        let Some(at) = self.hosts.get(number as usize).map(|host| host.moment(now)) else { return };
        let Some(state) = self.wires.get_mut(wire.0).and_then(Option::as_mut) else { return };
        let (hash, other) = (state.hash, state.end(side.other()).node);
        let end = state.end_mut(side);
        end.stage = Stage::Running;
        end.asked = asked;
        let Some(peer) = self.peers.get(other as usize).copied() else { return };
        let hello = self.hosts.get(other as usize).and_then(|host| host.body.as_ref()).map(|body| body.net.hello().clone());
        // The other node may have died since; then the news of that is under way.
        let hello = hello.unwrap_or(wire::Hello { boot_nonce: 0, addresses: Vec::new(), agent: "sim".to_owned() });
        let role = match side {
            Side::Dialler => Role::Initiator,
            Side::Listener => Role::Responder,
        };
        let Some(body) = self.hosts.get_mut(number as usize).and_then(|host| host.body.as_mut()) else { return };
        let (outbox, feed) = body.net.queues(at);
        end.feed = Some(feed);
        body.hand.on_net(Event::LinkUp(Box::new(LinkUp {
            peer,
            link,
            role,
            path: Path::Tcp(address(other)),
            came_in: role == Role::Responder,
            hash,
            hello,
            outbox,
            asked,
        })));
        self.agenda.put(self.now, Happening::Drain(wire, side));
        if side == Side::Dialler {
            self.agenda.put(self.now.after(Duration::from_millis(600)), Happening::Measured(wire));
        }
    }
}
