//! Cores in virtual time, and a DHT that keeps what they store.

use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

use identity::Identity;
use mainline::MutableItem;

use crate::rendezvous::core::Core;
use crate::rendezvous::effect::{Effect, Input};
use crate::rendezvous::meeting::{DhtState, Meeting, RendezvousEvent, Side};
use crate::rendezvous::saying::Stored;
use crate::time::Now;

/// Noon (UTC) of a day.
pub(super) const NOON: u64 = 20_000 * 86_400_000 + 12 * 60 * 60 * 1000;
const STEP: u64 = 50;

pub(super) struct Person {
    pub(super) core: Core,
    /// How wrong their clock is, in milliseconds.
    pub(super) clock: i64,
    /// Where nodes see them.
    seen: SocketAddrV4,
    /// Each node sees another port.
    pub(super) hard: bool,
    pub(super) heard: Vec<(u64, RendezvousEvent)>,
    pub(super) asked: usize,
    pub(super) searched: usize,
    pub(super) stored: usize,
    next_tick: u64,
}

#[derive(Default)]
pub(super) struct World {
    pub(super) now: u64,
    /// Milliseconds since 1970 at the beginning.
    pub(super) wall: u64,
    pub(super) people: Vec<Person>,
    /// Nobody answers.
    pub(super) deaf: bool,
    pub(super) slots: BTreeMap<[u8; 20], (i64, Vec<u8>)>,
    later: Vec<(u64, Later)>,
}

enum Later {
    Tell(usize, Input),
    Store { by: usize, public: [u8; 32], number: i64, value: Vec<u8> },
}

pub(super) fn ana() -> Identity {
    Identity::from_seed(&[1; 32])
}

pub(super) fn meeting(side: Side) -> Meeting {
    Meeting { secret: [7; 32], side, peer: (side == Side::Joiner).then(|| ana().peer()) }
}

pub(super) fn target(public: &[u8; 32]) -> [u8; 20] {
    *MutableItem::target_from_key(public, None).as_bytes()
}

fn node(index: u8) -> SocketAddrV4 {
    SocketAddrV4::new([11, index, 0, 1].into(), 6881)
}

fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    bytes.windows(mark.len()).position(|window| window == mark).map(|at| &bytes[at + mark.len()..])
}

impl World {
    pub(super) fn at(wall: u64) -> Self {
        Self { now: 1, wall, ..Self::default() }
    }

    /// Who is turned on later by [`World::tell`].
    pub(super) fn person(&mut self, me: Identity) -> usize {
        let index = self.people.len();
        let seen = SocketAddrV4::new([99, 0, 0, 10 + index as u8].into(), 4747);
        let core = Core::new(Arc::new(me), false, [index as u8; 32]);
        let (heard, clock) = (Vec::new(), 0);
        self.people.push(Person { core, clock, seen, hard: false, heard, asked: 0, searched: 0, stored: 0, next_tick: 0 });
        index
    }

    pub(super) fn attend(&mut self, who: usize, side: Side) {
        self.tell(who, Input::Meetings(vec![meeting(side)]));
        self.tell(who, Input::On(true));
    }

    pub(super) fn address(&self, who: usize) -> SocketAddr {
        SocketAddr::V4(self.people[who].seen)
    }

    pub(super) fn tell(&mut self, who: usize, input: Input) {
        let person = &mut self.people[who];
        let now = Now { tick: self.now, wall: (self.wall + self.now).saturating_add_signed(person.clock) };
        let mut effects = Vec::new();
        person.core.handle(input, now, &mut effects);
        person.next_tick = person.core.rest(now).map_or(u64::MAX, |rest| self.now + rest);
        for effect in effects {
            self.act(who, effect);
        }
    }

    fn later(&mut self, wait: u64, what: Later) {
        self.later.push((self.now + wait, what));
    }

    fn act(&mut self, who: usize, effect: Effect) {
        match effect {
            Effect::Resolve => self.later(100, Later::Tell(who, Input::Resolved((1..5).map(node).collect()))),
            Effect::Ask { to, bytes } => {
                self.people[who].asked += 1;
                if !self.deaf {
                    let answer = self.answer(who, to, &bytes);
                    self.later(100, Later::Tell(who, Input::Heard(to, answer)));
                }
            }
            Effect::Search { public } => {
                self.people[who].searched += 1;
                let near = if self.deaf { Vec::new() } else { (10..30).map(node).collect() };
                if let Some((number, value)) = self.slots.get(&target(&public)).filter(|_| !self.deaf).cloned() {
                    self.later(400, Later::Tell(who, Input::Found { public, number, value }));
                }
                self.later(2_500, Later::Tell(who, Input::Searched { public, near }));
            }
            Effect::Store { public, number, value, .. } => {
                self.people[who].stored += 1;
                self.later(1_000, Later::Store { by: who, public, number, value });
            }
            Effect::Stop => self.later.retain(|(_, what)| !matches!(what, Later::Tell(to, _) if *to == who)),
            Effect::Tell(event) => {
                let fired = match &event {
                    RendezvousEvent::Met { meeting, udp: Some(udp), .. } => Some(Input::Fired(meeting.clone(), *udp)),
                    _ => None,
                };
                self.people[who].heard.push((self.now, event));
                if let Some(fired) = fired {
                    self.later(50, Later::Tell(who, fired));
                }
            }
        }
    }

    /// What a node says; it believes nobody, and nobody has to believe it.
    fn answer(&self, who: usize, node: SocketAddrV4, question: &[u8]) -> Vec<u8> {
        let person = &self.people[who];
        let port = if person.hard { 50_000 + u16::from(node.ip().octets()[1]) } else { person.seen.port() };
        let mut out = [b"d2:ip6:".as_slice(), &person.seen.ip().octets(), &port.to_be_bytes(), b"1:rd2:id20:nnnnnnnnnnnnnnnnnnnn"].concat();
        let target = after(question, b"6:target20:").map(|rest| <[u8; 20]>::try_from(&rest[..20]).expect("20 bytes"));
        if let Some((number, value)) = target.and_then(|target| self.slots.get(&target)) {
            let known = after(question, b"3:seqi")
                .and_then(|rest| std::str::from_utf8(rest.split(|byte| *byte == b'e').next()?).ok()?.parse().ok());
            out.extend_from_slice(format!("3:seqi{number}e").as_bytes());
            if known.is_none_or(|known: i64| *number > known) {
                out.extend_from_slice(format!("1:v{}:", value.len()).as_bytes());
                out.extend_from_slice(value);
            }
        }
        let tag = &after(question, b"1:t4:").expect("a tag")[..4];
        out.extend_from_slice(&[b"e1:t4:", tag, b"1:y1:re"].concat());
        out
    }

    fn happen(&mut self, what: Later) {
        match what {
            Later::Tell(who, input) => self.tell(who, input),
            Later::Store { by, public, number, value } => {
                let slot = self.slots.entry(target(&public)).or_insert((i64::MIN, Vec::new()));
                let outcome = match number {
                    _ if self.deaf => Stored::Failed,
                    number if number < slot.0 => Stored::Older,
                    _ => {
                        *slot = (number, value);
                        Stored::Done
                    }
                };
                self.later(1_000, Later::Tell(by, Input::Stored { public, outcome }));
            }
        }
    }

    pub(super) fn run(&mut self, time: u64) {
        let end = self.now + time;
        while self.now < end {
            self.now += STEP;
            let (due, later) = std::mem::take(&mut self.later).into_iter().partition(|(at, _)| *at <= self.now);
            self.later = later;
            for (_, what) in due {
                self.happen(what);
            }
            for who in 0..self.people.len() {
                if self.people[who].next_tick <= self.now {
                    self.tell(who, Input::Tick);
                }
            }
        }
    }

    /// When somebody first heard that the partner has fired at them.
    pub(super) fn fired_at(&self, who: usize) -> Option<u64> {
        let fired = |event: &RendezvousEvent| matches!(event, RendezvousEvent::Met { to_me: true, .. });
        self.people[who].heard.iter().find(|(_, event)| fired(event)).map(|(at, _)| *at)
    }

    /// Where `who` was told that partners are.
    pub(super) fn met(&self, who: usize) -> Vec<SocketAddr> {
        let udp = |event: &RendezvousEvent| match event {
            RendezvousEvent::Met { udp, .. } => *udp,
            _ => None,
        };
        self.people[who].heard.iter().filter_map(|(_, event)| udp(event)).collect()
    }

    pub(super) fn states(&self, who: usize) -> Vec<DhtState> {
        let state = |event: &RendezvousEvent| match event {
            RendezvousEvent::State(state) => Some(*state),
            _ => None,
        };
        self.people[who].heard.iter().filter_map(|(_, event)| state(event)).collect()
    }
}
