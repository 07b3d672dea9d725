//! The rooms of this device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gossip::Millis;
use identity::PeerId;
use rooms::{Membership, Signatures};
use wire::ids::RoomId;

use super::lost_words::LostWords;
use super::room::Room;
use crate::view::Time;

/// Rooms of one device. Each costs some kilobytes of memory and a tag in every introduction.
const MAX_ROOMS: usize = 1_000;
/// Signature keys kept unpacked, and signatures known to be good between the link that brought them
/// and the loop (two generations each).
const VERIFYING_KEYS: usize = 1_024;
const GOOD_SIGNATURES: usize = 1_024;
/// From an acknowledgement to writing it down; they come for each message. Higher: a crash forgets
/// more of them. Lower: more rows while people talk.
const KEEP_ACKS_AFTER: Millis = 5_000;
/// From one batch of acknowledgements that are written down to the next.
const KEEP_ACKS_PAUSE: Millis = 50;

/// A memory of signatures of the size that suits a node.
pub(crate) fn signatures() -> Arc<Signatures> {
    Arc::new(Signatures::new(VERIFYING_KEYS, GOOD_SIGNATURES))
}

/// Who is in rooms, shared by a simulator that starts many nodes of the same ones.
pub(crate) type KnownMembers = BTreeMap<RoomId, Arc<Membership>>;

/// All rooms, and by what their events are checked.
pub(crate) struct Rooms {
    all: BTreeMap<RoomId, Room>,
    signatures: Arc<Signatures>,
    /// Memberships that need not be read from the store at the start.
    known_members: KnownMembers,
    /// The last process ended in order: own logs are gone on with.
    clean_start: bool,
    /// Own words that are to be said again.
    pub(crate) lost_words: LostWords,
    /// Who was let in again and where, and has not been met since: they do not look for the room.
    unmet: BTreeSet<(PeerId, RoomId)>,
    /// Rooms in which keys are asked for, or what waited for them is opened.
    pub(crate) keys_due: BTreeSet<RoomId>,
    /// Rooms in which a prekey is to be published.
    pub(crate) prekeys_due: BTreeSet<RoomId>,
    /// When prekeys are looked at next; none: at once, with whatever else happens.
    pub(crate) look_at_keys_at: Option<Millis>,
    /// When acknowledgements are written down.
    keep_acks_at: Option<Millis>,
    /// Rooms in which something was read, seen, or came late: to be written in this turn.
    unkept_late: BTreeSet<RoomId>,
}

impl Rooms {
    pub(crate) fn new(signatures: Arc<Signatures>, known_members: KnownMembers, clean_start: bool) -> Self {
        Rooms {
            all: BTreeMap::new(),
            signatures,
            known_members,
            clean_start,
            lost_words: LostWords::default(),
            unmet: BTreeSet::new(),
            keys_due: BTreeSet::new(),
            prekeys_due: BTreeSet::new(),
            look_at_keys_at: None,
            keep_acks_at: None,
            unkept_late: BTreeSet::new(),
        }
    }

    pub(crate) fn get(&self, room: &RoomId) -> Option<&Room> {
        self.all.get(room)
    }

    pub(crate) fn get_mut(&mut self, room: &RoomId) -> Option<&mut Room> {
        self.all.get_mut(room)
    }

    pub(crate) fn contains_key(&self, room: &RoomId) -> bool {
        self.all.contains_key(room)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &RoomId> {
        self.all.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Room> {
        self.all.values()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Room> {
        self.all.values_mut()
    }

    pub(crate) fn insert(&mut self, room: Room) {
        self.all.insert(room.id(), room);
    }

    pub(crate) fn remove(&mut self, room: &RoomId) {
        self.all.remove(room);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.all.len() >= MAX_ROOMS
    }

    pub(crate) fn signatures(&self) -> &Signatures {
        &self.signatures
    }

    pub(crate) fn take_known_members(&mut self, room: &RoomId) -> Option<Arc<Membership>> {
        self.known_members.remove(room)
    }

    pub(crate) fn is_clean_start(&self) -> bool {
        self.clean_start
    }

    /// Rooms that this peer is a member of.
    pub(crate) fn with(&self, peer: &PeerId) -> impl Iterator<Item = &Room> {
        self.all.values().filter(|room| room.members.is_member(peer))
    }

    pub(crate) fn is_co_member(&self, peer: &PeerId) -> bool {
        self.with(peer).next().is_some()
    }

    /// This peer is in a room again, and is to be told.
    pub(crate) fn meet(&mut self, peer: PeerId, room: RoomId) {
        self.unmet.insert((peer, room));
    }

    /// This peer shows to have these rooms: it has one of them again, or hears of it now.
    pub(crate) fn note_met(&mut self, peer: &PeerId, rooms: &[RoomId]) {
        self.unmet.retain(|(unmet, room)| unmet != peer || !rooms.contains(room));
    }

    /// Who is to be told that they are in a room again, while they and this device are.
    pub(crate) fn still_unmet(&mut self) -> impl Iterator<Item = PeerId> {
        let all = &self.all;
        self.unmet.retain(|(peer, room)| all.get(room).is_some_and(|room| room.may_write() && room.members.is_member(peer)));
        self.unmet.iter().map(|(peer, _)| *peer)
    }

    /// When the newest event of this author that is here was written.
    pub(crate) fn wrote_at(&self, peer: &PeerId, wall: Time) -> Option<Time> {
        self.all.values().flat_map(|room| room.logs.of(peer)).map(|(_, log)| log.hlc.ms().min(wall)).max()
    }

    /// An acknowledgement is to be written down.
    pub(crate) fn keep_acks_soon(&mut self, now: Millis) {
        self.keep_acks_at.get_or_insert(now + KEEP_ACKS_AFTER);
    }

    /// Whether acknowledgements are to be written down now.
    pub(crate) fn are_acks_due(&self, now: Millis) -> bool {
        self.keep_acks_at.is_some_and(|at| at <= now)
    }

    /// Some were written down; whether there are `more`.
    pub(crate) fn note_acks_kept(&mut self, now: Millis, more: bool) {
        self.keep_acks_at = more.then_some(now + KEEP_ACKS_PAUSE);
    }

    /// What was read, seen, or came late in this room is to be written at the end of the turn.
    pub(crate) fn keep_late_soon(&mut self, room: RoomId) {
        self.unkept_late.insert(room);
    }

    pub(crate) fn take_unkept_late(&mut self) -> BTreeSet<RoomId> {
        std::mem::take(&mut self.unkept_late)
    }

    pub(crate) fn wake(&self, now: Millis) -> Option<Millis> {
        let at_once = (self.lost_words.is_due() || !self.prekeys_due.is_empty()).then_some(now);
        let keys = self.keys_due.iter().filter_map(|room| self.get(room)?.keys.wake(now));
        at_once.into_iter().chain(self.keep_acks_at).chain(self.look_at_keys_at).chain(keys).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_are_kept_together_and_the_rest_after_a_pause() {
        let mut rooms = Rooms::new(signatures(), KnownMembers::new(), true);
        assert_eq!(rooms.wake(0), None);
        [100, 200].into_iter().for_each(|now| rooms.keep_acks_soon(now));
        let due = 100 + KEEP_ACKS_AFTER;
        assert_eq!(rooms.wake(200), Some(due));
        assert!(!rooms.are_acks_due(due - 1) && rooms.are_acks_due(due));
        rooms.note_acks_kept(due, true);
        assert_eq!(rooms.wake(due), Some(due + KEEP_ACKS_PAUSE));
        rooms.note_acks_kept(due + KEEP_ACKS_PAUSE, false);
        assert_eq!(rooms.wake(due), None);
    }
}
