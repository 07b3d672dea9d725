//! Reading events by log, to serve them to others and to make membership from; and by target:
//! edits, deletes and reactions of messages. What is served stays sealed; all else is opened as far
//! as there are keys.

use rooms::limits::MAX_RUN_EVENTS;
use rooms::{Hlc, Position, Proof, Verified};
use wire::ids::{LogKey, RoomId};
use wire::message::RawEvent;

use crate::entry;
use crate::index::{End, KeyRange};
use crate::journal::At;
use crate::key::{self, Name};
use crate::log_index::LogName;
use crate::store::Store;

/// Rows that may lie between two events of a log before a look-up is faster than reading on: a
/// look-up costs as much as some ten steps.
const MAX_STRAY_ROWS: usize = 12;

impl Store {
    /// Events `from..=to` of a log as one run: extended beyond `to` up to an event that may end a
    /// run ([`Proof::Own`]), cut to `max_bytes` and [`MAX_RUN_EVENTS`]. Ends early at a damaged
    /// event. Empty if nothing of it is here, or if no whole run fits.
    pub fn range(&self, room: &RoomId, log: LogKey, from: u32, to: u32, max_bytes: usize) -> Vec<RawEvent> {
        self.read_range(room, log, from, to, max_bytes, || {})
    }

    /// As [`Store::range`], and after each event any other thread that waits for the processor goes
    /// first: a run of some hundred events takes up to a millisecond, which would delay a message
    /// that is sent meanwhile.
    pub fn range_giving_way(&self, room: &RoomId, log: LogKey, from: u32, to: u32, max_bytes: usize) -> Vec<RawEvent> {
        self.read_range(room, log, from, to, max_bytes, std::thread::yield_now)
    }

    fn read_range(&self, room: &RoomId, log: LogKey, from: u32, to: u32, max_bytes: usize, between: impl Fn()) -> Vec<RawEvent> {
        let (of, first) = self.filed(room, &log);
        // What a branch follows on is not its own. Beyond a fork it reads on, if what comes before
        // needs the signature of what comes after.
        let from = from.max(first);
        let (mut events, mut bytes, mut whole) = (Vec::new(), 0_usize, 0);
        let mut places = of.places_from(self.disk(), from);
        for seq in (from..).take(MAX_RUN_EVENTS) {
            let read = |at| self.disk().read(at, entry::raw_event);
            let Some((proof, event)) = places.next().and_then(read) else {
                // What lies beyond a hole would not follow.
                self.note_if_hole(room, &log, &of, seq);
                break;
            };
            bytes = bytes.saturating_add(event.0.len());
            if bytes > max_bytes {
                break;
            }
            events.push(event);
            if proof == Proof::Own {
                whole = events.len();
                if seq >= to {
                    break;
                }
            }
            between();
        }
        events.truncate(whole);
        events
    }

    /// sled can lose rows of a damaged file without a word. If an event is missing that the head of
    /// its log promises, the next start builds the index anew.
    fn note_if_hole(&self, room: &RoomId, log: &LogKey, of: &LogName, seq: u32) {
        let is_promised = || self.heads_now().get(room, log).is_some_and(|held| seq <= held.head.seq);
        if !is_promised() {
            return;
        }
        // A log that is just being closed loses its events before its head.
        let _writing = self.writing();
        if is_promised() && self.event_at(of, seq).is_none() {
            self.disk().note_unreadable("event");
        }
    }

    /// When an event was written, by its author's clock; none if it is not here.
    pub fn hlc_at(&self, room: &RoomId, log: LogKey, seq: u32) -> Option<Hlc> {
        let (of, first) = self.filed(room, &log);
        self.event_at(&of, seq.max(first)).map(|event| event.header.hlc)
    }

    /// All control events of a room, each log in order: membership is made from them at start.
    pub fn control_events(&self, room: &RoomId) -> Vec<Verified> {
        let heads = self.heads(room);
        heads.iter().filter(|(log, _)| log.log.is_control()).flat_map(|(log, _)| self.log_events(room, log, 1)).collect()
    }

    /// The events of a log, or of a branch, from a number on.
    pub fn log_events(&self, room: &RoomId, log: &LogKey, from: u32) -> Vec<Verified> {
        let (of, first) = self.filed(room, log);
        let from = from.max(first);
        let count = self.heads_now().get(room, log).map_or(0, |end| end.head.seq.saturating_add(1).saturating_sub(from));
        let places = of.places_from(self.disk(), from).take(count as usize);
        places.map_while(|at| self.disk().read(at, |entry| self.open_event(entry))).collect()
    }

    /// One event of a log, or of a branch, by number.
    pub fn event_in(&self, room: &RoomId, log: &LogKey, seq: u32) -> Option<Verified> {
        let (of, first) = self.filed(room, log);
        let is_its = first <= seq && self.heads_now().get(room, log).is_some_and(|end| seq <= end.head.seq);
        let event = if is_its { self.event_at(&of, seq) } else { None };
        event.map(|event| self.keyring().open_verified(event))
    }

    /// Under which name a log is in the index, and the number of its first event.
    fn filed(&self, room: &RoomId, log: &LogKey) -> (LogName, u32) {
        let heads = self.heads_now();
        (heads.name(self.disk(), room, log), heads.get(room, log).map_or(1, |end| end.before().saturating_add(1)))
    }

    /// Edits, deletes and reactions of messages that are given in display order; by message, then
    /// in order.
    ///
    /// Relations of other targets in between are passed over.
    pub fn relations(&self, room: &RoomId, of: impl IntoIterator<Item = Position>) -> Vec<Verified> {
        let (room, of): (Name, Vec<Position>) = (self.room_name(room), of.into_iter().collect());
        let (mut found, mut rest) = (Vec::new(), of.as_slice());
        while let (Some(first), Some(last)) = (rest.first(), rest.last()) {
            let to_last = KeyRange::of_prefix(&key::of_target(&room, last)).to;
            let span = KeyRange { to: to_last, ..KeyRange::of_prefix(&key::of_target(&room, first)) };
            let (wanted, mut strays) = (std::mem::take(&mut rest), 0_usize);
            for (key, at) in self.disk().scan(span, End::Front) {
                let Some(target) = key::target_of_relation(&key) else { continue };
                match wanted.binary_search(&target) {
                    Ok(_) => {
                        strays = 0;
                        let read = |at| self.disk().read(at, |entry| self.open_event(entry));
                        found.extend(At::from_bytes(&at).and_then(read));
                    }
                    Err(next) if strays >= MAX_STRAY_ROWS => {
                        // Past the first one, even if they were not given in order.
                        rest = wanted.get(next.max(1)..).unwrap_or_default();
                        break;
                    }
                    Err(_) => strays = strays.saturating_add(1),
                }
            }
        }
        found
    }

    /// The newest message that an edit, a delete or a reaction here is about: one row is read.
    pub fn newest_target(&self, room: &RoomId) -> Option<Position> {
        let all = KeyRange::of_prefix(&key::named(key::RELATION, &self.room_name(room)));
        let (key, _) = self.disk().scan(all, End::Back).next()?;
        key::target_of_relation(&key)
    }

    /// Edits, deletes and reactions of one message, in order.
    pub fn relations_of(&self, room: &RoomId, target: &Position) -> Vec<Verified> {
        self.relations(room, [*target])
    }
}

#[cfg(test)]
mod tests {
    use identity::Identity;
    use rooms::{Author, Clock, Draft, Payload};
    use wire::ids::LogId;

    use super::*;
    use crate::open::{Outcome, open};

    #[test]
    fn a_hole_in_the_index_is_noticed_and_the_next_start_mends_it() {
        let (dir, room, who) = (tempfile::tempdir().expect("a temporary folder"), RoomId([1; 32]), Identity::from_seed(&[1; 32]));
        let store = open(dir.path(), &[1; 32]).expect("it is new").store;
        let draft =
            |n: u8| Draft::new(&Payload::Message { text: n.to_string(), reply: None }, 1_760_000_000_000, &[n; 34]).expect("well-formed");
        let drafts: Vec<Draft> = (1..=9).map(draft).collect();
        let written = Author::new(room, LogId(1), None).append(&who, &drafts, &mut Clock::new(), 1_760_000_000_000, [0; 16], None);
        store.append(&written.expect("well-formed")).expect("the disk has room");
        let (log, _) = store.heads(&room)[0];
        assert_eq!((store.range(&room, log, 1, 9, 1 << 16).len(), store.unreadable()), (9, 0));
        assert_eq!((store.range(&room, log, 10, 12, 1 << 16).len(), store.unreadable()), (0, 0), "beyond its end is no hole");
        let mut rows = Vec::new();
        store.filed(&room, &log).0.cut(store.disk(), 4, 5, &mut rows);
        store.disk().index(rows, store.disk().next()).expect("there is room");
        store.range(&room, log, 1, 9, 1 << 16);
        assert_eq!(store.unreadable(), 1);
        store.flush().expect("the disk works");
        drop(store);
        let again = open(dir.path(), &[1; 32]).expect("it is mended");
        assert_eq!(again.outcome, Outcome::Normal, "nothing is lost");
        assert_eq!(again.store.range(&room, log, 1, 9, 1 << 16).len(), 9);
    }
}
