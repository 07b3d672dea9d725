//! What one protocol is doing, and what it has led to on this network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use rand::{Rng, RngExt};

use super::ask::Ask;
use super::backoff::Backoff;
use super::epoch::Epoch;
use super::limits::{LEASE, PORT_TRIES, REST_AFTER_NO};
use super::mappings::MappingAnswer;
use super::opening::{Opening, Slot, Token, Way, Why};

/// An errand that is under way.
#[derive(Debug)]
pub(super) struct Busy {
    pub(super) turn: u64,
    pub(super) ask: Ask,
    pub(super) since: u64,
}

/// One protocol.
#[derive(Debug)]
pub(super) struct Track {
    pub(super) way: Way,
    /// One errand at a time.
    pub(super) busy: Option<Busy>,
    /// Its router is known and has a public address.
    pub(super) found: bool,
    /// It has not answered yet since everything was asked afresh.
    pub(super) curious: bool,
    pub(super) answer: MappingAnswer,
    /// The router's outer address by this protocol.
    pub(super) wan: Option<IpAddr>,
    pub(super) rest_until: u64,
    /// Doors that it refused since its last rest.
    pub(super) tried: BTreeSet<Slot>,
    pub(super) epoch: Epoch,
    backoff: Backoff,
    taken: u32,
    permanent: bool,
    /// They outlive a lost answer: the router may have made the door all the same.
    nonces: BTreeMap<Slot, [u32; 3]>,
}

impl Track {
    pub(super) fn new(way: Way) -> Self {
        Self {
            way,
            busy: None,
            found: false,
            curious: true,
            answer: MappingAnswer::NotAsked,
            wan: None,
            rest_until: 0,
            tried: BTreeSet::new(),
            epoch: Epoch::default(),
            backoff: Backoff::default(),
            taken: 0,
            permanent: false,
            nonces: BTreeMap::new(),
        }
    }

    /// On another network, or turned off. What is being closed goes on being closed.
    pub(super) fn reset(&mut self) {
        let busy = self.busy.take().filter(|busy| matches!(busy.ask, Ask::Close(_)));
        *self = Self { busy, ..Self::new(self.way) };
    }

    /// As if nothing had been asked; what was learned stays until the answers are there.
    pub(super) fn afresh(&mut self) {
        self.curious = true;
        self.found = false;
        self.permanent = false;
        self.taken = 0;
        self.rest_until = 0;
        self.tried.clear();
    }

    /// Another way lost this door: it may be tried here at once.
    pub(super) fn wake(&mut self, slot: Slot, tick: u64) {
        self.tried.remove(&slot);
        self.rest_until = self.rest_until.min(tick);
    }

    /// Asks for a new door. `port` is wanted unless another device was found to have it.
    pub(super) fn opening(&mut self, slot: Slot, port: u16, rng: &mut impl Rng) -> Opening {
        let port = if self.taken == 0 { port } else { rng.random_range(1024..=u16::MAX) };
        let token = match self.way {
            Way::NatPmp | Way::Upnp => Token::Port,
            Way::PinholeUpnp => Token::Pinhole(None),
            Way::Pcp | Way::PinholePcp => Token::Nonce(*self.nonces.entry(slot).or_insert_with(|| rng.random())),
        };
        let lease = if self.permanent { 0 } else { LEASE };
        Opening { slot, port, lease, token }
    }

    /// A door stands.
    pub(super) fn granted(&mut self, tick: u64) {
        self.answer = MappingAnswer::Granted;
        self.curious = false;
        self.taken = 0;
        self.rest_until = 0;
        self.backoff.granted(tick);
    }

    /// A renewal failed. If it was refused rather than lost, a new door is asked for at once.
    pub(super) fn lost(&mut self, slot: Slot, why: &Why, tick: u64) {
        self.answer = told(why);
        self.found = false;
        self.tried.remove(&slot);
        if *why == Why::Silent {
            self.rest_until = self.backoff.failed(tick);
        } else {
            self.nonces.remove(&slot);
        }
    }

    /// A new door was refused. True: it may be asked for again at once, in another way.
    pub(super) fn another_try(&mut self, why: &Why) -> bool {
        match why {
            Why::PortTaken => {
                self.taken = self.taken.saturating_add(1);
                self.taken < PORT_TRIES
            }
            Why::PermanentOnly => !std::mem::replace(&mut self.permanent, true),
            Why::Silent | Why::Refused | Why::NoPublicAddress | Why::Other(_) => false,
        }
    }

    /// This one door is refused for now.
    pub(super) fn refused(&mut self, slot: Slot, why: &Why) {
        self.answer = told(why);
        self.curious = false;
        self.taken = 0;
        self.tried.insert(slot);
        if *why != Why::Silent {
            self.nonces.remove(&slot);
        }
    }

    /// Nothing more is to be had here for a while.
    pub(super) fn failed(&mut self, why: &Why, tick: u64) {
        self.answer = told(why);
        self.curious = false;
        self.found = false;
        self.tried.clear();
        self.rest_until = self.backoff.failed(tick);
        if matches!(why, Why::Refused | Why::PortTaken | Why::PermanentOnly) {
            self.rest_until = self.rest_until.max(tick.saturating_add(REST_AFTER_NO));
        }
    }
}

/// For the doctor.
fn told(why: &Why) -> MappingAnswer {
    match why {
        Why::Silent => MappingAnswer::Silent,
        Why::Refused => MappingAnswer::Refused,
        Why::NoPublicAddress => MappingAnswer::NoPublicAddress,
        Why::PortTaken => MappingAnswer::Failed("all ports tried are taken".to_owned()),
        Why::PermanentOnly => MappingAnswer::Failed("it grants no lease".to_owned()),
        Why::Other(words) => MappingAnswer::Failed(words.clone()),
    }
}
