//! What the window has not been told yet. Rows are made when they are told, so that many changes
//! cost one row.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use rooms::Position;
use wire::ids::{EventId, LogId, RoomId};

use super::alerts::Alerts;
use crate::sink::Sink;
use crate::view::{Message, Notice};

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
struct Paced {
    pause: Millis,
    waiting: BTreeSet<RoomId>,
    told: BTreeMap<RoomId, Millis>,
    due: Option<Millis>,
}

impl Paced {
    fn each(pause: Millis) -> Self {
        Paced { pause, waiting: BTreeSet::new(), told: BTreeMap::new(), due: None }
    }

    fn insert(&mut self, room: RoomId) {
        self.waiting.insert(room);
    }

    fn extend(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        self.waiting.extend(rooms);
    }

    fn remove(&mut self, room: &RoomId) {
        self.waiting.remove(room);
        self.told.remove(room);
    }

    /// Rooms that may be told now; the others wait for their pause to end.
    fn take_ready(&mut self, now: Millis) -> Vec<RoomId> {
        let free = |room: &RoomId| self.told.get(room).is_none_or(|at| *at + self.pause <= now);
        let (ready, waiting): (Vec<RoomId>, Vec<RoomId>) = std::mem::take(&mut self.waiting).into_iter().partition(free);
        self.told.extend(ready.iter().map(|room| (*room, now)));
        self.due = waiting.iter().filter_map(|room| self.told.get(room)).map(|at| at + self.pause).min();
        self.waiting = waiting.into_iter().collect();
        ready
    }
}

/// Changes since the last batch of notices, and where those go.
pub(crate) struct PendingNotices {
    sink: Sink,
    pub(crate) alerts: Alerts,
    me: bool,
    nearby: bool,
    rooms: Paced,
    rooms_gone: Vec<RoomId>,
    members: Paced,
    people: BTreeSet<PeerId>,
    /// New messages, ready to show.
    messages: BTreeMap<RoomId, Vec<Message>>,
    /// Messages to read again, because something about them changed.
    stale: BTreeSet<(RoomId, Position)>,
    /// Entries that the history no longer shows.
    gone: BTreeMap<RoomId, BTreeSet<EventId>>,
    saved: BTreeMap<RoomId, BTreeSet<LogId>>,
    acks: BTreeMap<RoomId, BTreeSet<(PeerId, LogId)>>,
    requests_added: Vec<PeerId>,
    requests_gone: Vec<PeerId>,
    attempts: BTreeSet<u64>,
    attempts_gone: Vec<u64>,
    /// Ready to tell.
    network: Vec<Notice>,
}

/// What there is to tell of own messages.
#[derive(Default)]
pub(crate) struct Delivered {
    pub(crate) saved: BTreeSet<LogId>,
    pub(crate) acks: BTreeSet<(PeerId, LogId)>,
}

/// Noting what has changed.
impl PendingNotices {
    pub(crate) fn new(sink: Sink) -> Self {
        PendingNotices {
            sink,
            alerts: Alerts::default(),
            me: false,
            nearby: false,
            rooms: Paced::each(ROW_PAUSE),
            rooms_gone: Vec::new(),
            members: Paced::each(MEMBERS_PAUSE),
            people: BTreeSet::new(),
            messages: BTreeMap::new(),
            stale: BTreeSet::new(),
            gone: BTreeMap::new(),
            saved: BTreeMap::new(),
            acks: BTreeMap::new(),
            requests_added: Vec::new(),
            requests_gone: Vec::new(),
            attempts: BTreeSet::new(),
            attempts_gone: Vec::new(),
            network: Vec::new(),
        }
    }

    pub(crate) fn me(&mut self) {
        self.me = true;
    }

    pub(crate) fn nearby(&mut self) {
        self.nearby = true;
    }

    pub(crate) fn room(&mut self, room: RoomId) {
        self.rooms.insert(room);
    }

    pub(crate) fn rooms(&mut self, rooms: impl IntoIterator<Item = RoomId>) {
        self.rooms.extend(rooms);
    }

    pub(crate) fn room_gone(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.members.remove(&room);
        self.rooms_gone.push(room);
    }

    /// The members of a room, or their names.
    pub(crate) fn members(&mut self, room: RoomId) {
        self.members.insert(room);
    }

    pub(crate) fn person(&mut self, peer: PeerId) {
        self.people.insert(peer);
    }

    pub(crate) fn message(&mut self, room: RoomId, message: Message) {
        self.messages.entry(room).or_default().push(message);
    }

    /// An entry is to be read again.
    pub(crate) fn stale(&mut self, room: RoomId, place: Position) {
        self.stale.insert((room, place));
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

    /// An entry that was read again: it is shown after all, and as it is now.
    pub(crate) fn shown(&mut self, room: RoomId, message: Message) {
        if let Some(gone) = self.gone.get_mut(&room)
            && gone.remove(&message.id)
            && gone.is_empty()
        {
            self.gone.remove(&room);
        }
        let fresh = self.messages.entry(room).or_default();
        fresh.retain(|known| known.id != message.id);
        fresh.push(message);
    }

    pub(crate) fn saved(&mut self, room: RoomId, log: LogId) {
        self.saved.entry(room).or_default().insert(log);
    }

    pub(crate) fn ack(&mut self, room: RoomId, peer: PeerId, log: LogId) {
        self.acks.entry(room).or_default().insert((peer, log));
    }

    pub(crate) fn request_added(&mut self, peer: PeerId) {
        self.requests_added.push(peer);
    }

    pub(crate) fn request_gone(&mut self, peer: PeerId) {
        self.requests_gone.push(peer);
    }

    pub(crate) fn attempt(&mut self, id: u64) {
        self.attempts.insert(id);
    }

    pub(crate) fn attempt_gone(&mut self, id: u64) {
        self.attempts_gone.push(id);
    }

    pub(crate) fn network(&mut self, notice: Notice) {
        self.network.push(notice);
    }
}

/// Telling it.
impl PendingNotices {
    /// So much waits to be read again that others are not heard for a moment.
    pub(crate) fn is_full(&self) -> bool {
        self.stale.len() >= MAX_STALE
    }

    /// When something that waits may be told.
    pub(crate) fn wake(&self, now: Millis) -> Option<Millis> {
        let at_once = (!self.stale.is_empty()).then_some(now);
        at_once.into_iter().chain(self.rooms.due).chain(self.members.due).min()
    }

    pub(crate) fn tell(&mut self, notices: Vec<Notice>) {
        if !notices.is_empty() {
            (self.sink)(notices);
        }
    }

    /// The number of the last notice.
    pub(crate) fn last_number(&mut self) -> u64 {
        (self.sink)(Vec::new())
    }

    /// Forgets what was not told.
    #[cfg(feature = "manual")]
    pub(crate) fn forget(&mut self) {
        let PendingNotices { sink, mut alerts, .. } = std::mem::replace(self, PendingNotices::new(Box::new(|_| 0)));
        drop((alerts.take_fresh(), alerts.take_gone()));
        (self.sink, self.alerts) = (sink, alerts);
    }

    /// Messages to read again now; the others have to wait for another turn.
    pub(crate) fn take_stale(&mut self) -> Vec<(RoomId, Position)> {
        std::iter::from_fn(|| self.stale.pop_first()).take(MAX_READ_AGAIN).collect()
    }

    pub(crate) fn take_gone(&mut self) -> BTreeMap<RoomId, BTreeSet<EventId>> {
        std::mem::take(&mut self.gone)
    }

    pub(crate) fn take_messages(&mut self) -> BTreeMap<RoomId, Vec<Message>> {
        std::mem::take(&mut self.messages)
    }

    pub(crate) fn take_delivered(&mut self) -> BTreeMap<RoomId, Delivered> {
        let mut delivered: BTreeMap<RoomId, Delivered> = BTreeMap::new();
        for (room, saved) in std::mem::take(&mut self.saved) {
            delivered.entry(room).or_default().saved = saved;
        }
        for (room, acks) in std::mem::take(&mut self.acks) {
            delivered.entry(room).or_default().acks = acks;
        }
        delivered
    }

    /// Rooms whose row may be told now.
    pub(crate) fn take_rooms(&mut self, now: Millis) -> Vec<RoomId> {
        self.rooms.take_ready(now)
    }

    pub(crate) fn take_rooms_gone(&mut self) -> Vec<RoomId> {
        std::mem::take(&mut self.rooms_gone)
    }

    /// Rooms whose members may be told now.
    pub(crate) fn take_members(&mut self, now: Millis) -> Vec<RoomId> {
        self.members.take_ready(now)
    }

    /// Whether others are near, or something changed that may tell who they are and how one stands
    /// with them. To be asked before the changes that it follows from are taken.
    pub(crate) fn take_nearby(&mut self) -> bool {
        let attempts = !self.attempts.is_empty() || !self.attempts_gone.is_empty();
        let requests = !self.requests_added.is_empty() || !self.requests_gone.is_empty();
        std::mem::take(&mut self.nearby) || attempts || requests || !self.people.is_empty()
    }

    pub(crate) fn take_people(&mut self) -> BTreeSet<PeerId> {
        std::mem::take(&mut self.people)
    }

    pub(crate) fn take_attempts(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.attempts)
    }

    pub(crate) fn take_attempts_gone(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.attempts_gone)
    }

    pub(crate) fn take_requests_added(&mut self) -> Vec<PeerId> {
        std::mem::take(&mut self.requests_added)
    }

    pub(crate) fn take_requests_gone(&mut self) -> Vec<PeerId> {
        std::mem::take(&mut self.requests_gone)
    }

    pub(crate) fn take_network(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.network)
    }

    pub(crate) fn take_me(&mut self) -> bool {
        std::mem::take(&mut self.me)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(nth: u8) -> RoomId {
        RoomId([nth; 32])
    }

    #[test]
    fn a_row_is_told_at_once_and_not_again_before_its_pause_is_over() {
        let mut notices = PendingNotices::new(Box::new(|_| 0));
        notices.room(room(1));
        assert_eq!(notices.take_rooms(100), [room(1)]);
        [1, 2, 1].into_iter().for_each(|nth| notices.room(room(nth)));
        assert_eq!(notices.take_rooms(110), [room(2)]);
        assert_eq!(notices.wake(110), Some(100 + ROW_PAUSE));
        assert_eq!(notices.take_rooms(100 + ROW_PAUSE), [room(1)]);
        assert_eq!(notices.wake(200), None);
    }

    #[test]
    fn what_is_to_be_read_again_needs_a_turn_at_once_and_is_read_little_by_little() {
        let mut notices = PendingNotices::new(Box::new(|_| 0));
        for nth in 0..=255 {
            let place = Position { hlc: rooms::Hlc::from_ms(1_000), uuid: rooms::Uuid([nth; 16]), id: EventId([nth; 32]) };
            notices.stale(room(1), place);
        }
        assert_eq!(notices.wake(7), Some(7));
        assert_eq!(notices.take_stale().len(), MAX_READ_AGAIN);
        assert_eq!(notices.wake(8), Some(8), "the rest waits for another turn");
    }
}
