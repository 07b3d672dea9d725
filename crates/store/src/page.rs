//! Reading a room in display order: pages, single messages, what is unread.

use std::ops::Bound::{self, Excluded, Included};

use identity::PeerId;
use rooms::{Hlc, Position, Uuid, Verified, kind};
use sled::IVec;
use wire::ids::{EventId, RoomId};

use crate::entry;
use crate::index::{End, KeyRange};
use crate::journal::At;
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
    /// Create, Add, Leave and Message events, oldest first; erased ones included.
    pub entries: Vec<Verified>,
    /// There are older ones.
    pub more_before: bool,
    /// There are newer ones, not counting those of the future.
    pub more_after: bool,
}

/// The part of a room's timeline that may be shown now.
struct Shown<'a> {
    store: &'a Store,
    first: Vec<u8>,
    last: Vec<u8>,
    room: Name,
}

/// Which way from a position.
#[derive(Clone, Copy)]
enum Toward {
    Older,
    Newer,
}

impl Store {
    /// A page of at most `limit` entries of a room. Entries later than `not_after` are as if they
    /// were not there: their time has not come.
    pub fn page(&self, room: &RoomId, anchor: Anchor, limit: usize, not_after: Hlc) -> Page {
        let shown = Shown::new(self, room, not_after);
        let (before, after) = match anchor {
            Anchor::Latest => (shown.walk(Toward::Older, Included(shown.last.clone()), limit), Vec::new()),
            Anchor::Before(place) => (shown.walk(Toward::Older, Excluded(shown.key(&place)), limit), Vec::new()),
            Anchor::After(place) => (Vec::new(), shown.walk(Toward::Newer, Excluded(shown.key(&place)), limit)),
            Anchor::Around(place) => {
                let older = shown.walk(Toward::Older, Excluded(shown.key(&place)), limit / 2);
                (older, shown.walk(Toward::Newer, Included(shown.key(&place)), limit.saturating_sub(limit / 2)))
            }
        };
        let entries: Vec<Verified> = before.into_iter().rev().chain(after).collect();
        let messages = entries.iter().filter(|event| event.header.kind == kind::MESSAGE);
        self.id_cache().note(messages.map(|event| (room, event.position())));
        let (more_before, more_after) = shown.around(&entries, anchor);
        Page { entries, more_before, more_after }
    }

    /// An entry of the timeline by its place.
    pub fn event(&self, room: &RoomId, place: &Position) -> Option<Verified> {
        self.read_event(&key::entry(&self.room_name(room), place))
    }

    /// Where the entry with this id lies. At once for what was written or shown lately; otherwise
    /// by a scan of the room's keys from the newest on, some 1 µs for each newer entry.
    pub fn find(&self, room: &RoomId, id: &EventId) -> Option<Position> {
        if let Some(place) = self.id_cache().find(room, id) {
            return Some(place);
        }
        let all = KeyRange::of_prefix(&key::of_room(key::ENTRY, &self.room_name(room)));
        let mut rows = self.disk().scan(all, End::Back).filter(|(key, _)| key::may_be(key, id));
        let place = rows.find_map(|(key, _)| self.read_event(&key).filter(|event| event.id() == *id))?.position();
        self.id_cache().note([(room, place)]);
        Some(place)
    }

    /// Messages after a position (all, if none) whose author counts and that may be shown; counting
    /// stops at `cap`.
    pub fn count_after(
        &self,
        room: &RoomId,
        place: Option<&Position>,
        author_counts: impl Fn(&PeerId) -> bool,
        not_after: Hlc,
        cap: u32,
    ) -> u32 {
        let shown = Shown::new(self, room, not_after);
        let from = place.map_or(Included(shown.first.clone()), |place| Excluded(shown.key(place)));
        let counts = |event: &Verified| event.header.kind == kind::MESSAGE && author_counts(&event.header.device);
        let mut count = 0_u32;
        for (_, at) in self.disk().scan(KeyRange::new(from, Included(shown.last.clone())), End::Front) {
            if count >= cap {
                break;
            }
            let event = At::from_bytes(&at).and_then(|at| self.disk().read(at, entry::event_of));
            count = count.saturating_add(u32::from(event.is_some_and(|event| counts(&event))));
        }
        count
    }
}

impl<'a> Shown<'a> {
    fn new(store: &'a Store, room: &RoomId, not_after: Hlc) -> Self {
        let room = store.room_name(room);
        let first = Position { hlc: Hlc(0), uuid: Uuid([0; 16]), id: EventId([0; 32]) };
        let last = Position { hlc: not_after, uuid: Uuid([0xff; 16]), id: EventId([0xff; 32]) };
        Shown { store, first: key::entry(&room, &first), last: key::entry(&room, &last), room }
    }

    fn key(&self, place: &Position) -> Vec<u8> {
        key::entry(&self.room, place)
    }

    /// Readable entries from a bound on, nearest first.
    fn walk(&self, toward: Toward, from: Bound<Vec<u8>>, limit: usize) -> Vec<Verified> {
        let disk = self.store.disk();
        let open = |(_, at): (IVec, IVec)| disk.read(At::from_bytes(&at)?, entry::event_of);
        match toward {
            Toward::Older => self.rows(Included(self.first.clone()), from, End::Back).filter_map(open).take(limit).collect(),
            Toward::Newer => self.rows(from, Included(self.last.clone()), End::Front).filter_map(open).take(limit).collect(),
        }
    }

    fn rows(&self, from: Bound<Vec<u8>>, to: Bound<Vec<u8>>, end: End) -> crate::disk::Rows<'a> {
        // A position of the future as upper bound must not reach beyond what may be shown.
        let to = match to {
            Included(to) if to <= self.last => Included(to),
            Excluded(to) if to <= self.last => Excluded(to),
            Included(_) | Excluded(_) | Bound::Unbounded => Included(self.last.clone()),
        };
        self.store.disk().scan(KeyRange::new(from, to), end)
    }

    /// Whether there is something on either side of a page.
    fn around(&self, entries: &[Verified], anchor: Anchor) -> (bool, bool) {
        let (older_than, newer_than) = match (entries.first(), entries.last(), anchor) {
            (Some(first), Some(last), _) => (Excluded(self.key(&first.position())), Excluded(self.key(&last.position()))),
            (_, _, Anchor::Latest) => (Included(self.last.clone()), Excluded(self.last.clone())),
            (_, _, Anchor::Before(place) | Anchor::Around(place)) => (Excluded(self.key(&place)), Included(self.key(&place))),
            (_, _, Anchor::After(place)) => (Included(self.key(&place)), Excluded(self.key(&place))),
        };
        let before = self.rows(Included(self.first.clone()), older_than, End::Back).next().is_some();
        let after = self.rows(newer_than, Included(self.last.clone()), End::Front).next().is_some();
        (before, after)
    }
}
