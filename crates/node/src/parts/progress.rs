//! Which rooms are looked at next for who has what in them.

use std::collections::BTreeMap;

use gossip::Millis;
use wire::ids::{LogKey, RoomId};

use crate::view::Time;

/// From a change to the next look at a room. Longer than acknowledgements take to come, so that a
/// talk does not make the line flicker.
const LOOK_AFTER: Millis = 2_000;

/// When events were written that a member lacks, by their place.
pub(crate) type Written = BTreeMap<(LogKey, u32), Time>;

/// Which rooms are to be looked at, and the times of events that a member lacked at the last look.
#[derive(Default)]
pub(crate) struct Progress {
    due: BTreeMap<RoomId, Millis>,
    /// Only what was behind at the last look: bounded by neighbours × logs, and by the reads of a
    /// look.
    written: BTreeMap<RoomId, Written>,
}

impl Progress {
    pub(crate) fn touch(&mut self, room: RoomId, now: Millis) {
        self.due.entry(room).or_insert(now + LOOK_AFTER);
    }

    /// The next look at this room is now.
    pub(crate) fn touch_at_once(&mut self, room: RoomId, now: Millis) {
        self.due.insert(room, now);
    }

    pub(crate) fn forget(&mut self, room: &RoomId) {
        self.due.remove(room);
        self.written.remove(room);
    }

    pub(crate) fn take_written(&mut self, room: &RoomId) -> Written {
        self.written.remove(room).unwrap_or_default()
    }

    pub(crate) fn set_written(&mut self, room: RoomId, written: Written) {
        if !written.is_empty() {
            self.written.insert(room, written);
        }
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.due.values().min().copied()
    }

    /// Rooms that are to be looked at now.
    pub(crate) fn take_due(&mut self, now: Millis) -> Vec<RoomId> {
        self.due.extract_if(.., |_, at| *at <= now).map(|(room, _)| room).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_looked_at_once_a_while_after_the_first_change() {
        let (one, other) = (RoomId([1; 32]), RoomId([2; 32]));
        let mut progress = Progress::default();
        [100, 900].into_iter().for_each(|now| progress.touch(one, now));
        assert_eq!(progress.wake(), Some(100 + LOOK_AFTER));
        progress.touch_at_once(other, 900);
        assert_eq!((progress.wake(), progress.take_due(900)), (Some(900), vec![other]));
        assert_eq!(progress.take_due(100 + LOOK_AFTER), [one]);
        assert_eq!(progress.wake(), None);
    }
}
