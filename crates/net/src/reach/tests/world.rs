//! Devices behind routers, and time that moves only when a test moves it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use identity::{Identity, PeerId};
use wire::reach::CheckOutcome;
use wire::{Message, Role};

use crate::event::{Event, LinkId};
use crate::path::{Path, Rank};
use crate::reach::effect::{Effect, PunchOrder};
use crate::reach::facts::{Outcome, ReachFacts, ReachSettings, Tried};
use crate::reach::links::LinkView;
use crate::reach::network::Horizon;
use crate::reach::reacher::Reacher;
use crate::time::Now;

pub(super) const ANA: usize = 0;
pub(super) const BEN: usize = 1;
pub(super) const CHI: usize = 2;
pub(super) const DORA: usize = 3;
const COUNT: usize = 4;
/// One way, milliseconds.
const DELAY: u64 = 25;
const TCP: u16 = 4_747;
const UDP: u16 = 4_848;
const UDP_OTHER: u16 = 4_949;

enum Mail {
    Message(usize, LinkId, Message),
    EchoAsked { from: usize, to: SocketAddr, tag: [u8; 16] },
    Echoed { tag: [u8; 16], from: SocketAddr, seen: SocketAddr },
}

pub(super) struct World {
    pub(super) now: u64,
    reachers: Vec<Reacher>,
    ids: Vec<PeerId>,
    mail: BTreeMap<(u64, u64), (usize, Mail)>,
    links: BTreeMap<(usize, usize), LinkId>,
    count: u64,
    /// Whose router takes another port for each peer.
    pub(super) hard: [bool; COUNT],
    pub(super) punches: Vec<(usize, PunchOrder, u64)>,
    pub(super) circuits: Vec<(usize, PeerId, PeerId, u64)>,
    pub(super) dial_backs: Vec<(usize, PeerId, SocketAddr)>,
    /// When Ana asked for a signal to be passed on.
    pub(super) signals: Vec<u64>,
    /// Who wanted to know of whom.
    pub(super) who_is: Vec<(usize, PeerId)>,
    /// So many requests to the second port of somebody are lost from now on.
    pub(super) lost_echoes: u32,
    pub(super) sent: u64,
    pub(super) wakes: u64,
    facts: Vec<ReachFacts>,
}

impl World {
    pub(super) fn new() -> Self {
        let identities: Vec<Arc<Identity>> = (0..COUNT).map(|n| Arc::new(Identity::from_seed(&[n as u8 + 1; 32]))).collect();
        let mut world = Self {
            now: 1,
            ids: identities.iter().map(|identity| identity.peer()).collect(),
            reachers: Vec::new(),
            mail: BTreeMap::new(),
            links: BTreeMap::new(),
            count: 0,
            hard: [false; COUNT],
            punches: Vec::new(),
            circuits: Vec::new(),
            dial_backs: Vec::new(),
            signals: Vec::new(),
            who_is: Vec::new(),
            lost_echoes: 0,
            sent: 0,
            wakes: 0,
            facts: vec![ReachFacts::default(); COUNT],
        };
        for (n, me) in identities.into_iter().enumerate() {
            let mut reacher = Reacher::new(me, ReachSettings::default(), Horizon::default(), n as u64);
            reacher.listening(&[SocketAddr::from(([192, 168, n as u8, 2], TCP))], Now::default());
            reacher.udp_opened(Ok([UDP, UDP_OTHER]));
            world.reachers.push(reacher);
        }
        world
    }

    /// All share a room, and the helpers are linked with Ana and Chi.
    pub(super) fn with_helper(helpers: &[usize]) -> Self {
        let mut world = Self::new();
        world.all_share_a_room();
        for helper in helpers {
            world.link(ANA, *helper, Rank::Tcp);
            world.link(CHI, *helper, Rank::Tcp);
        }
        world
    }

    pub(super) fn all_share_a_room(&mut self) {
        for who in 0..COUNT {
            for other in (0..COUNT).filter(|other| *other != who) {
                self.share(who, other, &[7]);
            }
        }
    }

    pub(super) fn share(&mut self, who: usize, other: usize, rooms: &[u64]) {
        let (now, other) = (self.moment(), self.ids[other]);
        let mut out = Vec::new();
        self.reachers[who].set_common(other, rooms, now, &mut out);
        self.act(who, out);
    }

    pub(super) fn id(&self, who: usize) -> PeerId {
        self.ids[who]
    }

    /// Where others see its port.
    pub(super) fn tcp(&self, who: usize) -> SocketAddr {
        SocketAddr::from(([198, 51 + who as u8, 100, 1], TCP + 10_000))
    }

    /// Where a manual door would be.
    pub(super) fn listens(&self, who: usize) -> SocketAddr {
        SocketAddr::new(self.tcp(who).ip(), self.tcp(who).port())
    }

    pub(super) fn udp(&self, who: usize, by: usize) -> SocketAddr {
        self.udp_by(who, SocketAddr::new(self.tcp(by).ip(), UDP))
    }

    fn udp_by(&self, who: usize, by: SocketAddr) -> SocketAddr {
        let other = if self.hard[who] { u16::from(by.ip().is_ipv4()) + by.port() % 97 } else { 0 };
        SocketAddr::new(self.tcp(who).ip(), UDP + 10_000 + other)
    }

    /// `who` has called.
    pub(super) fn link(&mut self, who: usize, other: usize, rank: Rank) {
        self.count += 1;
        let (link, hash) = (LinkId(self.count), [self.count as u8; 32]);
        self.links.insert((who, other), link);
        self.links.insert((other, who), link);
        for (here, there, role) in [(who, other, Role::Initiator), (other, who, Role::Responder)] {
            let path = match rank {
                Rank::Tcp => Path::Tcp(self.tcp(there)),
                Rank::Quic => Path::Quic(self.udp(there, here)),
                Rank::Circuit => Path::Circuit { carrier: self.ids[BEN] },
            };
            let (mut out, now) = (Vec::new(), self.moment());
            self.reachers[here].link_up(self.ids[there], LinkView::new(link, path, role, &hash), now, &mut out);
            self.act(here, out);
        }
    }

    pub(super) fn unlink(&mut self, who: usize, other: usize) {
        for (here, there) in [(who, other), (other, who)] {
            let link = self.links.remove(&(here, there)).expect("linked");
            let (mut out, now) = (Vec::new(), self.moment());
            self.reachers[here].link_down(self.ids[there], link, now, &mut out);
            self.act(here, out);
        }
    }

    pub(super) fn path(&self, who: usize, other: usize) -> Option<Path> {
        self.reachers[who].link(self.ids[other]).map(|view| view.path)
    }

    pub(super) fn want(&mut self, who: usize, other: usize) {
        let (now, other) = (self.moment(), self.ids[other]);
        self.reachers[who].want(other, now);
    }

    pub(super) fn again(&mut self, who: usize) {
        let now = self.moment();
        self.reachers[who].again(None, now);
    }

    pub(super) fn punch_ends(&mut self, who: usize, other: usize) {
        let (now, other) = (self.moment(), self.ids[other]);
        self.reachers[who].punch_ended(other, Outcome::Silent, now);
    }

    pub(super) fn facts(&self, who: usize) -> &ReachFacts {
        &self.facts[who]
    }

    pub(super) fn tried(&self, who: usize) -> &[Tried] {
        &self.facts[who].tried
    }

    /// Who is linked with `who` says this to it.
    pub(super) fn say(&mut self, from: usize, to: usize, message: Message) {
        let link = self.links[&(from, to)];
        self.post(to, DELAY, Mail::Message(from, link, message));
    }

    /// Lets time go on until then.
    pub(super) fn run(&mut self, until: u64) {
        loop {
            let is_due = |who: &usize| self.reachers[*who].next_due(self.now).is_some_and(|due| due <= self.now);
            for who in (0..COUNT).filter(is_due).collect::<Vec<_>>() {
                let (mut out, now) = (Vec::new(), self.moment());
                self.wakes += 1;
                self.reachers[who].tick(now, &mut out);
                assert!(self.reachers[who].next_due(self.now).is_none_or(|due| due > self.now) || !out.is_empty(), "it turns in circles");
                self.act(who, out);
            }
            let busy = self.reachers.iter().any(|reacher| reacher.next_due(self.now).is_some_and(|due| due <= self.now));
            if busy {
                continue;
            }
            let mail = self.mail.first_key_value().map(|((at, _), _)| *at);
            let next = self.reachers.iter().filter_map(|reacher| reacher.next_due(self.now)).chain(mail).min();
            match next.filter(|next| *next <= until) {
                Some(next) => self.now = next.max(self.now),
                None => {
                    self.now = until.max(self.now);
                    return;
                }
            }
            while let Some(entry) = self.mail.first_entry().filter(|entry| entry.key().0 <= self.now) {
                let (to, mail) = entry.remove();
                self.deliver(to, mail);
            }
        }
    }

    fn deliver(&mut self, to: usize, mail: Mail) {
        let (now, mut out) = (self.moment(), Vec::new());
        match mail {
            Mail::Message(from, link, message) => self.reachers[to].on_message(self.ids[from], link, message, now, &mut out),
            Mail::EchoAsked { from, to: asked, tag } => {
                let seen = self.udp_by(from, asked);
                if asked.port() == UDP {
                    self.reachers[to].echo_asked(seen, &tag, now);
                }
                self.post(from, DELAY, Mail::Echoed { tag, from: asked, seen });
            }
            Mail::Echoed { tag, from, seen } => self.reachers[to].echoed(&tag, from, seen, now, &mut out),
        }
        self.act(to, out);
    }

    fn act(&mut self, who: usize, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { peer, link, message } => {
                    let to = self.number(peer);
                    assert_eq!(self.links.get(&(who, to)), Some(&link), "said on a link that is down");
                    self.sent += 1;
                    if who == ANA && matches!(message, Message::Signal(_)) {
                        self.signals.push(self.now);
                    }
                    self.post(to, DELAY, Mail::Message(who, link, message));
                }
                Effect::AskEcho { to, tag } => {
                    self.sent += 1;
                    if to.port() == UDP_OTHER && self.lost_echoes > 0 {
                        self.lost_echoes -= 1;
                        continue;
                    }
                    let asked = (0..COUNT).find(|other| self.tcp(*other).ip() == to.ip()).expect("a device");
                    self.post(asked, DELAY, Mail::EchoAsked { from: who, to, tag });
                }
                Effect::Punch(order) => self.punches.push((who, order, self.now)),
                Effect::OpenCircuit { peer, carrier, .. } => self.circuits.push((who, peer, carrier, self.now)),
                Effect::DialBack { token, peer, address } => {
                    self.dial_backs.push((who, peer, address));
                    let mut out = Vec::new();
                    self.reachers[who].dialled_back(token, CheckOutcome::TimedOut, &mut out);
                    self.act(who, out);
                }
                Effect::Tell(Event::MayDialBack { token, .. }) => {
                    let (mut out, now) = (Vec::new(), self.moment());
                    self.reachers[who].may_dial_back(token, true, now, &mut out);
                    self.act(who, out);
                }
                Effect::Tell(Event::WhoIs { peer }) => self.who_is.push((who, peer)),
                Effect::Tell(Event::Reach(facts)) => self.facts[who] = *facts,
                Effect::Tell(_) | Effect::Permit { .. } | Effect::Accept { .. } => panic!("{effect:?}"),
                Effect::Go(_) | Effect::Meet(_) | Effect::AllowEcho(_) | Effect::ForgetEcho(_) | Effect::Announce(_) => {}
            }
        }
    }

    fn post(&mut self, to: usize, delay: u64, mail: Mail) {
        self.count += 1;
        self.mail.insert((self.now + delay, self.count), (to, mail));
    }

    fn number(&self, peer: PeerId) -> usize {
        self.ids.iter().position(|id| *id == peer).expect("a device")
    }

    fn moment(&self) -> Now {
        Now { tick: self.now, wall: self.now }
    }
}
