//! One person: a node with its disk, its network and its clock.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use identity::{Identity, PeerId};
use node::Options;
use node::manual::net::{Config, Event, LinkId, Manual, Moment};
use node::manual::store::{Medium, open_in_memory};
use node::manual::{Hand, Shared, Signatures};
use node::view::Notice;

use crate::wires::{Side, Who, WireId};

pub(crate) const ROOT_KEY: [u8; 32] = [7; 32];
/// When the stories begin, in milliseconds since 1970.
const EPOCH_MS: u64 = 1_760_000_000_000;

pub(crate) const ANA: Who = Who(0);
pub(crate) const BEN: Who = Who(1);
pub(crate) const CHI: Who = Who(2);
pub(crate) const DAN: Who = Who(3);
pub(crate) const EVE: Who = Who(4);

const NAMES: [&str; 5] = ["Ana", "Ben", "Chi", "Dan", "Eve"];

/// A person's computer.
pub(crate) struct Person {
    /// Two computers with one profile have the same.
    key: u8,
    place: u8,
    pub(crate) medium: Medium,
    /// By so much the clock is ahead, in milliseconds.
    pub(crate) clock_ahead: i64,
    /// None while the program does not run.
    pub(crate) running: Option<Running>,
    /// Counts starts.
    pub(crate) life: u8,
    pub(crate) unplugged: bool,
    pub(crate) links: BTreeMap<LinkId, (WireId, Side)>,
    pub(crate) dials: BTreeSet<u64>,
    pub(crate) flush_at: Option<u64>,
    told: Arc<Mutex<Vec<Notice>>>,
}

/// What is gone when the program ends.
pub(crate) struct Running {
    pub(crate) hand: Hand,
    pub(crate) net: Manual,
}

impl Person {
    /// `key` decides who it is, `place` where the computer stands.
    pub(crate) fn new(key: Who, place: Who, medium: Medium) -> Person {
        let small = |who: Who| u8::try_from(who.0).expect("a few people");
        Person {
            key: small(key),
            place: small(place),
            medium,
            clock_ahead: 0,
            running: None,
            life: 0,
            unplugged: false,
            links: BTreeMap::new(),
            dials: BTreeSet::new(),
            flush_at: None,
            told: Arc::default(),
        }
    }

    fn identity(&self) -> Identity {
        Identity::from_seed(&[self.key + 1; 32])
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.identity().peer()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([100, 64, 0, self.place + 1], 4747))
    }

    /// Can be reached.
    pub(crate) fn is_there(&self) -> bool {
        self.running.is_some() && !self.unplugged
    }

    /// `ms`: since the story began.
    pub(crate) fn moment(&self, ms: u64) -> Moment {
        Moment { tick: 1 + ms, wall: (EPOCH_MS + ms).saturating_add_signed(self.clock_ahead) }
    }

    /// Starts the program on what is on the disk.
    pub(crate) fn start(&mut self, ms: u64) {
        self.life += 1;
        let chance = self.place * 16 + self.life;
        let config = Config { nearby: None, ..Config::default() };
        let listening = self.address().into();
        let (net, manual) = Manual::new(self.peer(), &config, vec![listening], u64::from(chance), u64::from(chance));
        let told = self.told.clone();
        let options = Options {
            identity: self.identity(),
            opened: open_in_memory(&self.medium, &ROOT_KEY).expect("memory opens"),
            name: Some(NAMES[usize::from(self.key)].to_owned()),
            fallback_name: String::new(),
            listen: Vec::new(),
            nearby: false,
            peer_exchange: true,
            mapping: false,
            dht: Vec::new(),
            agent: "pair".to_owned(),
            sink: Box::new(move |notices| {
                let mut told = told.lock().expect("nobody panicked");
                told.extend(notices);
                told.len() as u64
            }),
        };
        let shared = Shared { members: BTreeMap::new(), signatures: Arc::new(Signatures::new(16, 64)) };
        let mut hand = Hand::start(options, net, self.moment(ms), [chance; 32], shared);
        hand.on_net(Event::Listening { addresses: vec![self.address()], own: vec![self.address()], failed: None });
        self.running = Some(Running { hand, net: manual });
    }

    /// When it has something to do by itself, in milliseconds since the story began.
    pub(crate) fn next_wake(&self) -> Option<u64> {
        let running = self.running.as_ref()?;
        let ticks = [running.hand.next_wake(), running.net.next_wake()];
        ticks.into_iter().flatten().map(|tick| tick.saturating_sub(1)).chain(self.flush_at).min()
    }

    /// What its window was told since the beginning.
    pub(crate) fn told(&self) -> Vec<Notice> {
        self.told.lock().expect("nobody panicked").clone()
    }
}
