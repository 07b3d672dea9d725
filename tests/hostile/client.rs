//! A member's program after somebody changed it: it goes on from the member's real profile and
//! takes no notice of her removal. It asks for all that there is, by every name and key that it
//! has, reads what it can, and says and passes on words as members do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use identity::{Identity, PeerId};
use rooms::keys::{ControlSecret, EpochSecret, Held, Keyring};
use rooms::{Event, Hlc, Payload};
use store::{EpochRow, KeyRow, Store};
use wire::ids::{EpochId, LogKey, RoomId};
use wire::limits::{MAX_EPOCHS_ASKED, MAX_HEADS};
use wire::message::{Digest, ForwardJoin, HeadOf, Heads, KeyRequest, Message, Need, Neighbour, RawEvent, Shuffle};

use crate::member::live;
use crate::outsider::Outsider;
use crate::peer::PASSPHRASE;
use crate::pen::{Pen, now_ms};

/// Times that a visit says the same.
const ROUNDS: usize = 3;
/// Her own pace: who asks faster is read later, and would learn less.
const PAUSE: Duration = Duration::from_millis(60);
/// Words and foreign events that a visit brings.
const BROUGHT: usize = 8;
/// Events after what she has, asked for without knowing whether there are any.
const BEYOND: u32 = 100;
/// How far words are dated back, in milliseconds.
const DATED_BACK: u64 = 3_600_000;

/// What a visit is for. A link ends at the eighth fault, so there is a link for each.
#[derive(Clone, Copy)]
enum Aim {
    Listen,
    Mingle,
    Ask,
    Fetch,
    Talk,
    Join,
}

/// A person's secrets, and what the program kept on disk.
pub(crate) struct Profile {
    pub(crate) me: Arc<Identity>,
    pub(crate) store: Store,
    pub(crate) secrets: BTreeMap<EpochId, Held>,
}

impl Profile {
    /// Of somebody whose program has ended.
    pub(crate) fn open(folder: &Path, room: &RoomId) -> Profile {
        let kept = identity::custody::open_key_file(folder, PASSPHRASE).expect("the passphrase is right");
        let store = store::open(folder, &kept.store_key).expect("the store opens").store;
        let secret = |row: EpochRow| match row.key {
            KeyRow::None => None,
            KeyRow::Control(secret) => Some((row.epoch, Held::Control(ControlSecret::from_bytes(secret.0)))),
            KeyRow::Whole(secret) => Some((row.epoch, Held::Whole(EpochSecret::from_bytes(secret.0)))),
        };
        let secrets = store.all_in::<EpochRow>(room).into_iter().filter_map(secret).collect();
        Profile { me: Arc::new(kept.identity), store, secrets }
    }

    /// All events of a room, in no useful order.
    pub(crate) fn events(&self, room: &RoomId) -> Vec<Event> {
        let logs = self.store.heads(room);
        logs.iter().flat_map(|(log, _)| self.store.log_events(room, log, 1)).map(rooms::Verified::into_event).collect()
    }
}

pub(crate) struct Client {
    me: Arc<Identity>,
    room: RoomId,
    keyring: Keyring,
    pub(crate) secrets: BTreeMap<EpochId, Held>,
    /// Heard of.
    epochs: BTreeSet<EpochId>,
    heads: BTreeMap<LogKey, HeadOf>,
    /// Up to where she has each log without a gap.
    has: BTreeMap<LogKey, u32>,
    foreign: Vec<RawEvent>,
    own: Vec<RawEvent>,
    pen: Pen,
    said: usize,
    /// Her words begin with this.
    pub(crate) label: String,
    pub(crate) invites: Vec<String>,
    /// All that was said to her, as it came, since somebody looked.
    pub(crate) records: Vec<Vec<u8>>,
    /// What could be opened of it.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Who came to her door, since somebody looked.
    pub(crate) callers: Vec<PeerId>,
}

impl Client {
    pub(crate) fn new(profile: &Path, room: RoomId) -> Client {
        let profile = Profile::open(profile, &room);
        let (mut events, secrets) = (profile.events(&room), profile.secrets);
        // Along each log too.
        events.sort_by_key(|event| event.header.hlc);
        let keyring = Keyring::default();
        for (epoch, held) in &secrets {
            keyring.put(&room, *epoch, held.clone()).expect("it is its secret");
        }
        let sealing = |event: &Event| keyring.sealing(&room, &EpochId(event.header.epoch));
        let is_own_content = |event: &&Event| event.header.device == profile.me.peer() && !event.header.log.is_control();
        let last = events.iter().rfind(is_own_content).expect("she has said something");
        let pen = Pen::going_on(&profile.me, last, events.iter().rev().find_map(sealing));
        let mut client = Client {
            me: profile.me.clone(),
            room,
            keyring: keyring.clone(),
            secrets,
            epochs: BTreeSet::new(),
            heads: BTreeMap::new(),
            has: BTreeMap::new(),
            foreign: Vec::new(),
            own: Vec::new(),
            pen,
            said: 0,
            label: String::new(),
            invites: Vec::new(),
            records: Vec::new(),
            contents: Vec::new(),
            callers: Vec::new(),
        };
        events.iter().for_each(|event| client.takes(event.raw()));
        client.contents.clear();
        client
    }

    /// What she says on a link.
    fn words(&mut self, aim: Aim, link: &Outsider) -> Vec<Message> {
        let (room, me) = (self.room, self.me.peer());
        match aim {
            Aim::Listen => Vec::new(),
            Aim::Mingle => vec![
                Message::Neighbour(Neighbour { room, urgent: true, degree: 0 }),
                Message::Graft(room),
                Message::Shuffle(Shuffle { room, answer: false, peers: vec![me] }),
                Message::ForwardJoin(ForwardJoin { room, ttl: 6, peer: me }),
            ],
            Aim::Ask => {
                let epochs: Vec<EpochId> = self.epochs.iter().rev().take(MAX_EPOCHS_ASKED).copied().collect();
                let heads = self.heads.values().take(MAX_HEADS).copied().collect();
                let needs = self.needs().into_iter().filter(|need| need.log.log.is_control()).map(Message::Need);
                let first = [
                    Message::Digest(Digest { room, digest: [0; 16] }),
                    Message::Heads(Heads { room, heads }),
                    Message::KeyRequest(KeyRequest { room, epochs }),
                ];
                first.into_iter().chain(needs).collect()
            }
            Aim::Fetch => self.needs().into_iter().map(Message::Need).collect(),
            Aim::Talk => {
                self.said += 1;
                let (words, back) = (format!("{} {}", self.label, self.said), format!("{} dated back {}", self.label, self.said));
                let event = self.pen.text(&words);
                let old = self.pen.lone_text(&back, |header| header.hlc = Hlc::from_ms(now_ms() - DATED_BACK));
                self.own.extend([event.raw().clone(), old.raw().clone()]);
                let brought = self.own.iter().rev().take(BROUGHT).rev().chain(self.foreign.iter().rev().take(BROUGHT));
                brought.map(|event| live(room, vec![event.clone()])).collect()
            }
            Aim::Join => self.invites.iter().map(|invite| Message::Join(link.join_by(invite))).collect(),
        }
    }

    /// For what follows on what she has of the logs of others, whether there is anything or not.
    fn needs(&self) -> Vec<Need> {
        let told = self.heads.keys().map(|log| (*log, self.has.get(log).copied().unwrap_or(0)));
        let mut logs: BTreeMap<LogKey, u32> = self.has.iter().map(|(log, has)| (*log, *has)).chain(told).collect();
        logs.retain(|log, _| log.device != self.me.peer());
        let need = |(log, has): (LogKey, u32)| Need { room: self.room, log, from: has + 1, to: has + BEYOND };
        logs.into_iter().map(need).collect()
    }

    /// Makes what she can of a message.
    fn hears(&mut self, message: &Message) {
        self.records.push(message.encode().to_vec());
        match message {
            Message::Run(run) => run.events.iter().for_each(|event| self.takes(event)),
            Message::Data(data) => data.events.iter().for_each(|event| self.takes(event)),
            Message::Heads(heads) => self.heads.extend(heads.heads.iter().map(|head| (head.log, *head))),
            Message::Keys(keys) => {
                for key in &keys.keys {
                    let held = match key.whole {
                        true => Held::Whole(EpochSecret::from_bytes(key.secret.0)),
                        false => Held::Control(ControlSecret::from_bytes(key.secret.0)),
                    };
                    if self.keyring.put(&self.room, key.epoch, held.clone()) == Ok(true) {
                        self.secrets.insert(key.epoch, held);
                        // What could not be opened is asked for again.
                        self.has.values_mut().for_each(|has| *has = 0);
                    }
                }
            }
            _ => {}
        }
    }

    fn takes(&mut self, raw: &RawEvent) {
        let Ok(event) = Event::decode(raw.clone()) else { return };
        let event = self.keyring.open(event);
        let has = self.has.entry(event.log_key()).or_default();
        // Beyond a gap she asks again from the gap on.
        *has += u32::from(event.header.seq == *has + 1);
        self.epochs.insert(EpochId(event.header.epoch));
        if let Ok(Payload::Epoch(part)) = Payload::of(&event) {
            self.epochs.insert(part.epoch);
        }
        self.epochs.remove(&EpochId([0; 16]));
        if let Some(content) = event.content() {
            self.contents.push(content.to_vec());
        }
        if event.header.device != self.me.peer() {
            self.foreign.push(raw.clone());
            // She writes under what others write under.
            if let Some(sealing) = self.keyring.sealing(&self.room, &EpochId(event.header.epoch)) {
                self.pen.sealed_by(sealing);
            }
        }
    }

    fn tag_keys(&self) -> Vec<[u8; 32]> {
        self.secrets.values().map(|held| held.control().tag_key()).collect()
    }
}

/// One link to somebody, for this; false if there was none.
fn visit(client: &Mutex<Client>, address: &str, aim: Aim) -> bool {
    let me = lock(client).me.clone();
    let link = Outsider::reach(address, me);
    link.map(|link| talk(client, link, aim)).is_some()
}

/// Until they close the link, or she has said all that it is for.
fn talk(client: &Mutex<Client>, mut link: Outsider, aim: Aim) {
    let (room, tag_keys) = {
        let client = lock(client);
        (client.room, client.tag_keys())
    };
    link.name_by(&room, &tag_keys);
    for _ in 0..ROUNDS {
        let words = lock(client).words(aim, &link);
        link.say_all(&words);
        link.say(&Message::Ping(77));
        loop {
            match link.next() {
                Some(Message::Pong(77)) => break,
                Some(message) => lock(client).hears(&message),
                None => return,
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// Lets in whoever dials her where her own program listened.
pub(crate) fn keep_door(client: &Mutex<Client>, door: &TcpListener) {
    for socket in door.incoming().flatten() {
        let me = lock(client).me.clone();
        if let Some(link) = Outsider::answer(socket, me) {
            lock(client).callers.push(link.who());
            talk(client, link, Aim::Ask);
        }
    }
}

/// Visits somebody for one aim after the other.
pub(crate) fn visit_for_everything(client: &Mutex<Client>, address: &str) {
    for aim in [Aim::Mingle, Aim::Listen, Aim::Ask, Aim::Fetch, Aim::Talk, Aim::Join] {
        while !visit(client, address, aim) {
            std::thread::sleep(PAUSE);
        }
    }
}

pub(crate) fn lock(client: &Mutex<Client>) -> MutexGuard<'_, Client> {
    client.lock().expect("no thread panics while it holds this")
}
