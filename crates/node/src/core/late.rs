//! Words that came late: they stand above what has been read, and nobody has seen them. What is read is a set, not a position.
//!
//! A message of somebody else is *late* if it comes when what stands below it has been read. It counts as unread until it is said to be seen. What was
//! written before one came into the room is history, and never late; and while nothing has been read all is unread, and nothing late.

use std::collections::BTreeSet;

use rooms::{Position, Verified, kind};
use store::{LateRow, RoomRow};
use wire::ids::RoomId;

use super::Core;
use super::timeline::MAX_UNREAD;
use crate::view::{self, Refused};

/// Late messages of a room whose places are remembered; those beyond it are counted, and are seen with the last of these.
const MAX_PLACES: usize = 256;

/// What came late in one room, and is unseen.
#[derive(Default)]
pub(crate) struct Late {
    places: BTreeSet<Position>,
    more: u32,
}

impl Late {
    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX).saturating_add(self.more)
    }

    pub(crate) fn contains(&self, place: &Position) -> bool {
        self.places.contains(place)
    }

    /// How the row of the room tells it.
    pub(crate) fn shown(&self) -> Option<view::Late> {
        self.places.first().map(|first| view::Late { count: self.count().min(MAX_UNREAD), first: *first })
    }

    fn add(&mut self, place: Position) {
        if self.places.len() < MAX_PLACES {
            self.places.insert(place);
        } else if !self.places.contains(&place) {
            self.more = self.more.saturating_add(1);
        }
    }

    fn remove(&mut self, seen: &[Position]) {
        self.places.retain(|place| !seen.contains(place));
        if self.places.is_empty() {
            self.more = 0;
        }
    }
}

impl Core {
    /// What the last process knew; but for what is no longer here.
    pub(crate) fn read_late(&self, row: &RoomRow) -> Late {
        let Some(LateRow { places, more, .. }) = self.store.get::<LateRow>(&row.room) else { return Late::default() };
        let places: BTreeSet<Position> = places.into_iter().filter(|place| self.store.event(&row.room, place).is_some()).collect();
        let more = if places.is_empty() { 0 } else { more };
        Late { places, more }
    }

    /// A message that is shown from now on. True if it is late.
    pub(crate) fn note_late(&mut self, room: RoomId, message: &Verified) -> bool {
        let (me, place) = (self.peer, message.position());
        let Some(state) = self.rooms.get_mut(&room) else { return false };
        let read = state.row.read_up_to.is_some_and(|read| place <= read);
        if !read || message.header.device == me || message.header.kind != kind::MESSAGE {
            return false;
        }
        // Whoever let this device in may have had a clock that was fast; then nothing tells what was written before.
        let entered = state.members.entered(&me).filter(|entered| !entered.hlc.is_ahead(self.now.wall));
        if entered.is_some_and(|entered| place < entered) {
            return false;
        }
        state.late.add(place);
        self.changed.late.insert(room);
        true
    }

    /// The same of a message whose time has come.
    pub(crate) fn note_if_late(&mut self, room: RoomId, place: Position) {
        if let Some(message) = self.store.event(&room, &place) {
            self.note_late(room, &message);
        }
    }

    /// Messages that came late were on the screen; without places, all of them.
    pub fn mark_seen(&mut self, room: RoomId, seen: Option<Vec<Position>>) -> Result<(), Refused> {
        let state = self.rooms.get_mut(&room).ok_or(Refused::UnknownRoom)?;
        let before = state.late.count();
        match seen {
            Some(seen) => state.late.remove(&seen),
            None => state.late = Late::default(),
        }
        if state.late.count() != before {
            self.changed.late.insert(room);
            self.count_unread(room);
            self.changed.room(room);
        }
        Ok(())
    }

    /// It counts no longer.
    pub(crate) fn forget_late(&mut self, room: RoomId, place: &Position) {
        if let Some(state) = self.rooms.get_mut(&room).filter(|state| state.late.contains(place)) {
            state.late.remove(&[*place]);
            self.changed.late.insert(room);
        }
    }

    /// Writes what came late, or was seen, in this turn.
    pub(crate) fn keep_late(&mut self) {
        for room in std::mem::take(&mut self.changed.late) {
            let Some(late) = self.rooms.get(&room).map(|state| &state.late) else { continue };
            if late.places.is_empty() {
                self.forget::<LateRow>(&room);
            } else {
                self.keep(&LateRow { room, places: late.places.iter().copied().collect(), more: late.more });
            }
        }
    }
}
