//! Acknowledgements of own logs: noted, and written down a little later.

use std::collections::BTreeMap;

use identity::PeerId;
use rooms::Membership;
use store::Urgency;
use wire::ids::{LogId, RoomId};

use super::Core;
use crate::parts::acks::Acks;
use crate::view::AlertKind;

/// Rows written in one turn, some 5 µs each; the rest follows after a pause.
const ROWS_AT_ONCE: usize = 256;

impl Core {
    /// A member said that it has an own log up to this number.
    pub(crate) fn note_ack(&mut self, room: RoomId, peer: PeerId, log: LogId, seq: u32) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if state.acks.note(peer, log, seq) {
            self.notices.ack(room, peer, log);
            self.rooms.keep_acks_soon(self.clocks.mono());
        }
    }

    /// What was written down, of members and of own logs that are still here. No log counts for
    /// more than is here of it.
    pub(crate) fn load_acks(&mut self, room: RoomId, members: &Membership, own: &BTreeMap<LogId, u32>) -> Acks {
        let mut acks = Acks::default();
        for row in self.disk.store().acks(&room) {
            if !members.is_member(&row.peer) {
                if let Err(error) = self.disk.store().forget_acks(&room, &row.peer) {
                    self.alert(AlertKind::DiskFailing, error.to_string());
                }
                continue;
            }
            acks.restore(row, own);
        }
        acks
    }

    /// Writes down what is due.
    pub(crate) fn keep_due_acks(&mut self) {
        let now = self.clocks.mono();
        if self.rooms.are_acks_due(now) {
            let more = self.keep_acks(ROWS_AT_ONCE);
            self.rooms.note_acks_kept(now, more);
        }
    }

    /// Writes at most so many rows; whether there are more.
    pub(crate) fn keep_acks(&mut self, most: usize) -> bool {
        let mut left = most;
        let mut failed = None;
        for state in self.rooms.values_mut().filter(|state| state.acks.has_unkept()) {
            let rows = state.acks.take_unkept(left);
            left -= rows.len();
            failed = self.disk.store().put_acks(&state.row.room, &rows).err().or(failed);
            if left == 0 {
                break;
            }
        }
        if let Some(error) = failed {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.disk.sync_soon(Urgency::Received);
        left == 0
    }
}
