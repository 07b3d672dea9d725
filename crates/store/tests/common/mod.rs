//! Ana, ben and chi, who write real signed events, and a profile for them.
// Each test program uses a part of it, and none exports any of it.
#![allow(dead_code, unreachable_pub)]

pub mod disk;

use std::path::Path;

use identity::Identity;
use rooms::keys::{EpochSecret, Held, Keyring, Sealing};
use rooms::{Author, Clock, Draft, Hlc, Payload, Position, Uuid, Verified};
use store::{Opened, Store};
use wire::ids::{LogId, RoomId};

pub const KEY: [u8; 32] = [42; 32];
pub const NOON: u64 = 1_760_000_000_000;
pub const EVER: Hlc = Hlc(u64::MAX);

pub fn ana() -> Identity {
    Identity::from_seed(&[1; 32])
}

pub fn ben() -> Identity {
    Identity::from_seed(&[2; 32])
}

pub fn chi() -> Identity {
    Identity::from_seed(&[3; 32])
}

pub fn room(n: u8) -> RoomId {
    RoomId([n; 32])
}

/// How often a random test is repeated: so many times, or as the environment says.
pub fn rounds(usual: u64) -> u64 {
    std::env::var("GRAPEVINE_STORE_ROUNDS").map_or(usual, |rounds| rounds.parse().expect("a number of rounds"))
}

/// One log of one person, with a clock that moves when told.
pub struct Pen {
    who: Identity,
    author: Author,
    clock: Clock,
    pub now_ms: u64,
    made: u64,
    sealing: Option<Sealing>,
}

impl Pen {
    pub fn new(who: Identity, room: RoomId, log: u64) -> Pen {
        Pen { who, author: Author::new(room, LogId(log), None), clock: Clock::new(), now_ms: NOON, made: log << 32, sealing: None }
    }

    pub fn control(who: Identity, room: RoomId, log: u64) -> Pen {
        Pen::new(who, room, LogId::CONTROL | log)
    }

    /// From now on it seals what it writes.
    pub fn sealed(self, secret: u8, of: RoomId) -> Pen {
        let secret = EpochSecret::from_bytes([secret; 32]);
        let epoch = secret.control().id(&of);
        Pen { sealing: Some(Sealing::direct(epoch, secret)), ..self }
    }

    /// Another copy of the same profile, which remembers the log up to here.
    pub fn copied(&self, events: &[Verified]) -> Pen {
        self.copied_as(events, 1)
    }

    pub fn copied_as(&self, events: &[Verified], number: u64) -> Pen {
        let last = events.last().expect("something was written");
        let author = Author::resume(last.header.room, last.header.log, last.head(), last.header.hlc);
        let who = Identity::from_seed(&[2; 32]);
        Pen { who, author, clock: Clock::new(), now_ms: self.now_ms, made: self.made + (number << 40), sealing: self.sealing.clone() }
    }

    /// One signed event.
    pub fn write(&mut self, payload: Payload) -> Verified {
        self.run(&[payload]).pop().expect("one payload makes one event")
    }

    /// Several events under one signature.
    pub fn run(&mut self, payloads: &[Payload]) -> Vec<Verified> {
        let drafts: Vec<Draft> = payloads
            .iter()
            .map(|payload| {
                self.made += 1;
                let mut random = [0; Draft::RANDOM_BYTES];
                random[2..10].copy_from_slice(&self.made.to_be_bytes());
                Draft::new(payload, self.now_ms, &random).expect("payloads are well-formed")
            })
            .collect();
        self.author
            .append(&self.who, &drafts, &mut self.clock, self.now_ms, [0; 16], self.sealing.as_ref())
            .expect("drafts are well-formed")
    }

    /// An event with a UUID of choice, like a hostile author's.
    pub fn write_as(&mut self, payload: &Payload, uuid: Uuid) -> Verified {
        let draft = Draft { uuid, ..Draft::new(payload, self.now_ms, &[0; 34]).expect("well-formed") };
        let mut events =
            self.author.append(&self.who, &[draft], &mut self.clock, self.now_ms, [0; 16], self.sealing.as_ref()).expect("well-formed");
        events.pop().expect("one draft makes one event")
    }

    pub fn say(&mut self, text: &str) -> Verified {
        self.write(message(text))
    }

    /// `n` messages under as few signatures as may be.
    pub fn say_many(&mut self, n: usize) -> Vec<Verified> {
        let texts: Vec<Payload> = (0..n).map(|i| message(&format!("message number {i}"))).collect();
        self.run(&texts)
    }
}

pub fn message(text: &str) -> Payload {
    Payload::Message { text: text.to_owned(), reply: None }
}

pub fn reaction(target: Position, emoji: &str) -> Payload {
    Payload::Reaction { target, emoji: emoji.to_owned(), on: true }
}

pub fn opened(profile: &Path) -> Opened {
    store::open(profile, &KEY).unwrap_or_else(|e| panic!("{} must open: {e}", profile.display()))
}

pub fn open(profile: &Path) -> Store {
    opened(profile).store
}

/// Events without what tells clones apart.
pub fn positions(events: &[Verified]) -> Vec<Position> {
    events.iter().map(|e| e.position()).collect()
}

/// Puts the key of an epoch that a [`Pen::sealed`] writes under.
pub fn put_key(keyring: &Keyring, of: RoomId, secret: u8) {
    let secret = EpochSecret::from_bytes([secret; 32]);
    let epoch = secret.control().id(&of);
    keyring.put(&of, epoch, Held::Whole(secret)).expect("it is the right one");
}

/// The event as it came: nobody has opened it.
pub fn shut(event: &Verified) -> Verified {
    Verified::from_store(event.raw().clone(), event.proof()).expect("its form is right")
}
