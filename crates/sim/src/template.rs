//! The room that all nodes are born into: its history, written once, shared by all.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::{Identity, PeerId};
use node::manual::store::{Base, Medium, RoomKind, RoomRow, Standing, open_in_memory};
use rooms::keys::{EpochSecret, Sealing, mint, recipient};
use rooms::{Author, Clock, Draft, Logs, Membership, Payload, RoomNonce, Verified, group_room_id};
use wire::ids::{EventId, Head, LogId, LogKey, RoomId};

use crate::epoch_rows::put_epoch;

/// When the worlds begin, in milliseconds since 1970.
pub(crate) const EPOCH_MS: u64 = 1_760_000_000_000;
/// One key for all, so that all can share rows.
pub(crate) const ROOT_KEY: [u8; 32] = [7; 32];
/// Members that one inviter lets in: well below what a member may write.
const PEOPLE_PER_INVITER: u32 = 1_000;
/// The room existed this long before the world begins.
const AGE_MS: u64 = 60_000;

/// A room with its members.
pub(crate) struct Template {
    pub(crate) room: RoomId,
    pub(crate) base: Base,
    pub(crate) membership: Arc<Membership>,
    /// How far the control logs have come, from which that membership follows.
    pub(crate) control: Vec<(LogKey, Head)>,
    /// Own logs of those who wrote the history.
    pub(crate) rows: BTreeMap<u32, RoomRow>,
}

/// The device with this number.
pub(crate) fn identity(seed: u64, number: u32) -> Identity {
    let mut hasher = blake3::Hasher::new_derive_key("grapevine/1 simulated device");
    hasher.update(&seed.to_be_bytes()).update(&number.to_be_bytes());
    Identity::from_seed(hasher.finalize().as_bytes())
}

/// Who let this member in; nobody let the creator in.
pub(crate) fn inviter(number: u32, members: u32) -> u32 {
    let inviters = inviters(members);
    if number < inviters { 0 } else { number % inviters }
}

fn inviters(members: u32) -> u32 {
    members.div_ceil(PEOPLE_PER_INVITER).max(1)
}

pub(crate) fn name(number: u32) -> String {
    format!("member {number}")
}

impl Template {
    /// The creator lets the inviters in, and these let in everybody else; last, a message, where
    /// looking for the newest one ends.
    pub(crate) fn new(seed: u64, peers: &[PeerId]) -> Template {
        let creator = identity(seed, 0);
        let nonce: RoomNonce = [seed.to_be_bytes(), seed.to_be_bytes()].concat().try_into().unwrap_or_default();
        let room = group_room_id(&creator.peer(), &nonce);
        let secret = EpochSecret::from_bytes(*blake3::Hasher::new().update(&nonce).finalize().as_bytes());
        let sealing = Sealing::direct(secret.control().id(&room), secret.clone());
        let mut pen = Pen { seed, room, sealing, clock: Clock::new(), logs: Logs::new(), events: Vec::new() };
        let members = u32::try_from(peers.len()).unwrap_or(u32::MAX);
        let mut own: BTreeMap<u32, Vec<LogId>> = BTreeMap::new();
        // All hold its secret, so nothing needs to be sealed to anybody.
        let recipients: Vec<_> = peers.iter().map(|peer| (recipient(&room, peer, 1), None)).collect();
        let epoch = mint(&room, &creator.peer(), &[], &secret, &recipients, [0; 32]);
        own.entry(0).or_default().push(pen.write(0, u64::from(u32::MAX) - 1, &epoch));
        let create = Payload::Create { nonce, name: "everybody".to_owned(), creator: name(0) };
        own.entry(0).or_default().push(pen.write(0, LogId::CONTROL | u64::from(u32::MAX), &[create]));
        // The event that gave each inviter the right to let others in.
        let mut rights: BTreeMap<u32, EventId> = pen.events.iter().rev().take(1).map(|create| (0, create.id())).collect();
        for author in 0..inviters(members) {
            let Some(by) = rights.get(&author).copied() else { continue };
            let guests = (1..).zip(peers.iter().skip(1)).filter(|(number, _)| inviter(*number, members) == author);
            let (numbers, adds): (Vec<u32>, Vec<Payload>) =
                guests.map(|(number, peer)| (number, Payload::Add { by, device: *peer, name: name(number), round: 1, pass: None })).unzip();
            let before = pen.events.len();
            let log = pen.write(author, LogId::CONTROL | u64::from(author), &adds);
            own.entry(author).or_default().push(log);
            rights.extend(numbers.into_iter().zip(pen.events.iter().skip(before).map(|add| add.id())));
        }
        let welcome = Payload::Message { text: "welcome".to_owned(), reply: None };
        let log = pen.write(0, u64::from(u32::MAX), &[welcome]);
        own.entry(0).or_default().push(log);
        let rows = own.into_iter().map(|(author, logs)| (author, pen.row(logs))).collect();
        let mut membership = Membership::group(room);
        membership.apply_all(&pen.events);
        let control = pen.logs.heads().filter(|(log, _)| log.log.is_control()).collect();
        Template { room, base: pen.store(&secret, &epoch), membership: Arc::new(membership), control, rows }
    }
}

/// Writes the history.
struct Pen {
    seed: u64,
    room: RoomId,
    sealing: Sealing,
    clock: Clock,
    logs: Logs,
    events: Vec<Verified>,
}

impl Pen {
    fn write(&mut self, author: u32, log: u64, payloads: &[Payload]) -> LogId {
        let identity = identity(self.seed, author);
        let wall = EPOCH_MS - AGE_MS;
        let log = LogId(log);
        let random = |nth: usize| {
            let mut random = [0; Draft::RANDOM_BYTES];
            let seed = [author.to_be_bytes().as_slice(), &nth.to_be_bytes(), &log.0.to_be_bytes()].concat();
            blake3::Hasher::new().update(&seed).finalize_xof().fill(&mut random);
            random
        };
        let drafts: Vec<Draft> =
            payloads.iter().enumerate().map(|(nth, p)| Draft::new(p, wall, &random(nth)).expect("a fitting payload")).collect();
        let ctl = self.logs.control_digest();
        let mut pen = Author::new(self.room, log, None);
        let events = pen.append(&identity, &drafts, &mut self.clock, wall, ctl, Some(&self.sealing)).expect("a new log has room");
        if let Some(last) = events.last() {
            self.logs.advance(last.log_key(), last.head(), last.header.hlc).expect("a log grows");
        }
        self.events.extend(events);
        log
    }

    fn row(&self, own_logs: Vec<LogId>) -> RoomRow {
        let last = self.events.last().map(|event| event.position());
        RoomRow {
            room: self.room,
            kind: RoomKind::Group,
            name: "everybody".to_owned(),
            standing: Standing::Member,
            read_up_to: last,
            draft: String::new(),
            active_at: EPOCH_MS - AGE_MS,
            own_logs,
        }
    }

    fn store(&self, secret: &EpochSecret, epoch: &[Payload]) -> Base {
        let medium = Medium::default();
        let store = open_in_memory(&medium, &ROOT_KEY).expect("memory opens").store;
        store.append(&self.events).expect("memory takes it");
        store.put(&self.row(Vec::new())).expect("memory takes it");
        put_epoch(&store, self.room, secret, epoch, &self.events);
        store.close().expect("memory closes");
        medium.to_base()
    }
}
