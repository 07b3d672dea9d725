//! Events that waited for a key which has come: they take effect as if they had come now.

use rooms::{Payload, Verified, kind};
use store::AwaitedRow;
use wire::ids::RoomId;

use super::Core;
use crate::parts::keys::epochs::Key;
use crate::parts::keys::room_keys::Opening;
use crate::view::AlertKind;

/// Events that are looked at in one turn. Higher: what else happens waits longer. Lower: more
/// turns.
const LOOKED_AT_IN_A_TURN: u32 = 256;

impl Core {
    /// Goes on with what waited in a room.
    pub(crate) fn open_waiting(&mut self, room: RoomId) {
        let Some(mut opening) = self.rooms.get_mut(&room).and_then(|state| state.keys.opening.pop_front()) else { return };
        let events = self.next_opened(room, &mut opening, LOOKED_AT_IN_A_TURN);
        self.file_relations(&events);
        // Who is a member says whose words count.
        let (control, content): (Vec<Verified>, Vec<Verified>) = events.into_iter().partition(|event| event.header.log.is_control());
        for events in [control, content].iter().filter(|events| !events.is_empty()) {
            self.applied(room, events);
        }
        if !opening.ranges.is_empty() {
            if let Some(state) = self.rooms.get_mut(&room) {
                state.keys.opening.push_front(opening);
            }
            return;
        }
        self.keep_awaited(room, opening.epoch);
        // What was counted meanwhile may have been among them.
        self.recount(room);
    }

    /// The last process ended before all that a key had opened was filed. What it did to members
    /// and counts follows from the events anyway.
    pub(crate) fn file_what_waited(&mut self, room: RoomId) {
        let Some(state) = self.rooms.get(&room) else { return };
        let here = |row: &AwaitedRow| state.keys.epochs.key(&row.epoch) == Key::Whole;
        let rows: Vec<AwaitedRow> = self.disk.store().all_in::<AwaitedRow>(&room).into_iter().filter(here).collect();
        for row in rows {
            let Some(state) = self.rooms.get_mut(&room) else { return };
            let Some(waiting) = state.keys.awaited.take(&row.epoch, true) else { continue };
            let ends: Vec<_> = state.logs.iter().map(|(log, end)| (*log, end.before().saturating_add(1), end.head.seq)).collect();
            state.keys.open(row.epoch, waiting, ends.into_iter());
            while let Some(mut opening) = self.rooms.get_mut(&room).and_then(|state| state.keys.opening.pop_front()) {
                while !opening.ranges.is_empty() {
                    let events = self.next_opened(room, &mut opening, LOOKED_AT_IN_A_TURN);
                    self.file_relations(&events);
                }
            }
            self.keep_awaited(room, row.epoch);
        }
    }

    fn next_opened(&self, room: RoomId, opening: &mut Opening, most: u32) -> Vec<Verified> {
        let store = self.disk.store();
        let events = opening.take(most).into_iter().filter_map(|(log, seq)| store.event_in(&room, &log, seq));
        let mut events: Vec<Verified> = events.filter(|event| event.header.epoch == opening.epoch.0 && event.content().is_some()).collect();
        events.sort_by_key(|event| event.position());
        events
    }

    /// Now that it is known what they are about.
    fn file_relations(&mut self, events: &[Verified]) {
        for event in events.iter().filter(|event| kind::role(event.header.kind) == kind::Role::Relation) {
            let Some(target) = Payload::of(event).ok().and_then(|payload| payload.target()) else { continue };
            if let Err(error) = self.disk.store().file_under(event, &target) {
                self.alert(AlertKind::DiskFailing, error.to_string());
            }
        }
    }
}
