//! The world: nodes, the wires between them, and the loop over what happens next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;
use node::Options;
use node::manual::net::{Act, Config, Event, LinkUp, Manual, Moment};
use node::manual::store::{Contact, Medium, PeerRow, open_in_memory};
use node::manual::{Hand, Shared, Show, Signatures};
use node::view::Said;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::Role;
use wire::ids::{EventId, RoomId};
use wire::message::PeerRecord;

use crate::books::Books;
use crate::clock::{Agenda, Time};
use crate::dialing::Dial;
use crate::host::{Body, Host, address, time_of};
use crate::hostile::Hostile;
use crate::links::{Parcel, Side, Stage, Wire, WireId};
use crate::plan::Plan;
use crate::template::{EPOCH_MS, ROOT_KEY, Template, identity, inviter, name};
use crate::weather::Weather;

/// Members whose record everybody knows from the beginning, besides whoever let them in: what a
/// newcomer hears first.
const FIRST_CONTACTS: usize = 3;
/// Good signatures that the nodes of a world remember together, besides two for each of them.
const GOOD_SIGNATURES: usize = 16_384;
/// Rooms up to this size tell all that changes, as the program does.
const SHOWN_WHOLE: u32 = 100;

/// What can happen.
pub(crate) enum Happening {
    Start(u32),
    Wake(u32),
    Flush(u32, u32),
    Dial(Dial),
    Arrive(WireId, Side, Parcel),
    Drain(WireId, Side),
    Measured(WireId),
    Silent(WireId, Time),
    Stalled(WireId, Side, Time),
    Outburst(u32),
}

/// Nodes of one room on one network.
pub struct World {
    pub(crate) now: Time,
    pub(crate) agenda: Agenda<Happening>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) wires: Vec<Option<Box<Wire>>>,
    pub(crate) weather: Weather,
    pub(crate) rng: StdRng,
    pub(crate) books: Books,
    pub(crate) peers: Vec<PeerId>,
    pub(crate) numbers: BTreeMap<PeerId, u32>,
    signatures: Arc<Signatures>,
    trace: blake3::Hasher,
    happened: u64,
    plan: Plan,
    template: Template,
    pub(crate) config: Config,
}

impl World {
    /// Makes the room and its members; they start as time goes on.
    pub fn new(plan: Plan) -> World {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let peers: Vec<PeerId> = (0..plan.members).map(|number| identity(plan.seed, number).peer()).collect();
        let template = Template::new(plan.seed, &peers);
        let honest = plan.members - plan.hostile.min(plan.members);
        let mut world = World {
            now: Time(0),
            agenda: Agenda::new(),
            hosts: Vec::with_capacity(peers.len()),
            wires: Vec::new(),
            weather: plan.weather,
            books: Books::new(peers.len()),
            numbers: peers.iter().copied().zip(0..).collect(),
            signatures: Arc::new(Signatures::new(peers.len(), GOOD_SIGNATURES + 2 * peers.len())),
            trace: blake3::Hasher::new(),
            happened: 0,
            config: Config { nearby: None, ..Config::default() },
            rng: StdRng::from_rng(&mut rng),
            peers,
            template,
            plan,
        };
        for number in 0..world.plan.members {
            let skew = i64::try_from(world.plan.skew.as_millis()).unwrap_or(0);
            let skew = if skew == 0 { 0 } else { rng.random_range(-skew..=skew) };
            let manner = number.checked_sub(honest).and_then(|nth| world.plan.manners.get(nth as usize % world.plan.manners.len().max(1)));
            let hostile = manner.map(|manner| Hostile::new(*manner, world.template.room, rng.random()));
            let burst = hostile.is_some();
            let peer = world.peers.get(number as usize).copied().unwrap_or_else(|| PeerId::from_bytes([0; 32]));
            let medium = Medium::over(world.template.base.clone());
            world.hosts.push(Host::new(peer, medium, skew, hostile));
            let at = Time(rng.random_range(0..=crate::clock::micros(world.plan.start_over)));
            world.agenda.put(at, Happening::Start(number));
            if burst {
                world.agenda.put(at.after(Duration::from_secs(1)), Happening::Outburst(number));
            }
        }
        world.fill_address_books();
        world
    }

    /// A few records for everybody, signed by their subjects some time ago.
    fn fill_address_books(&mut self) {
        let members = self.plan.members;
        let records: Vec<PeerRecord> = (0..members)
            .map(|n| PeerRecord::make(&identity(self.plan.seed, n), EPOCH_MS - 1_000_000, name(n), vec![address(n).into()]))
            .collect();
        for number in 0..members {
            let mut known = vec![inviter(number, members)];
            known.extend((0..FIRST_CONTACTS).map(|_| self.rng.random_range(0..members)));
            known.sort_unstable();
            known.dedup();
            let Some(host) = self.hosts.get(number as usize) else { continue };
            let store = open_in_memory(&host.medium, &ROOT_KEY).expect("memory opens").store;
            for record in known.iter().filter(|known| **known != number).filter_map(|known| records.get(*known as usize)) {
                let row = PeerRow {
                    peer: record.device,
                    name: record.name.clone(),
                    contact: Contact::No,
                    record: Some(record.clone()),
                    addresses: Vec::new(),
                    last_good_address: None,
                    last_seen_ms: None,
                };
                store.put(&row).expect("memory takes it");
            }
            if let Some(row) = self.template.rows.get(&number) {
                store.put(row).expect("memory takes it");
            }
            store.close().expect("memory closes");
        }
    }

    /// Lets time pass.
    pub fn run_for(&mut self, wait: Duration) {
        let until = self.now.after(wait);
        while let Some((at, what)) = self.agenda.take(until) {
            self.now = at;
            self.happen(what);
        }
        self.now = until;
    }

    /// Lets time pass until something holds, looked at every tenth of a second; how long that took,
    /// or none if it took longer than `limit`.
    pub fn run_until(&mut self, limit: Duration, mut holds: impl FnMut(&mut World) -> bool) -> Option<Duration> {
        let began = self.now;
        while !holds(self) {
            if self.now.since(began) >= limit {
                return None;
            }
            self.run_for(Duration::from_millis(100));
        }
        Some(self.now.since(began))
    }

    /// A member writes a message; none if it cannot at the moment.
    pub fn say(&mut self, number: u32, text: &str) -> Option<EventId> {
        let room = self.template.room;
        let at = self.hosts.get(number as usize)?.moment(self.now);
        let body = self.hosts.get_mut(number as usize).filter(|host| !host.frozen)?.body.as_mut()?;
        body.hand.set_now(at);
        let Said { id, .. } = body.hand.say(room, text.to_owned()).ok()?;
        self.books.said(id, number, self.now);
        self.settle(number);
        Some(id)
    }

    /// Asks a running node, as its window does.
    pub fn ask<T>(&mut self, number: u32, question: impl FnOnce(&mut node::Core) -> T) -> Option<T> {
        let host = self.hosts.get_mut(number as usize)?;
        let at = host.moment(self.now);
        let hand = &mut host.body.as_mut()?.hand;
        hand.set_now(at);
        let answer = question(hand.core());
        self.settle(number);
        Some(answer)
    }

    fn happen(&mut self, what: Happening) {
        self.happened += 1;
        self.note(&what);
        match what {
            Happening::Start(number) => self.start(number),
            Happening::Wake(number) => self.on_wake(number),
            Happening::Flush(number, life) => self.on_flush(number, life),
            Happening::Dial(dial) => self.on_dial(dial),
            Happening::Arrive(wire, side, parcel) => self.on_arrival(wire, side, parcel),
            Happening::Drain(wire, side) => self.drain_inbox(wire, side),
            Happening::Measured(wire) => self.on_measured(wire),
            Happening::Silent(wire, since) => self.on_silent(wire, since),
            Happening::Stalled(wire, side, since) => self.on_stalled(wire, side, since),
            Happening::Outburst(number) => self.on_outburst(number),
        }
    }

    /// Everything that happens goes into the trace.
    fn note(&mut self, what: &Happening) {
        let mut number = |kind: u8, one: u64, two: u64| {
            self.trace.update(&[kind]).update(&self.now.0.to_le_bytes()).update(&one.to_le_bytes()).update(&two.to_le_bytes());
        };
        match what {
            Happening::Start(node) => number(1, u64::from(*node), 0),
            Happening::Wake(node) => number(2, u64::from(*node), 0),
            Happening::Flush(node, life) => number(3, u64::from(*node), u64::from(*life)),
            Happening::Dial(dial) => number(4, u64::from(dial.node), dial.attempt),
            Happening::Arrive(wire, side, parcel) => {
                number(5, wire.0 as u64, *side as u64);
                match parcel {
                    Parcel::Frame(plaintext) => self.trace.update(plaintext),
                    Parcel::Bye(bye) => self.trace.update(format!("{bye:?}").as_bytes()),
                    Parcel::Lost => self.trace.update(b"lost"),
                };
            }
            Happening::Drain(wire, side) => number(6, wire.0 as u64, *side as u64),
            Happening::Measured(wire) => number(7, wire.0 as u64, 0),
            Happening::Silent(wire, since) => number(8, wire.0 as u64, since.0),
            Happening::Stalled(wire, side, since) => number(9, wire.0 as u64, since.0 * 2 + *side as u64),
            Happening::Outburst(node) => number(10, u64::from(*node), 0),
        }
    }

    /// Starts a node on whatever its disk holds.
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
            agent: "sim".to_owned(),
            sink: host.told().sink(),
        };
        let mut hand = Hand::start(options, net, at, self.rng.random(), Shared { members, signatures: self.signatures.clone() });
        hand.on_net(Event::Listening { addresses: vec![address(number)], failed: None });
        host.body = Some(Body { hand, net: manual });
        self.settle(number);
    }

    fn on_wake(&mut self, number: u32) {
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

    fn on_flush(&mut self, number: u32, life: u32) {
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

    /// Carries out what a node's network decided, and whatever the node makes of it.
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
            f(body);
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
            self.books.shown(number, &told, now);
        }
        links.into_iter().for_each(|(wire, side)| self.pump(wire, side));
    }

    fn run_link(&mut self, number: u32, link: node::manual::net::LinkId, asked: Option<node::manual::net::DialId>) {
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
        // They may have died since; then the news of that is under way.
        let hello = hello.unwrap_or(wire::Hello { boot_nonce: 0, addresses: Vec::new(), agent: "sim".to_owned() });
        let role = match side {
            Side::Dialler => Role::Initiator,
            Side::Listener => Role::Responder,
        };
        let Some(body) = self.hosts.get_mut(number as usize).and_then(|host| host.body.as_mut()) else { return };
        let (outbox, feed) = body.net.queues(at);
        end.feed = Some(feed);
        body.hand.on_net(Event::LinkUp(Box::new(LinkUp { peer, link, role, remote: address(other), hash, hello, outbox, asked })));
        self.agenda.put(self.now, Happening::Drain(wire, side));
        if side == Side::Dialler {
            self.agenda.put(self.now.after(Duration::from_millis(600)), Happening::Measured(wire));
        }
    }

    /// The room.
    pub fn room(&self) -> RoomId {
        self.template.room
    }

    /// Who got what.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Happenings so far.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// Hash over everything that has happened, in order, with all bytes that arrived.
    pub fn trace(&self) -> [u8; 32] {
        *self.trace.finalize().as_bytes()
    }

    /// Changes the network.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }
}
