//! Messages that came late: they stand above what has been read, and are unseen. What is read is a
//! set, not a position.
//!
//! Another person's message is *late* if it comes when what stands below it has been read, or was
//! written here while nothing else was unread. It counts as unread until it is said to be seen.
//! What was written before one came into the room is history, and never late.
//!
//! Late messages stand at or before `read_up_to`; what is unread besides stands after it.

use rooms::{Membership, Position, Verified, kind};
use store::{Anchor, LateRow, RoomRow, Store};
use wire::ids::RoomId;

use super::Core;
use crate::parts::late::Late;
use crate::view::Refused;

/// Own entries that are passed over for the last one of another author.
const LOOK_BACK: usize = 64;

impl Core {
    /// What the last process knew; but for what is no longer shown.
    pub(crate) fn read_late(&self, row: &RoomRow, members: &Membership) -> Late {
        let Some(kept) = self.disk.store().get::<LateRow>(&row.room) else { return Late::default() };
        Late::restore(kept, |place| is_shown(self.disk.store(), members, place))
    }

    /// A message that is shown from now on. True if it is late.
    pub(crate) fn note_late(&mut self, room: RoomId, message: &Verified) -> bool {
        let (me, place) = (self.own.peer(), message.position());
        let Some(state) = self.rooms.get_mut(&room) else { return false };
        if message.header.device == me || message.header.kind != kind::MESSAGE {
            return false;
        }
        let read = state.row.read_up_to.is_some_and(|read| place <= read);
        let all_read = state.unread <= state.late.count();
        let above_own = all_read && state.last.as_ref().is_some_and(|last| last.author == me && place < last.position);
        if !(read || above_own) {
            return false;
        }
        // The member who let this device in may have had a fast clock; then nothing tells what
        // was written before.
        let entered = state.members.entered(&me).filter(|entered| !entered.hlc.is_ahead(self.clocks.wall()));
        if entered.is_some_and(|entered| place < entered) {
            return false;
        }
        if !read {
            state.row.read_up_to = Some(place);
        }
        state.late.add(place);
        self.rooms.keep_late_soon(room);
        true
    }

    /// The same of a message whose time has come.
    pub(crate) fn note_if_late(&mut self, room: RoomId, place: Position) {
        if let Some(message) = self.disk.store().event(&room, &place) {
            self.note_late(room, &message);
        }
    }

    /// Everything up to here has been read. Of what came late, only what is said to have been seen,
    /// if that is said.
    pub fn mark_read(&mut self, room: RoomId, up_to: Position, seen: Option<Vec<Position>>) -> Result<(), Refused> {
        let others = self.last_of_others(room, up_to);
        let state = self.rooms.get_mut(&room).ok_or(Refused::UnknownRoom)?;
        let was_seen = match seen {
            Some(seen) => state.late.remove(|place| seen.contains(place)),
            None => state.late.remove(|place| *place <= up_to),
        };
        let reads_on = state.row.read_up_to.is_none_or(|read| read < others);
        if reads_on {
            state.row.read_up_to = Some(others);
        }
        if was_seen || reads_on {
            self.rooms.keep_late_soon(room);
            self.count_unread(room);
            self.notices.room(room);
        }
        Ok(())
    }

    /// What is no longer shown is not late any more.
    pub(crate) fn forget_late(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if state.late.remove(|place| !is_shown(self.disk.store(), &state.members, place)) {
            self.rooms.keep_late_soon(room);
        }
    }

    /// Own words need not be read. If they are dated ahead, because this computer's clock was fast,
    /// what others say meanwhile would count as read: the position goes back to the last entry of
    /// another author, or as far as a look takes it.
    fn last_of_others(&self, room: RoomId, up_to: Position) -> Position {
        if self.disk.store().event(&room, &up_to).is_none_or(|event| event.header.device != self.own.peer()) {
            return up_to;
        }
        let before = self.disk.store().page(&room, Anchor::Before(up_to), LOOK_BACK, self.latest_shown()).entries;
        let other = before.iter().rev().find(|event| event.header.device != self.own.peer());
        other.or(before.first()).map_or(up_to, |event| event.position())
    }

    /// Writes what was read, seen, or came late in this turn.
    pub(crate) fn keep_late(&mut self) {
        for room in self.rooms.take_unkept_late() {
            let Some(row) = self.rooms.get(&room).map(|state| state.row.clone()) else { continue };
            self.keep(&row);
            match self.rooms.get(&room).and_then(|state| state.late.row(room)) {
                Some(late) => self.keep(&late),
                None if self.disk.store().get::<LateRow>(&room).is_some() => self.forget::<LateRow>(&room),
                None => {}
            }
        }
    }
}

fn is_shown(store: &Store, members: &Membership, place: &Position) -> bool {
    store.event(&members.room(), place).is_some_and(|event| members.was_member(&event.header.device))
}
