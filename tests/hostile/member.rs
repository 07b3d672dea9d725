//! A member who speaks the protocol by hand and means no good.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{Identity, PeerId};
use rooms::keys::{ControlSecret, EpochSecret, Held, Keyring, mint, recipient};
use rooms::{Event, Membership, Payload, Signatures, Verified};
use serde_json::json;
use wire::ids::{EpochId, EventId, LogId, LogKey, RoomId};
use wire::message::{Data, Digest, HeadOf, Heads, KeyRequest, Keys, Message, Need, RawEvent, Run, Welcome};

use crate::outsider::Outsider;
use crate::peer::Peer;
use crate::pen::{Pen, random};
use crate::scene::Scene;

/// A node says what it has of all logs this long after it last did so.
const HEADS_PAUSE: Duration = Duration::from_millis(550);

pub(crate) struct Member {
    pub(crate) me: Arc<Identity>,
    pub(crate) link: Outsider,
    pub(crate) room: RoomId,
    /// What the room's control logs say.
    pub(crate) told: Membership,
    keyring: Keyring,
    /// What the other side said to have.
    heads: BTreeMap<LogKey, HeadOf>,
    /// When it last said it of all logs.
    told_all: Option<Instant>,
    pub(crate) pen: Pen,
    pub(crate) control: Pen,
}

impl Member {
    /// Lets herself in by an invite of ana's.
    pub(crate) fn join(scene: &Scene) -> Member {
        let mut link = Outsider::dial(&scene.ana);
        let join = Message::Join(link.join_by(&scene.ana.invite(Some(&scene.room), 1)));
        link.say(&join);
        let welcomed = |message: &Message| if let Message::Welcome(Welcome { room, .. }) = message { *room } else { None };
        let (room, _) = link.until("a Welcome", welcomed);
        let me = link.me.clone();
        let pen = Pen::content(&me, room, None);
        let control = pen.control();
        let mut member = Member {
            me,
            link,
            room,
            told: Membership::group(room),
            keyring: Keyring::default(),
            heads: BTreeMap::new(),
            told_all: None,
            pen,
            control,
        };
        member.name_room();
        member.learn();
        member.mint();
        member
    }

    /// Makes an epoch for all members, and writes under it from now on.
    fn mint(&mut self) {
        let secret = EpochSecret::from_bytes(random());
        let epoch = secret.control().id(&self.room);
        self.announce(&secret);
        self.keyring.put(&self.room, epoch, Held::Whole(secret)).expect("it is its secret");
        let sealing = self.keyring.sealing(&self.room, &epoch);
        self.pen = Pen::content(&self.me, self.room, sealing);
        self.control = self.pen.control();
    }

    /// Says the secret of an epoch to all members whose prekeys are known, in a log of its own.
    fn announce(&mut self, secret: &EpochSecret) {
        let prekeys = self.prekeys();
        let to = |member: rooms::Member<'_>| (recipient(&self.room, &member.peer, member.round), prekeys.get(&member.peer).copied());
        let recipients: Vec<_> = self.told.members().map(to).collect();
        let parts = mint(&self.room, &self.peer(), &self.told.ended(), secret, &recipients, random());
        let mut log = self.pen.fresh();
        let events: Vec<Event> = parts.iter().map(|part| log.write(part)).collect();
        self.tell(&events);
        self.barrier();
    }

    /// The newest prekey of each member, of whose logs she was told.
    pub(crate) fn prekeys(&mut self) -> BTreeMap<PeerId, [u8; 32]> {
        let runs = self.fetch_known(|log| !log.is_control());
        let mut events = self.verified(runs);
        events.sort_by_key(|event| event.header.hlc);
        let prekey = |event: &Verified| match Payload::of(event) {
            Ok(Payload::Prekey { key }) => Some((event.header.device, key)),
            _ => None,
        };
        events.iter().filter_map(prekey).collect()
    }

    /// The same, and ana makes her an admin.
    pub(crate) fn join_as_admin(scene: &Scene) -> Member {
        let mut member = Member::join(scene);
        member.becomes(scene, "admin");
        member
    }

    /// Ana gives her a role.
    pub(crate) fn becomes(&mut self, scene: &Scene, role: &str) {
        let before = self.right();
        scene.ana.call("set_role", json!({"room": scene.room, "peer": self.peer().to_string(), "role": role}));
        while self.right() == before {
            self.learn();
        }
    }

    /// A new link, in the place of the old one or beside it to somebody else.
    pub(crate) fn dial(&mut self, whom: &Peer) {
        self.link = self.another_link(whom);
        (self.heads, self.told_all) = (BTreeMap::new(), None);
    }

    /// A link to somebody who knows her as a member.
    pub(crate) fn another_link(&self, whom: &Peer) -> Outsider {
        let (room, me) = (self.room.to_string(), self.peer().to_string());
        let knows = |peer: &Peer| peer.room(&room)["people"].as_array()?.iter().any(|member| member["peer"] == me).then_some(());
        whom.watch("knows her as a member", knows);
        let mut link = Outsider::dial_as(whom, self.me.clone());
        link.name(&[self.room]);
        link.until("a Digest", |message| matches!(message, Message::Digest(_)).then_some(()));
        link
    }

    fn name_room(&mut self) {
        self.link.name(&[self.room]);
        self.link.until("a Digest", |message| matches!(message, Message::Digest(_)).then_some(()));
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.me.peer()
    }

    /// What she acts by.
    pub(crate) fn right(&self) -> EventId {
        self.told.right(&self.peer()).map_or(EventId([0; 32]), |rank| rank.right)
    }

    /// Takes in all control logs that the other side has.
    pub(crate) fn learn(&mut self) {
        let events = self.fetch(|log| log.is_control());
        self.ask_for_keys(&events);
        let opened: Vec<Verified> = events.into_iter().map(|event| self.keyring.open_verified(event)).collect();
        self.told.apply_all(&opened);
    }

    /// Asks for the keys of what cannot be opened.
    fn ask_for_keys(&mut self, events: &[Verified]) {
        let shut = events.iter().filter(|event| !self.keyring.can_open(&event.header));
        let mut epochs: Vec<EpochId> = shut.map(|event| EpochId(event.header.epoch)).collect();
        epochs.sort_unstable();
        epochs.dedup();
        if epochs.is_empty() {
            return;
        }
        self.link.say(&Message::KeyRequest(KeyRequest { room: self.room, epochs }));
        for message in self.barrier() {
            if let Message::Keys(Keys { keys, .. }) = message {
                for key in keys {
                    let held = match key.whole {
                        true => Held::Whole(EpochSecret::from_bytes(key.secret.0)),
                        false => Held::Control(ControlSecret::from_bytes(key.secret.0)),
                    };
                    self.keyring.put(&self.room, key.epoch, held).expect("ana gives true ones");
                }
            }
        }
    }

    /// All events of these logs, from the other side.
    pub(crate) fn fetch(&mut self, wanted: impl Fn(LogId) -> bool) -> Vec<Verified> {
        let runs = self.fetch_runs(wanted);
        self.verified(runs)
    }

    fn verified(&self, runs: Vec<Vec<RawEvent>>) -> Vec<Verified> {
        let signatures = Signatures::new(16, 64);
        let verified = |run: Vec<RawEvent>| {
            let run = rooms::run::decode(&run, &self.room).expect("ana keeps to the rules");
            run.verify(&signatures).expect("ana checked it")
        };
        runs.into_iter().flat_map(verified).collect()
    }

    /// The same, as it came.
    pub(crate) fn fetch_runs(&mut self, wanted: impl Fn(LogId) -> bool) -> Vec<Vec<RawEvent>> {
        self.heads();
        self.fetch_known(wanted)
    }

    /// The same of logs that she was told of.
    fn fetch_known(&mut self, wanted: impl Fn(LogId) -> bool) -> Vec<Vec<RawEvent>> {
        let heads: Vec<HeadOf> = self.heads.values().filter(|head| wanted(head.log.log)).copied().collect();
        heads.into_iter().flat_map(|head| self.need(head.log, 1, head.seq)).collect()
    }

    /// What the other side has of all logs. It says all of it twice a second at most, and what
    /// changed at any time.
    pub(crate) fn heads(&mut self) -> Vec<HeadOf> {
        let rest = self.told_all.map(|at| HEADS_PAUSE.saturating_sub(at.elapsed()));
        std::thread::sleep(rest.unwrap_or_default());
        self.link.say(&Message::Digest(Digest { room: self.room, digest: [0; 16] }));
        let heard = self.barrier();
        assert!(heard.iter().any(|message| matches!(message, Message::Heads(_))), "no Heads: {heard:?}");
        self.told_all = Some(Instant::now());
        self.heads.values().copied().collect()
    }

    /// A range of a log, as runs.
    pub(crate) fn need(&mut self, log: LogKey, from: u32, to: u32) -> Vec<Vec<RawEvent>> {
        self.link.say(&Message::Need(Need { room: self.room, log, from, to }));
        let (mut runs, mut next) = (Vec::new(), from);
        loop {
            let data = |message: &Message| if let Message::Data(data) = message { Some(data.clone()) } else { None };
            let (Data { log: of, last, events, .. }, _) = self.link.until("Data", data);
            if of != log {
                continue;
            }
            next += u32::try_from(events.len()).expect("few");
            let is_over = events.is_empty() || next > last;
            if !events.is_empty() {
                runs.push(events);
            }
            if is_over {
                return runs;
            }
        }
    }

    /// The other side's node has dealt with all that was said before: what it said meanwhile.
    pub(crate) fn barrier(&mut self) -> Vec<Message> {
        let log = LogKey { device: self.peer(), log: LogId(7) };
        self.link.say(&Message::Need(Need { room: self.room, log, from: 1, to: 1 }));
        let answer = |message: &Message| matches!(message, Message::Data(data) if data.log == log).then_some(());
        let heard = self.link.until("an answer to a Need", answer).1;
        let heads = heard.iter().filter_map(|message| if let Message::Heads(Heads { heads, .. }) = message { Some(heads) } else { None });
        self.heads.extend(heads.flatten().map(|head| (head.log, *head)));
        heard
    }

    /// Says these as a fresh run, each.
    pub(crate) fn tell<'a>(&mut self, events: impl IntoIterator<Item = &'a Event>) {
        for event in events {
            self.tell_raw(event.raw().clone());
        }
    }

    pub(crate) fn tell_raw(&mut self, event: RawEvent) {
        self.link.say(&live(self.room, vec![event]));
    }

    /// Says something that is a fault: ana's node counts it against her, once.
    pub(crate) fn is_faulted(&mut self, scene: &Scene, what: &str, message: &Message) {
        let before = self.is_faulted_by(scene, what, |_| message.clone());
        self.link.say(message);
        self.barrier();
        assert_eq!(scene.faults(&self.peer()), before, "{what}: a copy is no second fault");
    }

    /// The same, of what is made for one link, and how many faults have been counted now. The
    /// eighth on a link ends it, so there is a new one for each.
    pub(crate) fn is_faulted_by(&mut self, scene: &Scene, what: &str, make: impl FnOnce(&Outsider) -> Message) -> usize {
        self.dial(&scene.ana);
        let before = scene.faults(&self.peer());
        let message = make(&self.link);
        self.link.say(&message);
        self.barrier();
        let counted = scene.faults(&self.peer());
        assert_eq!(counted, before + 1, "{what}: it is counted, against her");
        counted
    }

    /// Says something that is no fault.
    pub(crate) fn is_not_faulted(&mut self, scene: &Scene, what: &str, messages: &[Message]) {
        let before = scene.faults(&self.peer());
        self.link.say_all(messages);
        self.barrier();
        assert_eq!(scene.faults(&self.peer()), before, "{what}: it is no fault");
    }
}

/// A fresh run of these events.
pub(crate) fn live(room: RoomId, events: Vec<RawEvent>) -> Message {
    Message::Run(Run { ttl: 32, room, events })
}
