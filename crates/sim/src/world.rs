//! The world: nodes, the wires between them, and the loop over what happens next.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;
use node::manual::Signatures;
use node::manual::net::Config;
use node::manual::store::{Contact, Medium, PeerRow, open_in_memory};
use node::view::Said;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use wire::ids::{EventId, RoomId};
use wire::message::PeerRecord;

use crate::books::Books;
use crate::clock::{Agenda, Time};
use crate::happening::Happening;
use crate::host::{Host, address};
use crate::hostile::Hostile;
use crate::links::Wire;
use crate::plan::Plan;
use crate::template::{EPOCH_MS, ROOT_KEY, Template, identity, inviter, name};
use crate::weather::Weather;

/// Records of members, drawn by lot, that each node has from the beginning, besides its inviter's:
/// what a newcomer hears first.
const FIRST_CONTACTS: usize = 3;
/// Good signatures that the nodes of a world remember together, besides two for each of them.
const GOOD_SIGNATURES: usize = 16_384;

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
    pub(crate) signatures: Arc<Signatures>,
    trace: blake3::Hasher,
    happened: u64,
    pub(crate) plan: Plan,
    pub(crate) template: Template,
    pub(crate) config: Config,
    /// Whose work is timed, and how long it has taken.
    pub(crate) timed: Option<(u32, Duration)>,
}

impl World {
    /// Makes the room and its members; they start as time goes on.
    pub fn new(plan: Plan) -> World {
        let mut rng = StdRng::seed_from_u64(plan.seed);
        let peers: Vec<PeerId> = (0..plan.members + plan.outsiders).map(|number| identity(plan.seed, number).peer()).collect();
        let template = Template::new(plan.seed, peers.get(..plan.members as usize).unwrap_or_default());
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
            timed: None,
        };
        for number in 0..world.plan.members + world.plan.outsiders {
            let skew = i64::try_from(world.plan.skew.as_millis()).unwrap_or(0);
            let skew = if skew == 0 { 0 } else { rng.random_range(-skew..=skew) };
            let is_member = number < world.plan.members;
            let manner = number
                .checked_sub(honest)
                .filter(|_| is_member)
                .and_then(|nth| world.plan.manners.get(nth as usize % world.plan.manners.len().max(1)));
            let hostile = manner.map(|manner| Hostile::new(*manner, world.template.room, rng.random()));
            let burst = hostile.is_some();
            let peer = world.peers.get(number as usize).copied().unwrap_or_else(|| PeerId::from_bytes([0; 32]));
            let medium = if is_member { Medium::over(world.template.base.clone()) } else { Medium::default() };
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

    /// Gives each node a few records, signed by their subjects some time ago.
    fn fill_address_books(&mut self) {
        let members = self.plan.members;
        let records: Vec<PeerRecord> =
            (0..members).map(|n| PeerRecord::make(&identity(self.plan.seed, n), EPOCH_MS - 1_000_000, vec![address(n).into()])).collect();
        for number in 0..members {
            let mut known = vec![inviter(number, members)];
            known.extend((0..FIRST_CONTACTS).map(|_| self.rng.random_range(0..members)));
            known.sort_unstable();
            known.dedup();
            let Some(host) = self.hosts.get(number as usize) else { continue };
            let store = open_in_memory(&host.medium, &ROOT_KEY).expect("memory opens").store;
            for other in known.into_iter().filter(|other| *other != number) {
                let Some(record) = records.get(other as usize) else { continue };
                let row = PeerRow {
                    peer: record.device,
                    name: name(other),
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
        let said = body.hand.say(room, text.to_owned(), None).ok()?;
        let Said { id, log, seq, .. } = said;
        let author = self.peers.get(number as usize).copied()?;
        self.books.said(id, number, (author, log), seq, self.now);
        self.settle(number);
        Some(id)
    }

    /// Asks a running node, as its window does.
    pub fn ask<T>(&mut self, number: u32, question: impl FnOnce(&mut node::Core) -> T) -> Option<T> {
        let host = self.hosts.get_mut(number as usize)?;
        let at = host.moment(self.now);
        let hand = &mut host.body.as_mut()?.hand;
        hand.set_now(at);
        let began = std::time::Instant::now();
        let answer = question(hand.core());
        self.note_time(number, began);
        self.settle(number);
        Some(answer)
    }

    fn happen(&mut self, what: Happening) {
        self.happened += 1;
        what.note(self.now, &mut self.trace);
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
