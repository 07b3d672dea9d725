//! How long a node takes to open a room with much history, in memory: what the disk itself costs is
//! the same, whatever is sealed.

use std::time::{Duration, Instant};

use identity::Identity;
use node::Options;
use node::manual::net::{Config, Manual, Moment};
use node::manual::store::{Medium, RoomKind, RoomRow, Standing, open_in_memory};
use node::manual::{Hand, Shared, Signatures};
use node::view::Anchor;
use rooms::keys::{EpochSecret, Sealing, mint, recipient};
use rooms::{Author, Clock, Draft, Payload, Verified, group_room_id};
use wire::ids::{LogId, RoomId};

use crate::epoch_rows::put_epoch;
use crate::template::{EPOCH_MS, ROOT_KEY};

/// Events that one signature covers.
const RUN: u32 = 64;
/// Between the two lines of a history.
const PAUSE_MS: u64 = 1_000;
const TEXT_BYTES: usize = 300;

/// A room of one person with its history, on a disk in memory.
pub struct History {
    medium: Medium,
    who: Identity,
    room: RoomId,
    started: u64,
}

impl History {
    /// Messages of one author, in so many epochs of like length; without any, in the clear.
    pub fn new(messages: u32, epochs: u32) -> History {
        let who = Identity::from_seed(&[9; 32]);
        let nonce = [3; 16];
        let room = group_room_id(&who.peer(), &nonce);
        let medium = Medium::default();
        let store = open_in_memory(&medium, &ROOT_KEY).expect("memory opens").store;
        let mut pen = Pen { who: &who, room, clock: Clock::new(), now_ms: EPOCH_MS, nth: 0 };
        let (mut content, mut control) = (Author::new(room, LogId(1), None), Author::new(room, LogId(LogId::CONTROL | 1), None));
        let create = Payload::Create { nonce, name: "much".to_owned(), creator: "ana".to_owned() };
        let (mut sealing, mut created) = (None, false);
        let each = messages.div_ceil(epochs.max(1)).max(1);
        let mut left = messages;
        for nth in 0..epochs.max(1) {
            if epochs > 0 {
                let secret = EpochSecret::from_bytes(*blake3::hash(&nth.to_be_bytes()).as_bytes());
                let parts = mint(&room, &who.peer(), &[], &secret, &[(recipient(&room, &who.peer(), 1), None)], [0; 32]);
                let told = pen.write(&mut content, &parts, None);
                put_epoch(&store, room, &secret, &parts, &told);
                store.append(&told).expect("memory takes it");
                sealing = Some(Sealing::direct(secret.control().id(&room), secret));
            }
            if !created {
                let told = pen.write(&mut control, std::slice::from_ref(&create), sealing.as_ref());
                store.append(&told).expect("memory takes it");
                created = true;
            }
            let mut here = each.min(left);
            left -= here;
            while here > 0 {
                let count = here.min(RUN);
                here -= count;
                let text = |_| Payload::Message { text: "x".repeat(TEXT_BYTES), reply: None };
                let run: Vec<Payload> = (0..count).map(text).collect();
                store.append(&pen.write(&mut content, &run, sealing.as_ref())).expect("memory takes it");
            }
        }
        let started = pen.now_ms;
        let own_logs = vec![content.log(), control.log()];
        let row = RoomRow {
            room,
            kind: RoomKind::Group,
            name: "much".to_owned(),
            standing: Standing::Member,
            read_up_to: None,
            draft: String::new(),
            active_at: started,
            own_logs,
        };
        store.put(&row).expect("memory takes it");
        store.close().expect("memory closes");
        History { medium, who, room, started }
    }

    /// How long it takes a node to start on it and to give the last page.
    pub fn open(&self) -> Duration {
        let identity = Identity::from_seed(&[9; 32]);
        let at = Moment { tick: 1, wall: self.started };
        let (net, _manual) = Manual::new(self.who.peer(), &Config { nearby: None, ..Config::default() }, Vec::new(), 1, 2);
        let began = Instant::now();
        let opened = open_in_memory(&self.medium, &ROOT_KEY).expect("memory opens");
        let options = Options {
            identity,
            opened,
            name: None,
            fallback_name: String::new(),
            listen: Vec::new(),
            nearby: false,
            peer_exchange: true,
            mapping: false,
            dht: Vec::new(),
            agent: "sim".to_owned(),
            sink: Box::new(|_| 0),
        };
        let shared = Shared { members: Default::default(), signatures: Signatures::new(4, 1_024).into() };
        let mut hand = Hand::start(options, net, at, [1; 32], shared);
        let page = hand.core().timeline(self.room, Anchor::Latest, 200).expect("the room is there");
        let took = began.elapsed();
        assert_eq!(page.messages.len(), 200, "a full page");
        let is_read = |line: &node::view::Message| matches!(line.body, node::view::Body::Text { .. });
        assert!(page.messages.iter().all(is_read), "all of it can be read");
        drop(hand);
        took
    }
}

struct Pen<'a> {
    who: &'a Identity,
    room: RoomId,
    clock: Clock,
    now_ms: u64,
    nth: u64,
}

impl Pen<'_> {
    fn write(&mut self, author: &mut Author, payloads: &[Payload], sealing: Option<&Sealing>) -> Vec<Verified> {
        debug_assert_eq!(self.room, group_room_id(&self.who.peer(), &[3; 16]));
        self.now_ms += PAUSE_MS;
        let drafts: Vec<Draft> = payloads
            .iter()
            .map(|payload| {
                self.nth += 1;
                let mut random = [0; Draft::RANDOM_BYTES];
                blake3::Hasher::new().update(&self.nth.to_be_bytes()).finalize_xof().fill(&mut random);
                Draft::new(payload, self.now_ms, &random).expect("a fitting payload")
            })
            .collect();
        author.append(self.who, &drafts, &mut self.clock, self.now_ms, [0; 16], sealing).expect("the log has room")
    }
}
