//! What members have of own logs: shown at once, and written down a little later, so that
//! *delivered* outlives the program.

use std::collections::{BTreeMap, BTreeSet};

use gossip::Millis;
use identity::PeerId;
use rooms::Membership;
use store::{AckRow, Urgency};
use wire::ids::{LogId, RoomId};

use super::Core;
use crate::view::AlertKind;

/// From an acknowledgement to writing it down; they come for each message. Higher: a crash forgets
/// more of them. Lower: more rows while people talk.
const KEEP_AFTER: Millis = 5_000;
/// Rows written in one turn, some 5 µs each; the rest follows after the pause.
const ROWS_AT_ONCE: usize = 256;
const PAUSE: Millis = 50;

/// What members of one room said that they have of own logs: at most members × own logs.
#[derive(Default)]
pub(crate) struct Acks {
    known: BTreeMap<(PeerId, LogId), u32>,
    /// Of whom more is known than is written down.
    unkept: BTreeSet<PeerId>,
}

impl Acks {
    /// Whether this is more than was known.
    fn note(&mut self, peer: PeerId, log: LogId, seq: u32) -> bool {
        let known = self.known.entry((peer, log)).or_insert(0);
        if *known >= seq {
            return false;
        }
        *known = seq;
        self.unkept.insert(peer);
        true
    }

    pub(crate) fn get(&self, peer: PeerId, log: LogId) -> Option<u32> {
        self.known.get(&(peer, log)).copied()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (PeerId, LogId, u32)> + '_ {
        self.known.iter().map(|((peer, log), seq)| (*peer, *log, *seq))
    }

    /// Rows to write, at most so many.
    fn take_unkept(&mut self, most: usize) -> Vec<AckRow> {
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(peer) = self.unkept.pop_first()
        {
            let logs = self.known.range((peer, LogId(0))..=(peer, LogId(u64::MAX))).map(|((_, log), seq)| (*log, *seq));
            rows.push(AckRow { peer, logs: logs.collect() });
        }
        rows
    }
}

impl Core {
    /// Somebody said that they have an own log up to this number.
    pub(crate) fn note_ack(&mut self, room: RoomId, peer: PeerId, log: LogId, seq: u32) {
        let Some(state) = self.rooms.get_mut(&room) else { return };
        if state.acks.note(peer, log, seq) {
            self.changed.ack(room, peer, log);
            self.keep_acks_at.get_or_insert(self.now.mono + KEEP_AFTER);
        }
    }

    /// What was written down, of members and of own logs that are still here. No log counts for
    /// more than is here of it: what came after its end may have been something else.
    pub(crate) fn load_acks(&mut self, room: RoomId, members: &Membership, own: &BTreeMap<LogId, u32>) -> Acks {
        let mut acks = Acks::default();
        for AckRow { peer, logs } in self.store.acks(&room) {
            if !members.is_member(&peer) {
                if let Err(error) = self.store.forget_acks(&room, &peer) {
                    self.alert(AlertKind::DiskFailing, error.to_string());
                }
                continue;
            }
            let here = logs.into_iter().filter_map(|(log, seq)| Some(((peer, log), seq.min(*own.get(&log)?))));
            acks.known.extend(here);
        }
        acks
    }

    /// Writes down what is due.
    pub(crate) fn keep_due_acks(&mut self) {
        if self.keep_acks_at.is_some_and(|at| at <= self.now.mono) {
            self.keep_acks_at = self.keep_acks(ROWS_AT_ONCE).then_some(self.now.mono + PAUSE);
        }
    }

    /// Writes at most so many rows; whether there are more.
    pub(crate) fn keep_acks(&mut self, most: usize) -> bool {
        let mut left = most;
        let mut failed = None;
        for state in self.rooms.values_mut().filter(|state| !state.acks.unkept.is_empty()) {
            let rows = state.acks.take_unkept(left);
            left -= rows.len();
            failed = self.store.put_acks(&state.row.room, &rows).err().or(failed);
            if left == 0 {
                break;
            }
        }
        if let Some(error) = failed {
            self.alert(AlertKind::DiskFailing, error.to_string());
        }
        self.sync_soon(Urgency::Received);
        left == 0
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;

    use super::*;

    #[test]
    fn only_what_is_new_is_written_and_all_of_the_logs_of_whom_it_is_about() {
        let [ben, chi] = [2, 3].map(|seed| Identity::from_seed(&[seed; 32]).peer());
        let mut acks = Acks::default();
        for (peer, log, seq, news) in [(ben, 1, 3, true), (ben, 2, 1, true), (chi, 1, 3, true), (ben, 1, 2, false), (ben, 1, 3, false)] {
            assert_eq!(acks.note(peer, LogId(log), seq), news, "{log} {seq}");
        }
        let (first, second) = (acks.take_unkept(1), acks.take_unkept(1));
        let mut rows = [first, second].concat();
        rows.sort_by_key(|row| row.logs.len());
        assert_eq!(rows, [AckRow { peer: chi, logs: vec![(LogId(1), 3)] }, AckRow { peer: ben, logs: vec![(LogId(1), 3), (LogId(2), 1)] }]);
        assert_eq!(acks.take_unkept(9), []);
        assert!(!acks.note(chi, LogId(1), 3));
        assert_eq!(acks.take_unkept(9), [], "nothing new");
    }
}
