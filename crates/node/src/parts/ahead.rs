//! Entries that are dated ahead: others' wait until their time has come; own ones are shown as what
//! they are.

use std::collections::BTreeMap;

use gossip::Millis;
use rooms::{Hlc, Position};
use wire::ids::RoomId;

use crate::now::Now;
use crate::view::Time;

/// Entries of others that wait in memory; those beyond it show when their page is read. As many
/// own ones are shown.
pub(crate) const MAX_AHEAD: usize = 1_024;

/// Entries that are more than two minutes ahead of the computer's clock.
#[derive(Default)]
pub(crate) struct Ahead {
    others: BTreeMap<Position, RoomId>,
    own: BTreeMap<Position, RoomId>,
}

impl Ahead {
    pub(crate) fn note(&mut self, room: RoomId, place: Position, mine: bool) {
        let entries = if mine { &mut self.own } else { &mut self.others };
        if entries.len() < MAX_AHEAD {
            entries.insert(place, room);
        }
    }

    /// So many more of others can wait.
    pub(crate) fn room_left(&self) -> usize {
        MAX_AHEAD.saturating_sub(self.others.len())
    }

    pub(crate) fn is_own(&self, place: &Position) -> bool {
        self.own.contains_key(place)
    }

    pub(crate) fn own_in(&self, room: RoomId, wall: Time) -> Vec<Position> {
        self.own.iter().filter(|(place, of)| **of == room && place.hlc.is_ahead(wall)).map(|(place, _)| *place).collect()
    }

    /// It was taken back, or counts no longer.
    pub(crate) fn forget(&mut self, place: &Position) {
        self.others.remove(place);
        self.own.remove(place);
    }

    /// When the time of the next entry has come.
    pub(crate) fn wake(&self, now: Now) -> Option<Millis> {
        self.next().map(|hlc| {
            let wait = hlc.ms().saturating_sub(rooms::limits::MAX_AHEAD_MS).saturating_sub(now.wall);
            now.mono.saturating_add(wait).saturating_add(1)
        })
    }

    fn next(&self) -> Option<Hlc> {
        [&self.others, &self.own].into_iter().filter_map(|entries| entries.first_key_value()).map(|(place, _)| place.hlc).min()
    }

    /// Entries whose time has come.
    pub(crate) fn take_due(&mut self, wall: Time) -> Vec<(Position, RoomId)> {
        let mut due = Vec::new();
        for entries in [&mut self.others, &mut self.own] {
            while let Some(entry) = entries.first_entry().filter(|entry| !entry.key().hlc.is_ahead(wall)) {
                due.push(entry.remove_entry());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use rooms::Uuid;
    use rooms::limits::MAX_AHEAD_MS;
    use wire::ids::EventId;

    use super::*;

    const ROOM: RoomId = RoomId([7; 32]);

    fn at(ms: u64) -> Position {
        Position { hlc: Hlc::from_ms(ms), uuid: Uuid([0; 16]), id: EventId([0; 32]) }
    }

    #[test]
    fn an_entry_is_due_when_the_clock_has_come_close_enough() {
        let mut ahead = Ahead::default();
        let wall = 1_000_000;
        let place = at(wall + MAX_AHEAD_MS + 500);
        ahead.note(ROOM, place, false);
        let wake = ahead.wake(Now { mono: 40, wall }).expect("something waits");
        assert_eq!(ahead.take_due(wall), []);
        assert_eq!(ahead.take_due(wall + wake - 40), [(place, ROOM)]);
        assert_eq!(ahead.wake(Now { mono: wake, wall: wall + wake - 40 }), None);
    }
}
