//! Reading a room in display order: pages, single messages, what is unread.

use std::ops::Bound::{self, Excluded, Included};

use rooms::{Header, Hlc, Position, Uuid, Verified, kind};
use wire::ids::{EventId, RoomId};

use crate::entry;
use crate::index::{End, KeyRange};
use crate::key::{self, Name};
use crate::store::Store;

/// Where a page lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At the end.
    Latest,
    /// Just before this position.
    Before(Position),
    /// Just after this position.
    After(Position),
    /// Half before this position, half from it on.
    Around(Position),
}

/// A part of a room's timeline, as the window asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Create, Add, Leave and Message events, oldest first; erased ones included, and sealed ones
    /// whose key is not here.
    pub entries: Vec<Verified>,
    /// There are older ones.
    pub more_before: bool,
    /// There are newer ones, not counting those of the future.
    pub more_after: bool,
}

/// The part of a room's timeline that may be shown now.
struct Shown {
    room: Name,
    /// Before all of its keys.
    first: Vec<u8>,
    /// After all of them.
    last: Vec<u8>,
}

impl Store {
    /// A page of at most `limit` entries of a room. Entries later than `not_after` are as if they
    /// were not there: their time has not come.
    pub fn page(&self, room: &RoomId, anchor: Anchor, limit: usize, not_after: Hlc) -> Page {
        let shown = Shown::new(self.room_name(room), not_after);
        // What is on either side, and how much of it is on the page.
        let (mut older, mut newer, before, after) = match anchor {
            Anchor::Latest => (Included(shown.last.clone()), Excluded(shown.last.clone()), limit, 0),
            Anchor::Before(place) => (Excluded(shown.key(&place)), Included(shown.key(&place)), limit, 0),
            Anchor::After(place) => (Included(shown.key(&place)), Excluded(shown.key(&place)), 0, limit),
            Anchor::Around(place) => (Excluded(shown.key(&place)), Included(shown.key(&place)), limit / 2, limit.saturating_sub(limit / 2)),
        };
        let open = |entry: &[u8]| self.open_event(entry);
        let mut entries: Vec<Verified> = self.read_all(shown.up_to(older.clone()), End::Back, open).take(before).collect();
        entries.reverse();
        entries.extend(self.read_all(shown.from(newer.clone()), End::Front, open).take(after));
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            (older, newer) = (Excluded(shown.key(&first.position())), Excluded(shown.key(&last.position())));
        }
        let more_before = self.disk().scan(shown.up_to(older), End::Back).next().is_some();
        let more_after = self.disk().scan(shown.from(newer), End::Front).next().is_some();
        let messages = entries.iter().filter(|event| event.header.kind == kind::MESSAGE);
        self.0.id_cache.note(messages.map(|event| (room, event.position())));
        Page { entries, more_before, more_after }
    }

    /// An entry of the timeline by its place.
    pub fn event(&self, room: &RoomId, place: &Position) -> Option<Verified> {
        self.disk().entry(&key::entry(&self.room_name(room), place), |entry| self.open_event(entry))
    }

    /// Where the entry with this id lies. At once for what was written or shown lately; otherwise
    /// by a scan of the room's keys from the newest on, some 1 µs for each newer entry.
    pub fn find(&self, room: &RoomId, id: &EventId) -> Option<Position> {
        if let Some(place) = self.0.id_cache.find(room, id) {
            return Some(place);
        }
        let all = KeyRange::of_prefix(&key::named(key::ENTRY, &self.room_name(room)));
        let mut rows = self.disk().scan(all, End::Back).filter(|(key, _)| key::may_be(key, id));
        let place = rows.find_map(|(key, _)| self.disk().entry(&key, entry::event_of).filter(|event| event.id() == *id))?.position();
        self.0.id_cache.note([(room, place)]);
        Some(place)
    }

    /// Messages after a position (all, if none) that count by their headers and that may be shown;
    /// counting stops at `cap`. None of them is opened.
    pub fn count_after(&self, room: &RoomId, place: Option<&Position>, counts: impl Fn(&Header) -> bool, not_after: Hlc, cap: u32) -> u32 {
        let shown = Shown::new(self.room_name(room), not_after);
        let from = place.map_or(Included(shown.first.clone()), |place| Excluded(shown.key(place)));
        let is_counted = |event: &Verified| event.header.kind == kind::MESSAGE && counts(&event.header);
        let counted = self.read_all(shown.from(from), End::Front, entry::event_of).filter(is_counted).take(cap as usize);
        counted.fold(0, |count: u32, _| count.saturating_add(1))
    }
}

impl Shown {
    fn new(room: Name, not_after: Hlc) -> Self {
        let last = Position { hlc: not_after, uuid: Uuid([0xff; 16]), id: EventId([0xff; 32]) };
        Shown { first: key::named(key::ENTRY, &room), last: key::entry(&room, &last), room }
    }

    /// The key of a position; all of the future count as the last that may be shown, where no event
    /// is.
    fn key(&self, place: &Position) -> Vec<u8> {
        key::entry(&self.room, place).min(self.last.clone())
    }

    fn up_to(&self, end: Bound<Vec<u8>>) -> KeyRange {
        KeyRange::new(Included(self.first.clone()), end)
    }

    fn from(&self, begin: Bound<Vec<u8>>) -> KeyRange {
        KeyRange::new(begin, Included(self.last.clone()))
    }
}
