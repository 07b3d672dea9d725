//! What the window has not been told yet. Rows are made when they are told, so that many changes
//! cost one row.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use rooms::Position;
use wire::ids::{EventId, LogId, RoomId};

use crate::view::{Alert, Message, Notice};

/// Shortest time between two rows of one room while messages pour in.
const ROW_PAUSE: Millis = 50;
/// Shortest time between two lists of the members of one room, which may be hundreds, while people
/// pour in.
const MEMBERS_PAUSE: Millis = 500;

/// Messages read again in one telling, some 30 µs each. Higher: a turn takes longer.
const MAX_READ_AGAIN: usize = 64;
/// Messages that wait to be read again; then others are not heard until there are fewer.
const MAX_STALE: usize = 4_096;

/// Rooms of which something is to be told again, each at most once in a pause.
pub(crate) struct Paced {
    pause: Millis,
    waiting: BTreeSet<RoomId>,
    told: BTreeMap<RoomId, Millis>,
    due: Option<Millis>,
}

impl Paced {
    fn each(pause: Millis) -> Self {
        Paced { pause, waiting: BTreeSet::new(), told: BTreeMap::new(), due: None }
    }

    pub(crate) fn insert(&mut self, room: RoomId) {
        self.waiting.insert(room);
    }

    pub(crate) fn extend(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        self.waiting.extend(rooms);
    }

    fn remove(&mut self, room: &RoomId) {
        self.waiting.remove(room);
        self.told.remove(room);
    }

    /// Rooms that may be told now; the others wait for their pause to end.
    pub(crate) fn take_ready(&mut self, now: Millis) -> Vec<RoomId> {
        let free = |room: &RoomId| self.told.get(room).is_none_or(|at| *at + self.pause <= now);
        let (ready, waiting): (Vec<RoomId>, Vec<RoomId>) = std::mem::take(&mut self.waiting).into_iter().partition(free);
        self.told.extend(ready.iter().map(|room| (*room, now)));
        self.due = waiting.iter().filter_map(|room| self.told.get(room)).map(|at| at + self.pause).min();
        self.waiting = waiting.into_iter().collect();
        ready
    }
}

/// Changes since the last batch of notices.
pub(crate) struct Changed {
    pub(crate) me: bool,
    pub(crate) nearby: bool,
    pub(crate) rooms: Paced,
    pub(crate) members: Paced,
    pub(crate) people: BTreeSet<PeerId>,
    /// New messages, ready to show.
    pub(crate) messages: BTreeMap<RoomId, Vec<Message>>,
    /// Messages to read again, because something about them changed.
    pub(crate) stale: BTreeSet<(RoomId, Position)>,
    /// Entries that the history no longer shows.
    pub(crate) gone: BTreeMap<RoomId, BTreeSet<EventId>>,
    pub(crate) saved: BTreeMap<RoomId, BTreeSet<LogId>>,
    pub(crate) acks: BTreeMap<RoomId, BTreeSet<(PeerId, LogId)>>,
    pub(crate) rooms_gone: Vec<RoomId>,
    pub(crate) requests_added: Vec<PeerId>,
    pub(crate) requests_gone: Vec<PeerId>,
    pub(crate) attempts: BTreeSet<u64>,
    pub(crate) attempts_gone: Vec<u64>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) alerts_gone: Vec<Alert>,
    /// Rooms in which something was read, seen, or came late: to be written.
    pub(crate) late: BTreeSet<RoomId>,
    /// Ready to tell.
    pub(crate) network: Vec<Notice>,
}

impl Default for Changed {
    fn default() -> Self {
        Changed {
            me: false,
            nearby: false,
            rooms: Paced::each(ROW_PAUSE),
            members: Paced::each(MEMBERS_PAUSE),
            people: BTreeSet::new(),
            messages: BTreeMap::new(),
            stale: BTreeSet::new(),
            gone: BTreeMap::new(),
            saved: BTreeMap::new(),
            acks: BTreeMap::new(),
            rooms_gone: Vec::new(),
            requests_added: Vec::new(),
            requests_gone: Vec::new(),
            attempts: BTreeSet::new(),
            attempts_gone: Vec::new(),
            alerts: Vec::new(),
            alerts_gone: Vec::new(),
            late: BTreeSet::new(),
            network: Vec::new(),
        }
    }
}

impl Changed {
    pub(crate) fn room(&mut self, room: RoomId) {
        self.rooms.insert(room);
    }

    /// Messages to read again now; the others have to wait for another turn.
    pub(crate) fn take_stale(&mut self) -> Vec<(RoomId, Position)> {
        std::iter::from_fn(|| self.stale.pop_first()).take(MAX_READ_AGAIN).collect()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.stale.len() >= MAX_STALE
    }

    pub(crate) fn room_gone(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.members.remove(&room);
        self.rooms_gone.push(room);
    }

    pub(crate) fn person(&mut self, peer: PeerId) {
        self.people.insert(peer);
    }

    /// An entry is no longer shown, told or not.
    pub(crate) fn gone(&mut self, room: RoomId, id: EventId) {
        if let Some(fresh) = self.messages.get_mut(&room) {
            fresh.retain(|message| message.id != id);
            if fresh.is_empty() {
                self.messages.remove(&room);
            }
        }
        self.gone.entry(room).or_default().insert(id);
    }

    /// It is shown after all.
    pub(crate) fn shown(&mut self, room: RoomId, id: &EventId) {
        if let Some(gone) = self.gone.get_mut(&room)
            && gone.remove(id)
            && gone.is_empty()
        {
            self.gone.remove(&room);
        }
    }

    pub(crate) fn saved(&mut self, room: RoomId, log: LogId) {
        self.saved.entry(room).or_default().insert(log);
    }

    pub(crate) fn ack(&mut self, room: RoomId, peer: PeerId, log: LogId) {
        self.acks.entry(room).or_default().insert((peer, log));
    }

    /// Whether others are near, or something changed that may tell who they are and how one stands
    /// with them.
    pub(crate) fn take_nearby(&mut self) -> bool {
        let attempts = !self.attempts.is_empty() || !self.attempts_gone.is_empty();
        let requests = !self.requests_added.is_empty() || !self.requests_gone.is_empty();
        std::mem::take(&mut self.nearby) || attempts || requests || !self.people.is_empty()
    }

    /// When something that waits may be told.
    pub(crate) fn wake(&self) -> Option<Millis> {
        self.rooms.due.into_iter().chain(self.members.due).min()
    }
}
